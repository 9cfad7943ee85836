using Lode.Core;

namespace Lode.Learning;

/// <summary>A linear model of a quantile: Σ wᵢ·ρ(yᵢ - xᵢb - c) + α‖b‖²/s, where ρ(r) is τ·r above 0 and (τ - 1)·r below, and s is the target's mean absolute deviation from its
/// own quantile, so that the unit of the target does not matter.</summary>
/// <remarks>Koenker and Bassett, "Regression quantiles" (Econometrica 46, 1978). Solved by majorisation: Hunter and Lange, "Quantile regression via an MM
/// algorithm" (Journal of Computational and Graphical Statistics 9, 2000): each step is a ridge regression whose weights are the inverse of the residuals' sizes. Residuals
/// below a ten-thousandth of the target's spread count as that, so the loss is within that of the least
/// (test: <c>Fit_SmallTable_HasTheLeastLossOfAll</c>).</remarks>
public sealed class QuantileRegression : ILearner
{
    private const double Smallest = 1e-4;
    private const double Enough = 1e-7;

    private readonly double _quantile;
    private readonly double _alpha;
    private readonly int _steps;

    /// <param name="quantile">τ, between 0 and 1. Default: 0.5, the median.</param>
    /// <param name="alpha">Strength of the penalty, ≥ 0. Default: 1.</param>
    /// <param name="steps">Ridge regressions at most, ≥ 1. Default: 60.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public QuantileRegression(double quantile = 0.5, double alpha = 1, int steps = 60)
    {
        if (!(quantile is > 0 and < 1 && alpha >= 0 && double.IsFinite(alpha) && steps >= 1))
            throw new LodeException(ErrorCode.InvalidArgument, $"quantile needs a quantile between 0 and 1, alpha ≥ 0 and max_iter ≥ 1; got {quantile}, {alpha} and {steps}.");
        (_quantile, _alpha, _steps) = (quantile, alpha, steps);
    }

    internal static QuantileRegression Create(ParameterReader read) => new(read.Double("quantile", 0.5), read.Double("alpha", 1), read.Int32("max_iter", 60));

    /// <inheritdoc/>
    public string Name => "quantile";

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
        var (rows, y) = (data.Target.Rows, data.Target.Values.ToArray());
        var start = Marginal(data, _quantile);
        var spread = Spread(data, start);
        if (spread == 0)
            return new LinearModel(new double[data.Features.Columns], start, Figures(0));
        var (least, alpha) = (Smallest * spread, _alpha / spread);
        var (weights, working, predicted) = (new double[rows], new double[rows], new double[rows]);
        Array.Fill(predicted, start);
        var (best, loss, step) = (new LinearModel(new double[data.Features.Columns], start, Figures(0)), double.PositiveInfinity, 0);
        while (step < _steps)
        {
            step++;
            for (var row = 0; row < rows; row++)
            {
                var size = least + Math.Abs(y[row] - predicted[row]);
                (weights[row], working[row]) = (data.Weight(row) / size, y[row] + (((2 * _quantile) - 1) * size));
            }
            // The working loss is a quarter of a weighted sum of squares, so four times the penalty stands beside the whole of it.
            var equations = NormalEquations.Of(new TrainingData(data.Features, Target.Regression(data.Target.Name, working), weights), context, centre: true, Name);
            var coefficients = LeastSquares.Solve(equations, 4 * alpha);
            var model = new LinearModel(coefficients, equations.Intercept(coefficients), Figures(step));
            model.Predict(data.Features, predicted);
            var now = alpha * Vectors.Dot(coefficients, coefficients);
            for (var row = 0; row < rows; row++)
                now += data.Weight(row) * Loss(y[row] - predicted[row]);
            if (now < loss)
                best = model;
            if (now >= loss * (1 - Enough))
                break;
            loss = now;
        }
        return best;
    }

    /// <summary>The weighted quantile of the target, the least of those that suit.</summary>
    internal static double Marginal(TrainingData data, double quantile)
    {
        var values = data.Target.Values.ToArray();
        var weights = new double[values.Length];
        for (var row = 0; row < weights.Length; row++)
            weights[row] = data.Weight(row);
        Array.Sort(values, weights);
        var (wanted, sum) = (quantile * weights.Sum(), 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            sum += weights[i];
            if (sum >= wanted && weights[i] > 0)
                return values[i];
        }
        return values[^1];
    }

    private static double Spread(TrainingData data, double centre)
    {
        var (sum, total) = (0.0, 0.0);
        for (var row = 0; row < data.Target.Rows; row++)
            (sum, total) = (sum + (data.Weight(row) * Math.Abs(data.Target.Values[row] - centre)), total + data.Weight(row));
        return sum / total;
    }

    private double Loss(double residual) => residual >= 0 ? _quantile * residual : (_quantile - 1) * residual;

    private Dictionary<string, double> Figures(int steps) => new() { ["quantile"] = _quantile, ["iterations"] = steps };
}
