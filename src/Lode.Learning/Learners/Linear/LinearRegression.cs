using Lode.Core;

namespace Lode.Learning;

/// <summary>Ordinary least squares, scikit-learn's LinearRegression: minimises Σ wᵢ(yᵢ - xᵢb - c)².</summary>
/// <remarks>Where columns depend on each other (one-hot columns with an intercept do) it takes the shortest of all best coefficients, so nothing
/// explodes. Tags: nothing in it is random.</remarks>
public sealed class LinearRegression : ILearner
{
    private readonly bool _intercept;

    /// <param name="intercept">Whether there is one. Default: yes.</param>
    public LinearRegression(bool intercept = true) => _intercept = intercept;

    internal static LinearRegression Create(ParameterReader read) => new(read.Boolean("fit_intercept", true));

    /// <inheritdoc/>
    public string Name => "linear";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => task == TaskKind.Regression;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Deterministic = true };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <summary>Learns.</summary>
    /// <param name="data">A regression of complete numbers.</param>
    /// <param name="context">Threads and cancellation.</param>
    /// <exception cref="LodeException">InvalidArgument: the data are not such as it takes, or sums of squares overflow.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public LinearModel Fit(TrainingData data, FitContext context = default)
    {
        data.RequireFor(this);
        var equations = NormalEquations.Of(data, context, _intercept, Name);
        var coefficients = LeastSquares.Solve(equations, 0);
        return new LinearModel(coefficients, equations.Intercept(coefficients));
    }
}
