using Lode.Core;

namespace Lode.Optimization.Tests.Samplers;

public sealed class EnumeratingSamplerTests
{
    private static readonly SearchSpace s_tree = new(
    [
        new IntParameter("depth", 1, 3) { When = new("model", ["forest"]) },
        new CategoricalParameter("model", "forest", "linear", "none"),
        new FloatParameter("c", 0.1, 0.3, step: 0.1) { When = new("model", ["linear"]) },
        new CategoricalParameter("scale", false, true) { When = new("c_kind", ["x"]) },
        new OrdinalParameter("c_kind", "x", "y") { When = new("model", ["linear"]) },
    ]);

    // forest 3, linear 3 · (2 + 1), none 1.
    private const int Leaves = 13;

    [Theory]
    [InlineData("grid", 0, 1)]
    [InlineData("grid", 4, 4)]
    [InlineData("brute_force", 0, 1)]
    [InlineData("brute_force", 4, 4)]
    public void Optimize_ConditionalSpace_TriesEachConfigurationOnceAndEnds(string name, int width, int workers)
    {
        var study = new Study(new StudyOptions { Space = s_tree, Sampler = SamplerCatalog.Create(name), RepeatableWidth = width, Duplicates = DuplicatePolicy.Allow });
        study.Enqueue(new Params([new("model", "forest"), new("depth", 2)]));
        study.Optimize(trial => trial.Number == 5 ? throw new InvalidOperationException() : 1, new OptimizeOptions { Trials = 100, Parallel = workers });
        Assert.Equal("Every configuration has been tried.", study.StopReason);
        Assert.Equal(Leaves, study.Trials.Select(trial => trial.Params).Distinct().Count());
        // In a wave, what runs may still ask for more, for all that brute force knows.
        Assert.InRange(study.Trials.Count, Leaves, Leaves + (name == "brute_force" ? Math.Max(0, width - 1) : 0));
    }

    [Theory]
    [InlineData("grid")]
    [InlineData("brute_force")]
    public void Optimize_Constraints_TriesTheFeasibleOnesAndEnds(string name)
    {
        var space = new SearchSpace([new IntParameter("i", 0, 9), new IntParameter("j", 0, 9)], [new LinearConstraint([new("i", 1), new("j", 1)], Relation.AtMost, 4)]);
        var study = new Study(new StudyOptions { Space = space, Sampler = SamplerCatalog.Create(name) });
        study.Optimize(_ => 1, new OptimizeOptions { Trials = 1000 });
        Assert.Equal(15, study.Trials.Select(trial => trial.Params).Distinct().Count());
        Assert.Equal(15, study.Trials.Count);
    }

    [Fact]
    public void BruteForce_DefineByRun_FindsTheWholeTree()
    {
        var study = new Study(new StudyOptions { Sampler = new BruteForceSampler(), Seed = 4 });
        study.Optimize(trial =>
        {
            var a = trial.Int("a", 0, 2);
            return a switch
            {
                0 => 0,
                1 => trial.Choice("b", "x", "y") == "x" ? 1 : trial.Float("c", 0, 1, step: 0.25),
                _ => trial.Flag("d") ? trial.Int("e", 1, 4) : 2,
            };
        }, new OptimizeOptions { Trials = 500 });
        Assert.NotNull(study.StopReason);
        // 1 + (1 + 5) + (4 + 1)
        Assert.Equal(12, study.Trials.Select(trial => trial.Params).Distinct().Count());
        Assert.InRange(study.Trials.Count, 12, 14);
    }

    // What it remembers of finished trials changes nothing: with stragglers, shorter histories in between, and constraints.
    [Fact]
    public void BruteForce_RememberedOrNot_SameProposals()
    {
        var space = new SearchSpace([.. s_tree, new IntParameter("k", 0, 3)], [new PredicateConstraint("odd", p => p.Int("k") != 2 || p.Text("model") != "linear", "k", "model")]);
        var (remembering, rng) = (new BruteForceSampler(), new Rng(6));
        var list = new TrialList();
        for (var i = 0; i < 60; i++)
        {
            var history = new History([Direction.Minimize], list.Snapshot());
            var proposal = remembering.Propose(space, history, new Rng(3, (ulong)i));
            Assert.Equal(new BruteForceSampler().Propose(space, history, new Rng(3, (ulong)i)), proposal);
            Assert.Equal(new BruteForceSampler().IsExhausted(space, history), remembering.IsExhausted(space, history));
            list.Add(new Trial(i, TrialState.Running, space.FromUnit(proposal)) { Space = space });
            var told = rng.NextInt32(i + 1);
            if (list[told].State == TrialState.Running)
                list[told] = list[told] with { State = TrialState.Complete, Values = [1] };
            if (i == 30)
                remembering.Propose(space, history with { Trials = [.. history.Trials.Take(9)] }, new Rng(1));
        }
    }

    [Fact]
    public void BruteForce_ManyTrials_AllocatesNoMorePerProposal()
    {
        var study = new Study(new StudyOptions { Space = new([new IntParameter("i", 0, 99), new IntParameter("j", 0, 99)]), Sampler = new BruteForceSampler() });
        long Bytes(int trials)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < trials; i++)
                study.Tell(study.Ask().Number, 1);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Bytes(200);
        var early = Bytes(500);
        Bytes(4000);
        Assert.InRange(Bytes(500), 0, 2 * early);
        Assert.Equal(5200, study.Trials.Select(trial => trial.Params).Distinct().Count());
    }

    [Fact]
    public void BruteForce_Resumed_LeavesOutWhatWasTried()
    {
        var options = new StudyOptions { Space = s_tree, Sampler = new BruteForceSampler(), Seed = 2 };
        var first = new Study(options);
        first.Optimize(_ => 1, new OptimizeOptions { Trials = 7 });
        var second = new Study(options with { Seed = 3 }, first.Trials);
        second.Optimize(_ => 1, new OptimizeOptions { Trials = 100 });
        Assert.Equal(Leaves, second.Trials.Count);
    }

    [Fact]
    public void BruteForce_ContinuousBranch_IsDrawnAndNeverUsedUp()
    {
        var space = new SearchSpace([new CategoricalParameter("c", "a", "b"), new FloatParameter("x", 0, 1) { When = new("c", ["b"]) }, new IntParameter("huge", 0, 1L << 50) { When = new("c", ["b"]) }]);
        var study = new Study(new StudyOptions { Space = space, Sampler = new BruteForceSampler() });
        study.Optimize(_ => 1, new OptimizeOptions { Trials = 30 });
        Assert.Equal(1, study.Trials.Count(trial => trial.Params.Text("c") == "a"));
        Assert.Equal(30, study.Trials.Count);
    }

    [Fact]
    public void Grid_Numbers_HaveSoManyValuesFromBoundToBound()
    {
        var space = new SearchSpace([new FloatParameter("x", 1e-3, 10, log: true), new IntParameter("n", 1, 100)]);
        var grid = new GridSampler(new() { Values = 5 });
        Assert.Equal(25, grid.Count(space));
        var study = new Study(new StudyOptions { Space = space, Sampler = grid });
        study.Optimize(_ => 1, new OptimizeOptions { Trials = 100 });
        Assert.Equal(25, study.Trials.Count);
        Assert.Equal([1e-3, 1e-2, 1e-1, 1, 10], study.Trials.Select(trial => trial.Params.Float("x")).Distinct().Order().Select(x => Math.Round(x, 9)));
        Assert.Equal([1, 26, 51, 75, 100], study.Trials.Select(trial => trial.Params.Int("n")).Distinct().Order());
        Assert.Throws<LodeException>(() => new GridSampler(new() { Values = 0 }));
        Assert.Contains("2^62", Assert.Throws<LodeException>(() => grid.Count(new SearchSpace(Enumerable.Range(0, 40).Select(i => new FloatParameter($"x{i}", 0, 1))))).Message, StringComparison.Ordinal);
    }
}
