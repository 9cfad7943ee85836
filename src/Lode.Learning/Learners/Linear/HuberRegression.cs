using Lode.Core;

namespace Lode.Learning;

/// <summary>Options of <see cref="HuberRegression"/>; names are scikit-learn's.</summary>
public sealed record HuberOptions
{
    /// <summary>Errors beyond this many times the scale count linearly, ≥ 1. Default: 1.35.</summary>
    public double Epsilon { get; init; } = 1.35;

    /// <summary>Strength of the penalty on squares of the coefficients, ≥ 0. Default: 1e-4.</summary>
    public double Alpha { get; init; } = 1e-4;

    /// <summary>Newton steps at most, ≥ 1. Default: 100.</summary>
    public int MaxIter { get; init; } = 100;

    /// <summary>Ends when a step promises to lower the objective by less than this share of it, ≥ 0. Default: 1e-12.</summary>
    public double Tol { get; init; } = 1e-12;

    internal void Validate()
    {
        if (!(Epsilon >= 1 && double.IsFinite(Epsilon) && Alpha >= 0 && double.IsFinite(Alpha) && MaxIter >= 1 && Tol >= 0))
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"huber needs epsilon ≥ 1, alpha ≥ 0, max_iter ≥ 1 and tol ≥ 0; got epsilon = {Epsilon}, alpha = {Alpha}, max_iter = {MaxIter}, tol = {Tol}.");
        }
    }
}

/// <summary>Linear regression that outliers do not pull, scikit-learn's HuberRegressor: minimises Σ wᵢ(σ + H(rᵢ/σ)·σ) + α‖b‖² over coefficients, intercept
/// and scale σ, where H(z) is z² up to ε and 2ε|z| - ε² beyond.</summary>
/// <remarks>Huber and Ronchetti, Robust Statistics (2nd ed. 2009), section 7.7: convex in all of them together. Newton's method with backtracking, which
/// ends after finitely many steps since the objective is quadratic over linear in pieces.</remarks>
public sealed class HuberRegression : ILearner
{
    private readonly HuberOptions _options;

    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public HuberRegression(HuberOptions? options = null)
    {
        _options = options ?? new HuberOptions();
        _options.Validate();
    }

    internal static HuberRegression Create(ParameterReader read)
    {
        var usual = new HuberOptions();
        return new HuberRegression(new HuberOptions
        {
            Epsilon = read.Double("epsilon", usual.Epsilon),
            Alpha = read.Double("alpha", usual.Alpha),
            MaxIter = read.Int32("max_iter", usual.MaxIter),
            Tol = read.Double("tol", usual.Tol),
        });
    }

    /// <inheritdoc/>
    public string Name => "huber";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => task == TaskKind.Regression;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Deterministic = true };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <inheritdoc cref="LinearRegression.Fit"/>
    /// <returns>Its figures say the <c>scale</c>, <c>iterations</c> and <c>converged</c>.</returns>
    public LinearModel Fit(TrainingData data, FitContext context = default)
    {
        data.RequireFor(this);
        var equations = NormalEquations.Of(data, context, centre: true, Name);
        var d = equations.Columns;
        // Coefficients, intercept about the means, scale.
        var point = new double[d + 2];
        LeastSquares.Solve(equations, _options.Alpha).CopyTo(point, 0);
        var floor = 1e-10 * Math.Sqrt((equations.Variation / equations.Weight) + 1e-300);
        var problem = new HuberProblem(data, equations, _options, context);
        point[d + 1] = Math.Max(floor, Math.Sqrt(problem.MeanSquare(point)));
        var (gradient, step, trial, hessian) = (new double[d + 2], new double[d + 2], new double[d + 2], new double[(d + 2) * (d + 2)]);
        var value = problem.Evaluate(point, gradient);
        var (iteration, converged) = (0, false);
        while (iteration < _options.MaxIter && !converged && double.IsFinite(value))
        {
            context.Cancellation.ThrowIfCancellationRequested();
            iteration++;
            var held = point[d + 1] <= floor && gradient[d + 1] >= 0;
            problem.Step(point, gradient, hessian, step, held);
            var slope = Vectors.Dot(gradient, step);
            if (-slope <= _options.Tol * Math.Abs(value) || !(slope < 0))
            {
                converged = -slope <= Math.Max(_options.Tol, 1e-9) * Math.Abs(value);
                break;
            }
            // Where rows fit exactly the objective is linear towards scale 0, and the whole step is far too long: the scale falls to a tenth at most.
            var whole = Math.Min(1, step[d + 1] < 0 ? -0.9 * point[d + 1] / step[d + 1] : 1);
            var length = whole;
            double next;
            while (true)
            {
                for (var j = 0; j < point.Length; j++)
                    trial[j] = point[j] + (length * step[j]);
                trial[d + 1] = Math.Max(floor, trial[d + 1]);
                next = problem.Evaluate(trial, gradient);
                if (next <= value + (1e-4 * length * slope) + (1e-14 * Math.Abs(value)) || length < 1e-12 * whole)
                    break;
                length /= 2;
            }
            if (length < 1e-12 * whole)
                break;
            converged = value - next <= 1e-15 * Math.Abs(value) && length == 1;
            value = next;
            (point, trial) = (trial, point);
        }
        var coefficients = point[..d];
        var figures = new Dictionary<string, double> { ["scale"] = point[d + 1], ["iterations"] = iteration, ["converged"] = converged ? 1 : 0 };
        return new LinearModel(coefficients, equations.Intercept(coefficients) + point[d], figures);
    }
}

/// <summary>Huber's objective with its derivatives, about the means of features and target.</summary>
internal sealed class HuberProblem
{
    private readonly TrainingData _data;
    private readonly NormalEquations _equations;
    private readonly HuberOptions _options;
    private readonly FitContext _context;
    private readonly int _d;
    private readonly double[] _residuals;
    private readonly double[] _factor;
    private readonly TileLoader _load;
    private double _scale;

    public HuberProblem(TrainingData data, NormalEquations equations, HuberOptions options, FitContext context)
    {
        (_data, _equations, _options, _context, _d) = (data, equations, options, context, equations.Columns);
        _residuals = new double[data.Features.Rows];
        _factor = new double[(_d + 2) * (_d + 2)];
        _load = Load;
    }

    /// <summary>The mean square of the residuals; they are kept.</summary>
    public double MeanSquare(double[] point)
    {
        Residuals(point);
        var sum = 0.0;
        for (var row = 0; row < _residuals.Length; row++)
            sum += _data.Weight(row) * _residuals[row] * _residuals[row];
        return sum / _equations.Weight;
    }

    public double Evaluate(double[] point, double[] gradient)
    {
        Residuals(point);
        var (scale, value) = (point[_d + 1], 0.0);
        Array.Clear(gradient);
        for (var j = 0; j < _d; j++)
        {
            value += _options.Alpha * point[j] * point[j];
            gradient[j] = 2 * _options.Alpha * point[j];
        }
        var limit = _options.Epsilon * scale;
        var pull = 0.0;
        for (var row = 0; row < _residuals.Length; row++)
        {
            var weight = _data.Weight(row);
            if (weight == 0)
                continue;
            var residual = _residuals[row];
            double slope;
            if (Math.Abs(residual) <= limit)
            {
                var z = residual / scale;
                value += weight * (scale + (residual * z));
                gradient[_d + 1] += weight * (1 - (z * z));
                slope = -2 * weight * z;
            }
            else
            {
                value += weight * (scale + (2 * _options.Epsilon * Math.Abs(residual)) - (_options.Epsilon * limit));
                gradient[_d + 1] += weight * (1 - (_options.Epsilon * _options.Epsilon));
                slope = -2 * weight * _options.Epsilon * Math.Sign(residual);
            }
            Vectors.AddScaled(slope, _data.Features.Row(row), gradient);
            pull += slope;
        }
        // The features stand about their means.
        Vectors.AddScaled(-pull, _equations.Means, gradient);
        gradient[_d] = pull;
        return value;
    }

    /// <summary>Newton's step at the point evaluated last.</summary>
    /// <param name="point">Where.</param>
    /// <param name="gradient">There.</param>
    /// <param name="hessian">Overwritten.</param>
    /// <param name="step">Receives the step.</param>
    /// <param name="held">Whether the scale stays as it is.</param>
    public void Step(double[] point, double[] gradient, double[] hessian, double[] step, bool held)
    {
        var (size, scale) = (_d + 2, point[_d + 1]);
        _scale = scale;
        Gram.Product(_data.Features.Rows, size, _load, hessian, FitContext.ThreadCount(_context.Threads), _context.Cancellation);
        for (var j = 0; j < _d; j++)
            hessian[j * (size + 1)] += 2 * _options.Alpha;
        if (held)
        {
            for (var j = 0; j < size; j++)
                hessian[(j * size) + _d + 1] = hessian[((_d + 1) * size) + j] = 0;
            hessian[^1] = 1;
        }
        var damping = 0.0;
        for (var attempt = 0; attempt < 40; attempt++)
        {
            var factor = _factor;
            hessian.CopyTo(factor, 0);
            for (var j = 0; j < size; j++)
                factor[j * (size + 1)] += damping * Math.Max(factor[j * (size + 1)], 1e-8 * _equations.Weight / scale);
            if (Cholesky.TryDecompose(factor, size))
            {
                for (var j = 0; j < size; j++)
                    step[j] = -gradient[j];
                if (held)
                    step[_d + 1] = 0;
                Cholesky.Solve(factor, step);
                return;
            }
            damping = damping == 0 ? 1e-12 : damping * 10;
        }
        Array.Clear(step);
    }

    // Columns: features, 1, z; times the root of 2w/σ for rows within the limit: their products are the second derivative.
    private void Load(int start, int count, Span<double> tile)
    {
        var (limit, scale) = (_options.Epsilon * _scale, _scale);
        RowTiles.Load(_data.Features.Values.Slice(start * _d, count * _d), _d, count, tile);
        Span<double> factors = stackalloc double[RowTiles.Width];
        factors.Clear();
        tile[(_d * RowTiles.Width)..].Clear();
        for (var r = 0; r < count; r++)
        {
            var residual = _residuals[start + r];
            factors[r] = Math.Abs(residual) <= limit ? Math.Sqrt(2 * _data.Weight(start + r) / scale) : 0;
            tile[(_d * RowTiles.Width) + r] = 1;
            tile[((_d + 1) * RowTiles.Width) + r] = residual / scale;
        }
        RowTiles.ShiftAndScale(tile[..(_d * RowTiles.Width)], _equations.Means, factors);
        RowTiles.ShiftAndScale(tile[(_d * RowTiles.Width)..], [], factors);
    }

    private void Residuals(double[] point)
    {
        var shift = _equations.TargetMean + point[_d] - Vectors.Dot(_equations.Means, point);
        for (var row = 0; row < _residuals.Length; row++)
            _residuals[row] = _data.Target.Values[row] - shift - Vectors.Dot(_data.Features.Row(row), point);
    }
}
