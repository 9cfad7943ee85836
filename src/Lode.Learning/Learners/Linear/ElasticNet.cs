using Lode.Core;

namespace Lode.Learning;

/// <summary>Options of <see cref="ElasticNet"/>; names and defaults are scikit-learn's.</summary>
public sealed record ElasticNetOptions
{
    /// <summary>Strength of the penalty, ≥ 0. Default: 1.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>The share of the penalty on absolute values, in [0, 1]; the rest is on squares. Default: 0.5; 1 is the lasso.</summary>
    public double L1Ratio { get; init; } = 0.5;

    /// <summary>Whether there is an intercept; it is not penalised. Default: yes.</summary>
    public bool FitIntercept { get; init; } = true;

    /// <summary>Sweeps over the coefficients at most, ≥ 1. Default: 1,000.</summary>
    public int MaxIter { get; init; } = 1000;

    /// <summary>Ends when the duality gap is at most this share of the target's sum of squares, ≥ 0. Default: 1e-4.</summary>
    public double Tol { get; init; } = 1e-4;

    internal void Validate(string name)
    {
        if (!(Alpha >= 0 && double.IsFinite(Alpha) && L1Ratio is >= 0 and <= 1 && MaxIter >= 1 && Tol >= 0))
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"{name} needs alpha ≥ 0, l1_ratio in [0, 1], max_iter ≥ 1 and tol ≥ 0; got alpha = {Alpha}, l1_ratio = {L1Ratio}, max_iter = {MaxIter}, tol = {Tol}.");
        }
    }
}

/// <summary>Least squares with a penalty on absolute values and squares: 1/(2Σw)·Σ wᵢ(yᵢ - xᵢb - c)² + α·ρ‖b‖₁ + ½α(1-ρ)‖b‖², scikit-learn's
/// ElasticNet, and with ρ = 1 its Lasso.</summary>
public sealed class ElasticNet : ILearner
{
    private readonly ElasticNetOptions _options;

    /// <param name="options">Null: the defaults.</param>
    /// <param name="name"><c>elastic_net</c>, or <c>lasso</c>.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public ElasticNet(ElasticNetOptions? options = null, string name = "elastic_net")
    {
        (_options, Name) = (options ?? new ElasticNetOptions(), name);
        _options.Validate(name);
    }

    internal static ElasticNet Create(ParameterReader read) => new(Read(read, read.Double("l1_ratio", 0.5)));

    internal static ElasticNet CreateLasso(ParameterReader read) => new(Read(read, 1), "lasso");

    private static ElasticNetOptions Read(ParameterReader read, double ratio)
    {
        var usual = new ElasticNetOptions();
        return usual with
        {
            Alpha = read.Double("alpha", usual.Alpha),
            L1Ratio = ratio,
            FitIntercept = read.Boolean("fit_intercept", usual.FitIntercept),
            MaxIter = read.Int32("max_iter", usual.MaxIter),
            Tol = read.Double("tol", usual.Tol),
        };
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => task == TaskKind.Regression;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Deterministic = true };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <inheritdoc cref="LinearRegression.Fit"/>
    /// <returns>Its figures say <c>iterations</c> (sweeps) and <c>converged</c>.</returns>
    public LinearModel Fit(TrainingData data, FitContext context = default) => Path(data, [_options.Alpha], context)[0];

    /// <summary>A model for each of several penalties, each begun where the one before ended: from the strongest to the weakest this takes little
    /// more than one fit.</summary>
    /// <param name="data">A regression of complete numbers.</param>
    /// <param name="alphas">Penalties, each ≥ 0, best falling; the option <see cref="ElasticNetOptions.Alpha"/> is not looked at.</param>
    /// <param name="context">Threads and cancellation.</param>
    /// <returns>In the order of the penalties.</returns>
    /// <exception cref="LodeException">InvalidArgument: the data are not such as it takes, a penalty is out of range, or sums of squares overflow.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IReadOnlyList<LinearModel> Path(TrainingData data, IReadOnlyList<double> alphas, FitContext context = default)
    {
        data.RequireFor(this);
        var equations = NormalEquations.Of(data, context, _options.FitIntercept, Name);
        var quadratic = new GramQuadratic(equations);
        var coefficients = new double[equations.Columns];
        var models = new LinearModel[alphas.Count];
        for (var i = 0; i < models.Length; i++)
        {
            var options = _options with { Alpha = alphas[i] };
            options.Validate(Name);
            var (l1, l2) = (options.Alpha * options.L1Ratio, options.Alpha * (1 - options.L1Ratio));
            var (sweeps, converged) = CoordinateDescent.Minimize(quadratic, coefficients, l1, l2, options.Tol, options.MaxIter, context.Cancellation);
            var figures = new Dictionary<string, double> { ["alpha"] = options.Alpha, ["iterations"] = sweeps, ["converged"] = converged ? 1 : 0 };
            models[i] = new LinearModel([.. coefficients], equations.Intercept(coefficients), figures);
        }
        return models;
    }

    /// <summary>The smallest penalty at which all coefficients are 0: where a path begins.</summary>
    /// <inheritdoc cref="Path"/>
    public double LargestAlpha(TrainingData data, FitContext context = default)
    {
        data.RequireFor(this);
        var equations = NormalEquations.Of(data, context, _options.FitIntercept, Name);
        var largest = 0.0;
        foreach (var moment in equations.Moments)
            largest = Math.Max(largest, Math.Abs(moment) / equations.Weight);
        return largest / Math.Max(1e-3, _options.L1Ratio);
    }
}
