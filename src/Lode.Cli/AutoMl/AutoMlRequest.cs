using Lode.Core;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>What <c>lode automl</c> was asked for.</summary>
internal sealed record AutoMlRequest
{
    /// <summary>The CSV file to learn from.</summary>
    public required string Train { get; init; }

    /// <summary>What the columns are for.</summary>
    public required DatasetRoles Roles { get; init; }

    /// <summary>How to search; <see cref="AutoMlOptions.Budget"/> counts from <see cref="Started"/>.</summary>
    public required AutoMlOptions Options { get; init; }

    /// <summary>When the command began, as a timestamp of the clock.</summary>
    public required long Started { get; init; }

    /// <summary>The CSV file to predict, and to score once where it has the target.</summary>
    public string? Test { get; init; }

    /// <summary>Candidates to print, ≥ 0.</summary>
    public int Leaderboard { get; init; } = 12;

    /// <summary>Where predictions of the second file go.</summary>
    public string? Predictions { get; init; }

    /// <summary>Where the report for machines goes.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Where the model goes.</summary>
    public string? Out { get; init; }

    /// <summary>Where the report for people goes; null = a folder beside <see cref="Out"/>, if that is set.</summary>
    public string? ReportFolder { get; init; }

    /// <summary>The project that its runs land in.</summary>
    public required string Project { get; init; }

    /// <summary>The parent run's name; null = made from data and target.</summary>
    public string? Name { get; init; }

    /// <summary>Whether rows without a target are left out.</summary>
    public bool DropMissingTarget { get; init; }

    /// <summary>Whether what earlier searches on the same data found is tried first.</summary>
    public bool Resume { get; init; }

    /// <summary>Whether runs are recorded.</summary>
    public bool Track { get; init; } = true;

    /// <summary>The dashboard's port while it searches; null = the usual one, or any free one; below 0 = no dashboard.</summary>
    public int? Port { get; init; }

    /// <summary>What a search is called whose project nobody named: the file's name without what tells it from the test file.</summary>
    public static string ProjectOf(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        foreach (var ending in (string[])[".train", "_train", "-train"])
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) && name.Length > ending.Length)
                name = name[..^ending.Length];
        }
        return string.IsNullOrWhiteSpace(name) ? "automl" : name;
    }

    /// <summary>Refuses what makes no sense, in the words of the command line, before anything is read.</summary>
    /// <exception cref="LodeException">InvalidArgument: names the option.</exception>
    public void Validate()
    {
        if (Options.Trials is < 1 or > 1_000_000)
            throw new LodeException(ErrorCode.InvalidArgument, $"--trials is 1 to 1000000; got {Options.Trials}.");
        if (Options.Trials is null && Options.Budget < TimeSpan.FromSeconds(1))
            throw new LodeException(ErrorCode.InvalidArgument, $"--budget is at least 1 s; got {Options.Budget!.Value.TotalSeconds:0.###} s.", "Example: --budget 60s");
        if (Options.Folds is < 2 or > 50)
            throw new LodeException(ErrorCode.InvalidArgument, $"--folds is 2 to 50; got {Options.Folds}.");
        if (Options.Nested is < 2 or > 20)
            throw new LodeException(ErrorCode.InvalidArgument, $"--nested is 2 to 20 outer folds; got {Options.Nested}.");
        if (Options.Nested is { } outer && Options.Trials is null && Options.Budget!.Value.TotalSeconds < 2 * (outer + 1))
            throw new LodeException(ErrorCode.InvalidArgument, $"--nested {outer} shares the budget among {outer + 1} searches of at least 2 s; got {Options.Budget.Value.TotalSeconds:0.###} s.", $"Example: --nested {outer} --budget {10 * (outer + 1)}s");
        if (Options.MaxPredictSecondsPerRow <= 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"--max-predict-ms is above 0; got {Options.MaxPredictSecondsPerRow * 1000}.");
        if (Options.MaxModelBytes <= 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"--max-model-size is above 0; got {Options.MaxModelBytes}.", "Example: --max-model-size 10MB");
        if (Leaderboard < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"--leaderboard is at least 0; got {Leaderboard}.");
        if (Options.Threads is < 0 or > 4096)
            throw new LodeException(ErrorCode.InvalidArgument, $"--threads is 0 (one a processor) to 4096; got {Options.Threads}.");
        if (string.IsNullOrWhiteSpace(Project))
            throw new LodeException(ErrorCode.InvalidArgument, "--project must not be blank.");
        if (Options.Metric is { } metric)
            MetricCatalog.Get(metric);
        foreach (var family in (Options.Include ?? []).Concat(Options.Exclude))
            FamilyCatalog.Get(family);
        if (Options.Include?.Except(Options.Exclude, StringComparer.Ordinal).Any() == false)
            throw new LodeException(ErrorCode.InvalidArgument, "--include and --exclude leave no family.");
        if (Options.Quantiles is { } quantiles)
        {
            QuantileModel.RequireLevels(quantiles);
            if (Options.Metric is not (null or "pinball_loss"))
                throw new LodeException(ErrorCode.InvalidArgument, $"--quantiles are optimised by pinball_loss; got --metric {Options.Metric}.", "Leave --metric out.");
            if (Options.Threshold is not null)
                throw new LodeException(ErrorCode.InvalidArgument, "--quantiles are of numbers, and --threshold lies between two classes.", "Choose one.");
            if (Options.Include?.FirstOrDefault(family => !FamilyCatalog.Get(family).SaysQuantiles) is { } unable)
                throw new LodeException(ErrorCode.InvalidArgument, $"Family '{unable}' says no quantiles.", $"These do: {string.Join(", ", FamilyCatalog.Names.Where(family => FamilyCatalog.Get(family).SaysQuantiles))}.");
        }
        if (Predictions is not null && Test is null)
            throw new LodeException(ErrorCode.InvalidArgument, "--predictions needs rows to predict.", "Name their file with --test FILE.");
        if (JsonFile is not null && !JsonFile.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            throw new LodeException(ErrorCode.InvalidArgument, $"--json writes its report to a file that ends in .json; got '{JsonFile}'.", "To answer in JSON on standard output alone, put --json last.");
        if (Resume && !Track)
            throw new LodeException(ErrorCode.InvalidArgument, "--resume reads recorded runs, and --no-track records none.", "Choose one.");
        string?[] written = [Out, Predictions, JsonFile];
        foreach (var path in written.OfType<string>())
        {
            if (Path.GetFullPath(path) is var full && (full == Path.GetFullPath(Train) || (Test is not null && full == Path.GetFullPath(Test))))
                throw new LodeException(ErrorCode.InvalidArgument, $"'{path}' is read; it cannot be written too.");
            if (Directory.Exists(path))
                throw new LodeException(ErrorCode.InvalidArgument, $"'{path}' is a folder; a file is needed.");
        }
        if (written.OfType<string>().Select(Path.GetFullPath).GroupBy(path => path).Any(group => group.Count() > 1))
            throw new LodeException(ErrorCode.InvalidArgument, "--out, --predictions and --json must name different files.");
    }
}
