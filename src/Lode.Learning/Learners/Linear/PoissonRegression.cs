using Lode.Core;

namespace Lode.Learning;

/// <summary>Options of <see cref="PoissonRegression"/>; names are scikit-learn's.</summary>
public sealed record PoissonOptions
{
    /// <summary>Strength of the penalty on squares of the coefficients, ≥ 0. Default: 1.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>Newton steps at most, ≥ 1. Default: 100.</summary>
    public int MaxIter { get; init; } = 100;

    /// <summary>Ends when no component of the gradient is larger, ≥ 0. Default: 1e-8.</summary>
    public double Tol { get; init; } = 1e-8;

    internal void Validate()
    {
        if (!(Alpha >= 0 && double.IsFinite(Alpha) && MaxIter >= 1 && Tol >= 0))
            throw new LodeException(ErrorCode.InvalidArgument, $"poisson needs alpha ≥ 0, max_iter ≥ 1 and tol ≥ 0; got alpha = {Alpha}, max_iter = {MaxIter}, tol = {Tol}.");
    }
}

/// <summary>Counts and rates: the logarithm of the mean is linear, scikit-learn's PoissonRegressor. Minimises half the mean deviance plus ½α‖b‖².</summary>
/// <remarks>McCullagh and Nelder, Generalized Linear Models (2nd ed. 1989), section 2.5, by Newton's method with backtracking.</remarks>
public sealed class PoissonRegression : ILearner
{
    private readonly PoissonOptions _options;

    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public PoissonRegression(PoissonOptions? options = null)
    {
        _options = options ?? new PoissonOptions();
        _options.Validate();
    }

    internal static PoissonRegression Create(ParameterReader read)
    {
        var usual = new PoissonOptions();
        return new PoissonRegression(new PoissonOptions
        {
            Alpha = read.Double("alpha", usual.Alpha),
            MaxIter = read.Int32("max_iter", usual.MaxIter),
            Tol = read.Double("tol", usual.Tol),
        });
    }

    /// <inheritdoc/>
    public string Name => "poisson";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => task == TaskKind.Regression;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Deterministic = true };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <summary>Learns.</summary>
    /// <param name="data">A regression of complete numbers, whose target is nowhere negative.</param>
    /// <param name="context">Threads and cancellation.</param>
    /// <returns>Its figures say <c>iterations</c> and <c>converged</c>. A target that is 0 everywhere is predicted as the smallest positive number.</returns>
    /// <exception cref="LodeException">InvalidArgument: the data are not such as it takes, a target is negative (the message names the row), or sums overflow.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public LinearModel Fit(TrainingData data, FitContext context = default)
    {
        data.RequireFor(this);
        for (var row = 0; row < data.Target.Rows; row++)
        {
            if (data.Target.Values[row] < 0)
            {
                throw new LodeException(ErrorCode.InvalidArgument,
                    $"The target '{data.Target.Name}' is {data.Target.Values[row]} in row {row + 1}; learner 'poisson' takes counts and rates of at least 0.");
            }
        }
        var equations = NormalEquations.Of(data, context, centre: true, Name);
        var d = equations.Columns;
        if (equations.TargetMean <= 0)
            return Model(new double[d], Math.Log(double.Epsilon), 0, true);
        // Coefficients, then the intercept about the features' means.
        var (point, trial, gradient, step, hessian) = (new double[d + 1], new double[d + 1], new double[d + 1], new double[d + 1], new double[(d + 1) * (d + 1)]);
        var means = new double[data.Features.Rows];
        point[d] = Math.Log(equations.TargetMean);
        var value = Evaluate(point);
        for (var iteration = 0; iteration < _options.MaxIter; iteration++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            if (LogisticSearch.LargestOf(gradient) <= _options.Tol)
                return Model(point[..d], point[d], iteration, true);
            if (!Step())
                return Model(point[..d], point[d], iteration, false);
            var slope = Vectors.Dot(gradient, step);
            var length = 1.0;
            double next;
            while (true)
            {
                for (var j = 0; j <= d; j++)
                    trial[j] = point[j] + (length * step[j]);
                next = Evaluate(trial);
                if (next <= value + (1e-4 * length * slope) + (1e-14 * Math.Abs(value)))
                    break;
                length /= 2;
                if (length < 1e-12)
                    return Model(point[..d], point[d], iteration, false);
            }
            (point, trial, value) = (trial, point, next);
            if (-slope <= 1e-15 * (1 + Math.Abs(value)))
                return Model(point[..d], point[d], iteration + 1, true);
        }
        return Model(point[..d], point[d], _options.MaxIter, LogisticSearch.LargestOf(gradient) <= _options.Tol);

        LinearModel Model(double[] coefficients, double intercept, int iterations, bool converged) => new(coefficients,
            intercept - Vectors.Dot(equations.Means, coefficients),
            new Dictionary<string, double> { ["iterations"] = iterations, ["converged"] = converged ? 1 : 0 }, LinearLink.Log);

        double Evaluate(double[] at)
        {
            Array.Clear(gradient);
            var (sum, pull, shift) = (0.0, 0.0, at[d] - Vectors.Dot(equations.Means, at));
            for (var row = 0; row < means.Length; row++)
            {
                var x = data.Features.Row(row);
                var score = shift + Vectors.Dot(x, at);
                means[row] = Math.Exp(score);
                var weight = data.Weight(row) / equations.Weight;
                if (weight == 0)
                    continue;
                sum += weight * (means[row] - (data.Target.Values[row] * score));
                var slope = weight * (means[row] - data.Target.Values[row]);
                Vectors.AddScaled(slope, x, gradient);
                pull += slope;
            }
            Vectors.AddScaled(-pull, equations.Means, gradient);
            gradient[d] = pull;
            for (var j = 0; j < d; j++)
            {
                sum += _options.Alpha * at[j] * at[j] / 2;
                gradient[j] += _options.Alpha * at[j];
            }
            return double.IsNaN(sum) ? double.PositiveInfinity : sum;
        }

        bool Step()
        {
            Gram.Product(data.Features.Rows, d + 1, (start, count, tile) =>
            {
                RowTiles.Load(data.Features.Memory.Span.Slice(start * d, count * d), d, count, tile);
                Span<double> factors = stackalloc double[RowTiles.Width];
                factors.Clear();
                for (var r = 0; r < count; r++)
                    factors[r] = Math.Sqrt(data.Weight(start + r) / equations.Weight * means[start + r]);
                RowTiles.ShiftAndScale(tile[..(d * RowTiles.Width)], equations.Means, factors);
                factors.CopyTo(tile[(d * RowTiles.Width)..]);
            }, hessian, FitContext.ThreadCount(context.Threads), context.Cancellation);
            for (var j = 0; j <= d; j++)
            {
                // Columns without variation and without a penalty: their coefficient stays.
                hessian[j * (d + 2)] = (hessian[j * (d + 2)] * (1 + 1e-13)) + (j < d ? _options.Alpha : 0);
                if (hessian[j * (d + 2)] <= 0)
                    hessian[j * (d + 2)] = 1;
                step[j] = -gradient[j];
            }
            if (!Cholesky.TryDecompose(hessian, d + 1))
                return false;
            Cholesky.Solve(hessian, step);
            return true;
        }
    }
}
