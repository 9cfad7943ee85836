using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.Learning.Tests.Oracles;
using Lode.TestKit;

namespace Lode.Learning.Tests.Transforms;

public sealed class TransformTests
{
    private static Table Read(string text) => CsvReader.Read(new StringReader(text), "t.csv");

    private static IFittedTransform Fit(ITransform transform, Table table) =>
        transform.Fit(new TrainingRows(table, Target.Regression("y", new double[table.Rows]), new Rng(0)));

    private static double[] Numbers(Table table, string name) => ((NumericColumn)table[name]).Values.ToArray();

    private static string[] Texts(Table table, string name)
    {
        var column = (CategoricalColumn)table[name];
        return [.. column.Codes.ToArray().Select(code => code < 0 ? "<missing>" : column.Levels[code])];
    }

    [Theory]
    [InlineData(NumericFill.Mean, "mean")]
    [InlineData(NumericFill.Median, "median")]
    public void Imputer_OracleCases_AgreeWithTheOracle(NumericFill fill, string name) => Assert.All(Oracle.Cases("preprocess"), item =>
    {
        var fitted = Fit(new Imputer(new ImputerOptions { Numeric = fill }), item.GetProperty("X_missing").Table());
        AssertNear(item.GetProperty("impute").GetProperty(name).GetProperty("transform_new").Rows(), fitted.Apply(item.GetProperty("X_new").Table()), 1e-10);
    });

    [Fact]
    public void StandardScaler_OracleCases_AgreeWithTheOracle() => Assert.All(Oracle.Cases("preprocess"), item =>
    {
        var fitted = Fit(new StandardScaler(), item.GetProperty("X").Table());
        AssertNear(item.GetProperty("standard").GetProperty("transform_new").Rows(), fitted.Apply(item.GetProperty("X_new_no_nan").Table()), 1e-10);
    });

    [Fact]
    public void Imputer_Levels_AreFilledByTheMostFrequentOrAConstant()
    {
        var table = Read("n,t,e\n1,b,\n1,a,\n3,b,\n3,a,x\n,,\n");
        var usual = Fit(new Imputer(new ImputerOptions { Numeric = NumericFill.MostFrequent }), table).Apply(table);
        Assert.Equal([1, 1, 3, 3, 1], Numbers(usual, "n"));
        Assert.Equal(["b", "a", "b", "a", "a"], Texts(usual, "t"));
        Assert.Equal(["x", "x", "x", "x", "x"], Texts(usual, "e"));
        var constant = Fit(new Imputer(new ImputerOptions { Categorical = CategoricalFill.Constant, Constant = "none" }), table).Apply(table);
        Assert.Equal(["b", "a", "b", "a", "none"], Texts(constant, "t"));
    }

    [Fact]
    public void Imputer_ColumnWithoutValues_IsFilledAllTheSame()
    {
        var table = new Table([new NumericColumn("n", [double.NaN]), new CategoricalColumn("t", [-1], [])]);
        var filled = Fit(new Imputer(), table).Apply(table);
        Assert.Equal([0], Numbers(filled, "n"));
        Assert.Equal(["missing"], Texts(filled, "t"));
    }

    [Fact]
    public void OneHotEncoder_UnknownLevelAndMissing_AreZerosEverywhere()
    {
        var fitted = Fit(new OneHotEncoder(), Read("a,t,b\n1,y,1\n1,x,1\n1,x,1\n"));
        var encoded = fitted.Apply(Read("a,t,b\n1,x,2\n1,new,2\n1,y,2\n1,,2\n"));
        Assert.Equal(["a", "t=x", "t=y", "b"], encoded.Columns.Select(column => column.Name));
        Assert.Equal([1, 0, 0, 0], Numbers(encoded, "t=x"));
        Assert.Equal([0, 0, 1, 0], Numbers(encoded, "t=y"));
    }

    [Fact]
    public void OneHotEncoder_LevelsOfRowsNotFittedOn_MakeNoColumn()
    {
        var table = Read("t\nx\ny\nz\n");
        Assert.Equal(["t=x", "t=z"], Fit(new OneHotEncoder(), table.Select([0, 2])).Apply(table).Columns.Select(column => column.Name));
    }

    [Fact]
    public void OneHotEncoder_AnyColumn_HasOneOneARow() =>
        Check.One(FixedSeed.Cases(), Prop.ForAll(Arb.From(Gen.NonEmptyListOf(Gen.Choose(0, 6))), codes =>
        {
            var table = new Table([new CategoricalColumn("t", [.. codes], ["a", "b", "c", "d", "e", "f", "g"])]);
            var encoded = Fit(new OneHotEncoder(), table).Apply(table);
            Assert.Equal(codes.Distinct().Count(), encoded.Columns.Count);
            for (var row = 0; row < table.Rows; row++)
                Assert.Equal(1, encoded.Columns.Sum(column => ((NumericColumn)column).Values[row]));
        }));

    [Fact]
    public void StandardScaler_AnyColumn_HasMeanZeroAndDeviationOne_WhateverItsUnit()
    {
        var columns = from values in Gen.NonEmptyListOf(Gen.Choose(-1000, 1000))
                      from factor in Gen.Choose(1, 50)
                      from shift in Gen.Choose(-100, 100)
                      select (values, factor, shift);
        Check.One(FixedSeed.Cases(), Prop.ForAll(Arb.From(columns), column =>
        {
            var table = new Table([
                new NumericColumn("one", [.. column.values.Select(value => (double)value)]),
                new NumericColumn("other", [.. column.values.Select(value => (double)(value * column.factor) + column.shift)])]);
            var scaled = Fit(new StandardScaler(), table).Apply(table);
            var (one, other) = (Numbers(scaled, "one"), Numbers(scaled, "other"));
            Assert.Equal(0, one.Average(), 1e-9);
            Assert.Equal(column.values.Distinct().Count() > 1 ? 1 : 0, one.Average(value => value * value), 1e-9);
            for (var row = 0; row < one.Length; row++)
                Assert.Equal(one[row], other[row], 1e-9);
        }));
    }

    [Fact]
    public void StandardScaler_ConstantWithRoundingNoise_IsNotScaledUp()
    {
        var table = new Table([new NumericColumn("n", [.. Enumerable.Repeat(0.1, 37)])]);
        Assert.All(Numbers(Fit(new StandardScaler(), table).Apply(table), "n"), value => Assert.Equal(0, value, 1e-12));
    }

    [Fact]
    public void StandardScaler_MissingValues_StayMissing()
    {
        var table = new Table([new NumericColumn("n", [1, double.NaN, 3])]);
        Assert.Equal([-1, double.NaN, 1], Numbers(Fit(new StandardScaler(), table).Apply(table), "n"));
    }

    private static void AssertNear(double[][] expected, Table actual, double tolerance)
    {
        for (var row = 0; row < expected.Length; row++)
        {
            for (var column = 0; column < expected[row].Length; column++)
                Assert.Equal(expected[row][column], ((NumericColumn)actual.Columns[column]).Values[row], tolerance);
        }
    }
}
