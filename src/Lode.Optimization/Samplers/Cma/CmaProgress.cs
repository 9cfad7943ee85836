using Lode.Core;

namespace Lode.Optimization;

/// <summary>What decides whether a run of CMA-ES is over, and how the next one starts. Immutable.</summary>
/// <param name="Restarts">Runs of growing populations that are over.</param>
/// <param name="IsSmall">Whether this run is one of Bipop's small ones.</param>
/// <param name="LargeTrials">Trials spent in runs of growing populations after the first.</param>
/// <param name="SmallTrials">Trials spent in small runs.</param>
/// <param name="Bests">The best loss of each of the latest generations of this run.</param>
internal sealed record CmaProgress(int Restarts, bool IsSmall, int LargeTrials, int SmallTrials, double[] Bests)
{
    private const int LargestFactor = 256;

    public static CmaProgress Start { get; } = new(0, false, 0, 0, []);

    /// <summary>Counts a generation; the state to go on with, which is a fresh one where the run is over.</summary>
    /// <param name="state">The state after the generation.</param>
    /// <param name="best">The generation's smallest loss; NaN when no trial is complete.</param>
    /// <param name="worst">Its largest.</param>
    /// <param name="points">Coordinates of the generation's trials, best first.</param>
    /// <param name="options">Settings.</param>
    public static CmaState Count(CmaState state, double best, double worst, double[][] points, CmaOptions options)
    {
        var progress = state.Progress;
        var window = 10 + (int)Math.Ceiling(30.0 * state.Constants.Dimensions / state.Constants.Population);
        progress = progress with
        {
            LargeTrials = progress.LargeTrials + (progress is { IsSmall: false, Restarts: > 0 } ? state.Constants.Population : 0),
            SmallTrials = progress.SmallTrials + (progress.IsSmall ? state.Constants.Population : 0),
            Bests = double.IsNaN(best) ? progress.Bests : [.. progress.Bests.Length < window ? progress.Bests : progress.Bests[1..], best],
        };
        state.Progress = progress;
        return options.Restart != CmaRestart.None && IsOver(state, worst, window) ? Restart(state, Fingerprint(points), options) : state;
    }

    // Hansen's tutorial, appendix B.3: TolFun, TolX, ConditionCov, TolXUp. Coarser than its 1e-12, since trials are dear and nobody
    // needs the sixth digit of a setting: what it would cost goes to the next run. Relative to the values, so that a scaled objective
    // changes nothing.
    private static bool IsOver(CmaState state, double worst, int window)
    {
        var bests = state.Progress.Bests;
        if (bests.Length == window && !double.IsNaN(worst))
        {
            var (low, high) = (worst, worst);
            foreach (var best in bests)
                (low, high) = (Math.Min(low, best), Math.Max(high, best));
            if (!(high - low > 1e-7 * Math.Max(Math.Abs(low), Math.Abs(high))))
                return true;
        }
        if (state.Mean.Length == 0)
            return false;
        var widest = 0.0;
        for (var j = 0; j < state.Mean.Length; j++)
            widest = Math.Max(widest, Math.Max(state.DeviationOf(j), state.Step * Math.Abs(state.CovariancePath[j])));
        if (widest < 1e-5)
            return true;
        // Eigenvalues cost more than all the rest of a generation; they change slowly, and bounds are mostly enough.
        if (state.Generation % 10 != 0 || IsRound(state))
            return false;
        var squares = state.Layout.IsSeparable ? state.Covariance : state.Axes().Values;
        var (smallest, largest) = (double.PositiveInfinity, 0.0);
        foreach (var square in squares)
            (smallest, largest) = (Math.Min(smallest, square), Math.Max(largest, square));
        return largest > 1e14 * smallest || state.Step * Math.Sqrt(largest) > 1e4 * state.FirstStep;
    }

    // The largest eigenvalue is at most the trace t; the smallest at least det·((n - 1)/t)^(n - 1), since the others' product is at most
    // the power of their mean.
    private static bool IsRound(CmaState state)
    {
        var n = state.Mean.Length;
        var stride = state.Layout.IsSeparable ? 1 : n + 1;
        var (trace, root) = (0.0, 0.0);
        for (var j = 0; j < n; j++)
            (trace, root) = (trace + state.Covariance[j * stride], root + Math.Log(state.Factor[j * stride]));
        var smallest = (2 * root) + ((n - 1) * Math.Log(Math.Max(1, n - 1) / trace));
        return Math.Log(trace) - smallest < Math.Log(1e14) && state.Step * Math.Sqrt(trace) < 1e4 * state.FirstStep;
    }

    // FNV-1a over the coordinates: restarts differ from study to study and depend on nothing but the trials.
    private static ulong Fingerprint(double[][] points)
    {
        var hash = 14695981039346656037UL;
        foreach (var point in points)
            foreach (var coordinate in point)
                hash = (hash ^ (double.IsNaN(coordinate) ? 0 : BitConverter.DoubleToUInt64Bits(coordinate))) * 1099511628211UL;
        return hash;
    }

    private static CmaState Restart(CmaState state, ulong fingerprint, CmaOptions options)
    {
        var rng = new Rng(fingerprint);
        var progress = state.Progress;
        var first = state.Layout.Population;
        var small = options.Restart == CmaRestart.Bipop && progress.Restarts > 0 && progress.SmallTrials < progress.LargeTrials;
        var restarts = progress.Restarts + (small ? 0 : 1);
        var (population, step) = (first * Math.Min(LargestFactor, 1 << Math.Min(restarts, 20)), options.StepSize);
        if (small)
        {
            // Hansen 2009: λ_s = λ (λ_l/(2 λ))^(U²), σ_s = σ·10^(-2U).
            var u = rng.NextDouble();
            population = Math.Max(first, (int)(first * Math.Pow(0.5 * population / first, u * u)));
            step *= Math.Pow(10, -2 * rng.NextDouble());
        }
        var next = new CmaState(state.Layout, population, step)
        {
            Progress = progress with { Restarts = restarts, IsSmall = small, Bests = [] },
            Rates = options.AdaptLearningRate ? new CmaRates(state.Mean.Length) : null,
        };
        foreach (ref var coordinate in next.Mean.AsSpan())
            coordinate = rng.NextDouble();
        return next;
    }
}
