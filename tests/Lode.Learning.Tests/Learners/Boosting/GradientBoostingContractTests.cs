using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners.Boosting;

public sealed class GradientBoostingContractTests : LearnerContract
{
    protected override ILearner CreateLearner() =>
        new GradientBoosting(new BoostingOptions { MaxIter = 40, MinSamplesLeaf = 1, L2Regularization = 0.1, MaxLeafNodes = 8, EarlyStopping = false });
}

public sealed class SampledBoostingContractTests : LearnerContract
{
    protected override ILearner CreateLearner() =>
        new GradientBoosting(new BoostingOptions { MinSamplesLeaf = 5, Subsample = 0.7, ColumnSample = 0.8, EarlyStopping = true });
}

public sealed class XgBoostContractTests : LearnerContract
{
    protected override ILearner CreateLearner() => LearnerCatalog.Create("xgb", new Dictionary<string, object?> { ["n_estimators"] = 40 });
}
