using Lode.Core;

namespace Lode.Learning.Tests.Pipelines;

public sealed class CrossValidationTests
{
    private static readonly Dataset s_cancer = Dataset.Of(CsvReader.Read(Path.Combine(AppContext.BaseDirectory, "breast_cancer.csv")), "diagnosis");
    private static readonly Metric[] s_metrics = [MetricCatalog.Get("log_loss"), MetricCatalog.Get("accuracy"), MetricCatalog.Get("roc_auc")];

    private static CrossValidationResult Run(ILearner learner, ISplitter splitter, Func<FoldScores, bool>? onFold = null) =>
        CrossValidation.Run(Pipeline.Default(learner), s_cancer, splitter, s_metrics, 7, onFold);

    [Fact]
    public void BreastCancer_IsWhatItsDocumentationSays()
    {
        Assert.Equal((569, 30), (s_cancer.Rows, s_cancer.Features.Columns.Count));
        Assert.Equal(["benign", "malignant"], s_cancer.Target.Classes);
        Assert.Equal([357, 212], s_cancer.Target.CountClasses());
    }

    [Fact]
    public void Run_Logistic_ScoresAsTheOracle()
    {
        // scikit-learn 1.2.1: cross_validate(make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, max_iter=10000)), X, y,
        // cv=StratifiedKFold(5)), in the class order of this data.
        var result = Run(new LogisticRegression(), new StratifiedKFold(5, shuffle: false));
        double[] expected = [0.090755144665, 0.066162861594, 0.087285631473, 0.057155197515, 0.073197318756];
        for (var fold = 0; fold < 5; fold++)
            Assert.Equal(expected[fold], result["log_loss"].Folds[fold], 1e-6);
    }

    [Fact]
    public void Run_Forest_BeatsTheDummyAndFindsMost()
    {
        var forest = Run(new RandomForest(new RandomForestOptions { NEstimators = 50 }), new StratifiedKFold());
        var dummy = Run(new Dummy(), new StratifiedKFold());
        Assert.InRange(forest["roc_auc"].Mean, 0.98, 1);
        Assert.InRange(forest["accuracy"].Mean, 0.94, 1);
        Assert.Equal(0.5, dummy["roc_auc"].Mean, 1e-12);
        Assert.InRange(dummy["log_loss"].Mean, 0.655, 0.665);
    }

    [Fact]
    public void Fit_OnAllTrainingRows_ScoresOnTheHoldoutAsCrossValidationSaid()
    {
        var split = new Holdout(0.25).Split(s_cancer, 7)[0];
        var (train, holdout) = (s_cancer.Select(split.Train), s_cancer.Select(split.Test));
        var pipeline = Pipeline.Default(new LogisticRegression());
        var crossed = CrossValidation.Run(pipeline, train, new StratifiedKFold(), s_metrics, 7)["log_loss"];
        var predicted = pipeline.Fit(train, 7).Predict(holdout.Features);
        Assert.InRange(MetricCatalog.Get("log_loss").Score(holdout.Target, predicted), 0, crossed.Mean + (6 * crossed.StandardError));
    }

    [Fact]
    public void Run_OutOfFold_IsWhatTheFoldsWereScoredOn()
    {
        var splitter = new StratifiedKFold(4);
        var result = Run(new LogisticRegression(), splitter);
        Assert.Equal(4, result.Folds.Count);
        Assert.False(result.Stopped);
        Assert.DoesNotContain(double.NaN, result.OutOfFold.Values.ToArray());
        var share = result.Folds.Sum(fold => fold.Scores["accuracy"] * fold.TestRows) / s_cancer.Rows;
        Assert.Equal(share, MetricCatalog.Get("accuracy").Score(s_cancer.Target, result.OutOfFold), 1e-12);
        Assert.All(result.Folds, fold => Assert.Equal(s_cancer.Rows, fold.TrainRows + fold.TestRows));
    }

    [Fact]
    public void Run_Summary_IsMeanAndStandardError()
    {
        var summary = Run(new LogisticRegression(), new StratifiedKFold(3))["accuracy"];
        var mean = summary.Folds.Sum() / 3;
        Assert.Equal(mean, summary.Mean, 1e-15);
        Assert.Equal(Math.Sqrt(summary.Folds.Sum(score => (score - mean) * (score - mean)) / 2 / 3), summary.StandardError, 1e-15);
        Assert.True(double.IsNaN(Run(new Dummy(), new Holdout())["accuracy"].StandardError));
    }

    [Fact]
    public void Run_CallbackSaysStop_StopsAfterThatFold()
    {
        var seen = new List<FoldScores>();
        var result = Run(new Dummy(), new StratifiedKFold(5), fold =>
        {
            seen.Add(fold);
            return fold.Index < 1;
        });
        Assert.Equal([0, 1], seen.Select(fold => fold.Index));
        Assert.Equal(seen, result.Folds);
        Assert.True(result.Stopped);
        Assert.Equal(2, result["log_loss"].Folds.Count);
        Assert.Contains(double.NaN, result.OutOfFold.Values.ToArray());
    }

    [Fact]
    public void Run_SameSeed_GivesTheSameBits_AndAnotherSeedOthers()
    {
        var forest = Pipeline.Default(new RandomForest(new RandomForestOptions { NEstimators = 5 }));
        double[] Values(ulong seed) => CrossValidation.Run(forest, s_cancer, new StratifiedKFold(3), s_metrics, seed).OutOfFold.Values.ToArray();
        Assert.Equal(Values(1), Values(1));
        Assert.NotEqual(Values(1), Values(2));
    }

    [Fact]
    public void Run_Weights_CountInFitsAndScores()
    {
        var weights = Enumerable.Range(0, s_cancer.Rows).Select(row => row % 2 == 0 ? 1.0 : 1e-9).ToArray();
        var weighted = new Dataset(s_cancer.Features, s_cancer.Target, weights);
        var result = CrossValidation.Run(Pipeline.Default(new Dummy()), weighted, new Holdout(), s_metrics, 7);
        Assert.NotEqual(Run(new Dummy(), new Holdout())["log_loss"].Mean, result["log_loss"].Mean);
    }

    [Fact]
    public void Run_BadArguments_AreRefused()
    {
        Assert.Contains("at least one metric", Assert.Throws<LodeException>(() =>
            CrossValidation.Run(Pipeline.Default(new Dummy()), s_cancer, new KFold(), [], 0)).Message, StringComparison.Ordinal);
        Assert.Throws<LodeException>(() => CrossValidation.Run(Pipeline.Default(new Dummy()), s_cancer, new KFold(), [MetricCatalog.Get("mse")], 0));
        Assert.Equal("Metric 'brier' was not computed.", Assert.Throws<LodeException>(() => Run(new Dummy(), new Holdout())["brier"]).Message);
    }

    [Fact]
    public void Run_Cancelled_Throws() => Assert.ThrowsAny<OperationCanceledException>(() => CrossValidation.Run(
        Pipeline.Default(new RandomForest()), s_cancer, new KFold(), s_metrics, 0, cancellation: new CancellationToken(true)));
}
