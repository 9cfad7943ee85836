using Lode.Core;

namespace Lode.Cli;

/// <summary>What the demo does; the defaults are what <c>lode demo</c> does.</summary>
internal sealed record DemoOptions
{
    /// <summary>The CSV file; null = the Wisconsin breast cancer data inside the program.</summary>
    public string? Data { get; init; }

    /// <summary>The column to predict, of classes.</summary>
    public string Target { get; init; } = "diagnosis";

    /// <summary>The project that its runs land in.</summary>
    public string Project { get; init; } = "demo";

    /// <summary>Trials of the search; at least 1.</summary>
    public int Trials { get; init; } = 40;

    /// <summary>Folds of the cross-validation; at least 2.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Decides holdout, folds, models and search: the same seed gives the same numbers on any machine.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The share of rows that is held out.</summary>
    public double HoldoutShare { get; init; } = 0.25;

    /// <exception cref="LodeException">InvalidArgument: names the option.</exception>
    public void Validate()
    {
        if (Trials is < 1 or > 100_000)
            throw new LodeException(ErrorCode.InvalidArgument, $"--trials is 1 to 100000; got {Trials}.");
        if (Folds is < 2 or > 100)
            throw new LodeException(ErrorCode.InvalidArgument, $"--folds is 2 to 100; got {Folds}.");
        if (string.IsNullOrWhiteSpace(Project))
            throw new LodeException(ErrorCode.InvalidArgument, "--project must not be blank.");
    }
}
