namespace Lode.Cli;

/// <summary>
/// Rows of text: a table with a header for people, as many columns as fit, cut cells ending in …; tab-separated lines without a
/// header, and without cuts, for programs.
/// </summary>
internal sealed class TextTable(params string[] header)
{
    private const int Gap = 2;
    private const int WidestCell = 48;

    private readonly List<string[]> _rows = [];
    private readonly HashSet<int> _numeric = [];

    /// <summary>Puts columns to the right.</summary>
    public TextTable Numeric(params int[] columns)
    {
        _numeric.UnionWith(columns);
        return this;
    }

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(cell => cell.ReplaceLineEndings(" ").Replace('\t', ' '))]);

    /// <returns>How many columns did not fit.</returns>
    public int Write(Terminal terminal)
    {
        if (!terminal.OutIsTerminal)
        {
            foreach (var row in _rows)
                terminal.Out.WriteLine(string.Join('\t', row));
            return 0;
        }
        var rows = header.All(cell => cell.Length == 0) ? _rows : [header, .. _rows];
        var widths = Enumerable.Range(0, header.Length).Select(column => Math.Min(WidestCell, rows.Max(row => row[column].Length))).ToArray();
        var (fitting, used) = (0, -Gap);
        while (fitting < widths.Length && used + Gap + widths[fitting] <= terminal.Width)
            used += Gap + widths[fitting++];
        if (fitting == 0)
            (fitting, widths[0]) = (1, terminal.Width);
        foreach (var row in rows)
            terminal.Out.WriteLine(string.Join("  ", Enumerable.Range(0, fitting).Select(column => Cell(row[column], widths[column], _numeric.Contains(column)))).TrimEnd());
        return widths.Length - fitting;
    }

    private static string Cell(string text, int width, bool right)
    {
        if (text.Length > width)
            text = string.Concat(text.AsSpan(0, width - 1), "…");
        return right ? text.PadLeft(width) : text.PadRight(width);
    }
}
