using Lode.Bench.Tuning;
using Lode.Core;

namespace Lode.Optimization.Tests.Samplers.Gp;

public sealed class GpSamplerTests
{
    private static readonly SearchSpace s_square = new([new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1)]);

    public static TheoryData<string> ProblemNames => [.. Problems.All.Select(problem => problem.Name)];

    // Against a random search of twice as many trials; on Ackley's plateau of as many.
    [Theory, MemberData(nameof(ProblemNames))]
    public void Propose_StatedProblems_BeatsRandomOn18Of20Seeds(string name)
    {
        var problem = Problems.All.Single(problem => problem.Name == name);
        var (trials, wins) = (name == "ackley5" ? 100 : 40, 0);
        Parallel.For(0, 20, seed =>
        {
            if (Problems.BestOf(problem, new GpSampler(), (ulong)seed, trials) < Problems.BestOf(problem, new RandomSampler(), (ulong)seed, Math.Max(80, trials)))
                Interlocked.Increment(ref wins);
        });
        Assert.True(wins >= 18, $"GP beat random search on {wins} of 20 seeds");
    }

    // What was kept from earlier proposals must change no bit: every proposal is made again by a sampler that knows nothing.
    [Fact]
    public void Propose_WithAndWithoutWhatWasKept_SameBits()
    {
        var space = Problems.Mixed8.Space;
        var options = new GpOptions { ModelLimit = 48, FitLimit = 32, Candidates = 64, Starts = 2 };
        var (kept, trials) = (new GpSampler(options), new List<Trial>());
        for (var n = 0; n < 90; n++)
        {
            var history = new History([Direction.Minimize], [.. trials]);
            var unit = kept.Propose(space, history, new Rng(5, (ulong)n));
            if (n > 20)
                Assert.Equal(unit, new GpSampler(options).Propose(space, history, new Rng(5, (ulong)n)));
            var values = space.FromUnit(unit);
            // Some are told late, so that what is known changes in the middle.
            trials.Add(n % 7 == 3 ? new Trial(n, TrialState.Running, values) : new Trial(n, TrialState.Complete, values) { Values = [Problems.Mixed8.Evaluate(values)] });
            if (n % 7 == 6)
                trials[n - 3] = trials[n - 3] with { State = TrialState.Complete, Values = [Problems.Mixed8.Evaluate(trials[n - 3].Params)] };
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public void Propose_RepeatableWithWorkers_SameTrials(int workers)
    {
        List<Params> Run(int parallel)
        {
            var study = new Study(new StudyOptions { Space = Problems.Conditional.Space, Sampler = new GpSampler(), Seed = 3, RepeatableWidth = 16 });
            study.Optimize(trial => Problems.Conditional.Evaluate(trial.Params), new OptimizeOptions { Trials = 48, Parallel = parallel });
            return [.. study.Trials.Select(trial => trial.Params)];
        }
        Assert.Equal(Run(1), Run(workers));
    }

    [Theory]
    [InlineData(GpAcquisition.LogEi)]
    [InlineData(GpAcquisition.Pi)]
    [InlineData(GpAcquisition.Ucb)]
    [InlineData(GpAcquisition.Thompson)]
    public void Propose_AnyAcquisition_FindsTheBottomOfABowl(GpAcquisition acquisition)
    {
        var study = new Study(new StudyOptions { Space = s_square, Sampler = new GpSampler(new GpOptions { Acquisition = acquisition }), Directions = [Direction.Maximize] });
        study.Optimize(trial => -Bowl(trial.Params), new OptimizeOptions { Trials = 30 });
        Assert.InRange(Bowl(study.Best!.Params), 0, acquisition == GpAcquisition.LogEi ? 1e-4 : 5e-3);
    }

    // Active learning maps the whole surface: its model must be closer to the function everywhere than one of as many random trials.
    [Theory]
    [InlineData(GpAcquisition.MaxVariance)]
    [InlineData(GpAcquisition.IntegratedVariance)]
    public void Propose_ActiveLearning_MapsTheSurfaceBetterThanChance(GpAcquisition acquisition)
    {
        double Error(ISampler sampler, ulong seed)
        {
            var study = new Study(new StudyOptions { Space = s_square, Sampler = sampler, Seed = seed });
            study.Optimize(trial => Wave(trial.Params), new OptimizeOptions { Trials = 24 });
            var grid = GpMap.Grid(s_square, [0.5, 0.5], ["x", "y"], 12);
            return GpMap.At(s_square, new History([Direction.Minimize], study.Trials), 24, grid).Sum(point => Math.Pow(point.Mean - Wave(s_square.FromUnit(point.Unit)), 2));
        }
        var wins = Enumerable.Range(0, 10).Count(seed => Error(new GpSampler(new GpOptions { Acquisition = acquisition }), (ulong)seed) < Error(new RandomSampler(), (ulong)seed));
        Assert.True(wins >= 9, $"{wins} of 10");
    }

    [Fact]
    public void Propose_OutcomeConstraint_FindsTheBestOfTheFeasible()
    {
        // The bowl's bottom at (0.3, 0.6) is forbidden: x + y ≥ 1.2 must hold, so the best is (0.45, 0.75).
        var study = new Study(new StudyOptions { Space = s_square, Sampler = new GpSampler() });
        study.Optimize(trial => Outcome.Complete(Bowl(trial.Params)).WithConstraints(1.2 - trial.Params.Float("x") - trial.Params.Float("y")), new OptimizeOptions { Trials = 40 });
        Assert.True(study.Best!.IsFeasible);
        Assert.InRange(Bowl(study.Best.Params), 0.045, 0.047);
    }

    [Fact]
    public void Propose_KnownConstraint_IsHonoured()
    {
        var space = new SearchSpace(s_square, [new LinearConstraint([new("x", 1), new("y", 1)], Relation.AtLeast, 1.2)]);
        var study = new Study(new StudyOptions { Space = space, Sampler = new GpSampler() });
        study.Optimize(trial => Bowl(trial.Params), new OptimizeOptions { Trials = 30 });
        Assert.All(study.Trials, trial => Assert.True(trial.Params.Float("x") + trial.Params.Float("y") >= 1.2 - 1e-9));
        Assert.InRange(Bowl(study.Best!.Params), 0.045, 0.06);
    }

    [Fact]
    public void Propose_RunningTrials_KeepApart()
    {
        var study = new Study(new StudyOptions { Space = s_square, Sampler = new GpSampler() });
        study.Optimize(trial => Wave(trial.Params), new OptimizeOptions { Trials = 8 });
        var batch = Enumerable.Range(0, 6).Select(_ => study.Ask().Params).ToList();
        for (var i = 0; i < batch.Count; i++)
            for (var j = 0; j < i; j++)
                Assert.True(Math.Abs(batch[i].Float("x") - batch[j].Float("x")) + Math.Abs(batch[i].Float("y") - batch[j].Float("y")) > 1e-3, string.Join("; ", batch));
    }

    [Fact]
    public void Propose_SmallGrid_VisitsEveryPointBeforeAnyTwice()
    {
        var space = new SearchSpace([new CategoricalParameter("a", "p", "q", "r"), new IntParameter("b", 1, 5)]);
        var study = new Study(new StudyOptions { Space = space, Sampler = new GpSampler() });
        study.Optimize(trial => trial.Params.Int("b"), new OptimizeOptions { Trials = 19 }); // of 15 points; the four of the start may be the same
        Assert.Equal(15, study.Trials.Select(trial => trial.Params).Distinct().Count());
    }

    [Fact]
    public void Propose_SeveralObjectives_IsRefused()
    {
        var error = Assert.Throws<LodeException>(() => new GpSampler().Propose(SearchSpace.Empty, new History([Direction.Minimize, Direction.Minimize], []), new Rng(1)));
        Assert.Equal(ErrorCode.NotImplemented, error.Code);
    }

    [Fact]
    public void At_PastTrial_IsWhatWasKnownThen()
    {
        var study = new Study(new StudyOptions { Space = s_square, Sampler = new GpSampler(new GpOptions { Acquisition = GpAcquisition.MaxVariance }) });
        study.Optimize(trial => 100 + Bowl(trial.Params), new OptimizeOptions { Trials = 20 });
        var all = new History([Direction.Minimize], study.Trials);
        var grid = GpMap.Grid(s_square, [0.5, double.NaN], ["x"], 9);
        var then = GpMap.At(s_square, all, 12, grid);
        var alone = GpMap.At(s_square, all with { Trials = [.. all.Trials.Take(12)] }, 12, grid);
        Assert.Equal(alone.Select(point => (point.Mean, point.Deviation, point.Acquisition)), then.Select(point => (point.Mean, point.Deviation, point.Acquisition)));
        var now = GpMap.At(s_square, all, 20, grid);
        Assert.All(now, point => Assert.Equal(100 + Bowl(s_square.FromUnit(point.Unit)), point.Mean, 0.03));
        var turned = GpMap.At(s_square, new History([Direction.Maximize], [.. all.Trials.Select(trial => trial with { Values = [-trial.Values[0]] })]), 20, grid);
        Assert.All(now.Zip(turned), pair => Assert.Equal(pair.First.Mean, -pair.Second.Mean));
        Assert.Equal(ErrorCode.Conflict, Assert.Throws<LodeException>(() => GpMap.At(s_square, all, 1, grid)).Code);
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => GpMap.Grid(s_square, [0.5, 0.5], ["z"], 9)).Code);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(1e-9)]
    public void OutputWarp_AnyKind_RisesAndComesBack(double unit)
    {
        var rng = new Rng(12);
        double[] losses = [.. Enumerable.Range(0, 40).Select(_ => unit * Math.Exp(3 * rng.NextGaussian()))];
        foreach (var kind in OutputWarp.Choices(losses, true))
        {
            var warp = new OutputWarp(losses, kind);
            var warped = losses.Order().Select(warp.Forward).ToArray();
            Assert.Equal(warped.Order(), warped);
            Assert.Equal(0, warped.Average(), 1e-9);
            Assert.All(losses, loss => Assert.Equal(loss, warp.Back(warp.Forward(loss)), 1e-8 * losses.Max()));
            // The slopes that the evidence counts are those of the map.
            var slopes = losses.Sum(loss => Math.Log((warp.Forward(loss * (1 + 1e-6)) - warp.Forward(loss * (1 - 1e-6))) / (2e-6 * loss)));
            var plain = new OutputWarp(losses, OutputWarp.Kind.Plain);
            var reference = losses.Sum(loss => Math.Log((plain.Forward(loss * (1 + 1e-6)) - plain.Forward(loss * (1 - 1e-6))) / (2e-6 * loss)));
            Assert.Equal(slopes - reference, warp.LogSlopes(losses) - plain.LogSlopes(losses), 1e-3 * (1 + Math.Abs(slopes - reference)));
        }
    }

    private static double Wave(Params p) => Math.Sin(7 * p.Float("x")) + Math.Cos(5 * p.Float("y"));

    private static double Bowl(Params p) => Math.Pow(p.Float("x") - 0.3, 2) + Math.Pow(p.Float("y") - 0.6, 2);
}
