namespace Lode.Optimization.Tests.Samplers;

public sealed class GroupsTests
{
    [Fact]
    public void Of_DeclaredBranches_GroupsWhatIsActiveTogether()
    {
        var space = new SearchSpace(
        [
            new FloatParameter("x", 0, 1),
            new CategoricalParameter("model", "a", "b"),
            new FloatParameter("a1", 0, 1) { When = new("model", ["a"]) },
            new FloatParameter("b1", 0, 1) { When = new("model", ["b"]) },
            new FloatParameter("a2", 0, 1) { When = new("model", ["a"]) },
        ]);
        Assert.Equal([[0, 1], [2, 4], [3]], Groups.Of(space, []));
    }

    [Fact]
    public void Of_BranchesSeenInTrials_SplitsWhatWasNotTogether()
    {
        var space = new SearchSpace(Enumerable.Range(0, 4).Select(i => new FloatParameter($"x{i}", 0, 1)));
        double[][] seen = [[0.1, 0.1, double.NaN, double.NaN], [0.1, double.NaN, 0.1, 0.1]];
        Assert.Equal([[0], [1], [2, 3]], Groups.Of(space, seen));
    }
}
