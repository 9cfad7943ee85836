using Lode.Core;

namespace Lode.Learning.Tests.Pipelines;

public sealed class PipelineTests
{
    private const string Mixed = "age,colour,class\n20,red,a\n,blue,b\n40,red,a\n50,,b\n25,red,a\n60,blue,b\n";

    private static Table Read(string text) => CsvReader.Read(new StringReader(text), "t.csv");

    private static FittedPipeline FitMixed() => Pipeline.Default(new LogisticRegression()).Fit(Dataset.Of(Read(Mixed), "class"), 1);

    [Fact]
    public void Predict_MixedTable_LearnsFromIt()
    {
        var fitted = FitMixed();
        var predicted = fitted.Predict(Read(Mixed));
        Assert.Equal(["a", "b"], predicted.Classes);
        Assert.Equal([0, 1, 0, 1, 0, 1], Enumerable.Range(0, 6).Select(predicted.Label));
        Assert.Equal("class", fitted.TargetName);
    }

    [Fact]
    public void Predict_ColumnsInAnotherOrderAndMore_GivesTheSame()
    {
        var fitted = FitMixed();
        Assert.Equal(fitted.Predict(Read("age,colour\n30,red\n")).Values.ToArray(), fitted.Predict(Read("extra,colour,age\n1,red,30\n")).Values.ToArray());
    }

    [Fact]
    public void Predict_UnknownLevelAndMissing_GiveAPrediction()
    {
        var predicted = FitMixed().Predict(Read("age,colour\n,green\n30,\n"));
        Assert.All(predicted.Values.ToArray(), value => Assert.InRange(value, 0, 1));
    }

    [Fact]
    public void Predict_ColumnWithoutAnyValue_TakesTheKindAskedFor() =>
        Assert.Equal(1, FitMixed().Predict(Read("age,colour\n30,\n")).Rows);

    [Theory]
    [InlineData("age,color\n30,red\n", "The table lacks the column 'colour' (categorical).", "Did you mean 'color'?")]
    [InlineData("age,colour\nold,red\n", "Column 'age' must be numeric; it is categorical.", "A cell of it is not a number.")]
    [InlineData("age,colour\n30,7\n", "Column 'colour' must be categorical; it is numeric.", "Read it as categorical.")]
    public void Predict_TableThatDoesNotSuit_NamesTheColumn(string text, string message, string hint)
    {
        var error = Assert.Throws<LodeException>(() => FitMixed().Predict(Read(text)));
        Assert.Equal((ErrorCode.InvalidArgument, message, hint), (error.Code, error.Message, error.Hint));
    }

    [Fact]
    public void Predict_TableReadForTheSchema_HasItsKinds()
    {
        var fitted = FitMixed();
        var table = CsvReader.Read(new StringReader("age,colour\n30,7\n"), "t.csv", new CsvOptions { Kinds = fitted.Schema.Kinds });
        Assert.Equal(1, fitted.Predict(table).Rows);
    }

    [Fact]
    public void Fit_NothingIsLearnedFromRowsLeftOut()
    {
        var table = Read("x,y\n1,0.5\n2,1.5\n3,2.5\n1000,9.5\n");
        var changed = Read("x,y\n1,0.5\n2,1.5\n3,2.5\n-7777,1.5\n");
        var pipeline = Pipeline.Default(new RandomForest(new RandomForestOptions { NEstimators = 5 }));
        int[] train = [0, 1, 2];
        var one = pipeline.Fit(Dataset.Of(table, "y").Select(train), 3).Predict(table.Select(train));
        var other = pipeline.Fit(Dataset.Of(changed, "y").Select(train), 3).Predict(table.Select(train));
        Assert.Equal(one.Values.ToArray(), other.Values.ToArray());
    }

    [Theory]
    [InlineData("x,y\n1,a\n,b\n", "Feature 'x' is missing in row 2.", "Put an imputer into the pipeline.")]
    [InlineData("x,y\n1,a\nInfinity,b\n", "Feature 'x' is infinite in row 2.", "Mend the table.")]
    [InlineData("x,y\nu,a\nv,b\n", "Column 'x' is still categorical after all transforms; learner 'logistic' takes numbers.", "Put a one-hot encoder into the pipeline.")]
    public void Fit_ColumnsThatTheLearnerCannotTake_AreNamed(string text, string message, string hint)
    {
        var error = Assert.Throws<LodeException>(() => new Pipeline([], new LogisticRegression()).Fit(Dataset.Of(Read(text), "y"), 0));
        Assert.Equal((message, hint), (error.Message, error.Hint));
    }

    [Fact]
    public void Fit_TaskNotSupported_NamesLearnerAndTarget()
    {
        var error = Assert.Throws<LodeException>(() => Pipeline.Default(new LogisticRegression()).Fit(Dataset.Of(Read("x,y\n1,0.5\n2,1.5\n"), "y"), 0));
        Assert.Equal("Learner 'logistic' does not do regression, which the target 'y' asks for.", error.Message);
    }

    [Fact]
    public void Fit_NoRow_IsRefused() =>
        Assert.Throws<LodeException>(() => Pipeline.Default(new Dummy()).Fit(Dataset.Of(Read(Mixed), "class").Select([]), 0));
}
