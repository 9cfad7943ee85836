using Lode.Core;

namespace Lode.Learning;

/// <summary>Least squares with a penalty on the squares of the coefficients, scikit-learn's Ridge: Σ wᵢ(yᵢ - xᵢb - c)² + α‖b‖².</summary>
public sealed class Ridge : ILearner
{
    private readonly double _alpha;
    private readonly bool _intercept;

    /// <param name="alpha">Strength of the penalty, ≥ 0. Default: 1.</param>
    /// <param name="intercept">Whether there is one; it is not penalised. Default: yes.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public Ridge(double alpha = 1, bool intercept = true)
    {
        if (!(alpha >= 0 && double.IsFinite(alpha)))
            throw new LodeException(ErrorCode.InvalidArgument, $"ridge needs alpha ≥ 0; got {alpha}.");
        (_alpha, _intercept) = (alpha, intercept);
    }

    internal static Ridge Create(ParameterReader read) => new(read.Double("alpha", 1), read.Boolean("fit_intercept", true));

    /// <inheritdoc/>
    public string Name => "ridge";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => task == TaskKind.Regression;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Deterministic = true };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <inheritdoc cref="LinearRegression.Fit"/>
    public LinearModel Fit(TrainingData data, FitContext context = default)
    {
        data.RequireFor(this);
        var equations = NormalEquations.Of(data, context, _intercept, Name);
        var coefficients = LeastSquares.Solve(equations, _alpha);
        return new LinearModel(coefficients, equations.Intercept(coefficients), new Dictionary<string, double> { ["alpha"] = _alpha });
    }
}
