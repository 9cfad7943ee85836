using System.Globalization;
using System.IO.Compression;
using System.Text;
using Lode.Core;

namespace Lode.Learning.Tests.Tables;

/// <summary>What reading takes besides the table. Bytes allocated are never fewer than those in use at once, and, unlike these, the same each time.</summary>
public sealed class CsvMemoryTests
{
    private const double Megabyte = 1 << 20;

    /// <summary>Numbers with gaps, levels, dates; <paramref name="digits"/> by row.</summary>
    private static byte[] Make(int rows, Func<int, int> digits)
    {
        var rng = new Rng(1);
        var text = new MemoryStream();
        using var writer = new StreamWriter(text, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
        writer.Write("a,b,c,d,e,level,when\n");
        Span<char> cell = stackalloc char[64];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < 5; column++)
            {
                if (rng.NextInt32(20) > 0 && rng.NextGaussian().TryFormat(cell, out var length, $"F{digits(row)}", CultureInfo.InvariantCulture))
                    writer.Write(cell[..length]);
                writer.Write(',');
            }
            writer.Write(string.Create(CultureInfo.InvariantCulture, $"level {rng.NextInt32(50)},{new DateTime(2020, 1, 1).AddDays(rng.NextInt32(2000)):yyyy-MM-dd}\n"));
        }
        writer.Flush();
        return text.ToArray();
    }

    private static double TableBytes(Table table) => table.Columns.Sum(column => column is CategoricalColumn levels
        ? (4.0 * table.Rows) + levels.Levels.Sum(level => 30.0 + (2 * level.Length)) : 8.0 * table.Rows);

    private static (Table Table, double Allocated) Measure(Stream stream)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var table = CsvReader.Read(stream, "data.csv", new CsvOptions { Threads = 1 });
        return (table, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Read_AFile_AddsASixteenthAndAConstantToTheTable()
    {
        var bytes = Make(900_000, _ => 6);
        Assert.True(bytes.Length > 50 * Megabyte);
        using var stream = new MemoryStream(bytes);
        var (table, allocated) = Measure(stream);
        Assert.Equal((900_000, 7), (table.Rows, table.Columns.Count));
        Assert.InRange(allocated, TableBytes(table), (TableBytes(table) * (1 + (1 / 16.0))) + (4 * Megabyte));
    }

    [Fact]
    public void Read_APackedFile_AddsASixteenthAndAConstantToTheTable()
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zip.Write(Make(300_000, _ => 6));
        packed.Position = 0;
        var (table, allocated) = Measure(packed);
        Assert.Equal(300_000, table.Rows);
        Assert.InRange(allocated, TableBytes(table), (TableBytes(table) * (1 + (1 / 8.0))) + (4 * Megabyte));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_RowsThatBecomeShorterOrLonger_AreAllThere_AndCopiedOnceOrTwice(bool shorter)
    {
        var bytes = Make(200_000, row => row < 40_000 == shorter ? 12 : 1);
        using var stream = new MemoryStream(bytes);
        var (table, allocated) = Measure(stream);
        Assert.Equal(200_000, table.Rows);
        // Where they become longer, room is allocated that nobody ever touches, and given back.
        Assert.InRange(allocated, TableBytes(table), (TableBytes(table) * (shorter ? 3.5 : 4)) + (4 * Megabyte));
        using var reader = new StreamReader(new MemoryStream(bytes));
        Assert.Equal(CsvReader.Read(reader, "data.csv").Fingerprint(), table.Fingerprint());
    }

    [Fact]
    public void Read_AColumnThatTurnsToText_ReadsAgainNoFartherThanThere()
    {
        var text = new StringBuilder("id,n\n");
        for (var row = 0; row < 300_000; row++)
            text.Append(CultureInfo.InvariantCulture, $"{(row == 5_000 ? "x" : "0" + row)},{row}\n");
        using var stream = new CountingStream(Encoding.UTF8.GetBytes(text.ToString()));
        var table = CsvReader.Read(stream, "data.csv");
        Assert.InRange(stream.Bytes, stream.Length, stream.Length + (int)(0.5 * Megabyte));
        var levels = (CategoricalColumn)table["id"];
        Assert.Equal(["00", "01", "04999", "x", "05001", "0299999"], new[] { 0, 1, 4999, 5000, 5001, 299_999 }.Select(row => levels.Levels[levels.Codes[row]]));
    }

    [Theory]
    [InlineData(1000, 0.5, 1000, 0.5, 0.0625, 2125)] // Two halves and a sixteenth more.
    [InlineData(1000, 0.5, 500, 0.125, 0, 3000)] // Rows of half the length of late.
    [InlineData(1000, 0, 1000, 0, 0.5, 2000)]
    [InlineData(1000, 1, 100, 0.1, 0.5, 1000)]
    [InlineData(2_000_000_000, 0.5, 2_000_000_000, 0.5, 0, 2_147_483_591)]
    public void Room_IsWhatTheWholeIsLikelyToTake(int rows, double share, int lastRows, double lastShare, double margin, int expected) =>
        Assert.Equal(expected, CsvReader.Room(rows, share, lastRows, lastShare, margin));

    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public long Bytes { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = base.Read(buffer, offset, count);
            Bytes += read;
            return read;
        }
    }
}
