using System.Globalization;
using System.Text;
using Lode.Core;

namespace Lode.Learning.Tests.Tables;

/// <summary>Files of several batches: neither where a batch ends nor how many threads read shows in what is read.</summary>
public sealed class CsvBatchTests
{
    private static Table Read(string text, int threads) => CsvReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "data.csv", new CsvOptions { Threads = threads });

    private static IEnumerable<string?> Texts(Table table, string name)
    {
        var column = (CategoricalColumn)table[name];
        return column.Codes.ToArray().Select(code => code < 0 ? null : column.Levels[code]);
    }

    /// <summary>Numbers, dates, levels, quoted fields with all that they may hold, gaps, blank lines, columns that turn to text late.</summary>
    private static string Make(int rows, string end)
    {
        var rng = new Rng(3);
        var text = new StringBuilder($"n,d,quoted,turns,days,last{end}");
        for (var row = 0; row < rows; row++)
        {
            text.Append(rng.NextInt32(9) == 0 ? "" : rng.NextGaussian().ToString("R", CultureInfo.InvariantCulture)).Append(',');
            text.Append(rng.NextInt32(9) == 0 ? "NA" : new DateTime(2000, 1, 1).AddDays(rng.NextInt32(9999)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)).Append(',');
            text.Append('"').Append(rng.NextInt32(4) switch { 0 => "a,b", 1 => "say \"\"x\"\"", 2 => $"two{end}lines, \"\"", _ => "é" }).Append(rng.NextInt32(20)).Append("\",");
            text.Append(CultureInfo.InvariantCulture, $"{(row == rows * 3 / 4 ? "text" : "0" + row)},{1 + (row % 9)}/{1 + (row % 7)}/2024, {rng.NextInt32(5)} {end}");
            if (rng.NextInt32(50) == 0)
                text.Append(' ').Append(end);
        }
        return text.ToString();
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Read_AnyNumberOfThreads_GivesTheSameTable(string end)
    {
        var text = Make(20_000, end);
        Assert.True(text.Length > 4 * CsvBatch.Size);
        var one = Read(text, 1);
        Assert.Equal([ColumnKind.Numeric, ColumnKind.Date, ColumnKind.Categorical, ColumnKind.Categorical, ColumnKind.Categorical, ColumnKind.Numeric], one.Columns.Select(column => column.Kind));
        Assert.Equal(20_000, one.Rows);
        Assert.Contains($"two{end}lines, \"3", ((CategoricalColumn)one["quoted"]).Levels);
        foreach (var threads in new[] { 2, 3, 16 })
            Assert.Equal(one.Fingerprint(), Read(text, threads).Fingerprint());
        // From a source that cannot be read again, and in blocks.
        Assert.Equal(one.Fingerprint(), CsvReader.Read(new StringReader(text), "data.csv").Fingerprint());
        var options = new CsvOptions { Kinds = one.Schema.Kinds, Threads = 2 };
        Assert.Equal(Texts(one, "quoted"), CsvBlocks.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "data.csv", options, 777).SelectMany(block => Texts(block, "quoted")));
    }

    [Theory]
    [InlineData("1,x\n", "1,x,2\n", "line 60003, column 3: the row has 3 fields; the header has 2.")]
    [InlineData("1,x\n", "\"1\"2,x\n", "line 60003: '2' follows a closing quote.")]
    [InlineData("1,x\n", "1,\"x\n", "line 60003: a quote opens here and is never closed.")]
    [InlineData("1,x\n", "one,x\n", "line 60003, column 1 ('a'): 'one' is not a number, and the column is to be numeric.")]
    [InlineData("1,\"x\ny\"\n", "one,x\n", "line 120003, column 1 ('a'): 'one' is not a number, and the column is to be numeric.")]
    public void Read_SomethingWrongInALaterBatch_IsNamedByItsLine_BeforeWhatComesLater(string usual, string wrong, string message)
    {
        var text = new StringBuilder("a,b\n\n");
        for (var row = 0; row < 60_000; row++)
            text.Append(usual);
        var options = new CsvOptions { Kinds = new Dictionary<string, ColumnKind> { ["a"] = ColumnKind.Numeric } };
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        Assert.Equal(60_000, CsvReader.Read(new MemoryStream(bytes), "data.csv", options).Rows);
        foreach (var threads in new[] { 1, 2, 5 })
        {
            // Behind it: what would be found first by who looks at all of the file.
            byte[] file = [.. bytes, .. Encoding.UTF8.GetBytes(wrong), .. Enumerable.Repeat("two,x\n", 100_000).SelectMany(row => Encoding.ASCII.GetBytes(row))];
            var error = Assert.Throws<LodeException>(() => CsvReader.Read(new MemoryStream(wrong.Contains("\"x\n", StringComparison.Ordinal) ? [.. bytes, .. Encoding.UTF8.GetBytes(wrong)] : file), "data.csv", options with { Threads = threads }));
            Assert.Equal($"data.csv, {message}", error.Message);
        }
    }

    [Fact]
    public void Read_BatchesThatEndAnywhere_AreCutAsOne()
    {
        const string tricky = "1,\"a\"\"b\"\r\n\r\n2,\"c,\r\nd\"\r\n,\"\"\r\n3,  e f \r\n4,é€😀\r\n\"5\",\"\"\"\"\r\n6,";
        var expected = Texts(Read("n,t\r\n" + tricky, 1), "t");
        Assert.Equal(["a\"b", "c,\r\nd", null, "e f", "é€😀", "\"", null], expected);
        var length = Encoding.UTF8.GetByteCount(tricky);
        for (var before = 0; before <= length; before++)
        {
            // The header is in the first batch, so its end is so many bytes into the tricky rows.
            var filler = new string('x', CsvBatch.Size - "n,t\r\n0,\r\n".Length - before);
            var table = Read($"n,t\r\n0,{filler}\r\n{tricky}", 2);
            Assert.Equal(expected.Prepend(filler), Texts(table, "t"));
            Assert.Equal([0, 1, 2, double.NaN, 3, 4, 5, 6], ((NumericColumn)table["n"]).Values.ToArray());
        }
    }

    [Fact]
    public void Read_ARecordLongerThanABatch_IsWhole()
    {
        var text = string.Join('\n', Enumerable.Range(0, 100_000).Select(line => $"line {line} \"\"q\"\""));
        var table = Read($"a,b\n1,\"{text}\"\n2,y\n", 2);
        Assert.Equal([text.Replace("\"\"", "\"", StringComparison.Ordinal), "y"], Texts(table, "b"));
    }

    [Fact]
    public void Read_BelowZeroThreads_IsRefused() =>
        Assert.Equal("CSV is read by at least 1 thread, or 0 for all processors; got -1.", Assert.Throws<LodeException>(() => Read("a\n1\n", -1)).Message);
}
