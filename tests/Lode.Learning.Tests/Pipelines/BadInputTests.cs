using Lode.Core;

namespace Lode.Learning.Tests.Pipelines;

/// <summary>What is odd in data either works as documented (docs/tables.md) or is refused by naming column and row.</summary>
public sealed class BadInputTests
{
    private static Table Read(string text) => CsvReader.Read(new StringReader(text), "t.csv");

    private static Table Wide(int rows, int levels)
    {
        var rng = new Rng(1);
        string[] names = [.. Enumerable.Range(0, levels).Select(level => $"level {level}")];
        return new Table([
            new CategoricalColumn("id", [.. Enumerable.Range(0, rows).Select(row => row % levels)], names),
            new NumericColumn("x", [.. Enumerable.Range(0, rows).Select(_ => rng.NextGaussian())])]);
    }

    [Fact]
    public void ConstantTarget_OfNumbers_IsPredicted_OfOneClassIsRefused()
    {
        var numbers = Dataset.Of(Read("x,y\n1,3\n2,3\n5,3\n"), "y", TaskKind.Regression);
        Assert.All(Pipeline.Default(new RandomForest(new RandomForestOptions { NEstimators = 3 })).Fit(numbers, 1).Predict(numbers.Features).Values.ToArray(), value => Assert.Equal(3, value));
        Assert.Equal("The target 'y' has the one class 'a'; two are needed.", Assert.Throws<LodeException>(() => Dataset.Of(Read("x,y\n1,a\n2,a\n"), "y")).Message);
    }

    [Fact]
    public void OneClassInAFold_IsFittedAndScored()
    {
        var data = Dataset.Of(Read("x,y\n1,a\n2,a\n3,a\n4,a\n5,b\n6,b\n"), "y");
        var result = CrossValidation.Run(Pipeline.Default(new Dummy()), data, new KFold(3, shuffle: false), [MetricCatalog.Get("accuracy")], 1);
        Assert.Equal([1, 1, 0], result["accuracy"].Folds);
    }

    [Fact]
    public void AllMissingColumn_IsFilledAndSaysNothing()
    {
        var data = Dataset.Of(Read("x,gone,y\n1,,a\n2,,b\n3,,a\n4,,b\n"), "y");
        var fitted = Pipeline.Default(new LogisticRegression()).Fit(data, 1);
        Assert.Equal(fitted.Predict(data.Features).Values.ToArray(), fitted.Predict(Read("x,gone\n1,\n2,\n3,\n4,\n")).Values.ToArray());
    }

    [Fact]
    public void InfiniteValues_AreNamedByTheRowOfTheTable()
    {
        var table = Read("x,y\n1,0.5\n2,1.5\n3,2.5\n4,3.5\n5,4.5\nInfinity,5.5\n");
        var data = Dataset.Of(table, "y");
        string Message(Action act) => Assert.Throws<LodeException>(act).Message;
        const string expected = "Feature 'x' is infinite in row 6.";
        Assert.Equal(expected, Message(() => Pipeline.Default(new Dummy()).Fit(data, 1)));
        Assert.Equal(expected, Message(() => CrossValidation.Run(Pipeline.Default(new Dummy()), data, new KFold(2), [MetricCatalog.Get("mse")], 1)));
        Assert.Equal(expected, Message(() => Pipeline.Default(new Dummy()).Fit(data.Select([0, 1, 2]), 1).Predict(table)));
        Assert.Equal(expected, Message(() => Lode.Learning.AutoMl.Fit(data, new AutoMlOptions { Trials = 2 })));
    }

    [Fact]
    public void FewerRowsThanFolds_IsRefused() => Assert.Equal("5 folds need at least 5 rows; got 3.", Assert.Throws<LodeException>(() => CrossValidation.Run(
        Pipeline.Default(new Dummy()), Dataset.Of(Read("x,y\n1,1.5\n2,2.5\n3,3.5\n"), "y"), new KFold(5), [MetricCatalog.Get("mse")], 1)).Message);

    [Fact]
    public void AHundredThousandLevels_OneHotIsRefused_OthersTakeThem()
    {
        var table = Wide(200_000, 100_000);
        var data = new Dataset(table, Target.Regression("y", [.. ((NumericColumn)table["x"]).Values]));
        var error = Assert.Throws<LodeException>(() => Pipeline.Default(new Dummy()).Fit(data, 1));
        Assert.Equal("Column 'id' has 100000 levels; one-hot encoding makes at most 10000 columns of one.", error.Message);
        foreach (var name in new[] { "target_encode", "frequency", "hash", "ordinal", "group_rare" })
        {
            var fitted = new Pipeline([TransformCatalog.Create(name)], new Dummy()).Fit(data, 1);
            Assert.Equal(1000, fitted.Predict(table.Select([.. Enumerable.Range(0, 1000)])).Rows);
        }
        var capped = new Pipeline([TransformCatalog.Create("one_hot", new Dictionary<string, object?> { ["max_categories"] = 20 })], new Dummy()).Fit(data.Select([.. Enumerable.Range(0, 50_000)]), 1);
        Assert.Equal(21, capped.Layout.Columns.Count);
    }

    [Fact]
    public void WrongTypesAndUnseenLevelsAtPredict_AreNamedOrTaken()
    {
        var fitted = Pipeline.Default(new LogisticRegression()).Fit(Dataset.Of(Read("x,c,d,y\n1,u,2024-01-01,a\n2,v,2024-01-02,b\n3,u,2024-01-05,a\n4,v,2024-01-06,b\n"), "y"), 1);
        Assert.Equal(1, fitted.Predict(Read("x,c,d\n9,never,2025-01-01\n")).Rows);
        Assert.Equal("Column 'd' must be a date; it is categorical.", Assert.Throws<LodeException>(() => fitted.Predict(Read("x,c,d\n9,u,soon\n"))).Message);
        Assert.Equal("Column 'x' must be numeric; it is a date.", Assert.Throws<LodeException>(() => fitted.Predict(Read("x,c,d\n2024-01-01,u,2025-01-01\n"))).Message);
        Assert.Equal("The table lacks the column 'd' (a date).", Assert.Throws<LodeException>(() => fitted.Predict(Read("x,c\n9,u\n"))).Message);
    }

    /// <summary>What no learner can take is said, not the bug that follows from a search without any candidate.</summary>
    [Fact]
    public void AutoMl_DataThatNothingFits_SaysWhy()
    {
        var data = Dataset.Of(Read("x,y,w\n1,a,1\n2,b,0\n3,a,0\n4,b,0\n5,a,0\n6,b,0\n"), new DatasetRoles { Target = "y", Weight = "w" });
        var error = Assert.Throws<LodeException>(() => Lode.Learning.AutoMl.Fit(data, new AutoMlOptions { Trials = 2 }));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.StartsWith("Not even a model without features could be fitted: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DatesLeftByTheTransforms_AreNamed() => Assert.Equal("Column 'd' still holds dates after all transforms.", Assert.Throws<LodeException>(() =>
        new Pipeline([], new Dummy()).Fit(Dataset.Of(Read("d,y\n2024-01-01,1.5\n2024-01-02,2.5\n"), "y"), 1)).Message);

    [Fact]
    public void AllColumnsDropped_LeavesALearnerWithoutFeatures()
    {
        var data = Dataset.Of(Read("x,y\n1,a\n1,b\n1,a\n"), "y");
        var fitted = new Pipeline([TransformCatalog.Create("drop_constant")], new Dummy()).Fit(data, 1);
        Assert.Equal(3, fitted.Predict(data.Features).Rows);
    }
}
