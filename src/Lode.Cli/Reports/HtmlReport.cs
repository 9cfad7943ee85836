using System.Text;

namespace Lode.Cli;

/// <summary>A search's report as one HTML file: no script, nothing fetched.</summary>
internal static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light dark; }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #8886; }
        table { border-collapse: collapse; font-size: 13px; } th, td { text-align: left; padding: .2rem .7rem .2rem 0; vertical-align: top; }
        thead th { border-bottom: 1px solid #8888; } td { font-variant-numeric: tabular-nums; }
        .wide { overflow-x: auto; } .score { font-size: 1.1rem; } .warning { border-left: 3px solid #d55e00; padding-left: .7rem; }
        figure { margin: 1.2rem 0; } figcaption { font-size: 13px; opacity: .8; } svg { max-width: 100%; height: auto; }
        .pair { display: flex; flex-wrap: wrap; gap: 1rem; } details pre { overflow-x: auto; font-size: 12px; }
        """;

    public static string Write(AutoMlReport report, IReadOnlyList<Figure> figures)
    {
        var page = new StringBuilder();
        page.Append($"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{E($"{report.Target} from {report.Data.Name}")}</title><style>\n{Style}\n</style></head><body>\n");
        page.Append($"<h1>The best model found for {E(report.Target)}</h1>\n");
        page.Append($"<p class=\"score\">{E(AutoMlText.ScoreLine(report))}.</p>\n<p>Winner: {E(AutoMlText.WinnerLine(report))}, {Format.Bytes(report.Winner.Bytes)}.</p>\n");
        if (report.Nested is not null)
            page.Append($"<p>{E(AutoMlText.NestedLine(report))}.</p>\n");
        if (ReportSections.Simpler(report) is { } simpler)
            page.Append($"<p>{E(simpler)}</p>\n");
        foreach (var warning in report.Warnings)
            page.Append($"<p class=\"warning\"><strong>Warning:</strong> {E(warning)}</p>\n");
        var scores = ReportSections.Scores(report);
        Table(page, scores.Title, scores.Head, scores.Rows);
        page.Append($"<p>{E(ReportSections.OutOfFoldNote)}</p>\n");
        page.Append("<h2>Pictures</h2>\n<div class=\"pair\">");
        foreach (var figure in figures)
            page.Append($"<figure><h3>{E(figure.Title)}</h3>{figure.Picture}<figcaption>{E(figure.Caption)}</figcaption></figure>\n");
        page.Append("</div>\n");
        var (head, rows) = ReportSections.Leaderboard(report);
        Table(page, "Leaderboard", head, rows);
        page.Append($"{(report.Leaderboard.Count > rows.Count ? $"<p>{rows.Count} of {report.Leaderboard.Count} candidates; report.json has all.</p>\n" : "")}");
        Facts(page, "Data", ReportSections.Data(report));
        Facts(page, "Search", ReportSections.Search(report));
        page.Append($"<h2>The winner as a program</h2>\n<details><summary>winner.cs</summary><pre>{E(report.Code)}</pre></details>\n</body></html>\n");
        return page.ToString();
    }

    private static void Table(StringBuilder page, string title, string[] head, IReadOnlyList<string[]> rows)
    {
        page.Append($"<h2>{E(title)}</h2>\n<div class=\"wide\"><table><thead><tr>{string.Concat(head.Select(cell => $"<th>{E(cell)}</th>"))}</tr></thead><tbody>\n");
        foreach (var row in rows)
            page.Append($"<tr>{string.Concat(row.Select(cell => $"<td>{E(cell)}</td>"))}</tr>\n");
        page.Append("</tbody></table></div>\n");
    }

    private static void Facts(StringBuilder page, string title, IEnumerable<(string Name, string Value)> facts)
    {
        page.Append($"<h2>{E(title)}</h2>\n<table>\n");
        foreach (var (name, value) in facts)
            page.Append($"<tr><th scope=\"row\">{E(name)}</th><td>{E(value)}</td></tr>\n");
        page.Append("</table>\n");
    }

    private static string E(string text) => Svg.Escape(text);
}
