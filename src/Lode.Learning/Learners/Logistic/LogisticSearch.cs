using Lode.Core;

namespace Lode.Learning;

/// <summary>Where a search ended.</summary>
internal sealed record LogisticEnd(double[] Point, double Value, int Iterations, bool Converged);

/// <summary>Newton's method for the smooth objective.</summary>
internal sealed class LogisticSearch
{
    private const int MaxDirect = 600;
    private const int Memory = 8;
    private const int MaxFactors = 1 << 24;

    // A second derivative serves on while each step leaves less than this share of the gradient: a pass over the rows saved.
    private const double KeepBelow = 0.1;
    private readonly LogisticProblem _problem;
    private readonly double _tolerance;
    private readonly CancellationToken _cancellation;
    private readonly int _rows;
    private readonly double[] _gradient;
    private readonly double[] _step;

    // One factor a score row, or the diagonal of them all.
    private readonly double[][] _factors;
    private readonly double[] _diagonal;

    // Conjugate gradients' own; not needed where the factor is the whole second derivative.
    private readonly double[] _residual;
    private readonly double[] _scaled;
    private readonly double[] _direction;
    private readonly double[] _image;

    // What steps since the last factor have shown of the curvature; where the factor is the whole second derivative.
    private readonly double[] _before;
    private readonly double[] _steps;
    private readonly double[] _changes;
    private readonly double[] _inverses = new double[Memory];
    private readonly double[] _shares = new double[Memory];
    private int _pairs;

    private LogisticSearch(LogisticProblem problem, LogisticRegressionOptions options, CancellationToken cancellation)
    {
        (_problem, _tolerance, _cancellation) = (problem, options.Tol * options.C, cancellation);
        var (size, block) = (problem.Size, problem.Block);
        _rows = size / block;
        (_gradient, _step) = (new double[size], new double[size]);
        var factored = block <= MaxDirect && (long)_rows * block * block <= MaxFactors;
        _factors = new double[factored ? _rows : 0][];
        for (var row = 0; row < _factors.Length; row++)
            _factors[row] = new double[block * block];
        _diagonal = new double[factored ? 0 : size];
        var more = IsDirect ? 0 : size;
        var kept = IsDirect ? size : 0;
        (_before, _steps, _changes) = (new double[kept], new double[kept * Memory], new double[kept * Memory]);
        (_residual, _scaled, _direction, _image) = (new double[more], new double[more], new double[more], new double[more]);
    }

    private bool IsDirect => _rows == 1 && _factors.Length == 1;

    /// <param name="problem">What is minimised.</param>
    /// <param name="options">Its tolerance and steps.</param>
    /// <param name="start">Where to begin; becomes part of the result.</param>
    /// <param name="cancellation">Looked at once a step.</param>
    public static LogisticEnd Minimize(LogisticProblem problem, LogisticRegressionOptions options, double[] start, CancellationToken cancellation) =>
        new LogisticSearch(problem, options, cancellation).Minimize(start, options.MaxIter);

    private LogisticEnd Minimize(double[] point, int maxIterations)
    {
        var trial = new double[_problem.Size];
        var value = _problem.Evaluate(point, _gradient);
        RequireFinite(_gradient);
        var first = Math.Sqrt(Vectors.Dot(_gradient, _gradient));
        var (norm, isFresh) = (first, false);
        for (var iteration = 0; iteration < maxIterations; iteration++)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (LargestOf(_gradient) <= _tolerance)
                return new LogisticEnd(point, value, iteration, true);
            if (!isFresh || _pairs == Memory)
                Factor();
            _gradient.AsSpan(0, _before.Length).CopyTo(_before);
            Step(first);
            _problem.CentreIntercepts(_step);
            var slope = Vectors.Dot(_gradient, _step);
            var length = 1.0;
            double next;
            // The allowance is the rounding of the sum over rows: near the optimum the true decrease is below it.
            while (!((next = _problem.Evaluate(Along(point, length, trial), _gradient)) <= value + (1e-4 * length * slope) + (1e-13 * Math.Abs(value))))
            {
                length /= 2;
                if (length < 1e-10)
                    return new LogisticEnd(point, value, iteration + 1, false);
            }
            (point, trial) = (trial, point);
            value = next;
            // The squared length of the step in the curvature's own norm: what is left to gain is of the order of its square.
            if (-slope <= 1e-14 * (1 + Math.Abs(value)))
                return new LogisticEnd(point, value, iteration + 1, true);
            var left = Math.Sqrt(Vectors.Dot(_gradient, _gradient));
            isFresh = length == 1 && left < KeepBelow * norm;
            Remember();
            norm = left;
        }
        return new LogisticEnd(point, value, maxIterations, LargestOf(_gradient) <= _tolerance);
    }

    internal static double LargestOf(ReadOnlySpan<double> values)
    {
        var largest = 0.0;
        foreach (var value in values)
            largest = Math.Max(largest, Math.Abs(value));
        return largest;
    }

    /// <exception cref="LodeException">InvalidArgument: sums of the features overflow.</exception>
    internal static void RequireFinite(ReadOnlySpan<double> gradient)
    {
        if (!double.IsFinite(LargestOf(gradient)))
            throw new LodeException(ErrorCode.InvalidArgument, "The features are too large to be summed for logistic regression.", "Scale them.");
    }

    private double[] Along(double[] point, double length, double[] result)
    {
        point.CopyTo(result, 0);
        Vectors.AddScaled(length, _step, result);
        return result;
    }

    private void Factor()
    {
        _pairs = 0;
        var block = _problem.Block;
        for (var row = 0; row < _factors.Length; row++)
        {
            _problem.HessianBlock(row, _factors[row]);
            if (Cholesky.TryDecompose(_factors[row], block))
                continue;
            // Rounding has made it indefinite: its diagonal serves.
            _problem.HessianBlock(row, _factors[row]);
            for (var i = 0; i < block; i++)
            {
                var own = _factors[row][i * (block + 1)];
                _factors[row].AsSpan(i * block, i).Clear();
                _factors[row][i * (block + 1)] = Math.Sqrt(own > 0 ? own : 1);
            }
        }
        if (_diagonal.Length > 0)
            _problem.Diagonal(_diagonal);
    }

    private void Step(double first)
    {
        for (var i = 0; i < _step.Length; i++)
            _step[i] = -_gradient[i];
        if (IsDirect)
            SolveByFactor();
        else
            SolveByConjugateGradients(first);
    }

    private void Remember()
    {
        var size = _before.Length;
        if (size == 0 || _pairs == Memory)
            return;
        var (at, curvature) = (_pairs * size, 0.0);
        for (var i = 0; i < size; i++)
        {
            (_steps[at + i], _changes[at + i]) = (_step[i], _gradient[i] - _before[i]);
            curvature += _steps[at + i] * _changes[at + i];
        }
        if (curvature > 0)
            _inverses[_pairs++] = 1 / curvature;
    }

    // The two-loop recursion (algorithm 7.4) about the factor.
    private void SolveByFactor()
    {
        var size = _step.Length;
        for (var k = _pairs - 1; k >= 0; k--)
        {
            _shares[k] = _inverses[k] * Vectors.Dot(_steps.AsSpan(k * size, size), _step);
            Vectors.AddScaled(-_shares[k], _changes.AsSpan(k * size, size), _step);
        }
        Cholesky.Solve(_factors[0], _step);
        for (var k = 0; k < _pairs; k++)
        {
            var share = _inverses[k] * Vectors.Dot(_changes.AsSpan(k * size, size), _step);
            Vectors.AddScaled(_shares[k] - share, _steps.AsSpan(k * size, size), _step);
        }
    }

    // H·step = -gradient, as far as the distance from the optimum warrants.
    private void SolveByConjugateGradients(double first)
    {
        _step.CopyTo(_residual, 0);
        Array.Clear(_step);
        Precondition();
        _scaled.CopyTo(_direction, 0);
        var norm = Math.Sqrt(Vectors.Dot(_gradient, _gradient));
        var tolerance = Math.Max(norm * Math.Min(0.1, Math.Sqrt(norm / first)), 0.1 * _tolerance);
        var product = Vectors.Dot(_residual, _scaled);
        for (var k = 0; k < 10 * _step.Length && Math.Sqrt(Vectors.Dot(_residual, _residual)) > tolerance; k++)
        {
            _cancellation.ThrowIfCancellationRequested();
            _problem.HessianTimes(_direction, _image);
            var length = product / Vectors.Dot(_direction, _image);
            if (!double.IsFinite(length))
                break;
            Vectors.AddScaled(length, _direction, _step);
            Vectors.AddScaled(-length, _image, _residual);
            Precondition();
            var next = Vectors.Dot(_residual, _scaled);
            var ratio = next / product;
            for (var i = 0; i < _direction.Length; i++)
                _direction[i] = _scaled[i] + (ratio * _direction[i]);
            product = next;
        }
    }

    private void Precondition()
    {
        _residual.CopyTo(_scaled, 0);
        for (var row = 0; row < _factors.Length; row++)
            Cholesky.Solve(_factors[row], _scaled.AsSpan(row * _problem.Block, _problem.Block));
        for (var i = 0; i < _diagonal.Length; i++)
            _scaled[i] /= _diagonal[i];
    }
}
