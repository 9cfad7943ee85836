using Space = Lode.Optimization.SearchSpace;

namespace Lode.Optimization.Tests.Studies;

public sealed class DuplicateTests
{
    private static readonly Space s_space = new([new IntParameter("i", 0, 9), new CategoricalParameter("c", "a", "b"), new IntParameter("j", 0, 1) { When = new("c", ["b"]) }]);

    [Fact]
    public void Reask_FiniteSpace_TriesNearlyEverythingBeforeItRepeats()
    {
        var study = new Study(new StudyOptions { Space = s_space, Sampler = new RandomSampler(), Seed = 1 });
        study.Optimize(trial => trial.Params.Int("i"), new OptimizeOptions { Trials = 30 });
        Assert.InRange(study.Trials.Select(trial => trial.Params).Distinct().Count(), 29, 30);
        study.Optimize(trial => trial.Params.Int("i"), new OptimizeOptions { Trials = 5 });
        Assert.Equal(35, study.Trials.Count);
    }

    [Fact]
    public void Allow_FiniteSpace_Repeats()
    {
        var study = new Study(new StudyOptions { Space = s_space, Sampler = new RandomSampler(), Duplicates = DuplicatePolicy.Allow });
        study.Optimize(trial => trial.Params.Int("i"), new OptimizeOptions { Trials = 30 });
        Assert.InRange(study.Trials.Select(trial => trial.Params).Distinct().Count(), 5, 27);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Reuse_FiniteSpace_EvaluatesEachConfigurationOnce(int width)
    {
        var study = new Study(new StudyOptions { Space = s_space, Sampler = new RandomSampler(), Duplicates = DuplicatePolicy.Reuse, RepeatableWidth = width });
        var evaluated = new List<Params>();
        var finished = 0;
        study.Optimize(trial =>
        {
            evaluated.Add(trial.Params);
            return Outcome.Complete(trial.Params.Int("i")).WithConstraints(-1);
        }, new OptimizeOptions { Trials = 60, Hooks = new() { Finished = _ => finished++ } });
        Assert.Equal(60, finished);
        Assert.All(study.Trials, trial => Assert.Equal((trial.Params.Int("i"), -1.0), ((long)trial.Values[0], trial.Constraints[0])));
        // In a wave, what runs has no value yet to take over.
        Assert.InRange(evaluated.Count - evaluated.Distinct().Count(), 0, width == 0 ? 0 : 5);
        Assert.True(evaluated.Count < 40);
    }

    [Theory]
    [InlineData(DuplicatePolicy.Reuse)]
    [InlineData(DuplicatePolicy.Reask)]
    public void Optimize_Repeatable_SameTrialsWithAnyNumberOfWorkersAndAfterARestart(DuplicatePolicy policy)
    {
        var options = new StudyOptions { Space = s_space, RepeatableWidth = 16, Duplicates = policy, Seed = 9 };
        static Outcome Objective(LiveTrial trial)
        {
            Thread.SpinWait(trial.Rng.NextInt32(20_000));
            return trial.Params.Int("i") + (0.01 * trial.Number);
        }
        static string Print(Study study) => string.Join('\n', study.Trials.Select(trial => $"{trial.Params} {trial.Values[0]}"));
        string Run(int workers)
        {
            var study = new Study(options);
            study.Optimize(Objective, new OptimizeOptions { Trials = 64, Parallel = workers });
            return Print(study);
        }
        var alone = Run(1);
        Assert.Equal(alone, Run(4));
        Assert.Equal(alone, Run(16));
        var half = new Study(options);
        half.Optimize(Objective, new OptimizeOptions { Trials = 23 });
        var resumed = new Study(options, half.Trials);
        resumed.Optimize(Objective, new OptimizeOptions { Trials = 41, Parallel = 4 });
        Assert.Equal(alone, Print(resumed));
    }

    [Fact]
    public void Ask_SpaceUsedUp_GoesOnRepeating()
    {
        var study = new Study(new StudyOptions { Space = new([new CategoricalParameter("c", "a", "b")]) });
        study.Optimize(_ => 1, new OptimizeOptions { Trials = 20 });
        Assert.Equal(2, study.Trials.Take(2).Select(trial => trial.Params).Distinct().Count());
        Assert.Equal(20, study.Trials.Count);
        var empty = new Study(new StudyOptions { Sampler = new RandomSampler() });
        empty.Optimize(_ => 1, new OptimizeOptions { Trials = 5 });
        Assert.All(empty.Trials, trial => Assert.Equal(0, trial.Params.Count));
    }

    [Fact]
    public void Reuse_DefineByRun_KnowsWhatTheObjectiveWouldAskFor()
    {
        var study = new Study(new StudyOptions { Sampler = new RandomSampler(), Duplicates = DuplicatePolicy.Reuse, Seed = 2 });
        var evaluated = new List<string>();
        study.Optimize(trial =>
        {
            var outcome = trial.Choice("kind", "a", "b") == "a" ? trial.Int("depth", 1, 2) : trial.Int("width", 5, 6);
            evaluated.Add(trial.Params.ToString());
            return outcome;
        }, new OptimizeOptions { Trials = 40 });
        Assert.Equal(40, study.Trials.Count);
        Assert.InRange(evaluated.Count, 4, 6);
        Assert.All(study.Trials, trial => Assert.Equal(trial.Params.Contains("depth"), trial.Values[0] < 3));
    }

    [Fact]
    public void Ask_UnderReuse_ShowsTheTrialThatItRepeats()
    {
        var study = new Study(new StudyOptions { Space = new([new CategoricalParameter("c", "a")]), Duplicates = DuplicatePolicy.Reuse });
        var first = study.Ask();
        Assert.Null(study.Ask().Repeats); // no value yet
        study.Tell(first.Number, 5);
        Assert.Equal(5, study.Ask().Repeats!.Values[0]);
    }

    // A proposal stays noted from ask to tell and after it, also where the trial failed or was given back in between.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reask_SmallSpaceAnyEnd_NothingTwice(bool parallel)
    {
        var study = new Study(new StudyOptions { Space = new([new IntParameter("i", 0, 99), new IntParameter("j", 0, 9)]), Sampler = new RandomSampler(), Seed = 4 });
        var open = new Queue<LiveTrial>();
        for (var n = 0; n < 400; n++)
        {
            open.Enqueue(study.Ask());
            if (n % 10 == 3)
                study.Release(open.Dequeue().Number);
            else if (!parallel || open.Count > 8)
                study.Tell(open.Dequeue().Number, n % 7 == 0 ? Outcome.Failed("broke") : n % 11 == 0 ? Outcome.Pruned : n);
        }
        Assert.Equal(study.Trials.Count, study.Trials.Select(trial => trial.Params).Distinct().Count());
    }
}
