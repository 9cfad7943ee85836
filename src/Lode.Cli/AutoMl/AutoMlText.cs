using System.Globalization;

namespace Lode.Cli;

/// <summary>A search's result for a person at a terminal.</summary>
internal static class AutoMlText
{
    private static readonly string[] s_usual = ["log_loss", "pinball_loss", "roc_auc", "accuracy", "balanced_accuracy", "f1", "mcc", "rmse", "mae", "r2"];

    /// <param name="report">What was found.</param>
    /// <param name="terminal">Where it is written.</param>
    /// <param name="shown">Candidates to list: the best of each family first, then the next.</param>
    public static void Write(AutoMlReport report, Terminal terminal, int shown)
    {
        var output = terminal.Out;
        string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        var data = report.Data;
        output.WriteLine(Line($"{data.Name}: {data.Rows} rows, {data.Columns} columns ({data.Numeric} numeric, {data.Categorical} categorical), target {report.Target}{(data.Classes is { } classes ? $", {classes.Count} classes" : "")}"));
        output.WriteLine();
        var table = new TextTable("", "CANDIDATE", report.Metric.ToUpperInvariant(), "± SE", "FIT", "PREDICT", "SIZE", "WEIGHT", "STATE").Numeric(2, 3, 4, 5, 6, 7);
        foreach (var entry in BestFirst(report.Leaderboard).Take(shown))
        {
            table.Add(entry.Weight > 0 ? "*" : "", $"{entry.Number:000}-{entry.Family}", Format.Number(entry.Score), double.IsNaN(entry.Error) ? "" : Format.Number(entry.Error),
                Format.Duration(TimeSpan.FromSeconds(entry.FitSeconds)), Line($"{entry.PredictMicrosecondsPerRow:0.#} µs"), entry.ModelBytes > 0 ? Format.Bytes(entry.ModelBytes) : "", entry.Weight > 0 ? Line($"{entry.Weight:0.00}") : "", entry.State + (entry.Reason is null ? "" : $": {entry.Reason}"));
        }
        if (shown > 0)
            table.Write(terminal);
        var states = string.Join(", ", report.Leaderboard.CountBy(entry => entry.State).Select(pair => $"{pair.Value} {pair.Key}"));
        output.WriteLine(Line($"{report.Candidates} candidates ({states}) in {Format.Duration(TimeSpan.FromSeconds(report.SearchSeconds))}; stopped: {report.Stopped}{(report.Unrecorded > 0 ? $"; {report.Unrecorded} have no run of their own, since recording may take a twentieth of the time" : "")}"));
        output.WriteLine();
        output.WriteLine(Line($"winner: {WinnerLine(report)}, {Format.Bytes(report.Winner.Bytes)}"));
        output.WriteLine(ScoreLine(report));
        if (report.Nested is not null)
            output.WriteLine(NestedLine(report));
        if (report.Quantiles is not null)
            output.WriteLine(QuantilesLine(report));
        if (report.Threshold is not null)
            output.WriteLine(ThresholdLine(report));
        if (report.Simpler is { } simpler)
            output.WriteLine(Line($"as good within noise, but simpler: {simpler.Number:000}-{simpler.Family}, {report.Metric} {Format.Number(simpler.Score)}{Settings(simpler.Settings)}"));
        if (report.Test is not null)
            output.WriteLine(TestLine(report));
        if (report.Importances.Count > 0)
            output.WriteLine($"columns that matter most: {string.Join(", ", report.Importances.Where(importance => importance.Mean > 0).Take(5).Select(importance => $"{importance.Column} ({Format.Number(importance.Mean)})"))}");
        foreach (var warning in report.Warnings)
            output.WriteLine($"warning: {warning}");
        foreach (var (what, path) in report.Files)
            output.WriteLine($"{what}: {path}");
        if (report.Run is { } run)
            output.WriteLine($"recorded: run {run.ToString()[..8]} in project {report.Project}; its model, report and predictions: `lode artifact ls {run.ToString()[..8]}`");
    }

    // Near-equal candidates of one family would hide how the others fared.
    private static IEnumerable<AutoMlEntry> BestFirst(IReadOnlyList<AutoMlEntry> leaderboard)
    {
        var leaders = leaderboard.Where(entry => entry.State == "complete").DistinctBy(entry => entry.Family).ToList();
        return leaders.Concat(leaderboard.Except(leaders));
    }

    /// <summary>What the winner is made of, in a line.</summary>
    public static string WinnerLine(AutoMlReport report)
    {
        var members = report.Winner.Members;
        var kind = report.Winner.Kind switch { "one_model" => "one model", "ensemble" => $"ensemble of {members.Count}", "stack" => $"stack of {members.Count}", _ => $"blend of ensemble and stack, {members.Count} members" };
        var made = string.Join(" + ", members.Take(6).Select(member => string.Create(CultureInfo.InvariantCulture, $"{(members.Count > 1 ? $"{member.Weight:0.00} " : "")}{member.Number:000}-{member.Family}"))) + (members.Count > 6 ? " + …" : "");
        return $"{kind}: {made}{(members.Count == 1 ? Settings(members[0].Settings) : "")}";
    }

    /// <summary>The honest score, in a line.</summary>
    public static string ScoreLine(AutoMlReport report) => double.IsNaN(report.Score.Low)
        ? $"{report.Metric} by cross-validation {Format.Number(report.Score.CrossValidated)}"
        : $"{report.Metric} by cross-validation {Format.Number(report.Score.CrossValidated)}; corrected for the search {Format.Number(report.Score.Corrected)}, 95 % interval {Format.Number(report.Score.Low)} … {Format.Number(report.Score.High)}";

    /// <summary>The score of nested cross-validation, in a line.</summary>
    public static string NestedLine(AutoMlReport report) => report.Nested is not { Folds.Count: > 0 } nested
        ? "nested cross-validation: no outer fold was run to its end"
        : $"{report.Metric} by nested cross-validation {Format.Number(nested.Mean)}{(double.IsFinite(nested.Error) ? $" ± {Format.Number(nested.Error)} (standard error)" : "")}: {nested.Folds.Count} outer folds, each searched anew ({nested.Candidates} candidates in all) and scored on rows not seen";

    /// <summary>What the quantiles cover, in a line.</summary>
    public static string QuantilesLine(AutoMlReport report)
    {
        if (report.Quantiles is not { } quantiles)
            return "";
        string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.#} %");
        var names = quantiles.Levels.Select(Learning.Predictions.NameOf).ToList();
        return names.Count == 1
            ? $"quantile {names[0]}: {Percent(quantiles.OutOfFold.Below[0])} of the rows lie at or below it out of fold{(quantiles.Test is { } one ? $", {Percent(one.Below[0])} of {report.Test!.Name}" : "")}"
            : $"quantiles {string.Join(", ", names)}: between the outermost lie {Percent(quantiles.OutOfFold.Covered)} of the rows out of fold{(quantiles.Test is { } test ? $", {Percent(test.Covered)} of {report.Test!.Name}" : "")} ({Percent(quantiles.Nominal)} wanted)";
    }

    /// <summary>What the winner decides by, in a line.</summary>
    public static string ThresholdLine(AutoMlReport report) => report.Threshold is not { } threshold ? "" : string.Create(CultureInfo.InvariantCulture,
        $"threshold: {threshold.Class} from a probability of {threshold.Value:0.####} on; {threshold.Goal} out of fold {Format.Number(threshold.Score)} (by 0.5: {Format.Number(threshold.AtHalf)})");

    /// <summary>The second file's scores, in a line: what was optimised, then the most usual; the report has all.</summary>
    public static string TestLine(AutoMlReport report) => report.Test is not { Scores: { } scores } test
        ? $"{report.Test?.Name}: {report.Test?.Rows} rows predicted; it has no target to score"
        : $"{test.Name}, scored once ({test.ScoredRows} rows): {string.Join(", ", s_usual.Prepend(report.Metric).Distinct().Where(scores.ContainsKey).Select(name => $"{name} {Format.Number(scores[name])}"))}";

    private static string Settings(IReadOnlyDictionary<string, string> settings) => settings.Count == 0 ? "" : $" ({string.Join(", ", settings.Select(pair => $"{pair.Key}={pair.Value}"))})";
}
