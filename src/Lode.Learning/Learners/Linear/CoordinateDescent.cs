using Lode.Core;

namespace Lode.Learning;

/// <summary>What coordinate descent needs of ½‖y - Xb‖²/n, however it keeps it.</summary>
internal interface IQuadratic
{
    /// <summary>Number of coefficients.</summary>
    int Count { get; }

    /// <summary>The second derivative for one coefficient.</summary>
    double Curvature(int j);

    /// <summary>The negative derivative for one coefficient: xⱼᵀ(y - Xb)/n.</summary>
    double Slope(int j);

    /// <summary>Changes a coefficient.</summary>
    void Move(int j, double change);

    /// <summary>‖y - Xb‖²/n, yᵀ(y - Xb)/n and yᵀy/n.</summary>
    (double Residual, double Target, double Variation) Products(ReadOnlySpan<double> coefficients);
}

/// <summary>Keeps all slopes, and moves them by a row of the products XᵀX: O(d) a move, whatever the number of rows.</summary>
internal sealed class GramQuadratic : IQuadratic
{
    private readonly NormalEquations _equations;
    private readonly double[] _slopes;

    public GramQuadratic(NormalEquations equations) => (_equations, _slopes) = (equations, equations.Moments.ToArray());

    public int Count => _slopes.Length;

    public double Curvature(int j) => _equations.IsConstant(j) ? 0 : _equations.Gram[j * (Count + 1)] / _equations.Weight;

    public double Slope(int j) => _slopes[j] / _equations.Weight;

    public void Move(int j, double change) => Vectors.AddScaled(-change, _equations.Gram.AsSpan(j * Count, Count), _slopes);

    public (double Residual, double Target, double Variation) Products(ReadOnlySpan<double> coefficients)
    {
        var explained = Vectors.Dot(coefficients, _equations.Moments);
        var target = _equations.Variation - explained;
        return (Math.Max(0, target - Vectors.Dot(coefficients, _slopes)) / _equations.Weight, target / _equations.Weight, _equations.Variation / _equations.Weight);
    }
}

/// <summary>Minimises a quadratic plus l1·‖b‖₁ + ½·l2·‖b‖², one coefficient after the other.</summary>
/// <remarks>Friedman, Hastie and Tibshirani, "Regularization paths for generalized linear models via coordinate descent" (J. Stat. Software 33,
/// 2010), sections 2.1 and 2.2, with sweeps over the coefficients that are not 0 between full ones; ended by the duality gap.</remarks>
internal static class CoordinateDescent
{
    /// <param name="quadratic">At the point <paramref name="coefficients"/>.</param>
    /// <param name="coefficients">The start; receives the solution.</param>
    /// <param name="l1">Range: ≥ 0.</param>
    /// <param name="l2">Range: ≥ 0.</param>
    /// <param name="tolerance">Ends when the gap is at most this share of yᵀy/n.</param>
    /// <param name="maxSweeps">Sweeps at most.</param>
    /// <param name="cancellation">Looked at once a sweep.</param>
    /// <returns>Sweeps made, and whether the gap was reached.</returns>
    public static (int Sweeps, bool Converged) Minimize(IQuadratic quadratic, Span<double> coefficients, double l1, double l2, double tolerance, int maxSweeps, CancellationToken cancellation)
    {
        var active = new int[quadratic.Count];
        for (var sweeps = 0; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            var change = 0.0;
            for (var j = 0; j < coefficients.Length; j++)
                change = Math.Max(change, Step(quadratic, coefficients, j, l1, l2));
            sweeps++;
            if (Gap(quadratic, coefficients, l1, l2, out var variation) <= tolerance * variation)
                return (sweeps, true);
            if (sweeps >= maxSweeps || change == 0)
                return (sweeps, change == 0);
            var count = 0;
            for (var j = 0; j < coefficients.Length; j++)
            {
                if (coefficients[j] != 0)
                    active[count++] = j;
            }
            var first = change;
            // Until the steps are small beside those of the last full sweep: then others may have to join. The last sweep is a full one.
            while (sweeps < maxSweeps - 1 && change > 0.01 * first && count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                change = 0;
                for (var i = 0; i < count; i++)
                    change = Math.Max(change, Step(quadratic, coefficients, active[i], l1, l2));
                sweeps++;
            }
        }
    }

    /// <summary>Moves one coefficient to its best; returns by how much, in the curvature's norm.</summary>
    private static double Step(IQuadratic quadratic, Span<double> coefficients, int j, double l1, double l2)
    {
        var curvature = quadratic.Curvature(j);
        if (curvature + l2 <= 0 || curvature == 0)
            return 0;
        var old = coefficients[j];
        var pull = quadratic.Slope(j) + (curvature * old);
        var next = Math.Abs(pull) <= l1 ? 0 : (pull - Math.CopySign(l1, pull)) / (curvature + l2);
        if (next == old)
            return 0;
        coefficients[j] = next;
        quadratic.Move(j, next - old);
        return Math.Abs(next - old) * Math.Sqrt(curvature);
    }

    // The primal less the dual at the scaled residual (Kim et al. 2007, section III.A, with the l2 part as further rows).
    private static double Gap(IQuadratic quadratic, ReadOnlySpan<double> coefficients, double l1, double l2, out double variation)
    {
        var (largest, norm1, norm2) = (0.0, 0.0, 0.0);
        for (var j = 0; j < coefficients.Length; j++)
        {
            if (quadratic.Curvature(j) > 0)
                largest = Math.Max(largest, Math.Abs(quadratic.Slope(j) - (l2 * coefficients[j])));
            norm1 += Math.Abs(coefficients[j]);
            norm2 += coefficients[j] * coefficients[j];
        }
        var (residual, target, all) = quadratic.Products(coefficients);
        variation = all;
        var scale = largest > l1 ? l1 / largest : 1;
        return ((1 + (scale * scale)) * (residual + (l2 * norm2)) / 2) + (l1 * norm1) - (scale * target);
    }
}
