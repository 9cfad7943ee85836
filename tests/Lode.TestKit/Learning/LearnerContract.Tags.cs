using Lode.Core;
using Lode.Learning;

namespace Lode.TestKit.Learning;

/// <summary>What a learner's tags promise, and what its models promise about files.</summary>
public abstract partial class LearnerContract
{
    /// <summary>How close two fits must come that are equal but for rounding; an iterative learner stops at its own.</summary>
    protected virtual double Tolerance => 1e-6;

    [Fact]
    public void Fit_MissingValues_AreTakenOrRefusedByName() => ForEachProblem(data =>
    {
        var missing = Problems.WithMissing(data, 0.2, 3);
        if (CreateLearner().Tags.Missing)
        {
            var model = CreateLearner().Fit(missing, new FitContext(new Rng(1)));
            Assert.All(Predict(model, data, missing.Features), value => Assert.True(double.IsFinite(value)));
            Assert.All(Predict(model, data, data.Features), value => Assert.True(double.IsFinite(value)));
            return;
        }
        var error = Assert.Throws<LodeException>(() => FitPredict(missing, missing.Features));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Matches("'x[0-9]+' is missing in row [0-9]+", error.Message);
    });

    [Fact]
    public void Predict_MissingWhereTrainingHadNone_IsTakenOrRefusedByName() => ForEachProblem(data =>
    {
        var model = CreateLearner().Fit(data, new FitContext(new Rng(1)));
        var rows = Problems.WithMissing(data, 0.5, 4).Features;
        if (CreateLearner().Tags.Missing)
            Assert.All(Predict(model, data, rows), value => Assert.True(double.IsFinite(value)));
        else
            Assert.Matches("'x[0-9]+' is missing in row [0-9]+", Assert.Throws<LodeException>(() => Predict(model, data, rows)).Message);
    });

    [Fact]
    public void Fit_AColumnWithoutAnyValue_GivesAModel() => ForEachProblem(data =>
    {
        if (!CreateLearner().Tags.Missing)
            return;
        var values = data.Features.Values.ToArray();
        for (var i = 1; i < values.Length; i += data.Features.Columns)
            values[i] = double.NaN;
        var features = new FeatureMatrix(values, data.Features.Rows, data.Features.Names);
        Assert.All(FitPredict(new TrainingData(features, data.Target), data.Features), value => Assert.True(double.IsFinite(value)));
    });

    [Fact]
    public void Fit_Categories_AreLearnedFromOrRefusedByName() => ForEachProblem(data =>
    {
        var categories = Problems.WithCategories(data, 12, 5);
        if (!CreateLearner().Tags.Categories)
        {
            var error = Assert.Throws<LodeException>(() => FitPredict(categories, categories.Features));
            Assert.Contains("'x0' is still categorical", error.Message, StringComparison.Ordinal);
            return;
        }
        var metric = MetricCatalog.Get(data.Target.Task == TaskKind.Classification ? "brier" : "mse");
        double Score(ILearner learner) => metric.Score(data.Target,
            new Predictions(Predict(learner.Fit(categories, new FitContext(new Rng(5))), data, categories.Features), data.Target.Classes));
        if (Learns)
            Assert.True(Score(CreateLearner()) < 0.7 * Score(new Dummy()));
    });

    [Fact]
    public void Predict_LevelsThatTrainingNeverSaw_AreTaken() => ForEachProblem(data =>
    {
        if (!CreateLearner().Tags.Categories)
            return;
        var categories = Problems.WithCategories(data, 12, 5);
        int[] seen = [.. Enumerable.Range(0, data.Features.Rows).Where(row => categories.Features.Row(row)[0] < 9)];
        var training = new TrainingData(Rows(categories.Features, seen), data.Target.Select(seen));
        Assert.All(FitPredict(training, categories.Features), value => Assert.True(double.IsFinite(value)));
    });

    [Fact]
    public void Fit_IncreasingFunctionsOfColumns_ChangeNothingOnTheRowsSeen() => ForEachProblem(data =>
    {
        if (!CreateLearner().Tags.MonotoneInvariant)
            return;
        var bent = new FeatureMatrix([.. data.Features.Values.ToArray().Select(value => Math.Exp(value / 2))], data.Features.Rows, data.Features.Names);
        AssertNear(FitPredict(data, data.Features), FitPredict(new TrainingData(bent, data.Target), bent), 1e-9);
    });

    [Fact]
    public void Fit_WholeWeights_AreRowsRepeated() => ForEachProblem(data =>
    {
        if (!CreateLearner().Tags.Deterministic)
            return;
        var weights = Enumerable.Range(0, data.Features.Rows).Select(row => (double)(row % 3)).ToArray();
        int[] repeated = [.. Enumerable.Range(0, data.Features.Rows).SelectMany(row => Enumerable.Repeat(row, row % 3))];
        var copies = new TrainingData(Rows(data.Features, repeated), data.Target.Select(repeated));
        AssertNear(FitPredict(copies, data.Features), FitPredict(new TrainingData(data.Features, data.Target, weights), data.Features), Tolerance);
    });

    [Fact]
    public void Fit_AnyNumberOfThreads_GivesTheSameBytes() => ForEachProblem(data =>
    {
        byte[] Bytes(int threads) => Written(CreateLearner().Fit(data, new FitContext(new Rng(9), threads)));
        Assert.Equal(Bytes(1), Bytes(3));
    });

    [Fact]
    public void Predict_AnyNumberOfThreads_GivesTheSameBits() => ForEachProblem(data =>
    {
        var model = CreateLearner().Fit(data, new FitContext(new Rng(1)));
        var (one, many) = (new double[data.Features.Rows * Math.Max(1, data.Target.Classes.Count)], new double[data.Features.Rows * Math.Max(1, data.Target.Classes.Count)]);
        model.Predict(data.Features, one, 1);
        model.Predict(data.Features, many, 3);
        Assert.Equal(one, many);
    });

    [Fact]
    public void Write_ReadAgain_GivesEqualBytesAndPredictions() => ForEachProblem(data =>
    {
        var tags = CreateLearner().Tags;
        data = tags.Categories ? Problems.WithCategories(data, 12, 5) : data;
        data = tags.Missing ? Problems.WithMissing(data, 0.1, 6) : data;
        var model = CreateLearner().Fit(data, new FitContext(new Rng(1)));
        var bytes = Written(model);
        var again = new BundleReader(bytes).ReadThing<IModel>();
        Assert.Equal(bytes, Written(again));
        Assert.Equal(Predict(model, data, data.Features), Predict(again, data, data.Features));
    });

    [Fact]
    public void Read_DamagedBytes_GivesAnErrorOrAModelThatWorks() => ForEachProblem(data =>
    {
        var bytes = Written(CreateLearner().Fit(data, new FitContext(new Rng(1))));
        var rng = new Rng(2);
        for (var round = 0; round < 150; round++)
        {
            var damaged = bytes.ToArray();
            if (round % 3 == 0)
                damaged = damaged[..rng.NextInt32(damaged.Length)];
            else
                damaged[rng.NextInt32(damaged.Length)] = (byte)rng.NextInt32(256);
            try
            {
                Predict(new BundleReader(damaged).ReadThing<IModel>(), data, data.Features);
            }
            catch (Exception error) when (error is LodeException or ArgumentException)
            {
                // Refused, or another shape than these rows.
            }
        }
    });

    [Fact]
    public void Fit_MoreColumnsThanRows_GivesAModel() => ForEachProblem(data =>
    {
        var rng = new Rng(8);
        var features = new FeatureMatrix([.. Enumerable.Range(0, 6 * 60).Select(_ => rng.NextGaussian())], 6, [.. Enumerable.Range(0, 60).Select(column => $"x{column}")]);
        var training = new TrainingData(features, data.Target.Select([0, 1, 2, 3, 4, 5]));
        Assert.All(FitPredict(training, features), value => Assert.True(double.IsFinite(value)));
    });

    [Fact]
    public void Fit_TheSameColumnTwice_GivesAModel() => ForEachProblem(data =>
    {
        var values = Enumerable.Range(0, data.Features.Rows).SelectMany(row => new[] { data.Features.Row(row)[0], data.Features.Row(row)[0] }).ToArray();
        var features = new FeatureMatrix(values, data.Features.Rows, ["x0", "x1"]);
        Assert.All(FitPredict(new TrainingData(features, data.Target), features), value => Assert.True(double.IsFinite(value)));
    });

    [Fact]
    public void Fit_ATargetThatDoesNotVary_IsPredicted() => ForEachProblem(data =>
    {
        if (data.Target.Task == TaskKind.Classification)
            return;
        var constant = new TrainingData(data.Features, Target.Regression("y", [.. Enumerable.Repeat(4.5, data.Features.Rows)]));
        Assert.All(FitPredict(constant, data.Features), value => Assert.Equal(4.5, value, 1e-6));
    });

    private static byte[] Written(IModel model)
    {
        var writer = new BundleWriter();
        writer.WriteThing(model);
        return writer.Written.ToArray();
    }
}
