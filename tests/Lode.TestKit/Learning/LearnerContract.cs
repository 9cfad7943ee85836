using Lode.Core;
using Lode.Learning;

namespace Lode.TestKit.Learning;

/// <summary>What every learner is held to, for each task that it supports.</summary>
public abstract partial class LearnerContract
{
    protected abstract ILearner CreateLearner();

    /// <summary>Whether it looks at the features: then it must beat predicting the classes' shares or the mean.</summary>
    protected virtual bool Learns => true;

    [Fact]
    public void Fit_SameArguments_GivesTheSameBits() => ForEachProblem(data =>
        Assert.Equal(FitPredict(data, data.Features), FitPredict(data, data.Features)));

    [Fact]
    public void Predict_ProbabilitiesAreADistribution() => ForEachProblem(data =>
    {
        var predicted = FitPredict(data, data.Features);
        Assert.All(predicted, value => Assert.True(double.IsFinite(value)));
        if (data.Target.Task == TaskKind.Regression)
            return;
        var k = data.Target.Classes.Count;
        Assert.All(predicted, value => Assert.InRange(value, 0, 1));
        for (var row = 0; row < data.Features.Rows; row++)
            Assert.Equal(1, predicted.AsSpan(row * k, k).ToArray().Sum(), 12);
    });

    [Fact]
    public void Predict_ARowAlone_GivesWhatItGivesAmongOthers() => ForEachProblem(data =>
    {
        var model = CreateLearner().Fit(data, new FitContext(new Rng(1)));
        var outputs = Math.Max(1, data.Target.Classes.Count);
        var all = new double[data.Features.Rows * outputs];
        model.Predict(data.Features, all);
        for (var row = 0; row < data.Features.Rows; row += 37)
        {
            var alone = new double[outputs];
            model.Predict(Rows(data.Features, [row]), alone);
            Assert.Equal(all.AsSpan(row * outputs, outputs).ToArray(), alone);
        }
    });

    [Fact]
    public void Predict_FromManyThreads_GivesWhatOneGives() => ForEachProblem(data =>
    {
        var model = CreateLearner().Fit(data, new FitContext(new Rng(1)));
        var outputs = Math.Max(1, data.Target.Classes.Count);
        var expected = new double[data.Features.Rows * outputs];
        model.Predict(data.Features, expected);
        Parallel.For(0, 8, _ =>
        {
            var output = new double[expected.Length];
            model.Predict(data.Features, output);
            Assert.Equal(expected, output);
        });
    });

    [Fact]
    public void Predict_NoRow_IsAllowed() => ForEachProblem(data =>
        Assert.Empty(FitPredict(data, new FeatureMatrix([], 0, data.Features.Names))));

    [Fact]
    public void Predict_OtherColumns_Throws() => ForEachProblem(data =>
    {
        var model = CreateLearner().Fit(data, new FitContext(new Rng(1)));
        Assert.Throws<ArgumentException>(() => model.Predict(new FeatureMatrix([1], 1, ["other"]), new double[Math.Max(1, data.Target.Classes.Count)]));
        Assert.Throws<ArgumentException>(() => model.Predict(data.Features, new double[1]));
    });

    [Fact]
    public void Fit_WeightsOfZero_AreRowsLeftOut() => ForEachProblem(data =>
    {
        if (!CreateLearner().Tags.Deterministic)
            return;
        var kept = Enumerable.Range(0, data.Features.Rows).Where(row => row % 3 != 0).ToArray();
        var weights = Enumerable.Range(0, data.Features.Rows).Select(row => row % 3 != 0 ? 1.0 : 0.0).ToArray();
        var weighted = FitPredict(new TrainingData(data.Features, data.Target, weights), data.Features);
        var fewer = FitPredict(new TrainingData(Rows(data.Features, kept), data.Target.Select(kept)), data.Features);
        AssertNear(fewer, weighted, Tolerance);
    });

    [Fact]
    public void Fit_AClassWithoutRows_GivesItProbabilityZero() => ForEachProblem(data =>
    {
        if (data.Target.Task == TaskKind.Regression)
            return;
        var kept = Enumerable.Range(0, data.Features.Rows).Where(row => data.Target.Labels[row] != 0).ToArray();
        var k = data.Target.Classes.Count;
        var predicted = FitPredict(new TrainingData(Rows(data.Features, kept), data.Target.Select(kept)), data.Features);
        for (var row = 0; row < data.Features.Rows; row++)
            Assert.Equal(0, predicted[row * k]);
    });

    [Fact]
    public void Fit_OneRow_GivesAModel() => ForEachProblem(data =>
    {
        int[] one = [0];
        var predicted = FitPredict(new TrainingData(Rows(data.Features, one), data.Target.Select(one)), data.Features);
        Assert.All(predicted, value => Assert.True(double.IsFinite(value)));
    });

    [Fact]
    public void Fit_FeaturesThatDoNotVary_GivesAModel() => ForEachProblem(data =>
    {
        var features = new FeatureMatrix(new double[data.Features.Rows], data.Features.Rows, ["constant"]);
        Assert.All(FitPredict(new TrainingData(features, data.Target), features), value => Assert.True(double.IsFinite(value)));
    });

    [Fact]
    public void Fit_NoFeature_GivesAModel() => ForEachProblem(data =>
    {
        var features = new FeatureMatrix([], data.Features.Rows, []);
        Assert.All(FitPredict(new TrainingData(features, data.Target), features), value => Assert.True(double.IsFinite(value)));
    });

    [Fact]
    public void Fit_Cancelled_Throws() => ForEachProblem(data =>
    {
        if (Learns)
            Assert.ThrowsAny<OperationCanceledException>(() => CreateLearner().Fit(data, new FitContext(new Rng(1), 1, new CancellationToken(true))));
    });

    [Fact]
    public void Fit_LearnableRows_BeatsTheDummyOnRowsNotSeen() => ForEachProblem(data =>
    {
        if (!Learns)
            return;
        var half = data.Features.Rows / 2;
        int[] train = [.. Enumerable.Range(0, half)], test = [.. Enumerable.Range(half, data.Features.Rows - half)];
        var training = new TrainingData(Rows(data.Features, train), data.Target.Select(train));
        var metric = MetricCatalog.Get(data.Target.Task == TaskKind.Classification ? "brier" : "mse");
        double Score(ILearner learner)
        {
            var output = new double[test.Length * Math.Max(1, data.Target.Classes.Count)];
            learner.Fit(training, new FitContext(new Rng(5))).Predict(Rows(data.Features, test), output);
            return metric.Score(data.Target.Select(test), new Predictions(output, data.Target.Classes));
        }
        Assert.True(Score(CreateLearner()) < 0.7 * Score(new Dummy()));
    });

    [Fact]
    public void Name_IsInTheCatalogue() => Assert.Contains(CreateLearner().Name, LearnerCatalog.Names);

    private double[] FitPredict(TrainingData data, FeatureMatrix rows) => Predict(CreateLearner().Fit(data, new FitContext(new Rng(1))), data, rows);

    private static double[] Predict(IModel model, TrainingData data, FeatureMatrix rows)
    {
        var output = new double[rows.Rows * Math.Max(1, data.Target.Classes.Count)];
        model.Predict(rows, output);
        return output;
    }

    private void ForEachProblem(Action<TrainingData> check)
    {
        var problems = Problems.All.Where(data => CreateLearner().Supports(data.Target.Task)).ToArray();
        Assert.NotEmpty(problems);
        Assert.All(problems, check);
    }

    private static FeatureMatrix Rows(FeatureMatrix features, int[] rows) =>
        new([.. rows.SelectMany(row => features.Row(row).ToArray())], rows.Length, features.Names, features.Levels.ToArray());

    private static void AssertNear(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance);
    }
}
