using Spectre.Console;

namespace Lode.Cli;

/// <summary>Rows of text: a table with a header for people, tab-separated lines without one for programs.</summary>
internal sealed class TextTable(params string[] header)
{
    private readonly List<string[]> _rows = [];
    private readonly HashSet<int> _numeric = [];

    /// <summary>Puts a column to the right.</summary>
    public TextTable Numeric(params int[] columns)
    {
        _numeric.UnionWith(columns);
        return this;
    }

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write(Terminal terminal)
    {
        if (!terminal.OutIsTerminal)
        {
            foreach (var row in _rows)
                terminal.Out.WriteLine(string.Join('\t', row.Select(cell => cell.ReplaceLineEndings(" ").Replace('\t', ' '))));
            return;
        }
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        for (var i = 0; i < header.Length; i++)
        {
            var column = new TableColumn(new Text(header[i], new Style(decoration: Decoration.Bold))) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) };
            table.AddColumn(_numeric.Contains(i) ? column.RightAligned() : column);
        }
        foreach (var row in _rows)
            table.AddRow(row.Select(cell => new Text(cell) { Overflow = Overflow.Ellipsis }));
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Out) }).Write(table);
    }
}
