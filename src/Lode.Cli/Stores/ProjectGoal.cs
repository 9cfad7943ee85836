using Lode.Tracking;

namespace Lode.Cli;

/// <summary>What the runs of a project are judged by: its tags say, else the metric's name gives a hint.</summary>
internal static class ProjectGoal
{
    /// <summary>The project tag that names its main metric.</summary>
    public const string MetricTag = "lode.metric";

    /// <summary>The project tag that says which way is better: <c>minimize</c> or <c>maximize</c>.</summary>
    public const string GoalTag = "lode.goal";

    private static readonly string[] s_minimised = ["loss", "error", "rmse", "mse", "mae", "brier", "perplexity", "seconds", "latency"];

    /// <summary>The main metric of the projects that runs come from; null where they have none or several.</summary>
    public static string? MetricOf(IEnumerable<Project> projects) =>
        projects.Select(project => project.Tags.GetValueOrDefault(MetricTag)).Distinct().ToList() is [{ } one] ? one : null;

    /// <summary>True where less is better.</summary>
    public static bool IsMinimised(string metric, IEnumerable<Project> projects) =>
        projects.FirstOrDefault(project => project.Tags.GetValueOrDefault(MetricTag) == metric && project.Tags.ContainsKey(GoalTag)) is { } told
            ? told.Tags[GoalTag] == "minimize"
            : s_minimised.Any(word => metric.Contains(word, StringComparison.OrdinalIgnoreCase));
}
