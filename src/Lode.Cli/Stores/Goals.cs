namespace Lode.Cli;

/// <summary>Which way a metric is better, where nobody has said.</summary>
internal static class Goals
{
    private static readonly string[] s_minimised = ["loss", "error", "rmse", "mse", "mae", "brier", "perplexity", "seconds", "latency"];

    /// <summary>True for metrics whose name speaks of something that one wants little of.</summary>
    public static bool IsMinimised(string metric) => s_minimised.Any(word => metric.Contains(word, StringComparison.OrdinalIgnoreCase));
}
