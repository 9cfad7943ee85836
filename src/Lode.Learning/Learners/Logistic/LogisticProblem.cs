using System.Buffers;
using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// The negative log-likelihood with an L2 penalty, and its derivatives. A point holds one block a score row: the weights, then the
/// intercept. Two classes have one score row (the log-odds of the second), k &gt; 2 have k.
/// </summary>
/// <remarks>Rows are worked on in tiles (<see cref="RowTiles"/>), whose parts are summed in an order that depends on the shape alone.</remarks>
internal sealed class LogisticProblem
{
    private readonly FeatureMatrix _features;
    private readonly int[] _labels;
    private readonly double[] _weights;
    private readonly double _penalty;
    private readonly int _classes;
    private readonly int _scoreRows;
    private readonly int _block;
    private readonly int _threads;
    private readonly CancellationToken _cancellation;
    private readonly int _parts;
    private readonly double[] _sums;
    private readonly double[] _values;

    // Class probabilities at the last point evaluated, shape [tiles, score rows, tile width].
    private readonly double[] _probabilities;

    /// <param name="data">The rows.</param>
    /// <param name="present">The classes that have rows; at least one.</param>
    /// <param name="c">What every row's weight is multiplied with.</param>
    /// <param name="penalty">What half the squared weights are multiplied with, ≥ 0.</param>
    /// <param name="context">Threads and cancellation.</param>
    public LogisticProblem(TrainingData data, int[] present, double c, double penalty = 1, FitContext context = default)
    {
        (_features, _penalty, _classes) = (data.Features, penalty, present.Length);
        (_threads, _cancellation) = (FitContext.ThreadCount(context.Threads), context.Cancellation);
        _scoreRows = _classes > 2 ? _classes : _classes - 1;
        _block = _features.Columns + 1;
        var padded = RowTiles.CountFor(_features.Rows) * RowTiles.Width;
        (_labels, _weights) = (new int[padded], new double[padded]);
        for (var row = 0; row < _features.Rows; row++)
        {
            // A class that only rows of weight 0 have is absent; where such a row is put does not matter.
            _labels[row] = Math.Max(0, Array.IndexOf(present, data.Target.Labels[row]));
            _weights[row] = c * data.Weight(row);
        }
        _probabilities = new double[padded * _scoreRows];
        _parts = Gram.PartsFor(_features.Rows, Math.Max(1, Size));
        (_sums, _values) = (new double[_parts * Size], new double[_parts]);
    }

    /// <summary>Numbers in a point.</summary>
    public int Size => _scoreRows * _block;

    /// <summary>Numbers of one score row in a point: its weights and its intercept.</summary>
    public int Block => _block;

    /// <summary>The objective; receives its gradient.</summary>
    public double Evaluate(double[] point, double[] gradient)
    {
        Gram.RunParts(_parts, _threads, part => EvaluatePart(part, point), _cancellation);
        var value = Penalise(point, gradient);
        for (var part = 0; part < _parts; part++)
            value += _values[part];
        return value;
    }

    /// <summary>The second derivative at the last point evaluated, times a vector.</summary>
    public void HessianTimes(double[] vector, double[] result)
    {
        Gram.RunParts(_parts, _threads, part => TimesPart(part, vector), _cancellation);
        Penalise(vector, result);
        // A common shift of all intercepts changes nothing: this pins their sum, and leaves the step as it is.
        var intercepts = 0.0;
        for (var row = 0; row < _scoreRows && _scoreRows > 1; row++)
            intercepts += vector[(row * _block) + _block - 1];
        for (var row = 0; row < _scoreRows; row++)
            result[(row * _block) + _block - 1] += intercepts;
    }

    /// <summary>The second derivative at the last point evaluated by the numbers of one score row.</summary>
    /// <param name="row">Which.</param>
    /// <param name="matrix">Receives shape [block, block], both triangles.</param>
    public void HessianBlock(int row, double[] matrix)
    {
        Gram.Product(_features.Rows, _block, (start, count, tile) =>
        {
            Load(start, tile);
            Span<double> factors = stackalloc double[RowTiles.Width];
            var probabilities = _probabilities.AsSpan((start * _scoreRows) + (row * RowTiles.Width), RowTiles.Width);
            for (var r = 0; r < factors.Length; r++)
                factors[r] = Math.Sqrt(_weights[start + r] * probabilities[r] * (1 - probabilities[r]));
            RowTiles.ShiftAndScale(tile, [], factors);
        }, matrix, _threads, _cancellation);
        for (var i = 0; i < _block - 1; i++)
            matrix[i * (_block + 1)] += _penalty;
    }

    /// <summary>The diagonal of the second derivative at the last point evaluated.</summary>
    public void Diagonal(double[] result)
    {
        Gram.RunParts(_parts, _threads, DiagonalPart, _cancellation);
        Array.Fill(result, _penalty);
        for (var row = 0; row < _scoreRows; row++)
            result[(row * _block) + _block - 1] = _scoreRows > 1 ? 1 : 0;
        for (var part = 0; part < _parts; part++)
            Vectors.AddScaled(1, _sums.AsSpan(part * Size, Size), result);
    }

    /// <summary>Moves the intercepts so that they sum to zero; the objective stays.</summary>
    public void CentreIntercepts(Span<double> point)
    {
        if (_scoreRows < 2)
            return;
        var mean = 0.0;
        for (var row = 0; row < _scoreRows; row++)
            mean += point[(row * _block) + _block - 1] / _scoreRows;
        for (var row = 0; row < _scoreRows; row++)
            point[(row * _block) + _block - 1] -= mean;
    }

    // A tile of the features, and ones for the intercept.
    private void Load(int start, Span<double> tile)
    {
        var columns = _features.Columns;
        var count = Math.Min(RowTiles.Width, _features.Rows - start);
        RowTiles.Load(_features.Memory.Span.Slice(start * columns, count * columns), columns, count, tile);
        tile.Slice(columns * RowTiles.Width, RowTiles.Width).Fill(1);
    }

    private void EvaluatePart(int part, double[] point)
    {
        var rented = ArrayPool<double>.Shared.Rent((_block + _scoreRows) * RowTiles.Width);
        var tile = rented.AsSpan(0, _block * RowTiles.Width);
        var scores = rented.AsSpan(_block * RowTiles.Width, _scoreRows * RowTiles.Width);
        var sums = _sums.AsSpan(part * Size, Size);
        sums.Clear();
        var value = 0.0;
        var (first, end) = Gram.TilesOf(part, _parts, _features.Rows);
        for (var t = first; t < end; t++)
        {
            var start = t * RowTiles.Width;
            Load(start, tile);
            RowTiles.Multiply(point, _scoreRows, tile, scores);
            var probabilities = _probabilities.AsSpan(start * _scoreRows, scores.Length);
            value += LogisticKernels.Residuals(scores, probabilities, _labels.AsSpan(start, RowTiles.Width), _weights.AsSpan(start, RowTiles.Width));
            RowTiles.AddProducts(scores, tile, sums);
        }
        _values[part] = value;
        ArrayPool<double>.Shared.Return(rented);
    }

    private void TimesPart(int part, double[] vector)
    {
        var rented = ArrayPool<double>.Shared.Rent((_block + _scoreRows) * RowTiles.Width);
        var tile = rented.AsSpan(0, _block * RowTiles.Width);
        var scores = rented.AsSpan(_block * RowTiles.Width, _scoreRows * RowTiles.Width);
        var sums = _sums.AsSpan(part * Size, Size);
        sums.Clear();
        var (first, end) = Gram.TilesOf(part, _parts, _features.Rows);
        for (var t = first; t < end; t++)
        {
            var start = t * RowTiles.Width;
            Load(start, tile);
            RowTiles.Multiply(vector, _scoreRows, tile, scores);
            LogisticKernels.Curve(scores, _probabilities.AsSpan(start * _scoreRows, scores.Length), _weights.AsSpan(start, RowTiles.Width));
            RowTiles.AddProducts(scores, tile, sums);
        }
        ArrayPool<double>.Shared.Return(rented);
    }

    private void DiagonalPart(int part)
    {
        var rented = ArrayPool<double>.Shared.Rent(_block * RowTiles.Width);
        var tile = rented.AsSpan(0, _block * RowTiles.Width);
        var sums = _sums.AsSpan(part * Size, Size);
        sums.Clear();
        Span<double> factors = stackalloc double[RowTiles.Width];
        var (first, end) = Gram.TilesOf(part, _parts, _features.Rows);
        for (var t = first; t < end; t++)
        {
            var start = t * RowTiles.Width;
            Load(start, tile);
            for (var i = 0; i < tile.Length; i++)
                tile[i] *= tile[i];
            for (var row = 0; row < _scoreRows; row++)
            {
                var probabilities = _probabilities.AsSpan((start * _scoreRows) + (row * RowTiles.Width), RowTiles.Width);
                for (var r = 0; r < factors.Length; r++)
                    factors[r] = _weights[start + r] * probabilities[r] * (1 - probabilities[r]);
                RowTiles.AddProducts(factors, tile, sums.Slice(row * _block, _block));
            }
        }
        ArrayPool<double>.Shared.Return(rented);
    }

    // The penalty, and its gradient plus the sums of all parts.
    private double Penalise(double[] point, double[] gradient)
    {
        var value = 0.0;
        for (var row = 0; row < _scoreRows; row++)
        {
            var weights = point.AsSpan(row * _block, _block - 1);
            value += _penalty * Vectors.Dot(weights, weights) / 2;
            for (var j = 0; j < weights.Length; j++)
                gradient[(row * _block) + j] = _penalty * weights[j];
            gradient[(row * _block) + _block - 1] = 0;
        }
        for (var part = 0; part < _parts; part++)
            Vectors.AddScaled(1, _sums.AsSpan(part * Size, Size), gradient);
        return value;
    }
}
