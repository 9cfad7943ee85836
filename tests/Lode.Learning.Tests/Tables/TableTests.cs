using Lode.Core;

namespace Lode.Learning.Tests.Tables;

public sealed class TableTests
{
    private static readonly Table s_table = CsvReader.Read(new StringReader("age,colour,y\n1,red,a\n2,,b\n,blue,a\n"), "t.csv");

    [Fact]
    public void Select_Rows_AreTakenInOrder()
    {
        var picked = s_table.Select([2, 0, 0]);
        Assert.Equal([double.NaN, 1, 1], ((NumericColumn)picked["age"]).Values.ToArray());
        Assert.Equal([0, 1, 1], ((CategoricalColumn)picked["colour"]).Codes.ToArray());
        Assert.Equal(s_table.Schema.Columns, picked.Schema.Columns);
    }

    [Fact]
    public void Item_UnknownName_SuggestsTheNearest()
    {
        var error = Assert.Throws<LodeException>(() => s_table["color"]);
        Assert.Equal(("There is no column 'color' among 3.", "Did you mean 'colour'?"), (error.Message, error.Hint));
    }

    [Fact]
    public void New_BadColumns_AreRefused()
    {
        Assert.Throws<LodeException>(() => new Table([]));
        Assert.Contains("'a'", Assert.Throws<LodeException>(() => new Table([new NumericColumn("a", [1]), new NumericColumn("a", [2])])).Message, StringComparison.Ordinal);
        Assert.Contains("'b' has 2 rows", Assert.Throws<LodeException>(() => new Table([new NumericColumn("a", [1]), new NumericColumn("b", [2, 3])])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new CategoricalColumn("c", [2], ["x", "y"]));
        Assert.Throws<ArgumentException>(() => new CategoricalColumn("c", [0], ["x", "x"]));
    }

    [Fact]
    public void Fingerprint_IsFrozen() => Assert.Equal(
        new TableFingerprint("555744deabebe8b956c9afaf154cffc596272328218f26f057536d6cf29bf766", 3, 3), s_table.Fingerprint());

    [Fact]
    public void Fingerprint_AnyChange_ChangesIt()
    {
        string[] texts = ["a,b\n1,x\n2,y", "a,b\n1,x\n3,y", "a,c\n1,x\n2,y", "a,b\n2,y\n1,x", "b,a\nx,1\ny,2", "a,b\n1,x\n2,z", "a,b\n1,x\n,y", "a,b\n1,x\n0,y", "a,b\nz1,x\n2,y"];
        Assert.Equal(texts.Length, texts.Select(text => CsvReader.Read(new StringReader(text), "t").Fingerprint().Sha256).Distinct().Count());
    }

    [Fact]
    public void Fingerprint_OtherNotANumber_IsTheSame() => Assert.Equal(
        new Table([new NumericColumn("a", [double.NaN])]).Fingerprint(),
        new Table([new NumericColumn("a", [BitConverter.Int64BitsToDouble(0x7ff8_0000_0000_0001)])]).Fingerprint());
}
