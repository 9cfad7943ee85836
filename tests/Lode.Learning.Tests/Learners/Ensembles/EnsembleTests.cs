using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners.Ensembles;

public sealed class AdaBoostContractTests : LearnerContract
{
    protected override ILearner CreateLearner() => LearnerCatalog.Create("ada_boost");
}

public sealed class BaggingContractTests : LearnerContract
{
    protected override ILearner CreateLearner() => new Bagging(new GradientBoosting(new BoostingOptions { MaxIter = 20, MinSamplesLeaf = 3 }), maxFeatures: 0.8);
}

public sealed class VotingContractTests : LearnerContract
{
    protected override ILearner CreateLearner() =>
        LearnerCatalog.Create("voting", new Dictionary<string, object?> { ["estimators"] = "hist_gb,xgb", ["weights"] = "2,1", ["hist_gb__max_iter"] = 30, ["xgb__n_estimators"] = 30 });
}

public sealed class EnsembleTests
{
    [Fact]
    public void AdaBoost_ManyStumps_LearnWhatOneCannot()
    {
        // Inside a ring or outside: no single cut parts them.
        var rng = new Rng(1);
        const int rows = 600;
        double[] values = [.. Enumerable.Range(0, 2 * rows).Select(_ => rng.NextGaussian())];
        int[] labels = [.. Enumerable.Range(0, rows).Select(row => (values[2 * row] * values[2 * row]) + (values[(2 * row) + 1] * values[(2 * row) + 1]) > 1.4 ? 1 : 0)];
        var data = new TrainingData(new FeatureMatrix(values, rows, ["x", "y"]), Target.Classification("ring", labels, ["in", "out"]));
        double Accuracy(int models)
        {
            var output = new double[rows * 2];
            new AdaBoost(count: models).Fit(data, new FitContext(new Rng(0))).Predict(data.Features, output);
            return MetricCatalog.Get("accuracy").Score(data.Target, new Predictions(output, data.Target.Classes));
        }
        Assert.True(Accuracy(1) < 0.8);
        Assert.True(Accuracy(100) > 0.95);
    }

    [Fact]
    public void Fit_FeaturesPreparedOnceForAllMembers_GivesTheModelThatPreparingThemEachTimeGives() => Assert.All<(string, Func<ILearner, ILearner>)>(
        [("ada_boost", learner => new AdaBoost(learner, 10)), ("bagging", learner => new Bagging(learner, 6))], of => Assert.All<TrainingData>(
        [Problems.Classes(200, 4, 3, 5), Problems.Regression(200, 4, 6)], data => Assert.All<RandomForestOptions>(
        [RandomForest.SingleTree with { MaxDepth = 2 }, RandomForest.ExtraTrees with { NEstimators = 3, MaxDepth = 3 }], options =>
        {
            double[] Predicted(ILearner learner)
            {
                var output = new double[data.Features.Rows * Math.Max(1, data.Target.Classes.Count)];
                of.Item2(learner).Fit(data, new FitContext(new Rng(3))).Predict(data.Features, output);
                return output;
            }
            Assert.Equal(Predicted(new PreparedEachTime(new RandomForest(options))), Predicted(new RandomForest(options)));
        })));

    [Fact]
    public void AdaBoost_APerfectModel_EndsTheFit()
    {
        var data = Problems.Classes(90, 3, 3, 2);
        var model = (EnsembleModel)new AdaBoost(LearnerCatalog.Create("decision_tree")).Fit(data, new FitContext(new Rng(0)));
        Assert.Equal(1, model.Count);
    }

    [Fact]
    public void AdaBoost_Numbers_AreMediansOfItsTrees()
    {
        var data = Problems.Regression(300, 3, 3);
        var model = (EnsembleModel)new AdaBoost(count: 20).Fit(data, new FitContext(new Rng(0)));
        var output = new double[300];
        model.Predict(data.Features, output);
        Assert.InRange(model.Count, 2, 20);
        Assert.True(MetricCatalog.Get("r2").Score(data.Target, new Predictions(output, [])) > 0.95);
    }

    [Fact]
    public void Bagging_OfTrees_IsSmootherThanOne()
    {
        var made = Problems.Regression(300, 4, 4);
        var noise = new Rng(9);
        var data = new TrainingData(made.Features, Target.Regression("y", [.. made.Target.Values.ToArray().Select(value => value + (3 * noise.NextGaussian()))]));
        var tree = LearnerCatalog.Create("decision_tree");
        var bagged = LearnerCatalog.Create("bagging", new Dictionary<string, object?> { ["n_estimators"] = 30, ["estimator"] = "decision_tree", ["estimator__min_samples_split"] = 3 });
        int[] train = [.. Enumerable.Range(0, 150)], test = [.. Enumerable.Range(150, 150)];
        FeatureMatrix Rows(int[] rows) => new([.. rows.SelectMany(row => data.Features.Row(row).ToArray())], rows.Length, data.Features.Names);
        double Error(ILearner learner)
        {
            var output = new double[150];
            learner.Fit(new TrainingData(Rows(train), data.Target.Select(train)), new FitContext(new Rng(0))).Predict(Rows(test), output);
            return MetricCatalog.Get("mse").Score(data.Target.Select(test), new Predictions(output, []));
        }
        Assert.True(Error(bagged) < 0.9 * Error(tree));
    }

    [Fact]
    public void Voting_Hard_CountsVotesByWeight()
    {
        var data = Problems.Classes(60, 2, 2, 5);
        var model = new Voting([(new Dummy(), 1), (LearnerCatalog.Create("decision_tree"), 3)], hard: true).Fit(data, new FitContext(new Rng(0)));
        var output = new double[120];
        model.Predict(data.Features, output);
        // The dummy votes for the first class of equals; the tree knows its rows by heart.
        for (var row = 0; row < 60; row++)
            Assert.Equal(data.Target.Labels[row] == 0 ? 1 : 0.25, output[2 * row]);
    }

    [Fact]
    public void Create_OptionsOfTheMembers_AreReadAndChecked()
    {
        var hint = Assert.Throws<LodeException>(() => LearnerCatalog.Create("bagging", new Dictionary<string, object?> { ["estimator__max_dept"] = 3 }));
        Assert.Equal("Learner 'decision_tree' has no option 'max_dept'.", hint.Message);
        Assert.Throws<LodeException>(() => LearnerCatalog.Create("voting", new Dictionary<string, object?> { ["estimators"] = "hist_gb", ["weights"] = "1,2" }));
        Assert.Throws<LodeException>(() => LearnerCatalog.Create("voting", new Dictionary<string, object?> { ["voting"] = "loud" }));
        Assert.Throws<LodeException>(() => LearnerCatalog.Create("ada_boost", new Dictionary<string, object?> { ["learning_rate"] = 0 }));
        Assert.Throws<LodeException>(() => LearnerCatalog.Create("bagging", new Dictionary<string, object?> { ["n_estimators"] = 0 }));
    }

    /// <summary>Hides that a learner can be fitted with other weights on features that were prepared before.</summary>
    private sealed class PreparedEachTime(ILearner inner) : ILearner
    {
        public string Name => inner.Name;

        public LearnerTags Tags => inner.Tags;

        public bool Supports(TaskKind task) => inner.Supports(task);

        public IModel Fit(TrainingData data, FitContext context) => inner.Fit(data, context);
    }
}
