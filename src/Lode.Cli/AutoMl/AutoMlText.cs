using System.Globalization;

namespace Lode.Cli;

/// <summary>A search's result for a person at a terminal.</summary>
internal static class AutoMlText
{
    private const int Shown = 12;

    private static readonly string[] s_usual = ["log_loss", "roc_auc", "accuracy", "balanced_accuracy", "f1", "mcc", "rmse", "mae", "r2"];

    public static void Write(AutoMlReport report, Terminal terminal)
    {
        var output = terminal.Out;
        string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        var data = report.Data;
        output.WriteLine(Line($"{data.Name}: {data.Rows} rows, {data.Columns} columns ({data.Numeric} numeric, {data.Categorical} categorical), target {report.Target}{(data.Classes is { } classes ? $", {classes.Count} classes" : "")}"));
        output.WriteLine();
        var table = new TextTable("", "CANDIDATE", report.Metric.ToUpperInvariant(), "± SE", "FIT", "PREDICT", "WEIGHT", "STATE").Numeric(2, 3, 4, 5, 6);
        foreach (var entry in report.Leaderboard.Take(Shown))
        {
            table.Add(entry.Weight > 0 ? "*" : "", $"{entry.Number:000}-{entry.Family}", Format.Number(entry.Score), double.IsNaN(entry.Error) ? "" : Format.Number(entry.Error),
                Format.Duration(TimeSpan.FromSeconds(entry.FitSeconds)), Line($"{entry.PredictMicrosecondsPerRow:0.#} µs"), entry.Weight > 0 ? Line($"{entry.Weight:0.00}") : "", entry.State + (entry.Reason is null ? "" : $": {entry.Reason}"));
        }
        table.Write(terminal);
        var states = string.Join(", ", report.Leaderboard.CountBy(entry => entry.State).Select(pair => $"{pair.Value} {pair.Key}"));
        output.WriteLine(Line($"{report.Candidates} candidates ({states}) in {Format.Duration(TimeSpan.FromSeconds(report.SearchSeconds))}; stopped: {report.Stopped}{(report.Unrecorded > 0 ? $"; {report.Unrecorded} have no run of their own, since recording may take a twentieth of the time" : "")}"));
        output.WriteLine();
        output.WriteLine(Line($"winner: {WinnerLine(report)}, {Format.Bytes(report.Winner.Bytes)}"));
        output.WriteLine(ScoreLine(report));
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

    /// <summary>The second file's scores, in a line: what was optimised, then the most usual; the report has all.</summary>
    public static string TestLine(AutoMlReport report) => report.Test is not { Scores: { } scores } test
        ? $"{report.Test?.Name}: {report.Test?.Rows} rows predicted; it has no target to score"
        : $"{test.Name}, scored once ({test.ScoredRows} rows): {string.Join(", ", s_usual.Prepend(report.Metric).Distinct().Where(scores.ContainsKey).Select(name => $"{name} {Format.Number(scores[name])}"))}";

    private static string Settings(IReadOnlyDictionary<string, string> settings) => settings.Count == 0 ? "" : $" ({string.Join(", ", settings.Select(pair => $"{pair.Key}={pair.Value}"))})";
}
