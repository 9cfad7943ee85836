using Lode.Core;

namespace Lode.Learning;

/// <summary>A CSV file as tables of some rows each, for files that are larger than memory.</summary>
public static class CsvBlocks
{
    /// <summary>Reads bytes block by block; the stream stays open. What a file means is as in <see cref="CsvReader"/>.</summary>
    /// <param name="stream">Readable.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="options">Kinds of all columns that matter: others are read as categorical, since a block cannot know what later ones hold.</param>
    /// <param name="rows">Rows a block, ≥ 1; the last has what is left.</param>
    /// <returns>At least one block.</returns>
    /// <exception cref="LodeException">InvalidArgument: the content makes no table. It comes when the bad block is read.</exception>
    public static IEnumerable<Table> Read(Stream stream, string name, CsvOptions options, int rows)
    {
        if (rows < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"A block has at least 1 row; got {rows}.");
        return Blocks(stream, name, options, rows);
    }

    private static IEnumerable<Table> Blocks(Stream stream, string name, CsvOptions options, int rows)
    {
        using var records = new CsvRecords(stream, name, options);
        if (records.Ready() == 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"{name} has a header and no rows.");
        while (records.Ready() > 0)
        {
            CsvColumnBuilder[] columns = [.. records.Names.Select(column => new CsvColumnBuilder(column, options.Kinds.TryGetValue(column, out var kind) ? kind : ColumnKind.Categorical, options, remember: false))];
            for (var left = rows; left > 0 && records.Ready() is > 0 and var ready;)
            {
                var count = Math.Min(left, ready);
                records.Feed(columns, count);
                left -= count;
            }
            foreach (var column in columns)
                column.End();
            yield return new Table([.. columns.Select(column => column.Build())]);
        }
    }
}
