using Lode.Bench.Tuning;
using Lode.Core;

namespace Lode.Optimization.Tests.Samplers;

public sealed class TpeSamplerTests
{
    public static TheoryData<string> ProblemNames => [.. Problems.All.Select(problem => problem.Name)];

    // 100 trials each; the sampler must earn its place on problems that are hard for random search for three different reasons.
    [Theory, MemberData(nameof(ProblemNames))]
    public void Propose_HundredTrials_BeatsRandomOn18Of20Seeds(string name)
    {
        var problem = Problems.All.Single(problem => problem.Name == name);
        var wins = 0;
        Parallel.For(0, 20, seed =>
        {
            if (Problems.BestOf(problem, new TpeSampler(), (ulong)seed, 100) < Problems.BestOf(problem, new RandomSampler(), (ulong)seed, 100))
                Interlocked.Increment(ref wins);
        });
        Assert.True(wins >= 18, $"TPE beat random search on {wins} of 20 seeds");
    }

    [Fact]
    public void Propose_BeforeStartup_IsRandom()
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1)]);
        var history = Line(9, x => x);
        Assert.Equal(new RandomSampler().Propose(space, history, new Rng(1)), new TpeSampler().Propose(space, history, new Rng(1)));
        Assert.NotEqual(new RandomSampler().Propose(space, Line(10, x => x), new Rng(1)), new TpeSampler().Propose(space, Line(10, x => x), new Rng(1)));
    }

    [Theory]
    [InlineData(Direction.Minimize, 0.3)]
    [InlineData(Direction.Maximize, 0.8)]
    public void Propose_OneNumber_GoesWhereTheGoodOnesAre(Direction direction, double optimum)
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1)]);
        var history = Line(100, x => (direction == Direction.Minimize ? 1 : -1) * Math.Abs(x - optimum), direction);
        var proposals = Enumerable.Range(0, 50).Select(i => new TpeSampler().Propose(space, history, new Rng(8, (ulong)i))[0]);
        Assert.InRange(proposals.Average(), optimum - 0.06, optimum + 0.06);
    }

    [Fact]
    public void Propose_RunningTrialsAtTheOptimum_KeepApart()
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1)]);
        var history = Line(40, x => Math.Abs(x - 0.5));
        var crowded = history with
        {
            Trials = [.. history.Trials, .. Enumerable.Range(40, 20).Select(i => new Trial(i, TrialState.Running, new Params([new("x", 0.5)])))],
        };
        double Near(History known) => Enumerable.Range(0, 100).Count(i => Math.Abs(new TpeSampler().Propose(space, known, new Rng(2, (ulong)i))[0] - 0.5) < 0.02);
        Assert.True(Near(crowded) < Near(history), "running trials should push proposals away");
    }

    [Fact]
    public void Propose_FailuresInOneHalf_AvoidsIt()
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1)]);
        var history = new History([Direction.Minimize], [.. Enumerable.Range(0, 60).Select(i =>
        {
            var x = new Rng(6, (ulong)i).NextDouble();
            return new Trial(i, x > 0.5 ? TrialState.Failed : TrialState.Complete, new Params([new("x", x)])) { Values = x > 0.5 ? [] : [1.0] };
        })]);
        var failing = Enumerable.Range(0, 100).Count(i => new TpeSampler().Propose(space, history, new Rng(7, (ulong)i))[0] > 0.5);
        Assert.True(failing < 20, $"{failing} of 100 proposals lie where trials fail");
    }

    [Fact]
    public void Propose_SeveralObjectives_IsRefused()
    {
        var error = Assert.Throws<LodeException>(() => new TpeSampler().Propose(SearchSpace.Empty, new History([Direction.Minimize, Direction.Minimize], []), new Rng(1)));
        Assert.Equal(ErrorCode.NotImplemented, error.Code);
    }

    [Fact]
    public void Propose_SmallGrid_NeverRepeatsWhileSomethingIsNew()
    {
        var study = new Study(new StudyOptions { Space = new([new IntParameter("a", 1, 8), new CategoricalParameter("b", "x", "y", "z", "w")]), Sampler = new TpeSampler(), Seed = 3 });
        study.Optimize(trial => Math.Abs(trial.Params.Float("a") - 3) + (trial.Params.Text("b") == "z" ? 0 : 1), new OptimizeOptions { Trials = 28 });
        Assert.Equal(28, study.Trials.Select(trial => trial.Params).Distinct().Count());
        study.Optimize(trial => 1, new OptimizeOptions { Trials = 10 }); // all 32 are known soon: it goes on all the same
        Assert.Equal(38, study.Trials.Count);
    }

    [Fact]
    public void Propose_Constrained_KeepsToIt()
    {
        var space = new SearchSpace(
            [new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1), new CategoricalParameter("c", "a", "b"), new FloatParameter("z", 0, 1) { When = new("c", ["b"]) }],
            [new LinearConstraint([new("x", 1), new("y", 1)], Relation.AtMost, 0.5), new PredicateConstraint("z over x", p => p.Float("z") > p.Float("x"), "z", "x")]);
        var trials = Enumerable.Range(0, 60).Select(i =>
        {
            var values = space.FromUnit(UniformDraw.Feasible(space, new Rng(2, (ulong)i)));
            return new Trial(i, TrialState.Complete, values) { Values = [-values.Float("x") - values.Float("y")] };
        });
        var history = new History([Direction.Minimize], [.. trials]);
        for (var i = 0; i < 50; i++)
            Assert.True(space.IsFeasible(new TpeSampler().Propose(space, history, new Rng(8, (ulong)i))));
    }

    [Fact]
    public void Propose_OutcomeConstraints_GoesWhereTheyHold()
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1)]);
        var history = Line(80, x => -x);
        history = history with { Trials = [.. history.Trials.Select(trial => trial with { Constraints = [trial.Params.Float("x") - 0.6] })] };
        var mean = Enumerable.Range(0, 50).Average(i => new TpeSampler().Propose(space, history, new Rng(8, (ulong)i))[0]);
        Assert.InRange(mean, 0.5, 0.62);
    }

    // An easy branch that ends at 0.1, a hard one of three parameters that ends at 0.
    [Fact]
    public void Optimize_HardBranchIsBetter_BanditFindsIt()
    {
        var space = new SearchSpace(
        [
            new CategoricalParameter("branch", "easy", "hard"),
            new FloatParameter("e", 0, 1) { When = new("branch", ["easy"]) },
            new FloatParameter("h0", 0, 1) { When = new("branch", ["hard"]) },
            new FloatParameter("h1", 0, 1) { When = new("branch", ["hard"]) },
            new FloatParameter("h2", 0, 1) { When = new("branch", ["hard"]) },
        ]);
        static double Loss(Params p) => p.Text("branch") == "easy"
            ? 0.1 + (0.2 * Math.Abs(p.Float("e") - 0.4))
            : p.Where(item => item.Key != "branch").Sum(item => Math.Abs(item.Value.AsDouble() - 0.85));
        // Of 60 studies 52 found it, without the bandit 3.
        int Found(bool bandit) => Enumerable.Range(0, 20).Count(seed =>
        {
            var study = new Study(new StudyOptions { Space = space, Sampler = new TpeSampler(new() { BranchByBandit = bandit }), Seed = (ulong)seed });
            study.Optimize(trial => Loss(trial.Params), new OptimizeOptions { Trials = 150 });
            return study.Best!.Params.Text("branch") == "hard";
        });
        var (found, without) = (Found(true), Found(false));
        Assert.True(found >= 15 && without <= 5, $"found in {found} of 20 studies, without the bandit in {without}");
    }

    [Fact]
    public void Neediest_StagnantBranch_IsGivenUp()
    {
        var space = new SearchSpace([new CategoricalParameter("c", "a", "b"), new FloatParameter("x", 0, 1) { When = new("c", ["a"]) }]);
        // a improves from 1 to 0; b stays at 5 from its second trial on.
        double Of(int count)
        {
            var trials = Enumerable.Range(0, count).Select(i => new Trial(i, TrialState.Complete, space.FromUnit([i % 2 == 0 ? 0.25 : 0.75, 0.5])) { Values = [i % 2 == 0 ? 1.0 - (0.01 * i) : 5] }).ToArray();
            return Branching.Neediest(space, 0, [.. Enumerable.Range(0, count)], [.. Enumerable.Range(0, count)], [.. trials.Select(trial => trial.Params.UnitIn(space))], new Ranking(new History([Direction.Minimize], trials)), 1000);
        }
        Assert.Equal(0.75, Of(13)); // six of b: too few to judge
        Assert.Equal(double.NaN, Of(40));
    }

    [Fact]
    public void Propose_ManyCandidates_AllocatesNoMorePerCandidate()
    {
        var space = new SearchSpace(Enumerable.Range(0, 5).Select(i => new FloatParameter($"x{i}", 0, 1)));
        var trials = Enumerable.Range(0, 200).Select(i =>
        {
            var values = space.FromUnit(new RandomSampler().Propose(space, new History([Direction.Minimize], []), new Rng(1, (ulong)i)));
            return new Trial(i, TrialState.Complete, values) { Values = [values.Float("x0")] };
        });
        var history = new History([Direction.Minimize], [.. trials]);
        long Bytes(int candidates)
        {
            var sampler = new TpeSampler(new TpeOptions { Candidates = candidates });
            sampler.Propose(space, history, new Rng(1));
            var before = GC.GetAllocatedBytesForCurrentThread();
            sampler.Propose(space, history, new Rng(2));
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(Bytes(10), Bytes(500));
    }

    private static History Line(int count, Func<double, double> value, Direction direction = Direction.Minimize) => new([direction], [.. Enumerable.Range(0, count).Select(i =>
    {
        var x = new Rng(55, (ulong)i).NextDouble();
        return new Trial(i, TrialState.Complete, new Params([new("x", x)])) { Values = [value(x)] };
    })]);
}
