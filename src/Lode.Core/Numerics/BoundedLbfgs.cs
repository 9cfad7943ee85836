namespace Lode.Core;

/// <summary>A function and its gradient.</summary>
/// <param name="x">Where, shape [d].</param>
/// <param name="gradient">Receives the gradient, shape [d].</param>
/// <returns>The value; not a number or infinite where the function is not defined.</returns>
public delegate double DifferentiableFunction(ReadOnlySpan<double> x, Span<double> gradient);

/// <summary>Minimises a smooth function in a box with the memory of its last few steps: L-BFGS with bounds.</summary>
/// <remarks>
/// Quasi-Newton steps by the two-loop recursion (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithm 7.4) on the variables
/// that are not held by a bound, projected on the box and shortened until Armijo's rule holds: the two-metric projection of Bertsekas
/// ("Projected Newton methods for optimization problems with simple constraints", SIAM J. Control 1982, eq. 35 to 38). Simpler than the
/// Cauchy points of Byrd, Lu, Nocedal and Zhu (1995), with the same fixed points.
/// <b>Threads.</b> An instance is the working memory of one search at a time; <see cref="Minimize"/> allocates nothing.
/// </remarks>
public sealed class BoundedLbfgs
{
    private const int Memory = 8;
    private readonly double[] _x;
    private readonly double[] _gradient;
    private readonly double[] _direction;
    private readonly double[] _trial;
    private readonly double[] _trialGradient;
    private readonly double[] _steps;
    private readonly double[] _changes;
    private readonly bool[] _free;

    /// <param name="capacity">The most variables of any search.</param>
    public BoundedLbfgs(int capacity)
    {
        (_x, _gradient, _direction, _trial, _trialGradient) = (new double[capacity], new double[capacity], new double[capacity], new double[capacity], new double[capacity]);
        (_steps, _changes, _free) = (new double[capacity * Memory], new double[capacity * Memory], new bool[capacity]);
    }

    /// <summary>Goes down from a start until the projected gradient is small, nothing improves, or the evaluations are spent.</summary>
    /// <param name="function">What is minimised.</param>
    /// <param name="x">The start, shape [d], put inside the box first; receives the best point.</param>
    /// <param name="lower">Shape [d].</param>
    /// <param name="upper">Shape [d], not below <paramref name="lower"/>.</param>
    /// <param name="evaluations">The most calls of the function. Range: ≥ 1.</param>
    /// <param name="tolerance">Of the projected gradient's largest component, and of the relative decrease of a step. Range: ≥ 0.</param>
    /// <returns>The value at the best point; +∞ when the start is not defined.</returns>
    public double Minimize(DifferentiableFunction function, Span<double> x, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, int evaluations, double tolerance = 1e-8)
    {
        var d = x.Length;
        var at = _x.AsSpan(0, d);
        var gradient = _gradient.AsSpan(0, d);
        var direction = _direction.AsSpan(0, d);
        var trial = _trial.AsSpan(0, d);
        var trialGradient = _trialGradient.AsSpan(0, d);
        Span<double> rho = stackalloc double[Memory];
        Span<double> alpha = stackalloc double[Memory];
        for (var i = 0; i < d; i++)
            at[i] = x[i] = Math.Clamp(x[i], lower[i], upper[i]);
        var value = function(at, gradient);
        if (!double.IsFinite(value))
            return double.PositiveInfinity;
        var (stored, newest, left) = (0, 0, evaluations - 1);
        while (left > 0 && ProjectedGradient(at, gradient, lower, upper) > tolerance)
        {
            Direction(gradient, direction, stored, newest, rho, alpha);
            var slope = Vectors.Dot(gradient, direction);
            if (!(slope < 0))
            {
                stored = 0;
                Direction(gradient, direction, 0, 0, rho, alpha);
                slope = Vectors.Dot(gradient, direction);
            }
            // Without a memory of curvature the first step is a tenth of the box at most.
            var length = stored == 0 ? FirstLength(direction, lower, upper) : 1;
            var accepted = double.NaN;
            while (left > 0)
            {
                var decrease = 0.0;
                for (var i = 0; i < d; i++)
                {
                    trial[i] = Math.Clamp(at[i] + (length * direction[i]), lower[i], upper[i]);
                    decrease += gradient[i] * (trial[i] - at[i]);
                }
                var trialValue = function(trial, trialGradient);
                left--;
                if (trialValue <= value + (1e-4 * decrease) && decrease < 0)
                {
                    accepted = trialValue;
                    break;
                }
                // The minimum of the parabola through what is known, kept within a tenth and a half.
                var shorter = -slope * length * length / (2 * (trialValue - value - (slope * length)));
                length = double.IsFinite(shorter) ? Math.Clamp(shorter, 0.1 * length, 0.5 * length) : 0.1 * length;
                if (length < 1e-12)
                    break;
            }
            if (double.IsNaN(accepted))
            {
                if (stored == 0)
                    break;
                stored = 0; // once more, along the gradient
                continue;
            }
            Remember(at, gradient, trial, trialGradient, ref stored, ref newest, rho);
            trial.CopyTo(at);
            trialGradient.CopyTo(gradient);
            var gained = value - accepted;
            value = accepted;
            if (gained <= tolerance * Math.Max(1, Math.Abs(value)) * 0.01)
                break;
        }
        at.CopyTo(x);
        return value;
    }

    // Marks what a bound holds, and gives the size of what is left of the gradient.
    private double ProjectedGradient(ReadOnlySpan<double> x, ReadOnlySpan<double> gradient, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper)
    {
        var largest = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            _free[i] = !(x[i] <= lower[i] && gradient[i] >= 0) && !(x[i] >= upper[i] && gradient[i] <= 0);
            if (_free[i])
                largest = Math.Max(largest, Math.Abs(gradient[i]));
        }
        return largest;
    }

    private void Direction(ReadOnlySpan<double> gradient, Span<double> direction, int stored, int newest, ReadOnlySpan<double> rho, Span<double> alpha)
    {
        var d = gradient.Length;
        for (var i = 0; i < d; i++)
            direction[i] = _free[i] ? -gradient[i] : 0;
        for (var m = 0; m < stored; m++)
        {
            var slot = (newest - 1 - m + (2 * Memory)) % Memory;
            alpha[slot] = rho[slot] * Vectors.Dot(_steps.AsSpan(slot * d, d), direction);
            Vectors.AddScaled(-alpha[slot], _changes.AsSpan(slot * d, d), direction);
            Hold(direction);
        }
        if (stored > 0)
        {
            var slot = (newest - 1 + Memory) % Memory;
            var change = _changes.AsSpan(slot * d, d);
            var scale = 1 / (rho[slot] * Vectors.Dot(change, change));
            for (var i = 0; i < d; i++)
                direction[i] *= scale;
        }
        for (var m = stored - 1; m >= 0; m--)
        {
            var slot = (newest - 1 - m + (2 * Memory)) % Memory;
            var beta = rho[slot] * Vectors.Dot(_changes.AsSpan(slot * d, d), direction);
            Vectors.AddScaled(alpha[slot] - beta, _steps.AsSpan(slot * d, d), direction);
            Hold(direction);
        }
    }

    private void Hold(Span<double> direction)
    {
        for (var i = 0; i < direction.Length; i++)
            if (!_free[i])
                direction[i] = 0;
    }

    private static double FirstLength(ReadOnlySpan<double> direction, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper)
    {
        var length = 1.0;
        for (var i = 0; i < direction.Length; i++)
        {
            var limit = double.IsFinite(upper[i] - lower[i]) ? 0.1 * (upper[i] - lower[i]) : 1;
            if (Math.Abs(direction[i]) * length > limit)
                length = limit / Math.Abs(direction[i]);
        }
        return length;
    }

    private void Remember(ReadOnlySpan<double> x, ReadOnlySpan<double> gradient, ReadOnlySpan<double> next, ReadOnlySpan<double> nextGradient, ref int stored, ref int newest, Span<double> rho)
    {
        var d = x.Length;
        var step = _steps.AsSpan(newest * d, d);
        var change = _changes.AsSpan(newest * d, d);
        for (var i = 0; i < d; i++)
            (step[i], change[i]) = (next[i] - x[i], nextGradient[i] - gradient[i]);
        var curvature = Vectors.Dot(step, change);
        if (!(curvature > 1e-10 * Vectors.Dot(change, change)) || !double.IsFinite(curvature))
            return; // Armijo's rule alone does not promise positive curvature
        rho[newest] = 1 / curvature;
        newest = (newest + 1) % Memory;
        stored = Math.Min(stored + 1, Memory);
    }
}
