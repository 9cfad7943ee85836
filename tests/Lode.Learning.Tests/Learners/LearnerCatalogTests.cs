using System.Reflection;
using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

public sealed class LearnerCatalogTests
{
    [Fact]
    public void Names_AreFrozen() => Assert.Equal(["ada_boost", "bagging", "bayesian_ridge", "decision_tree", "dummy", "elastic_net", "extra_trees", "hist_gb", "huber", "lasso", "linear", "logistic", "poisson", "quantile", "random_forest", "ridge", "ridge_cv", "voting", "xgb"], LearnerCatalog.Names);

    [Fact]
    public void Create_EveryName_GivesTheLearnerOfThatName() =>
        Assert.All(LearnerCatalog.Names, name => Assert.Equal(name, LearnerCatalog.Create(name).Name));

    [Fact]
    public void Names_EveryOne_IsHeldToTheContract()
    {
        var create = typeof(LearnerContract).GetMethod("CreateLearner", BindingFlags.Instance | BindingFlags.NonPublic)!;
        var held = typeof(LearnerCatalogTests).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(LearnerContract)))
            .Select(type => ((ILearner)create.Invoke(Activator.CreateInstance(type), null)!).Name);
        Assert.Equal(LearnerCatalog.Names, held.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Create_Options_AreRead()
    {
        var data = Problems.All[0];
        var options = new Dictionary<string, object?> { ["n_estimators"] = 3L, ["max_depth"] = "2", ["max_features"] = 0.5, ["bootstrap"] = "false", ["criterion"] = "entropy" };
        var model = (ForestModel)LearnerCatalog.Create("random_forest", options).Fit(data, new FitContext(new Rng(1)));
        Assert.Equal(3, model.TreeCount);
        Assert.InRange(model.NodeCount, 3, 21);
    }

    [Theory]
    [InlineData("random_forrest", null, null, "There is no learner 'random_forrest'.", "Did you mean 'random_forest'?")]
    [InlineData("random_forest", "max_dept", 3, "Learner 'random_forest' has no option 'max_dept'.", "Did you mean 'max_depth'?")]
    [InlineData("dummy", "C", 3, "Learner 'dummy' has no option 'C'.", "There are: quantile.")]
    [InlineData("random_forest", "max_depth", 2.5, "Option 'max_depth' of learner 'random_forest' must be a whole number; got '2.5'.", null)]
    [InlineData("random_forest", "bootstrap", "maybe", "Option 'bootstrap' of learner 'random_forest' must be true or false; got 'maybe'.", null)]
    [InlineData("random_forest", "criterion", "mse", "Option 'criterion' of learner 'random_forest' must be gini, entropy or squared_error; got 'mse'.", null)]
    [InlineData("random_forest", "max_features", "half", "Option 'max_features' of learner 'random_forest' must be sqrt, log2, all, a count (whole number) or a share in (0, 1]; got 'half'.", null)]
    [InlineData("random_forest", "max_features", 0, "max_features must be at least 1; got 0.", null)]
    [InlineData("random_forest", "max_features", 1.5, "max_features as a share must be in (0, 1]; got 1.5.", null)]
    [InlineData("logistic", "C", "big", "Option 'C' of learner 'logistic' must be a number; got 'big'.", null)]
    public void Create_BadArguments_AreNamed(string name, string? option, object? value, string message, string? hint)
    {
        var options = option is null ? null : new Dictionary<string, object?> { [option] = value };
        var error = Assert.Throws<LodeException>(() => LearnerCatalog.Create(name, options));
        Assert.Equal((ErrorCode.InvalidArgument, message, hint), (error.Code, error.Message, error.Hint));
    }
}
