using Lode.Core;
using Lode.Optimization;

namespace Lode.Learning;

/// <summary>How thorough AutoML is. Persisted by name.</summary>
public enum AutoMlPreset
{
    /// <summary>Three folds, few families, one ensemble: an answer soon, and a small model.</summary>
    Fast = 1,

    /// <summary>The usual.</summary>
    Default = 2,

    /// <summary>More folds, and cross-validation repeated more often: the best score, at the price of a large, slow model.</summary>
    Best = 3,

    /// <summary>Only what a person can read: linear models and small trees, one of them, no ensemble.</summary>
    Interpretable = 4,
}

/// <summary>Settings that were tried before on the same data.</summary>
/// <param name="Family">The family's name.</param>
/// <param name="Settings">Values of its space; what does not fit any more is passed over.</param>
/// <param name="Score">The metric's value.</param>
public sealed record EarlierTrial(string Family, Params Settings, double Score);

/// <summary>What AutoML is to do.</summary>
public sealed record AutoMlOptions
{
    /// <summary>Time to use, ≥ 0.1 s. Null: <see cref="Trials"/> decides. Default: 60 s.</summary>
    public TimeSpan? Budget { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Candidates to try, ≥ 1, instead of a time: then the result depends on data, options and seed alone, bit for bit, on any machine.</summary>
    public int? Trials { get; init; }

    /// <summary>What is optimised, by its name in the <see cref="MetricCatalog"/>. Null: log loss or root mean squared error.</summary>
    public string? Metric { get; init; }

    /// <summary>How thorough. Default: <see cref="AutoMlPreset.Default"/>.</summary>
    public AutoMlPreset Preset { get; init; } = AutoMlPreset.Default;

    /// <summary>Folds of cross-validation, 2 to 50. Null: 8 up to 3,000 rows, 5 up to 50,000, then 3.</summary>
    public int? Folds { get; init; }

    /// <summary>Outer folds of nested cross-validation, 2 to 20: in each, a search of its own is scored on rows that it has not seen. A budget is shared evenly among
    /// these searches and the one whose winner is returned; <see cref="Trials"/> are those of each search. Null: none.</summary>
    public int? Nested { get; init; }

    /// <summary>Families to use, by name. Null: all that suit.</summary>
    public IReadOnlyList<string>? Include { get; init; }

    /// <summary>Families not to use.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether the winner may be an ensemble. Null: as the preset says.</summary>
    public bool? Ensemble { get; init; }

    /// <summary>Of two classes: what the threshold between them is tuned for, on out-of-fold predictions. Null: the more probable class is taken.</summary>
    public ThresholdGoal? Threshold { get; init; }

    /// <summary>Of a regression: levels of quantiles to predict, ascending, each between 0 and 1. The pinball loss, averaged over them, is optimised, by the families that can
    /// say quantiles. Null: one number a row.</summary>
    public IReadOnlyList<double>? Quantiles { get; init; }

    /// <summary>Bytes at most of the winner as a model file. Null: any.</summary>
    public long? MaxModelBytes { get; init; }

    /// <summary>Whether the members of the winner are fitted once more on all rows and replace the fold models: smaller and faster, a little worse.</summary>
    public bool Refit { get; init; }

    /// <summary>Seconds at most that the winner may take to predict a row. Null: any.</summary>
    public double? MaxPredictSecondsPerRow { get; init; }

    /// <summary>Rows that the caller predicts with the winner before the budget ends, and writes its file: about the time for that is kept back. Default: 0.</summary>
    public int PredictRows { get; init; }

    /// <summary>Bytes at most of managed memory in use while searching. Null: three quarters of what the machine has.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Decides all random choices. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads, ≥ 1; 0 (default): one a processor.</summary>
    public int Threads { get; init; }

    /// <summary>What an earlier search on the same data tried: its best settings are tried first.</summary>
    public IReadOnlyList<EarlierTrial> Earlier { get; init; } = [];

    /// <summary>Seconds that a search needs at least.</summary>
    internal const double LeastSeconds = 0.1;

    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    internal void Validate()
    {
        if (Trials is null && Budget is null)
            throw new LodeException(ErrorCode.InvalidArgument, "AutoML needs a time budget or a number of trials.");
        if (Nested is < 2 or > 20)
            throw new LodeException(ErrorCode.InvalidArgument, $"The outer folds of nested cross-validation must be in 2 … 20; got {Nested}.");
        if (Nested is { } outer && Trials is null && Budget!.Value.TotalSeconds < outer + 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"{outer} outer folds share the budget among {outer + 1} searches of at least 1 s; got {Budget.Value.TotalSeconds:0.###} s.", "Give it more time, or fewer outer folds.");
        if (Trials is null && Budget < TimeSpan.FromSeconds(LeastSeconds))
            throw new LodeException(ErrorCode.InvalidArgument, $"The budget must be at least 0.1 s; got {Budget!.Value.TotalSeconds} s.");
        if (Trials < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"The number of trials must be at least 1; got {Trials}.");
        if (Folds is < 2 or > 50)
            throw new LodeException(ErrorCode.InvalidArgument, $"The number of folds must be in 2 … 50; got {Folds}.");
        if (MaxPredictSecondsPerRow <= 0 || MemoryLimit <= 0 || MaxModelBytes <= 0)
            throw new LodeException(ErrorCode.InvalidArgument, "Limits on prediction time, memory and model size must be above 0.");
        foreach (var name in (Include ?? []).Concat(Exclude))
            FamilyCatalog.Get(name);
        if (Include?.Except(Exclude, StringComparer.Ordinal).Any() == false)
            throw new LodeException(ErrorCode.InvalidArgument, "No family is left: all that are included are excluded too.");
        if (Quantiles is null)
            return;
        QuantileModel.RequireLevels(Quantiles);
        if (Include?.FirstOrDefault(name => !FamilyCatalog.Get(name).SaysQuantiles) is { } unable)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"Family '{unable}' says no quantiles.",
                $"These do: {string.Join(", ", FamilyCatalog.Names.Where(name => FamilyCatalog.Get(name).SaysQuantiles))}.");
        }
        if (Metric is not (null or "pinball_loss"))
            throw new LodeException(ErrorCode.InvalidArgument, $"Quantiles are optimised by pinball_loss; got the metric '{Metric}'.", "Leave the metric out.");
    }
}
