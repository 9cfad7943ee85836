using System.Globalization;

namespace Lode.Cli;

/// <summary>What both forms of a search's report say in words.</summary>
internal static class ReportSections
{
    /// <summary>The data, one fact each.</summary>
    public static IEnumerable<(string Name, string Value)> Data(AutoMlReport report)
    {
        var data = report.Data;
        yield return ("file", $"{data.Name} (SHA-256 of its content {data.Sha256[..12]}…)");
        yield return ("rows", data.Rows.ToString("N0", CultureInfo.InvariantCulture));
        yield return ("columns", $"{data.Columns}: {data.Numeric} numeric, {data.Categorical} categorical{(data.Columns - data.Numeric - data.Categorical is var dates and > 0 ? $", {dates} dates" : "")}");
        yield return ("missing cells", data.MissingCells.ToString("N0", CultureInfo.InvariantCulture));
        yield return ("target", $"{report.Target} ({report.Task})");
        if (data.Classes is { } classes)
            yield return ("classes", string.Join(", ", classes.Take(20).Select(pair => $"{pair.Key}: {pair.Value}")) + (classes.Count > 20 ? ", …" : ""));
        if (report.Test is { } test)
            yield return ("test file", $"{test.Name}: {test.Rows} rows, {test.ScoredRows} scored{(test.TimesScored > 1 ? $"; time {test.TimesScored} in this project" : "")}");
    }

    /// <summary>The search, one fact each.</summary>
    public static IEnumerable<(string Name, string Value)> Search(AutoMlReport report)
    {
        yield return ("optimised", $"{report.Metric} ({(report.HigherIsBetter ? "higher" : "lower")} is better) over {report.Folds} folds");
        yield return ("budget", report.Trials is { } trials ? $"{trials} candidates" : string.Create(CultureInfo.InvariantCulture, $"{report.BudgetSeconds:0.#} s"));
        yield return ("used", string.Create(CultureInfo.InvariantCulture, $"{report.Candidates} candidates in {report.SearchSeconds:0.0} s; stopped: {report.Stopped}"));
        yield return ("spent", string.Create(CultureInfo.InvariantCulture, $"{report.Spent.Models:0.0} s in fits and predictions, {report.Spent.Search:0.0} s in search, {report.Spent.Ensemble:0.0} s in the ensemble, {report.Spent.Tracking:0.0} s in tracking: overhead {100 * report.Spent.Overhead:0.#} %"));
        if (report.Quantiles is not null)
            yield return ("quantiles", AutoMlText.QuantilesLine(report));
        if (report.Threshold is not null)
            yield return ("decides by", AutoMlText.ThresholdLine(report));
        yield return ("preset, seed", $"{report.Preset}, {report.Seed}");
        yield return ("made by", $"lode {report.Made.Version} on {report.Made.Runtime}, {report.Made.Os}, {report.Made.Processors} processors, {report.Made.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)}");
        if (report.Run is { } run)
            yield return ("run", $"{run} in project {report.Project}");
    }

    /// <summary>The leaderboard's head and rows.</summary>
    public static (string[] Head, IReadOnlyList<string[]> Rows) Leaderboard(AutoMlReport report, int most = 30) =>
        (["candidate", report.Metric, "± SE", "fit s", "predict µs/row", "size", "weight", "settings", "state"],
        [
            .. report.Leaderboard.Take(most).Select(entry => (string[])
            [
                $"{entry.Number:000}-{entry.Family}", Format.Number(entry.Score), double.IsFinite(entry.Error) ? Format.Number(entry.Error) : "",
                entry.FitSeconds.ToString("0.00", CultureInfo.InvariantCulture), entry.PredictMicrosecondsPerRow.ToString("0.#", CultureInfo.InvariantCulture), entry.ModelBytes > 0 ? Format.Bytes(entry.ModelBytes) : "",
                entry.Weight > 0 ? entry.Weight.ToString("0.00", CultureInfo.InvariantCulture) : "", string.Join(", ", entry.Settings.Select(pair => $"{pair.Key}={pair.Value}")),
                entry.Reason is { } reason ? $"{entry.State}: {reason}" : entry.State,
            ]),
        ]);

    /// <summary>Every metric on the second file, where it was scored, and out of fold.</summary>
    public static (string Title, string[] Head, IReadOnlyList<string[]> Rows) Scores(AutoMlReport report)
    {
        var test = report.Test is { Scores: { } scored } ? scored : null;
        string[] head = test is null ? ["metric", "out of fold"] : ["metric", report.Test!.Name, "out of fold"];
        var names = (test ?? report.OutOfFold).Keys.Union(report.OutOfFold.Keys);
        string Cell(IReadOnlyDictionary<string, double> scores, string name) => scores.TryGetValue(name, out var score) ? Format.Number(score) : "";
        return ($"Scores{(test is null ? "" : $"; {report.Test!.Name} was scored once")}", head,
            [.. names.Select(name => (string[])(test is null ? [name, Cell(report.OutOfFold, name)] : [name, Cell(test, name), Cell(report.OutOfFold, name)]))]);
    }

    /// <summary>Why scores out of fold are not the last word.</summary>
    public const string OutOfFoldNote = "Scores out of fold are those by which the winner was chosen, so they are a little too good; the corrected score above is not.";

    /// <summary>The winner's line on something simpler; null where it is the simplest itself.</summary>
    public static string? Simpler(AutoMlReport report) => report.Simpler is { } simpler
        ? $"As good within noise, but simpler: {simpler.Number:000}-{simpler.Family}, {report.Metric} {Format.Number(simpler.Score)}{(simpler.Settings.Count > 0 ? $" ({string.Join(", ", simpler.Settings.Select(pair => $"{pair.Key}={pair.Value}"))})" : "")}."
        : null;
}
