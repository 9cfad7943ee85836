using System.Text;
using Lode.Core;

namespace Lode.Learning.Tests.Tables;

public sealed class CsvBlocksTests
{
    private const string Text = "a,b,c\n1,x,\"p\nq\"\n2,y,r\n,x,\n4,,s\n5,z,t\n";
    private static readonly CsvOptions s_options = new() { Kinds = new Dictionary<string, ColumnKind> { ["a"] = ColumnKind.Numeric, ["b"] = ColumnKind.Categorical } };

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 3)]
    [InlineData(5, 1)]
    [InlineData(100, 1)]
    public void Read_AnySize_GivesTheRowsOfTheWholeFile(int rows, int blocks)
    {
        var whole = CsvReader.Read(Stream(Text), "text", s_options);
        var parts = CsvBlocks.Read(Stream(Text), "text", s_options, rows).ToList();
        Assert.Equal(blocks, parts.Count);
        Assert.Equal(Numbers(whole), parts.SelectMany(Numbers));
        Assert.Equal(Texts(whole), parts.SelectMany(Texts));
    }

    [Fact]
    public void Read_WhatMakesNoTable_IsRefusedByItsLine()
    {
        Assert.Contains("no rows", Assert.Throws<LodeException>(() => CsvBlocks.Read(Stream("a,b\n"), "text", s_options, 2).ToList()).Message, StringComparison.Ordinal);
        Assert.Contains("no column 'b'", Assert.Throws<LodeException>(() => CsvBlocks.Read(Stream("a,c\n1,2\n"), "text", s_options, 2).ToList()).Message, StringComparison.Ordinal);
        var blocks = CsvBlocks.Read(Stream("a,b\n1,x\n2,x\n3,x\nlots,x\n"), "text", s_options, 2).GetEnumerator();
        Assert.True(blocks.MoveNext());
        Assert.Contains("text, line 5, column 1 ('a')", Assert.Throws<LodeException>(() => blocks.MoveNext()).Message, StringComparison.Ordinal);
        Assert.Contains("UTF-8", Assert.Throws<LodeException>(() => CsvBlocks.Read(new MemoryStream([.. "a,b\n1,"u8, 0xff, (byte)'\n']), "text", s_options, 2).ToList()).Message, StringComparison.Ordinal);
        Assert.Throws<LodeException>(() => CsvBlocks.Read(Stream(Text), "text", s_options, 0));
    }

    private static IEnumerable<double> Numbers(Table table) => ((NumericColumn)table["a"]).Values.ToArray();

    private static IEnumerable<string?> Texts(Table table) => Enumerable.Range(0, table.Rows).Select(row => table["b"].IsMissing(row) ? null : ((CategoricalColumn)table["b"]).Levels[((CategoricalColumn)table["b"]).Codes[row]]);
}
