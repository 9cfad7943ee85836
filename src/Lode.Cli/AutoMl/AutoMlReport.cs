using Lode.Core;

namespace Lode.Cli;

/// <summary>What a search found, for machines: the answer to <c>lode automl --json</c>. Additive only; <see cref="Format"/> names a break.</summary>
internal sealed record AutoMlReport
{
    public string Format { get; init; } = "lode-automl-1";

    /// <summary>What made it.</summary>
    public required AutoMlMachine Made { get; init; }

    /// <summary><c>classification</c> or <c>regression</c>.</summary>
    public required string Task { get; init; }

    public required string Target { get; init; }

    /// <summary>What was optimised.</summary>
    public required string Metric { get; init; }

    public required bool HigherIsBetter { get; init; }

    /// <summary>What was learned from.</summary>
    public required AutoMlTable Data { get; init; }

    /// <summary>The second file; absent without one.</summary>
    public AutoMlTest? Test { get; init; }

    /// <summary>The winner's score by cross-validation, and corrected for the search that found it.</summary>
    public required AutoMlScore Score { get; init; }

    /// <summary>The whole search scored within outer folds; absent where it was not asked for.</summary>
    public AutoMlNested? Nested { get; init; }

    /// <summary>Scores of the winner's out-of-fold predictions by every metric of the task; too good by the choice among candidates.</summary>
    public required IReadOnlyDictionary<string, double> OutOfFold { get; init; }

    public required AutoMlWinner Winner { get; init; }

    /// <summary>How often the truth lay below each quantile, and within the outermost two; absent where quantiles were not asked for.</summary>
    public AutoMlQuantiles? Quantiles { get; init; }

    /// <summary>What the winner decides by; absent where it takes the more probable class.</summary>
    public AutoMlThreshold? Threshold { get; init; }

    /// <summary>The simplest candidate that is as good within noise; absent where that is the winner.</summary>
    public AutoMlMember? Simpler { get; init; }

    /// <summary>Best first; those without a full score last.</summary>
    public required IReadOnlyList<AutoMlEntry> Leaderboard { get; init; }

    /// <summary>What each column is worth to the winner; empty where there was no time.</summary>
    public required IReadOnlyList<AutoMlImportance> Importances { get; init; }

    /// <summary>The rows that importances were measured on: <c>test</c>, or <c>held_out</c>: of each fold the rows that its models had not seen.</summary>
    public string? ImportanceRows { get; init; }

    /// <summary>Candidates tried.</summary>
    public required int Candidates { get; init; }

    public required int Folds { get; init; }

    public required string Preset { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Absent where trials decided.</summary>
    public double? BudgetSeconds { get; init; }

    /// <summary>Absent where the time decided.</summary>
    public int? Trials { get; init; }

    /// <summary>Of the search alone.</summary>
    public required double SearchSeconds { get; init; }

    /// <summary>From the command's start to this report.</summary>
    public required double Seconds { get; init; }

    /// <summary>What the seconds went into, by the clock.</summary>
    public required AutoMlSpent Spent { get; init; }

    /// <summary>Why it ended: <c>budget</c>, <c>trials</c>, <c>exhausted</c>, <c>interrupted</c>.</summary>
    public required string Stopped { get; init; }

    /// <summary>What a careful reader should know.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The search's run; absent where nothing was recorded.</summary>
    public RunId? Run { get; init; }

    public required string Project { get; init; }

    /// <summary>Candidates without a run of their own.</summary>
    public int Unrecorded { get; init; }

    /// <summary>Files written, by what they hold: model, predictions, report.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    /// <summary>The winner as a C# program.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Code { get; init; } = "";
}

/// <summary>The program and machine that made a report.</summary>
internal sealed record AutoMlMachine(string Version, string Runtime, string Os, int Processors, DateTimeOffset At);

/// <summary>A table that was learned from.</summary>
internal sealed record AutoMlTable(string Name, string Sha256, int Rows, int Columns, int Numeric, int Categorical, int MissingCells, IReadOnlyDictionary<string, int>? Classes);

/// <summary>A table that was predicted.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Sha256">Of its content.</param>
/// <param name="Rows">All of them.</param>
/// <param name="ScoredRows">Those with a target.</param>
/// <param name="Scores">By metric; absent where nothing could be scored.</param>
/// <param name="TimesScored">How often runs of the project were scored on it, this time included; 0 where it was not scored.</param>
internal sealed record AutoMlTest(string Name, string Sha256, int Rows, int ScoredRows, IReadOnlyDictionary<string, double>? Scores, int TimesScored);

/// <summary>A score that knows how it was found, with its 95 % interval.</summary>
internal sealed record AutoMlScore(double CrossValidated, double Corrected, double Low, double High);

/// <summary>Nested cross-validation: the whole search within each outer fold, scored on the rows that it had not seen.</summary>
/// <param name="Asked">Outer folds asked for.</param>
/// <param name="Folds">The metric on each that was run to its end.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Error">Its standard error between the folds.</param>
/// <param name="Candidates">Candidates that these searches tried.</param>
internal sealed record AutoMlNested(int Asked, IReadOnlyList<double> Folds, double Mean, double Error, int Candidates);

/// <summary>What a search's seconds went into, by the clock.</summary>
/// <param name="Models">Fitting pipelines and predicting with them.</param>
/// <param name="Search">Choosing what to try, cutting out rows, calibrating, scoring and keeping.</param>
/// <param name="Ensemble">Putting the winner together and correcting its score.</param>
/// <param name="Tracking">Recording candidates, beside the search on a thread of its own.</param>
/// <param name="Overhead">Search, ensemble and tracking as a share of all seconds of the search, in [0, 1].</param>
/// <param name="Before">From the command's start to the search's: reading and checking the data, opening the store.</param>
/// <param name="After">From the search's end to this report: predicting and scoring the second file, importances, writing apart.</param>
internal sealed record AutoMlSpent(double Models, double Search, double Ensemble, double Tracking, double Overhead, double Before, double After);

/// <summary>Quantiles, and how they fare.</summary>
/// <param name="Levels">Ascending, each between 0 and 1.</param>
/// <param name="Nominal">The share of rows that the outermost two are to have between them; 0 for a single one.</param>
/// <param name="OutOfFold">On the training rows, by models that had not seen them.</param>
/// <param name="Test">On the second file's; absent where it was not scored.</param>
internal sealed record AutoMlQuantiles(IReadOnlyList<double> Levels, double Nominal, AutoMlCoverage OutOfFold, AutoMlCoverage? Test);

/// <summary>How quantiles fare on rows.</summary>
/// <param name="Covered">The share of rows between the outermost two.</param>
/// <param name="Below">For each quantile, the share of rows at or below it.</param>
/// <param name="Pinball">For each quantile, its mean pinball loss.</param>
/// <param name="Width">The mean distance between the outermost two.</param>
internal sealed record AutoMlCoverage(double Covered, IReadOnlyList<double> Below, IReadOnlyList<double> Pinball, double Width);

/// <summary>What predicts.</summary>
/// <param name="Kind"><c>one_model</c>, <c>ensemble</c>, <c>stack</c> or <c>blend</c>.</param>
/// <param name="Members">What it is made of, by falling weight.</param>
/// <param name="Bytes">The model file's.</param>
internal sealed record AutoMlWinner(string Kind, IReadOnlyList<AutoMlMember> Members, long Bytes);

/// <summary>A threshold between two classes.</summary>
/// <param name="Goal">What it is tuned for.</param>
/// <param name="Value">The probability of <paramref name="Class"/> from which on a row is taken for it.</param>
/// <param name="Class">The second class.</param>
/// <param name="Score">The goal's, out of fold, each row judged by a threshold of other rows.</param>
/// <param name="AtHalf">The same by a half.</param>
internal sealed record AutoMlThreshold(string Goal, double Value, string Class, double Score, double AtHalf);

/// <summary>A part of the winner.</summary>
internal sealed record AutoMlMember(int Number, string Family, double Weight, double Score, IReadOnlyDictionary<string, string> Settings);

/// <summary>A candidate.</summary>
internal sealed record AutoMlEntry
{
    public required int Number { get; init; }

    public required string Family { get; init; }

    public required string State { get; init; }

    public required string Origin { get; init; }

    /// <summary>Of all folds; of the first where it was pruned; NaN where it failed.</summary>
    public required double Score { get; init; }

    /// <summary>The score's standard error between folds.</summary>
    public required double Error { get; init; }

    public required IReadOnlyList<double> Folds { get; init; }

    public required int Repeats { get; init; }

    public required double TrainShare { get; init; }

    public required double FitSeconds { get; init; }

    public required double PredictMicrosecondsPerRow { get; init; }

    /// <summary>Of one fold's model in a model file; 0 where there is none.</summary>
    public required long ModelBytes { get; init; }

    public int? Iterations { get; init; }

    /// <summary>In the winner.</summary>
    public required double Weight { get; init; }

    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>The pipeline: transforms, then the learner.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>Why it stopped.</summary>
    public string? Reason { get; init; }
}

/// <summary>What a column is worth to the winner.</summary>
internal sealed record AutoMlImportance(string Column, double Mean, double Deviation);
