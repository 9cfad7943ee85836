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
