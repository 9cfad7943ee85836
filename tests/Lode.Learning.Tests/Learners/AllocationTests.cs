using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

/// <summary>What is done for every row, block or step allocates nothing: all of it together takes no more than a few objects.</summary>
public sealed class AllocationTests
{
    private const int Rows = 20_000;

    // A number a row would be 160,000 bytes.
    private const int FewObjects = 6_000;

    [Theory]
    [InlineData("random_forest", 0, "n_estimators")]
    [InlineData("random_forest", 0.2, "n_estimators")]
    [InlineData("extra_trees", 0.2, "n_estimators")]
    [InlineData("decision_tree", 0, "")]
    [InlineData("hist_gb", 0, "max_iter")]
    [InlineData("hist_gb", 0.2, "max_iter")]
    [InlineData("xgb", 0.2, "n_estimators")]
    public void Predict_Trees_AllocatesNothingByRowOrBlock(string learner, double missing, string trees)
    {
        var options = trees.Length > 0 ? new Dictionary<string, object?> { [trees] = 6 } : [];
        RequireFewObjects(LearnerCatalog.Create(learner, options), missing, categories: false);
        if (learner is "hist_gb" or "xgb")
            RequireFewObjects(LearnerCatalog.Create(learner, options), missing, categories: true);
    }

    [Theory]
    [InlineData("ada_boost", "estimator", "decision_tree", "")]
    [InlineData("bagging", "estimator", "decision_tree", "max_features")]
    [InlineData("bagging", "estimator", "hist_gb", "")]
    [InlineData("voting", "estimators", "decision_tree,dummy", "")]
    public void Predict_Ensembles_AllocatesNothingByRowOrBlock(string learner, string option, string members, string columns)
    {
        var options = new Dictionary<string, object?> { [option] = members };
        if (members == "decision_tree")
            options["estimator__max_depth"] = 3;
        if (learner != "voting")
            options["n_estimators"] = 5;
        if (columns.Length > 0)
            options[columns] = 0.5;
        RequireFewObjects(LearnerCatalog.Create(learner, options), 0.2, categories: false);
    }

    private static void RequireFewObjects(ILearner learner, double missing, bool categories)
    {
        foreach (var made in new[] { Problems.Classes(Rows, 6, 2, 3), Problems.Classes(Rows, 6, 3, 3), Problems.Regression(Rows, 6, 3) })
        {
            var data = missing > 0 ? Problems.WithMissing(made, missing, 4) : made;
            data = categories ? Problems.WithCategories(data, 12, 5) : data;
            int[] few = [.. Enumerable.Range(0, 400)];
            var training = new TrainingData(new FeatureMatrix(data.Features.Values[..(400 * 6)].ToArray(), 400, data.Features.Names, data.Features.Levels.ToArray()), data.Target.Select(few));
            var model = learner.Fit(training, new FitContext(new Rng(1), 1));
            var output = new double[Rows * Math.Max(1, data.Target.Classes.Count)];
            foreach (var threads in new[] { 1, 2 })
                Assert.InRange(Least(() => model.Predict(data.Features, output, threads)), 0, threads * FewObjects);
        }
    }

    [Fact]
    public void Minimize_MoreSweeps_AllocatesNothingMore()
    {
        var data = Alike(3000, 30);
        var equations = NormalEquations.Of(data, new FitContext(new Rng(1), 1), centre: true, "lasso");
        long Allocated(int sweeps)
        {
            return Least(() =>
            {
                var (quadratic, coefficients) = (new GramQuadratic(equations), new double[30]);
                var (made, _) = CoordinateDescent.Minimize(quadratic, coefficients, 1e-4, 1e-4, 0, sweeps, default);
                Assert.Equal(sweeps, made);
            });
        }
        Assert.Equal(Allocated(2), Allocated(300));
    }

    [Fact]
    public void Step_HuberAfterTheFirst_AllocatesNothingByRowOrColumn()
    {
        var data = Alike(3000, 40);
        var context = new FitContext(new Rng(1), 1);
        var equations = NormalEquations.Of(data, context, centre: true, "huber");
        var problem = new HuberProblem(data, equations, new HuberOptions(), context);
        var (point, gradient, step, hessian) = (new double[42], new double[42], new double[42], new double[42 * 42]);
        point[^1] = 1;
        // The one closure of the product's parts; the second derivatives alone would be 14,112 bytes.
        Assert.InRange(Least(() =>
        {
            problem.Evaluate(point, gradient);
            problem.Step(point, gradient, hessian, step, held: false);
        }), 0, 400);
        Assert.True(step[0] != 0);
    }

    /// <summary>A regression on columns that are nearly one: descent by coordinates is slow.</summary>
    private static TrainingData Alike(int rows, int columns)
    {
        var rng = new Rng(6);
        var (values, target) = (new double[rows * columns], new double[rows]);
        for (var row = 0; row < rows; row++)
        {
            var common = rng.NextGaussian();
            for (var column = 0; column < columns; column++)
                values[(row * columns) + column] = common + (0.1 * rng.NextGaussian());
            target[row] = (3 * values[row * columns]) - values[(row * columns) + 1] + rng.NextGaussian() + (row % 50 == 0 ? 40 : 0);
        }
        return new TrainingData(new FeatureMatrix(values, rows, [.. Enumerable.Range(0, columns).Select(column => $"x{column}")]), Target.Regression("y", target));
    }

    // A collection that other tests bring about in the midst empties pools and is counted too: the least of some.
    private static long Least(Action run)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 7; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
