using Lode.Learning;

namespace Lode.Cli;

/// <summary>What a model file says about itself: printed for people, and the JSON of <c>lode show</c>, <c>lode predict --describe</c> and <c>GET /schema</c>.</summary>
/// <param name="Target">The column that is predicted.</param>
/// <param name="Task"><c>classification</c> or <c>regression</c>.</param>
/// <param name="Classes">In the order of the outputs; empty for regression.</param>
/// <param name="Columns">What rows to predict must have.</param>
/// <param name="Learner">What made it.</param>
/// <param name="Metrics">Scores by name.</param>
/// <param name="Provenance">Where it comes from.</param>
/// <param name="Bytes">The file's.</param>
/// <param name="Quantiles">The levels of the quantiles that are predicted; absent where there are none.</param>
internal sealed record ModelDescription(
    string Target, string Task, IReadOnlyList<string> Classes, IReadOnlyList<ModelColumn> Columns, string Learner, IReadOnlyDictionary<string, double> Metrics, IReadOnlyDictionary<string, string> Provenance, long Bytes,
    IReadOnlyList<double>? Quantiles = null)
{
    public static ModelDescription Of(byte[] file)
    {
        var header = ModelBundle.HeaderOf(file);
        return new ModelDescription(header.Target, header.Task.ToString().ToLowerInvariant(), header.Classes, [.. header.Columns.Select(column => new ModelColumn(column.Name, column.Kind.ToString().ToLowerInvariant()))],
            header.Learner, header.Metrics, header.Provenance, file.LongLength, header.Quantiles);
    }

    public void Write(Terminal terminal)
    {
        var facts = new TextTable("", "");
        facts.Add("target", $"{Target} ({Task})");
        if (Classes.Count > 0)
            facts.Add("classes", string.Join(", ", Classes));
        if (Quantiles is { Count: > 0 } levels)
            facts.Add("quantiles", string.Join(", ", levels.Select(Predictions.NameOf)));
        facts.Add("made by", Learner);
        facts.Add("size", Format.Bytes(Bytes));
        facts.Write(terminal);
        Section(terminal, "columns", new TextTable("COLUMN", "KIND"), Columns.Select(column => (column.Name, column.Kind)));
        Section(terminal, "metrics", new TextTable("METRIC", "VALUE").Numeric(1), Metrics.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, Format.Number(pair.Value))));
        Section(terminal, "provenance", new TextTable("WHAT", "VALUE"), Provenance.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)));
    }

    private static void Section(Terminal terminal, string title, TextTable table, IEnumerable<(string, string)> rows)
    {
        var all = rows.ToList();
        if (all.Count == 0)
            return;
        terminal.Out.WriteLine();
        if (terminal.OutIsTerminal)
            terminal.Out.WriteLine($"{title}:");
        foreach (var (name, value) in all)
            table.Add(name, value);
        table.Write(terminal);
    }
}

/// <summary>A column that rows to predict must have.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind"><c>numeric</c>, <c>categorical</c> or <c>date</c>.</param>
internal sealed record ModelColumn(string Name, string Kind);
