using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>A CSV file as tables of some rows each, for files that are larger than memory.</summary>
public static class CsvBlocks
{
    /// <summary>Reads UTF-8 bytes block by block; the stream stays open. What a file means is as in <see cref="CsvReader"/>.</summary>
    /// <param name="stream">Readable.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="options">Kinds of all columns that matter: others are inferred for each block anew, so that blocks may differ in them.</param>
    /// <param name="rows">Rows a block, ≥ 1; the last has what is left.</param>
    /// <returns>At least one block.</returns>
    /// <exception cref="LodeException">InvalidArgument: the content makes no table, or is not UTF-8. It comes when the bad block is read.</exception>
    public static IEnumerable<Table> Read(Stream stream, string name, CsvOptions options, int rows)
    {
        if (rows < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"A block has at least 1 row; got {rows}.");
        return Blocks(stream, name, options, rows);
    }

    private static IEnumerable<Table> Blocks(Stream stream, string name, CsvOptions options, int rows)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true), true, 1 << 16, leaveOpen: true);
        var lexer = new CsvLexer(reader, options.Delimiter, name);
        var columns = Guarded(name, () => CsvReader.ReadHeader(lexer, options));
        for (var block = 0; ; block++)
        {
            if (block > 0)
                columns = [.. columns.Select(column => new CsvColumnBuilder(column.Name, options.Kinds.TryGetValue(column.Name, out var kind) ? kind : null, options.MissingTokens))];
            var count = Guarded(name, () =>
            {
                var taken = 0;
                while (taken < rows && CsvReader.ReadRecord(lexer, columns))
                    taken++;
                return taken;
            });
            if (count == 0 && block == 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"{name} has a header and no rows.");
            if (count > 0)
                yield return new Table([.. columns.Select(column => column.Build())]);
            if (count < rows)
                yield break;
        }
    }

    private static T Guarded<T>(string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"{name} is not UTF-8 text: {error.Message}", "Save it as UTF-8.", error);
        }
    }
}
