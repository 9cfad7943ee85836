using System.Text;

namespace Lode.Cli;

/// <summary>A search's report as Markdown, with its pictures as files in <c>plots</c> beside it.</summary>
internal static class MarkdownReport
{
    public static string Write(AutoMlReport report, IReadOnlyList<Figure> figures)
    {
        var page = new StringBuilder();
        page.Append($"# The best model found for {E(report.Target)}\n\n{E(AutoMlText.ScoreLine(report))}.\n\nWinner: {E(AutoMlText.WinnerLine(report))}, {Format.Bytes(report.Winner.Bytes)}.\n\n");
        if (report.Nested is not null)
            page.Append($"{E(AutoMlText.NestedLine(report))}.\n\n");
        if (ReportSections.Simpler(report) is { } simpler)
            page.Append($"{E(simpler)}\n\n");
        foreach (var warning in report.Warnings)
            page.Append($"> **Warning:** {E(warning)}\n\n");
        var scores = ReportSections.Scores(report);
        Table(page, scores.Title, scores.Head, scores.Rows);
        page.Append($"{ReportSections.OutOfFoldNote}\n\n");
        var (head, rows) = ReportSections.Leaderboard(report);
        Table(page, "Leaderboard", head, rows);
        foreach (var figure in figures)
            page.Append($"## {E(figure.Title)}\n\n![{E(figure.Title)}](plots/{figure.Name}.svg)\n\n{E(figure.Caption)}\n\n");
        Table(page, "Data", ["", ""], ReportSections.Data(report).Select(fact => (string[])[fact.Name, fact.Value]));
        Table(page, "Search", ["", ""], ReportSections.Search(report).Select(fact => (string[])[fact.Name, fact.Value]));
        page.Append("The winner as a program: [winner.cs](winner.cs). All numbers: [report.json](report.json).\n");
        return page.ToString();
    }

    private static void Table(StringBuilder page, string title, string[] head, IEnumerable<string[]> rows)
    {
        page.Append($"## {E(title)}\n\n| {string.Join(" | ", head.Select(E))} |\n|{string.Concat(head.Select(_ => "---|"))}\n");
        foreach (var row in rows)
            page.Append($"| {string.Join(" | ", row.Select(E))} |\n");
        page.Append('\n');
    }

    private static string E(string text) => text.ReplaceLineEndings(" ").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
}
