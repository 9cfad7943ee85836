using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

public sealed class DummyTests : LearnerContract
{
    protected override bool Learns => false;

    protected override ILearner CreateLearner() => new Dummy();

    [Fact]
    public void Fit_GivesSharesAndMeans()
    {
        var features = new FeatureMatrix([1, 2, 3, 4], 4, ["x"]);
        var output = new double[4];
        new Dummy().Fit(new TrainingData(features, Target.Regression("y", [1, 2, 3, 6])), new FitContext(new Rng(0))).Predict(features, output);
        Assert.Equal([3, 3, 3, 3], output);
        output = new double[8];
        new Dummy().Fit(new TrainingData(features, Target.Classification("y", [0, 1, 1, 1], ["a", "b"]), [3, 1, 1, 1]), new FitContext(new Rng(0))).Predict(features, output);
        Assert.Equal([0.5, 0.5], output[..2]);
    }
}
