using Lode.Core;

namespace Lode.Learning.Tests.Tables;

public sealed class TableChecksTests
{
    private const int Rows = 60;

    private static NumericColumn Numbers(string name, Func<int, double> value) => new NumericColumn(name, [.. Enumerable.Range(0, Rows).Select(value)]);

    private static CategoricalColumn Levels(string name, Func<int, string> value)
    {
        string[] texts = [.. Enumerable.Range(0, Rows).Select(value)], levels = [.. texts.Distinct().Order(StringComparer.Ordinal)];
        return new CategoricalColumn(name, [.. texts.Select(text => Array.IndexOf(levels, text))], levels);
    }

    private static readonly Rng s_rng = new(5);
    private static readonly double[] s_noise = [.. Enumerable.Range(0, Rows).Select(_ => s_rng.NextGaussian())];

    private static IReadOnlyList<DataWarning> Of(Target target, params Column[] columns) =>
        TableChecks.Of(new Dataset(new Table([Numbers("noise", row => s_noise[row]), .. columns]), target));

    private static Target Classes(Func<int, int> label) => Target.Classification("y", [.. Enumerable.Range(0, Rows).Select(label)], ["a", "b"]);

    [Fact]
    public void Of_Oddities_AreNamed()
    {
        var warnings = Of(Classes(row => row % 2),
            Numbers("constant", _ => 3), Numbers("gone", _ => double.NaN), Numbers("twin", row => s_noise[row]), Numbers("row", row => row + 7),
            Levels("id", row => $"user {row}"), Numbers("far", row => row == 3 ? double.PositiveInfinity : s_noise[row] + 1), Levels("fine", row => s_noise[row] > 0 ? "u" : "v"));
        Assert.Equal(
        [
            (DataWarningKind.Constant, "constant", "Column 'constant' has the same value in every row."),
            (DataWarningKind.AllMissing, "gone", "Column 'gone' has no value in any row."),
            (DataWarningKind.Duplicate, "twin", "Column 'twin' equals column 'noise' in every row."),
            (DataWarningKind.IdLike, "row", "Column 'row' numbers the rows one by one; it names the row rather than tells about it."),
            (DataWarningKind.IdLike, "id", "Column 'id' has 60 different values in 60 rows; it names the row rather than tells about it."),
            (DataWarningKind.Infinite, "far", "Column 'far' is infinite in row 4; a fit refuses that."),
        ], warnings.Select(warning => (warning.Kind, warning.Column, warning.Message)));
    }

    [Fact]
    public void Of_LeakedTarget_IsNamed()
    {
        var classes = Of(Classes(row => row % 2), Levels("code", row => row % 2 == 0 ? "X" : "Y"), Numbers("flag", row => row % 2), Numbers("score", row => (row % 2 * 10) + s_noise[row]));
        Assert.Equal(["code", "flag", "score"], classes.Where(warning => warning.Kind == DataWarningKind.TellsTarget).Select(warning => warning.Column));
        var numbers = Of(Target.Regression("price", [.. s_noise.Select(value => value * value)]), Numbers("in cents", row => 100 * s_noise[row] * s_noise[row]), Numbers("near", row => s_noise[row] * (s_noise[row] + 0.1)));
        Assert.Equal(["Column 'in cents' tells the target 'price' in every row; it may be known only afterwards."],
            numbers.Where(warning => warning.Kind == DataWarningKind.TellsTarget).Select(warning => warning.Message));
    }

    [Fact]
    public void Of_TargetThatDoesNotVaryOrIsRare_IsNamed()
    {
        Assert.Equal("The target 'y' is 2.5 in every row; nothing can be learned.", Of(Target.Regression("y", [.. Enumerable.Repeat(2.5, Rows)]))[0].Message);
        var rare = Of(Classes(row => row == 0 ? 1 : 0));
        Assert.Equal((DataWarningKind.RareClass, "The target 'y' has 1 row of class 'b'; with 5 folds some test none."), (rare[0].Kind, rare[0].Message));
        Assert.Equal(DataWarningKind.ConstantTarget, Of(Classes(_ => 0))[0].Kind);
    }

    [Fact]
    public void Summary_OfAllKinds_CountsAndMeasures()
    {
        var table = CsvReader.Read(new StringReader("n,t,d\n1,b,2024-01-01\n2,a,2024-01-03\n,b,\n4,,2024-01-02\nInfinity,c,2024-01-01\n"), "t.csv");
        var summary = TableSummary.Of(table);
        Assert.Equal(5, summary.Rows);
        var (n, t, d) = (summary.Columns[0], summary.Columns[1], summary.Columns[2]);
        Assert.Equal((1, 4, 1), (n.Missing, n.Distinct, n.Infinite));
        Assert.Equal((1.0, 4.0, 7.0 / 3), (n.Numbers!.Minimum, n.Numbers.Maximum, n.Numbers.Mean));
        Assert.Equal(Math.Sqrt(7.0 / 3), n.Numbers.Deviation, 1e-12);
        Assert.Equal([1.5, 2, 3], n.Numbers.Quartiles);
        Assert.Equal([new LevelCount("b", 2), new LevelCount("a", 1), new LevelCount("c", 1)], t.TopLevels);
        Assert.Equal((1, 3), (t.Missing, t.Distinct));
        Assert.Equal((1, 3, ColumnKind.Date), (d.Missing, d.Distinct, d.Kind));
        Assert.Equal(172800, d.Numbers!.Maximum - d.Numbers.Minimum);
        Assert.StartsWith("n: numeric, 1 missing, 4 distinct, 1 … 4, mean 2.3333, sd 1.5275\nt: categorical, 1 missing, 3 distinct, b (2), a (1), c (1)\nd: a date", summary.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_ColumnWithoutValues_HasNoNumbers() =>
        Assert.Null(TableSummary.Of(new Table([new NumericColumn("n", [double.NaN])])).Columns[0].Numbers);
}
