using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.TestKit;

namespace Lode.Learning.Tests.Tables;

public sealed class CsvReaderTests
{
    private static Table Read(string text, CsvOptions? options = null) => CsvReader.Read(new StringReader(text), "data.csv", options);

    private static double[] Numbers(Table table, string name) => ((NumericColumn)table[name]).Values.ToArray();

    private static IEnumerable<string?> Texts(Table table, string name)
    {
        var column = (CategoricalColumn)table[name];
        return column.Codes.ToArray().Select(code => code < 0 ? null : column.Levels[code]);
    }

    [Fact]
    public void Read_PlainFile_InfersKinds()
    {
        var table = Read("a,b,c\n1,x,0.5\n-2e3,y,.25\n3,x,\n");
        Assert.Equal(3, table.Rows);
        Assert.Equal([1, -2000, 3], Numbers(table, "a"));
        Assert.Equal(["x", "y", "x"], Texts(table, "b"));
        Assert.Equal([0.5, 0.25, double.NaN], Numbers(table, "c"));
    }

    [Fact]
    public void Read_QuotedFields_KeepSeparatorsQuotesAndLineEnds()
    {
        var table = Read("name,\"the \"\"n\"\"\"\r\n\"Smith, John\",\"1\"\r\n\"two\r\nlines\",2\r\n\"he said \"\"no\"\"\",\"3\"");
        Assert.Equal(["Smith, John", "two\r\nlines", "he said \"no\""], Texts(table, "name"));
        Assert.Equal([1, 2, 3], Numbers(table, "the \"n\""));
    }

    [Theory]
    [InlineData("a,b\n1,x\n2,y\n")]
    [InlineData("a,b\r\n1,x\r\n2,y")]
    [InlineData("a,b\r1,x\r2,y\r")]
    [InlineData("\uFEFFa,b\n1,x\n\n2,y\n\n")]
    [InlineData("\n a , b \n 1 ,x\n2, y")]
    [InlineData("\uFEFF\"a\",\"b\"\n\"1\",\"x\"\n\"2\",\"y\"\n")]
    public void Read_AnyLineEndMarkOrSpace_GivesTheSameTable(string text) =>
        Assert.Equal(Read("a,b\n1,x\n2,y\n").Fingerprint(), Read(text).Fingerprint());

    [Fact]
    public void Read_MissingTokens_AreMissing()
    {
        var table = Read("n,t\n,\nNA,NA\nNaN,NaN\nnull,null\n?,?\n7,text\n");
        Assert.Equal(5, table["n"].CountMissing());
        Assert.Equal([null, null, null, null, null, "text"], Texts(table, "t"));
        Assert.Equal(["-", "1"], Texts(Read("t\n-\n1\n", new CsvOptions { MissingTokens = [] }), "t"));
        Assert.Equal([double.NaN, 1], Numbers(Read("t\n-\n1\n", new CsvOptions { MissingTokens = ["-"] }), "t"));
    }

    [Fact]
    public void Read_NumbersBeforeAText_KeepTheirSpelling() =>
        Assert.Equal(["007", "1.0", null, "1e5", "x"], Texts(Read("id,n\n007,1\n1.0,1\n,1\n1e5,1\nx,1"), "id"));

    [Fact]
    public void Read_Levels_AreInOrdinalOrder() =>
        Assert.Equal(["B", "a", "b"], ((CategoricalColumn)Read("t\nb\nB\na\nb")["t"]).Levels);

    [Fact]
    public void Read_ColumnWithoutValues_IsNumeric() => Assert.Equal([double.NaN, double.NaN], Numbers(Read("a,b\n,1\nNA,2"), "a"));

    [Fact]
    public void Read_KindsGiven_AreKept()
    {
        var options = new CsvOptions { Kinds = new Dictionary<string, ColumnKind> { ["zip"] = ColumnKind.Categorical, ["n"] = ColumnKind.Numeric } };
        var table = Read("zip,n\n01234,1\n99999,\n", options);
        Assert.Equal(["01234", "99999"], Texts(table, "zip"));
        var error = Assert.Throws<LodeException>(() => Read("zip,n\n1,1\n2,two\n", options));
        Assert.Equal("data.csv, line 3, column 2 ('n'): 'two' is not a number, and the column is to be numeric.", error.Message);
        error = Assert.Throws<LodeException>(() => Read("zips,n\n1,1\n", options));
        Assert.Equal(("data.csv has no column 'zip'.", "Did you mean 'zips'?"), (error.Message, error.Hint));
    }

    [Fact]
    public void Read_OtherDelimiter_SplitsAtIt() => Assert.Equal([1.5], Numbers(Read("a;b\n1.5;x,y\n", new CsvOptions { Delimiter = ';' }), "a"));

    [Theory]
    [InlineData("", "data.csv is empty; a header and rows are needed.")]
    [InlineData("\n\n", "data.csv is empty; a header and rows are needed.")]
    [InlineData("a,b\n", "data.csv has a header and no rows.")]
    [InlineData("a,,c\n1,2,3\n", "data.csv, line 1, column 2: the header's name is empty.")]
    [InlineData("a,b,a\n1,2,3\n", "data.csv, line 1, column 3 ('a'): the header's name is that of column 1 too.")]
    [InlineData("a,b\n1,2\n3\n", "data.csv, line 3, column 1: the row has 1 field; the header has 2.")]
    [InlineData("a,b\n1,2\n\"x\ny\",3,4\n", "data.csv, line 4, column 3: the row has 3 fields; the header has 2.")]
    [InlineData("a,b\n1,\n2,\"x\n\n", "data.csv, line 3: a quote opens here and is never closed.")]
    [InlineData("a,b\n1,\"x\"y\n", "data.csv, line 2: 'y' follows a closing quote.")]
    public void Read_BrokenText_SaysWhere(string text, string message)
    {
        var error = Assert.Throws<LodeException>(() => Read(text));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Read_Files_SaysWhyTheyCannotBeRead()
    {
        var folder = Directory.CreateTempSubdirectory("lode-csv-");
        try
        {
            var path = Path.Combine(folder.FullName, "a.csv");
            var error = Assert.Throws<LodeException>(() => CsvReader.Read(path));
            Assert.Equal((ErrorCode.NotFound, $"There is no file '{path}'."), (error.Code, error.Message));
            Assert.Equal(ErrorCode.NotFound, Assert.Throws<LodeException>(() => CsvReader.Read(Path.Combine(path, "b.csv"))).Code);
            Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => CsvReader.Read(folder.FullName)).Code);

            File.WriteAllBytes(path, [.. "a\n"u8, 0xC3, 0x28, (byte)'\n']);
            error = Assert.Throws<LodeException>(() => CsvReader.Read(path));
            Assert.Equal(ErrorCode.InvalidArgument, error.Code);
            Assert.Equal($"{path} is not UTF-8: the byte 0xC3 at offset 2 fits no character.", error.Message);

            File.WriteAllBytes(path, [0xEF, 0xBB, 0xBF, .. "a\n1\n"u8]);
            Assert.Equal([1], Numbers(CsvReader.Read(path), "a"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Read_UnreadableFile_IsPermissionDenied()
    {
        if (OperatingSystem.IsWindows() || Environment.UserName == "root")
            return; // Root may read everything; Windows has no mode bits.
        var path = Path.GetTempFileName();
        File.SetUnixFileMode(path, UnixFileMode.None);
        try
        {
            Assert.Equal(ErrorCode.PermissionDenied, Assert.Throws<LodeException>(() => CsvReader.Read(path)).Code);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Read_AnyTextsQuoted_GivesThemBack()
    {
        // Small alphabet, so that quotes, line ends and separators meet often.
        var cell = Gen.ArrayOf(Gen.Elements('a', 'b', '"', ',', '\n', '\r', ' ', 'é', '\uFEFF')).Select(letters => "t" + new string(letters));
        var cells = from columns in Gen.Choose(1, 4)
                    from rows in Gen.Choose(1, 30)
                    from table in Gen.ArrayOf(Gen.ArrayOf(cell, columns), rows)
                    select table;
        Check.One(FixedSeed.Cases(200), Prop.ForAll(Arb.From(cells), table =>
        {
            var text = new StringBuilder();
            string[] names = [.. Enumerable.Range(0, table[0].Length).Select(column => $"c{column}")];
            foreach (var row in table.Prepend(names))
                text.AppendJoin(',', row.Select(item => $"\"{item.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")).Append("\r\n");
            foreach (var reader in new TextReader[] { new StringReader(text.ToString()), new DripReader(text.ToString()) })
            {
                var read = CsvReader.Read(reader, "data.csv");
                Assert.Equal(table.Length, read.Rows);
                for (var column = 0; column < names.Length; column++)
                    Assert.Equal(table.Select(row => row[column]), Texts(read, names[column]));
            }
        }));
    }

    [Fact]
    public void Read_AnyNumber_GivesItBackBitForBit() =>
        Check.One(FixedSeed.Cases(300), Prop.ForAll(ArbMap.Default.ArbFor<double>(), (double value) =>
        {
            foreach (var format in new[] { "R", "E3", "F4" })
            {
                var text = value.ToString(format, CultureInfo.InvariantCulture);
                var expected = double.Parse(text, CultureInfo.InvariantCulture);
                Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(Numbers(Read($"a\n{text}\n"), "a")[0]));
            }
        }));

    [Theory]
    [InlineData("-0")]
    [InlineData("999999999999999")]
    [InlineData("9999999999999999")]
    [InlineData("0.1234567890123456789")]
    [InlineData("123456.789012345")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("+3")]
    [InlineData("00000000000000000012")]
    [InlineData("4.9e-324")]
    public void InvariantNumber_EqualsTheRuntime(string text)
    {
        Assert.True(InvariantNumber.TryParse(text, out var value));
        Assert.Equal(BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture)), BitConverter.DoubleToInt64Bits(value));
    }

    [Fact]
    public void Read_Infinity_AsCAndPythonWriteIt_IsANumber()
    {
        Assert.Equal([double.PositiveInfinity, double.NegativeInfinity, double.PositiveInfinity, 1], Numbers(Read("a\ninf\n-inf\n+Inf\n1\n"), "a"));
        Assert.Equal(["info", "inf", "xinf"], Texts(Read("a\ninfo\ninf\nxinf\n"), "a"));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("-")]
    [InlineData("inf1")]
    [InlineData("1inf")]
    [InlineData("1.2.3")]
    [InlineData("1,000")]
    [InlineData("0x10")]
    [InlineData("1\0")]
    [InlineData("12a")]
    public void InvariantNumber_NoNumber_IsRefused(string text) => Assert.False(InvariantNumber.TryParse(text, out _));

    [Fact]
    public void Read_FieldLongerThanTheBuffer_IsWhole()
    {
        var text = new string('x', 200_000);
        Assert.Equal([text, text], Texts(Read($"a,b\n{text},1\n\"{text}\",2\n"), "a"));
    }

    /// <summary>Gives one character at a time, so that every field crosses the buffer's end.</summary>
    private sealed class DripReader(string text) : TextReader
    {
        private int _next;

        public override int Read(char[] buffer, int index, int count)
        {
            if (_next == text.Length)
                return 0;
            buffer[index] = text[_next++];
            return 1;
        }
    }
}
