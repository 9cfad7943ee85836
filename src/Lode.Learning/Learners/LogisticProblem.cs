using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// The penalised negative log-likelihood with its derivatives. A point holds one block a score row: the weights, then the
/// intercept. Two classes have one score row (the log-odds of the second), k &gt; 2 have k.
/// </summary>
internal sealed class LogisticProblem
{
    private readonly FeatureMatrix _features;
    private readonly int[] _labels;
    private readonly double[] _weights;
    private readonly int _classes;
    private readonly int _scoreRows;
    private readonly int _block;

    // Class probabilities at the last point evaluated, shape [rows, score rows].
    private readonly double[] _probabilities;

    /// <param name="data">The rows.</param>
    /// <param name="present">The classes that have rows; at least one.</param>
    /// <param name="c">What every row's weight is multiplied with.</param>
    public LogisticProblem(TrainingData data, int[] present, double c)
    {
        _features = data.Features;
        _classes = present.Length;
        _scoreRows = _classes > 2 ? _classes : _classes - 1;
        _block = _features.Columns + 1;
        _labels = new int[_features.Rows];
        _weights = new double[_features.Rows];
        for (var row = 0; row < _labels.Length; row++)
        {
            // A class that only rows of weight 0 have is absent; where such a row is put does not matter.
            _labels[row] = Math.Max(0, Array.IndexOf(present, data.Target.Labels[row]));
            _weights[row] = c * data.Weight(row);
        }
        _probabilities = new double[_features.Rows * _scoreRows];
    }

    /// <summary>Numbers in a point.</summary>
    public int Size => _scoreRows * _block;

    /// <summary>The objective; receives its gradient.</summary>
    public double Evaluate(ReadOnlySpan<double> point, Span<double> gradient)
    {
        var columns = _features.Columns;
        gradient.Clear();
        var value = 0.0;
        for (var block = 0; block < _scoreRows; block++)
        {
            var weights = point.Slice(block * _block, columns);
            value += Vectors.Dot(weights, weights) / 2;
            weights.CopyTo(gradient[(block * _block)..]);
        }
        var scores = new double[_classes];
        for (var row = 0; row < _features.Rows; row++)
        {
            var x = _features.Row(row);
            scores[0] = 0;
            for (var block = 0; block < _scoreRows; block++)
                scores[_classes - _scoreRows + block] = Vectors.Dot(x, point.Slice(block * _block, columns)) + point[(block * _block) + columns];
            var own = scores[_labels[row]];
            value += _weights[row] * (Softmax(scores) - own);
            for (var block = 0; block < _scoreRows; block++)
            {
                var label = _classes - _scoreRows + block;
                _probabilities[(row * _scoreRows) + block] = scores[label];
                var residual = _weights[row] * (scores[label] - (_labels[row] == label ? 1 : 0));
                Vectors.AddScaled(residual, x, gradient.Slice(block * _block, columns));
                gradient[(block * _block) + columns] += residual;
            }
        }
        return value;
    }

    /// <summary>The lower triangle of the second derivative at the last point evaluated.</summary>
    /// <param name="matrix">Receives shape [size, size].</param>
    public void Hessian(Span<double> matrix)
    {
        var (size, columns) = (Size, _features.Columns);
        matrix.Clear();
        for (var row = 0; row < _features.Rows; row++)
        {
            var x = _features.Row(row);
            for (var a = 0; a < _scoreRows; a++)
            {
                for (var b = 0; b <= a; b++)
                {
                    var curvature = Curvature(row, a, b);
                    var left = b * _block;
                    for (var i = 0; i < columns; i++)
                        Vectors.AddScaled(curvature * x[i], x[..(i + 1)], matrix.Slice((((a * _block) + i) * size) + left, i + 1));
                    var last = matrix.Slice((((a * _block) + columns) * size) + left, _block);
                    Vectors.AddScaled(curvature, x, last);
                    last[columns] += curvature;
                }
            }
        }
        for (var a = 0; a < _scoreRows; a++)
        {
            for (var b = 0; b < a; b++)
                MirrorBlock(matrix, a * _block, b * _block);
            for (var i = 0; i < columns; i++)
                matrix[((a * _block) + i) * (size + 1)] += 1;
            // A common shift of all intercepts changes nothing: this pins their sum, and leaves the step as it is.
            for (var b = 0; b <= a && _scoreRows > 1; b++)
                matrix[(((a * _block) + columns) * size) + (b * _block) + columns] += 1;
        }
    }

    /// <summary>The second derivative at the last point evaluated, times a vector.</summary>
    public void HessianTimes(ReadOnlySpan<double> vector, Span<double> result)
    {
        var columns = _features.Columns;
        var intercepts = 0.0;
        for (var block = 0; block < _scoreRows; block++)
        {
            vector.Slice(block * _block, columns).CopyTo(result[(block * _block)..]);
            intercepts += _scoreRows > 1 ? vector[(block * _block) + columns] : 0;
        }
        for (var block = 0; block < _scoreRows; block++)
            result[(block * _block) + columns] = intercepts;
        var images = new double[_scoreRows];
        for (var row = 0; row < _features.Rows; row++)
        {
            var x = _features.Row(row);
            var p = _probabilities.AsSpan(row * _scoreRows, _scoreRows);
            for (var block = 0; block < _scoreRows; block++)
                images[block] = Vectors.Dot(x, vector.Slice(block * _block, columns)) + vector[(block * _block) + columns];
            var mean = Vectors.Dot(p, images);
            for (var block = 0; block < _scoreRows; block++)
            {
                var scale = _weights[row] * p[block] * (images[block] - mean);
                Vectors.AddScaled(scale, x, result.Slice(block * _block, columns));
                result[(block * _block) + columns] += scale;
            }
        }
    }

    /// <summary>Shifts all intercepts by what makes their sum 0, which changes no probability of k &gt; 2 classes.</summary>
    public void CentreIntercepts(Span<double> point)
    {
        var mean = 0.0;
        for (var last = _block - 1; last < point.Length; last += _block)
            mean += point[last] / _scoreRows;
        for (var last = _block - 1; last < point.Length && _scoreRows > 1; last += _block)
            point[last] -= mean;
    }

    /// <summary>The diagonal of the second derivative at the last point evaluated.</summary>
    public void Diagonal(Span<double> diagonal)
    {
        diagonal.Fill(1);
        for (var row = 0; row < _features.Rows; row++)
        {
            var x = _features.Row(row);
            for (var block = 0; block < _scoreRows; block++)
            {
                var curvature = Curvature(row, block, block);
                for (var i = 0; i < x.Length; i++)
                    diagonal[(block * _block) + i] += curvature * x[i] * x[i];
                diagonal[(block * _block) + x.Length] += curvature;
            }
        }
    }

    /// <summary>Turns scores into probabilities; gives log Σ exp(score).</summary>
    public static double Softmax(Span<double> scores)
    {
        var largest = scores[0];
        foreach (var score in scores)
            largest = Math.Max(largest, score);
        var sum = 0.0;
        foreach (ref var score in scores)
        {
            score = Math.Exp(score - largest);
            sum += score;
        }
        foreach (ref var score in scores)
            score /= sum;
        return largest + Math.Log(sum);
    }

    private double Curvature(int row, int a, int b)
    {
        var (pa, pb) = (_probabilities[(row * _scoreRows) + a], _probabilities[(row * _scoreRows) + b]);
        return _weights[row] * (a == b ? pa * (1 - pa) : -pa * pb);
    }

    /// <summary>Off the diagonal a block is symmetric in itself: fills its upper triangle from its lower.</summary>
    private void MirrorBlock(Span<double> matrix, int top, int left)
    {
        for (var i = 0; i < _block; i++)
        {
            for (var j = 0; j < i; j++)
                matrix[((top + j) * Size) + left + i] = matrix[((top + i) * Size) + left + j];
        }
    }
}
