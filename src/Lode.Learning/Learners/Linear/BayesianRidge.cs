using Lode.Core;

namespace Lode.Learning;

/// <summary>Options of <see cref="BayesianRidge"/>; names and defaults are scikit-learn's.</summary>
public sealed record BayesianRidgeOptions
{
    /// <summary>Iterations at most, ≥ 1. Default: 300.</summary>
    public int MaxIter { get; init; } = 300;

    /// <summary>Ends when the coefficients' absolute changes sum to less, ≥ 0. Default: 1e-3.</summary>
    public double Tol { get; init; } = 1e-3;

    /// <summary>Shape of the gamma distribution over the noise's precision, ≥ 0. Default: 1e-6.</summary>
    public double Alpha1 { get; init; } = 1e-6;

    /// <summary>Its rate, ≥ 0. Default: 1e-6.</summary>
    public double Alpha2 { get; init; } = 1e-6;

    /// <summary>Shape of the gamma distribution over the coefficients' precision, ≥ 0. Default: 1e-6.</summary>
    public double Lambda1 { get; init; } = 1e-6;

    /// <summary>Its rate, ≥ 0. Default: 1e-6.</summary>
    public double Lambda2 { get; init; } = 1e-6;

    internal void Validate()
    {
        if (!(MaxIter >= 1 && Tol >= 0 && Alpha1 >= 0 && Alpha2 >= 0 && Lambda1 >= 0 && Lambda2 >= 0))
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"bayesian_ridge needs max_iter ≥ 1 and tol, alpha_1, alpha_2, lambda_1, lambda_2 ≥ 0; got {MaxIter}, {Tol}, {Alpha1}, {Alpha2}, {Lambda1}, {Lambda2}.");
        }
    }
}

/// <summary>Ridge whose penalty is the ratio of two precisions that are estimated from the rows, scikit-learn's BayesianRidge.</summary>
/// <remarks>MacKay, "Bayesian interpolation" (Neural Computation 4, 1992), with Tipping's updates ("Sparse Bayesian learning and the relevance
/// vector machine", JMLR 1, 2001, appendix A); all from one eigendecomposition. A row's weight is the number of such rows.</remarks>
public sealed class BayesianRidge : ILearner
{
    private readonly BayesianRidgeOptions _options;

    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public BayesianRidge(BayesianRidgeOptions? options = null)
    {
        _options = options ?? new BayesianRidgeOptions();
        _options.Validate();
    }

    internal static BayesianRidge Create(ParameterReader read)
    {
        var usual = new BayesianRidgeOptions();
        return new BayesianRidge(new BayesianRidgeOptions
        {
            MaxIter = read.Int32("max_iter", usual.MaxIter),
            Tol = read.Double("tol", usual.Tol),
            Alpha1 = read.Double("alpha_1", usual.Alpha1),
            Alpha2 = read.Double("alpha_2", usual.Alpha2),
            Lambda1 = read.Double("lambda_1", usual.Lambda1),
            Lambda2 = read.Double("lambda_2", usual.Lambda2),
        });
    }

    /// <inheritdoc/>
    public string Name => "bayesian_ridge";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => task == TaskKind.Regression;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Deterministic = true };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <inheritdoc cref="LinearRegression.Fit"/>
    /// <returns>Its figures say the precision of the noise <c>alpha</c>, of the coefficients <c>lambda</c>, <c>iterations</c> and <c>converged</c>.</returns>
    public LinearModel Fit(TrainingData data, FitContext context = default)
    {
        data.RequireFor(this);
        var equations = NormalEquations.Of(data, context, centre: true, Name);
        var d = equations.Columns;
        var (values, vectors) = (new double[d], new double[d * d]);
        SymmetricEigen.TryDecompose(equations.Gram.ToArray(), d, values, vectors);
        // Moments and coefficients in the axes of the eigenvectors.
        var (moments, turned) = (new double[d], new double[d]);
        for (var k = 0; k < d; k++)
        {
            values[k] = Math.Max(0, values[k]);
            moments[k] = Vectors.Dot(vectors.AsSpan(k * d, d), equations.Moments);
        }
        var alpha = 1 / ((equations.Variation / equations.Weight) + 2.220446049250313e-16);
        var lambda = 1.0;
        var (before, now) = (new double[d], new double[d]);
        var (iteration, converged) = (0, false);
        while (iteration < _options.MaxIter && !converged)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var (residual, norm) = Update(values, moments, lambda / alpha, equations.Variation, turned);
            var effective = 0.0;
            for (var k = 0; k < d; k++)
                effective += alpha * values[k] / (lambda + (alpha * values[k]));
            lambda = (effective + (2 * _options.Lambda1)) / (norm + (2 * _options.Lambda2));
            alpha = (equations.Weight - effective + (2 * _options.Alpha1)) / (residual + (2 * _options.Alpha2));
            TurnBack(vectors, turned, now);
            var change = 0.0;
            for (var j = 0; j < d; j++)
                change += Math.Abs(now[j] - before[j]);
            converged = iteration > 0 && change < _options.Tol;
            (before, now) = (now, before);
            iteration++;
        }
        Update(values, moments, lambda / alpha, equations.Variation, turned);
        TurnBack(vectors, turned, now);
        var figures = new Dictionary<string, double> { ["alpha"] = alpha, ["lambda"] = lambda, ["iterations"] = iteration, ["converged"] = converged ? 1 : 0 };
        return new LinearModel(now, equations.Intercept(now), figures);
    }

    private static (double Residual, double Norm) Update(double[] values, double[] moments, double penalty, double variation, double[] turned)
    {
        var (residual, norm) = (variation, 0.0);
        for (var k = 0; k < values.Length; k++)
        {
            turned[k] = values[k] + penalty > 0 ? moments[k] / (values[k] + penalty) : 0;
            residual += turned[k] * ((values[k] * turned[k]) - (2 * moments[k]));
            norm += turned[k] * turned[k];
        }
        return (Math.Max(0, residual), norm);
    }

    private static void TurnBack(double[] vectors, double[] turned, double[] coefficients)
    {
        Array.Clear(coefficients);
        for (var k = 0; k < turned.Length; k++)
            Vectors.AddScaled(turned[k], vectors.AsSpan(k * turned.Length, turned.Length), coefficients);
    }
}
