using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.AutoMl;

public sealed class AutoMlTests
{
    private static readonly AutoMlOptions s_few = new() { Trials = 8, Seed = 3 };

    [Fact]
    public void Fit_SameTrialsAndSeed_GivesTheSameModelWhateverTheThreads()
    {
        var data = Data(Problems.Classes(150, 4, 3, 5));
        var one = Learning.AutoMl.Fit(data, s_few with { Threads = 1 });
        var other = Learning.AutoMl.Fit(data, s_few with { Threads = 3 });
        Assert.Equal(new ModelBundle(one.Predictor, "automl").ToBytes(), new ModelBundle(other.Predictor, "automl").ToBytes());
        Assert.Equal(one.Leaderboard.Select(candidate => (candidate.Number, candidate.Score)), other.Leaderboard.Select(candidate => (candidate.Number, candidate.Score)));
        Assert.Equal(one.Score, other.Score);
    }

    [Fact]
    public void Fit_Trials_AreTriedAndNoMore()
    {
        var seen = new Observer();
        var result = Learning.AutoMl.Fit(Data(Problems.Classes(150, 4, 2, 5)), s_few, seen);
        Assert.Equal(8, result.Leaderboard.Count);
        Assert.Equal("trials", result.Stopped);
        Assert.Equal(Enumerable.Range(0, 8), seen.Begun);
        Assert.Equal("dummy", result.Leaderboard.Single(candidate => candidate.Number == 0).Family);
    }

    [Fact]
    public void Fit_LearnableData_BeatsTheDummyByFarOnRowsNotSeen()
    {
        var all = Data(Problems.Classes(400, 4, 3, 9));
        var (train, test) = (all.Select([.. Enumerable.Range(0, 200)]), all.Select([.. Enumerable.Range(200, 200)]));
        var result = Learning.AutoMl.Fit(train, s_few);
        var metric = MetricCatalog.Get("log_loss");
        var dummy = Pipeline.Default(new Dummy()).Fit(train, 0);
        var loss = metric.Score(test.Target, result.Predictor.Predict(test.Features));
        Assert.True(loss < 0.5 * metric.Score(test.Target, dummy.Predict(test.Features)), $"{loss}");
        Assert.InRange(result.Score.Corrected, result.Score.Low, result.Score.High);
        Assert.InRange(loss, 0.5 * result.Score.Low, 2 * result.Score.High);
    }

    [Fact]
    public void Fit_AnyResult_SurvivesTheFile()
    {
        var data = Data(Problems.Classes(150, 4, 3, 5));
        var result = Learning.AutoMl.Fit(data, s_few);
        var bytes = new ModelBundle(result.Predictor, "automl", new Dictionary<string, double> { ["cv"] = result.Score.Corrected }).ToBytes();
        var back = ModelBundle.FromBytes(bytes);
        Assert.Equal(result.Predictor.Predict(data.Features).Values.ToArray(), back.Predictor.Predict(data.Features).Values.ToArray());
        Assert.Equal(bytes, new ModelBundle(back.Predictor, "automl", back.Header.Metrics).ToBytes());
    }

    [Fact]
    public void Fit_Threshold_IsTheModelsOwnAndBetterOnRowsNotSeen()
    {
        // Costs that make a miss dear: from a low probability on, a row counts as the second class.
        var all = Data(Problems.Classes(600, 4, 2, 5));
        var (train, test) = (all.Select([.. Enumerable.Range(0, 300)]), all.Select([.. Enumerable.Range(300, 300)]));
        var goal = ThresholdGoal.Parse("cost:FP=1,FN=20")!;
        var result = Learning.AutoMl.Fit(train, s_few with { Threshold = goal });
        var threshold = result.Threshold!;
        Assert.InRange(threshold.Value, 0, 0.4);
        Assert.True(threshold.Score < threshold.Half, $"{threshold}");
        var back = ModelBundle.FromBytes(new ModelBundle(result.Predictor, "automl").ToBytes()).Predictor;
        var predicted = back.Predict(test.Features);
        Assert.Equal(threshold.Value, predicted.Threshold);
        Assert.True(goal.Score(test.Target, predicted) < goal.Score(test.Target, new Predictions(predicted.Values.ToArray(), predicted.Classes)));
        var three = Assert.Throws<LodeException>(() => Learning.AutoMl.Fit(Data(Problems.Classes(150, 4, 3, 5)), s_few with { Threshold = goal }));
        Assert.Contains("has 3 classes", three.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_ModelSizeLimit_IsKeptByTheFile()
    {
        var data = Data(Problems.Classes(200, 4, 2, 5));
        var forests = s_few with { Trials = 5, Include = ["random_forest"] };
        var free = new ModelBundle(Learning.AutoMl.Fit(data, forests).Predictor, "automl").ToBytes().LongLength;
        Assert.True(free > 100_000, $"{free}");
        var limited = Learning.AutoMl.Fit(data, forests with { MaxModelBytes = free / 2 });
        Assert.InRange(new ModelBundle(limited.Predictor, "automl").ToBytes().LongLength, 1, free / 2);
        Assert.All(limited.Leaderboard.Where(candidate => candidate.State == CandidateState.Complete), candidate => Assert.True(candidate.ModelBytes > 0));
    }

    [Fact]
    public void Fit_UnequalClasses_AreBalancedInTheSearchWhereTheMetricMayGain()
    {
        var all = Data(Problems.Classes(600, 4, 2, 5));
        int[] rare = [.. Enumerable.Range(0, 600).Where(row => all.Target.Labels[row] == 0 || row % 8 == 1)];
        var data = all.Select(rare);
        bool Balanced(string metric, Dataset rows) => Learning.AutoMl.Fit(rows, s_few with { Metric = metric, Trials = 12, Preset = AutoMlPreset.Fast }).Leaderboard.Any(candidate => candidate.Spec.Resampler is not null);
        Assert.True(Balanced("f1", data));
        Assert.False(Balanced("log_loss", data));
        Assert.False(Balanced("f1", all.Select([.. Enumerable.Range(0, 200)])));
    }

    [Fact]
    public void Fit_UnseenParts_PredictWhatIsOutOfFold()
    {
        var data = Data(Problems.Classes(150, 4, 3, 5));
        var result = Learning.AutoMl.Fit(data, s_few with { Preset = AutoMlPreset.Fast, Ensemble = false });
        Assert.Equal(Enumerable.Range(0, 150), result.Unseen.SelectMany(part => part.Rows).Order());
        foreach (var (predictor, rows) in result.Unseen)
        {
            var predicted = predictor.Predict(data.Select(rows).Features);
            for (var i = 0; i < rows.Length; i++)
                Assert.Equal(result.OutOfFold.Row(rows[i])[0], predicted.Row(i)[0], 12);
        }
    }

    [Fact]
    public void Fit_CancelledAtOnce_StillGivesAModel()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var data = Data(Problems.Classes(150, 4, 3, 5));
        var result = Learning.AutoMl.Fit(data, s_few, cancellation: stop.Token);
        Assert.Equal(("interrupted", "dummy"), (result.Stopped, Assert.Single(result.Leaderboard).Family));
        Assert.Equal(150, result.Predictor.Predict(data.Features).Rows);
    }

    [Fact]
    public void Fit_OutOfFoldPredictions_AreThoseOfModelsThatHadNotSeenTheRow()
    {
        // Labels that no feature tells: whoever has seen a row knows its label by heart, the others cannot.
        var rng = new Rng(4);
        var values = new double[300 * 5];
        foreach (ref var value in values.AsSpan())
            value = rng.NextGaussian();
        var labels = Enumerable.Range(0, 300).Select(_ => rng.NextInt32(2)).ToArray();
        var data = Data(new TrainingData(new FeatureMatrix(values, 300, ["a", "b", "c", "d", "e"]), Target.Classification("y", labels, ["no", "yes"])));
        var result = Learning.AutoMl.Fit(data, s_few with { Include = ["random_forest"] });
        Assert.InRange(MetricCatalog.Get("log_loss").Score(data.Target, result.OutOfFold), 0.66, 0.75);
        Assert.InRange(result.Score.Corrected, 0.67, 0.75);
    }

    [Fact]
    public void Fit_AFamilyThatCannotBeFitted_IsNamedWithTheReason()
    {
        // More columns than ridge takes: its products of columns would not fit.
        var columns = Enumerable.Range(0, 20_001).Select(Column (column) => new NumericColumn($"x{column}", [.. Enumerable.Range(0, 12).Select(row => (double)((row * column) % 7))]));
        var data = new Dataset(new Table([.. columns]), Target.Regression("y", [.. Enumerable.Range(0, 12).Select(row => (double)row)]));
        var result = Learning.AutoMl.Fit(data, s_few with { Trials = 3, Include = ["linear"] });
        Assert.StartsWith("No linear could be fitted: ", Assert.Single(result.Notes));
        Assert.Equal("dummy", result.Leaderboard[0].Family);
        Assert.All(result.Leaderboard.Skip(1), candidate => Assert.Equal((CandidateState.Failed, "linear"), (candidate.State, candidate.Family)));
    }

    [Theory]
    [InlineData("no_such", null, "There is no metric 'no_such'.")]
    [InlineData("rmse", null, "Metric 'rmse' is not for classification, which the target 'class' asks for.")]
    [InlineData(null, "forest", "There is no model family 'forest'.")]
    public void Fit_OptionsThatDoNotFit_AreNamed(string? metric, string? family, string message)
    {
        var options = s_few with { Metric = metric, Include = family is null ? null : [family] };
        Assert.Equal(message, Assert.Throws<LodeException>(() => Learning.AutoMl.Fit(Data(Problems.Classes(60, 2, 2, 1)), options)).Message);
    }

    private static Dataset Data(TrainingData data)
    {
        var columns = new List<Column>();
        for (var column = 0; column < data.Features.Columns; column++)
            columns.Add(new NumericColumn(data.Features.Names[column], [.. Enumerable.Range(0, data.Features.Rows).Select(row => data.Features.Row(row)[column])]));
        return new Dataset(new Table(columns), data.Target);
    }

    private sealed class Observer : IAutoMlObserver
    {
        public List<int> Begun { get; } = [];

        public void Started(Candidate candidate) => Begun.Add(candidate.Number);

        public void Finished(Candidate candidate) => Assert.Contains(candidate.Number, Begun);

        public void Phase(string phase) => Assert.NotEmpty(phase);
    }
}
