using Lode.Core;

namespace Lode.Learning.Tests.Tables;

public sealed class TableComparisonTests
{
    private static Table Draw(int rows, int columns, double shift, ulong seed)
    {
        var rng = new Rng(seed);
        var made = new List<Column>();
        for (var column = 0; column < columns; column++)
        {
            var (numbers, codes) = (new double[rows], new int[rows]);
            for (var row = 0; row < rows; row++)
            {
                numbers[row] = rng.NextDouble() < 0.1 ? double.NaN : rng.NextGaussian() + shift;
                codes[row] = Math.Min(3, (int)(4 * Math.Pow(rng.NextDouble(), 1 + shift)));
            }
            made.Add(new NumericColumn($"n{column}", numbers));
            made.Add(new CategoricalColumn($"c{column}", codes, ["a", "b", "c", "d"]));
        }
        return new Table(made);
    }

    [Fact]
    public void Drift_SameSource_WarnsSeldomEvenOfManyColumns()
    {
        var warned = Enumerable.Range(0, 40).Count(i => TableComparison.Drift(Draw(150, 30, 0, (ulong)(2 * i)), Draw(60, 30, 0, (ulong)((2 * i) + 1))).Count > 0);
        Assert.InRange(warned, 0, 3);
    }

    [Fact]
    public void Drift_ShiftedColumns_AreNamed()
    {
        var found = TableComparison.Drift(Draw(300, 2, 0, 1), Draw(300, 2, 1, 2));
        Assert.Equal(["c0", "c1", "n0", "n1"], found.Select(drift => drift.Column).Order(StringComparer.Ordinal));
        Assert.All(found, drift => Assert.InRange(drift.Distance, 0.2, 0.7));
    }

    [Fact]
    public void Drift_SureButTiny_IsNotWorthAWord() => Assert.Empty(TableComparison.Drift(Draw(60_000, 1, 0, 1), Draw(60_000, 1, 0.1, 2)));

    [Fact]
    public void Drift_MoreMissing_IsSaidSo()
    {
        var whole = new NumericColumn("n", [.. Enumerable.Range(0, 100).Select(i => (double)i)]);
        var holes = new NumericColumn("n", [.. Enumerable.Range(0, 100).Select(i => i % 2 == 0 ? double.NaN : i)]);
        var drift = Assert.Single(TableComparison.Drift(new Table([whole]), new Table([holes])));
        Assert.Equal(("n", "missing", 0.5), (drift.Column, drift.What, drift.Distance));
    }

    [Fact]
    public void Shared_RowsOfBoth_AreFoundWhateverTheirPlaceAndCodes()
    {
        var one = new Table([new NumericColumn("n", [1, 2, double.NaN]), new CategoricalColumn("c", [0, 1, 0], ["x", "y"])]);
        var other = new Table([new CategoricalColumn("c", [0, 1, 1, -1], ["y", "x"]), new NumericColumn("n", [1, 1, double.NaN, 2])]);
        Assert.Equal([1, 2], TableComparison.Shared(one, other));
    }
}
