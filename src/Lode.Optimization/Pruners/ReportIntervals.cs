namespace Lode.Optimization;

/// <summary>At which reports a pruner judges.</summary>
internal static class ReportIntervals
{
    /// <summary>Whether the last report is the first one in its interval after the warm-up.</summary>
    public static bool IsFirst(Trial trial, long warmup, long interval)
    {
        var step = trial.Reports[^1].Step;
        return step >= warmup && (trial.Reports.Length < 2 || trial.Reports[^2].Step < ((step - warmup) / interval * interval) + warmup);
    }
}
