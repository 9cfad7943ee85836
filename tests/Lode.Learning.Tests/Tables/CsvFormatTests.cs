using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.TestKit;

namespace Lode.Learning.Tests.Tables;

/// <summary>Dates, encodings, packing, delimiters, memory, and the way back to text.</summary>
public sealed class CsvFormatTests
{
    private static Table Read(string text, CsvOptions? options = null) => CsvReader.Read(new StringReader(text), "data.csv", options);

    private static string[] Dates(Column column) => [.. ((DateColumn)column).Ticks.ToArray().Select(ticks =>
        ticks == DateColumn.Missing ? "missing" : new DateTime(ticks).ToString("yyyy-MM-dd HH:mm:ss.FFF", System.Globalization.CultureInfo.InvariantCulture))];

    [Theory]
    [InlineData("2024-03-04", "2024-03-04 00:00:00")]
    [InlineData("2024/03/04", "2024-03-04 00:00:00")]
    [InlineData("2024-03-04T05:06", "2024-03-04 05:06:00")]
    [InlineData("2024-03-04 05:06:07.25", "2024-03-04 05:06:07.25")]
    [InlineData("2024-03-04T05:06:07Z", "2024-03-04 05:06:07")]
    [InlineData("2024-03-04T05:06:07+02:00", "2024-03-04 03:06:07")]
    [InlineData("2024-03-04T23:06:07.123456789-0130", "2024-03-05 00:36:07.123")]
    [InlineData("31/12/2024", "2024-12-31 00:00:00")]
    [InlineData("12/31/2024", "2024-12-31 00:00:00")]
    [InlineData("31.1.2024 7:05", "2024-01-31 07:05:00")]
    [InlineData("4 Mar 2024", "2024-03-04 00:00:00")]
    [InlineData("04-March-2024", "2024-03-04 00:00:00")]
    [InlineData("\"Mar 4, 2024\"", "2024-03-04 00:00:00")]
    [InlineData("\"September 14, 2024 10:00\"", "2024-09-14 10:00:00")]
    public void Read_DateForms_AreDates(string cell, string expected) => Assert.Equal([expected, "missing"], Dates(Read($"d,x\n{cell},1\n,2\n")["d"]));

    [Theory]
    [InlineData("2024-13-04")]
    [InlineData("2023-02-29")]
    [InlineData("2024-03-04T25:00")]
    [InlineData("2024-3-4")]
    [InlineData("32/01/2024")]
    [InlineData("13/13/2024")]
    [InlineData("1/2/24")]
    [InlineData("12:30:00")]
    [InlineData("2024-03-04 tea")]
    [InlineData("4 Foo 2024")]
    [InlineData("03/04/2024")]
    public void Read_WhatIsNoClearDate_StaysText(string cell) => Assert.Equal(ColumnKind.Categorical, Read($"d\n{cell}\n")["d"].Kind);

    [Fact]
    public void Read_DayAndMonth_AreSeenFromTheColumnOrTold()
    {
        Assert.Equal(["2024-04-03 00:00:00", "2024-12-31 00:00:00"], Dates(Read("d\n3/4/2024\n31/12/2024\n")["d"]));
        Assert.Equal(["2024-03-04 00:00:00", "2024-12-31 00:00:00"], Dates(Read("d\n3/4/2024\n12/31/2024\n")["d"]));
        Assert.Equal(["2024-03-04 06:00:00"], Dates(Read("d\n3/4/2024 6:00\n", new CsvOptions { DateOrder = DateOrder.MonthFirst })["d"]));
        Assert.Equal(["2024-04-03 00:00:00"], Dates(Read("d\n3/4/2024\n", new CsvOptions { DateOrder = DateOrder.DayFirst })["d"]));
        Assert.Equal(ColumnKind.Categorical, Read("d\n31/12/2024\n12/31/2024\n")["d"].Kind);
        Assert.Equal(["2024-12-31", "31/12/2024"], ((CategoricalColumn)Read("d\n31/12/2024\n2024-12-31\n")["d"]).Levels);
        var options = new CsvOptions { Kinds = new Dictionary<string, ColumnKind> { ["d"] = ColumnKind.Date } };
        Assert.Equal("Column 'd': its dates do not tell whether the day or the month stands first.", Assert.Throws<LodeException>(() => Read("d\n3/4/2024\n", options)).Message);
        Assert.Equal("data.csv, line 3, column 1 ('d'): 'x' is not a date of the kind that the column has, and it is to be of dates.",
            Assert.Throws<LodeException>(() => Read("d\n13/4/2024\nx\n", options)).Message);
    }

    [Theory]
    [InlineData("a;b\n1,5;x\n2,5;y\n", ';')]
    [InlineData("a\tb\n1\tx, y\n", '\t')]
    [InlineData("a|b|c\n1|2|3\n", '|')]
    [InlineData("a\nx;y\n", ',')]
    [InlineData("\"a;b\",c\r\n\"1;2;3\",4\r\n", ',')]
    [InlineData("a,b;c,d\n1,2;3,4\n", ',')]
    public void Read_Delimiter_IsSeenFromTheRows(string text, char expected) => Assert.Equal(expected, CsvReader.Sniff(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Read_Encodings_GiveTheSameTable()
    {
        const string text = "naïve,€\n𝄞 clef,1\nö,2\n";
        var expected = Read(text).Fingerprint();
        var little = Encoding.Unicode.GetBytes(text);
        byte[][] marked = [[0xFF, 0xFE, .. little], [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(text)], [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(text)]];
        Assert.All(marked, bytes => Assert.Equal(expected, Bytes(bytes, CsvEncoding.Detect).Fingerprint()));
        Assert.Equal(expected, Bytes(little, CsvEncoding.Utf16).Fingerprint());
        Assert.Equal(Read("né\nÿ\n").Fingerprint(), Bytes(Encoding.Latin1.GetBytes("né\nÿ\n"), CsvEncoding.Latin1).Fingerprint());
    }

    [Theory]
    [InlineData(new byte[] { (byte)'a', (byte)'\n', (byte)'1', (byte)'\n', 0xE9, (byte)'\n' }, CsvEncoding.Detect, "data.csv is not UTF-8: the byte 0xE9 at offset 4 fits no character.")]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, (byte)'a', (byte)'\n', 0xE2, 0x82 }, CsvEncoding.Detect, "data.csv is not UTF-8: the byte 0xE2 at offset 5 fits no character.")]
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'a', 0, (byte)'\n', 0, 0x00, 0xDC }, CsvEncoding.Detect, "data.csv is not UTF-16: what stands at byte 6 is no character.")]
    [InlineData(new byte[] { (byte)'a', 0, (byte)'\n', 0, (byte)'1' }, CsvEncoding.Utf16, "data.csv is not UTF-16: what stands at byte 4 is no character.")]
    public void Read_OtherBytes_NamesTheByte(byte[] bytes, CsvEncoding encoding, string message) =>
        Assert.Equal(message, Assert.Throws<LodeException>(() => Bytes(bytes, encoding)).Message);

    [Fact]
    public void Read_Gzip_IsUnpacked_AndADamagedOneIsNamed()
    {
        var text = "a,b\n" + string.Concat(Enumerable.Range(0, 5000).Select(row => $"{row},level {row % 7}\n")) + "7,é\n";
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zip.Write([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(text)]);
        Assert.Equal(Read(text).Fingerprint(), Bytes(packed.ToArray(), CsvEncoding.Detect).Fingerprint());
        var broken = packed.ToArray();
        broken[^6] ^= 1; // In the checksum of the content.
        Assert.Contains("damaged gzip", Assert.Throws<LodeException>(() => Bytes(broken, CsvEncoding.Detect)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ColumnThatTurnsToText_IsSpeltAsInTheFile_FromStreamsOfBothKinds()
    {
        var text = "n,d,t\n" + string.Concat(Enumerable.Range(0, 3000).Select(row => $"0{row}.50,2024-01-0{1 + (row % 9)},x\n")) + "text,soon,y\n";
        using var seekable = new MemoryStream(Encoding.UTF8.GetBytes(text));
        var (again, once) = (CsvReader.Read(seekable, "data.csv"), Read(text));
        Assert.Equal(once.Fingerprint(), again.Fingerprint());
        Assert.Contains("07.50", ((CategoricalColumn)again["n"]).Levels);
        Assert.Contains("2024-01-03", ((CategoricalColumn)again["d"]).Levels);
        Assert.Equal(3001, ((CategoricalColumn)again["n"]).Levels.Count);
    }

    [Fact]
    public void Write_AnyTable_ReadsBackTheSame()
    {
        var level = Gen.ArrayOf(Gen.Elements('a', '"', ',', ';', '\n', '\r', ' ', 'é', '\uFEFF', '1', '-')).Where(letters => letters.Length > 0).Select(letters => new string(letters));
        var row = from number in ArbMap.Default.ArbFor<double>().Generator
                  from text in level
                  from ticks in Gen.Choose(0, int.MaxValue)
                  from missing in Gen.Choose(0, 7)
                  select (number, text, ticks, missing);
        var tables = from rows in Gen.NonEmptyListOf(row)
                     from delimiter in Gen.Elements(',', ';', '\t')
                     select (rows, delimiter);
        Check.One(FixedSeed.Cases(200), Prop.ForAll(Arb.From(tables), made =>
        {
            string[] levels = [.. made.rows.Where(row => row.missing != 1).Select(row => row.text).Distinct().Order(StringComparer.Ordinal)];
            var table = new Table([
                new NumericColumn("n \"x\"", [.. made.rows.Select(row => row.missing == 0 ? double.NaN : row.number)]),
                new CategoricalColumn("t", [.. made.rows.Select(row => row.missing == 1 ? -1 : Array.IndexOf(levels, row.text))], levels),
                new DateColumn("d", [.. made.rows.Select(row => row.missing == 2 ? DateColumn.Missing : row.ticks * 300_000_000L)])]);
            using var writer = new StringWriter();
            CsvWriter.Write(table, writer, made.delimiter);
            var options = new CsvOptions { Delimiter = made.delimiter, Kinds = table.Schema.Kinds, MissingTokens = [] };
            Assert.Equal(table.Fingerprint(), Read(writer.ToString(), options).Fingerprint());
        }));
    }

    [Fact]
    public void Write_Predictions_HaveAColumnForEachClass()
    {
        using var writer = new StringWriter();
        CsvWriter.Write(new Predictions([0.25, 0.75, 1, 0], ["no", "yes"]).ToTable(), writer);
        Assert.Equal("prediction,p(no),p(yes)\nyes,0.25,0.75\nno,1,0\n", writer.ToString());
        Assert.Equal(["prediction"], new Predictions([1.5], []).ToTable().Columns.Select(column => column.Name));
    }

    [Fact]
    public void Fingerprint_Dates_CountByTheirValue()
    {
        Assert.Equal(Read("d\n2024-03-04\n").Fingerprint(), Read("d\n4 Mar 2024\n").Fingerprint());
        Assert.NotEqual(Read("d\n2024-03-04\n").Fingerprint(), Read("d\n2024-03-05\n").Fingerprint());
    }

    private static Table Bytes(byte[] bytes, CsvEncoding encoding)
    {
        using var stream = new MemoryStream(bytes);
        return CsvReader.Read(stream, "data.csv", new CsvOptions { Encoding = encoding });
    }
}
