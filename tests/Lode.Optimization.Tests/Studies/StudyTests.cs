using Lode.Core;

namespace Lode.Optimization.Tests.Studies;

public sealed class StudyTests
{
    private static readonly SearchSpace s_space = new([new FloatParameter("x", 0, 1), new CategoricalParameter("c", "a", "b"), new FloatParameter("y", 0, 1) { When = new("c", ["b"]) }]);

    [Fact]
    public void AskTell_DeclaredSpace_GivesActiveParametersAndKeepsTheBest()
    {
        var study = new Study(new StudyOptions { Space = s_space, Directions = [Direction.Maximize] });
        for (var i = 0; i < 30; i++)
        {
            var trial = study.Ask();
            Assert.Equal(i, trial.Number);
            Assert.Equal(trial.Params.Text("c") == "b", trial.Params.Contains("y"));
            Assert.Equal(TrialState.Complete, study.Tell(trial.Number, trial.Params.Float("x")).State);
        }
        Assert.Equal(study.Trials.Max(trial => trial.Values[0]), study.Best!.Values[0]);
        Assert.All(study.Trials, trial => Assert.Equal(trial.Params.Float("x"), trial.Values[0]));
    }

    [Fact]
    public void Tell_EachOutcome_IsData()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        Assert.Equal(TrialState.Pruned, study.Tell(study.Ask().Number, Outcome.Pruned).State);
        Assert.Equal("no memory", study.Tell(study.Ask().Number, Outcome.Failed("no memory")).Failure);
        var nan = study.Tell(study.Ask().Number, double.NaN);
        Assert.Equal(TrialState.Failed, nan.State);
        Assert.True(double.IsNaN(nan.Values[0]));
        Assert.Equal(TrialState.Complete, study.Tell(study.Ask().Number, double.PositiveInfinity).State);
        Assert.Null(new Study(new StudyOptions()).Best);
        Assert.Equal(3, study.Best!.Number);
    }

    [Fact]
    public void Tell_UnknownFinishedOrWrongCount_IsRefusedAndTheStudyGoesOn()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        var trial = study.Ask();
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<LodeException>(() => study.Tell(7, 1)).Code);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<LodeException>(() => study.Tell(-1, 1)).Code);
        Assert.Contains("needs 1 value, one per objective; got 2", Assert.Throws<LodeException>(() => study.Tell(0, new[] { 1.0, 2 })).Message, StringComparison.Ordinal);
        study.Tell(trial.Number, 1);
        Assert.Contains("complete, not running", Assert.Throws<LodeException>(() => study.Tell(0, 2)).Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Conflict, Assert.Throws<LodeException>(() => trial.Report(0, 1)).Code);
        Assert.Equal(1, study.Ask().Number);
        Assert.Equal(1, study.Best!.Values[0]);
    }

    [Fact]
    public void Report_BadStepsAndCounts_AreRefusedAndOrderIsKept()
    {
        var trial = new Study(new StudyOptions { Space = s_space }).Ask();
        trial.Report(5, 0.5);
        trial.Report(2, 0.2);
        Assert.Equal([2, 5], trial.Snapshot.Reports.Select(report => report.Step));
        Assert.Equal(0.5, trial.Snapshot.LastReport!.Value.Values[0]);
        Assert.Null(trial.Snapshot.ReportAt(3));
        Assert.Equal(0.2, trial.Snapshot.ReportAt(2)!.Value.Values[0]);
        Assert.Throws<LodeException>(() => trial.Report(5, 1));
        Assert.Throws<LodeException>(() => trial.Report(-1, 1));
        Assert.Throws<LodeException>(() => trial.Report(6, 1, 2));
        Assert.Equal(2, trial.Snapshot.Reports.Length);
    }

    [Fact]
    public void Enqueue_WholeOrPart_IsGivenOutFirst()
    {
        var study = new Study(new StudyOptions { Space = s_space, Seed = 3 });
        study.Ask();
        Assert.Equal(TrialState.Waiting, study.Enqueue(new Params([new("x", 0.25), new("c", "b")])).State);
        study.Enqueue(new Params([new("c", "a")]));
        var first = study.Ask();
        Assert.Equal((1, 0.25, "b"), (first.Number, first.Params.Float("x"), first.Params.Text("c")));
        Assert.InRange(first.Params.Float("y"), 0, 1);
        var second = study.Ask();
        Assert.Equal((2, "a", 2), (second.Number, second.Params.Text("c"), second.Params.Count));
        Assert.Equal(3, study.Ask().Number);
    }

    [Theory]
    [InlineData("x", 2.0, "'x' is float 0 to 1; got 2")]
    [InlineData("y", 0.5, "active only when c in {b}")]
    [InlineData("xx", 0.5, "There is no parameter 'xx'; the space has: x, c, y.")]
    public void Enqueue_OutsideOrInactive_IsRefused(string name, double value, string message)
    {
        var study = new Study(new StudyOptions { Space = s_space });
        Assert.Contains(message, Assert.Throws<LodeException>(() => study.Enqueue(new Params([new("c", "a"), new(name, value)]))).Message, StringComparison.Ordinal);
        Assert.Empty(study.Trials);
    }

    [Fact]
    public void Enqueue_NumbersOnALogScale_ComeOutBitForBit()
    {
        var study = new Study(new StudyOptions { Space = new([new FloatParameter("x", 1e-5, 1e3, log: true)]) });
        var rng = new Rng(1);
        for (var i = 0; i < 200; i++)
        {
            var x = Math.Exp(rng.NextDouble(Math.Log(1e-5), Math.Log(1e3)));
            study.Enqueue(new Params([new("x", x)]));
            Assert.Equal(x, study.Ask().Params.Float("x"));
        }
    }

    [Fact]
    public void Ask_SamplerRefuses_TheQueueIsKept()
    {
        var study = new Study(new StudyOptions { Directions = [Direction.Minimize, Direction.Minimize], Space = s_space, Sampler = new TpeSampler() });
        study.Enqueue(new Params([new("x", 0.5)]));
        Assert.Equal(ErrorCode.NotImplemented, Assert.Throws<LodeException>(() => study.Ask()).Code);
        Assert.Equal(TrialState.Waiting, Assert.Single(study.Trials).State);
        Assert.Throws<LodeException>(() => study.Ask());
        Assert.Single(study.Trials);
    }

    [Fact]
    public void DefineByRun_SpaceGrows_AndIsProposedJointlyLater()
    {
        var study = new Study(new StudyOptions { Seed = 5 });
        study.Optimize(Branches, new OptimizeOptions { Trials = 60 });
        Assert.Equal(["x", "kind", "depth", "rate"], study.Space.Select(parameter => parameter.Name).OrderBy(name => "xkdr".IndexOf(name[0], StringComparison.Ordinal)));
        Assert.All(study.Trials, trial =>
        {
            trial.Space.Validate(trial.Params);
            Assert.Equal(trial.Params.Text("kind") == "tree" ? ["x", "kind", "depth"] : ["x", "kind", "rate"], trial.Params.Select(item => item.Key));
        });
        // Trials of one branch share their space when nothing else is known, and the search works.
        Assert.True(study.Best!.Values[0] < 0.05);
    }

    [Fact]
    public void DefineByRun_SameSeed_SameTrials()
    {
        string Run() => string.Join('\n', RunOnce().Trials.Select(trial => $"{trial.Params} {trial.Values[0]:R}"));
        Study RunOnce()
        {
            var study = new Study(new StudyOptions { Seed = 6 });
            study.Optimize(Branches, new OptimizeOptions { Trials = 40 });
            return study;
        }
        Assert.Equal(Run(), Run());
    }

    [Fact]
    public void DefineByRun_AskingTwice_SameValueOrRefused()
    {
        var trial = new Study(new StudyOptions()).Ask();
        Assert.Equal(trial.Float("x", 0, 1), trial.Float("x", 0, 1));
        var error = Assert.Throws<LodeException>(() => trial.Float("x", 0, 2));
        Assert.Equal("Trial 0 has 'x: float 0 to 1' already; it asked for 'x: float 0 to 2'.", error.Message);
        Assert.Equal(trial.Flag("f"), trial.Params.Bool("f"));
        Assert.InRange(trial.Int("n", 10, 20), 10, 20);
    }

    [Fact]
    public void DefineByRun_RangeChangesBetweenTrials_StaysInTheNewOne()
    {
        var study = new Study(new StudyOptions { Seed = 1 });
        study.Optimize(trial => trial.Float("x", 0, 1), new OptimizeOptions { Trials = 20 });
        study.Optimize(trial => trial.Float("x", 0.5, 3), new OptimizeOptions { Trials = 20 });
        Assert.All(study.Trials.Skip(20), trial => Assert.InRange(trial.Params.Float("x"), 0.5, 3));
    }

    [Fact]
    public void DefineByRun_DeclaredParameters_StayAsDeclared()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        var trial = study.Ask();
        Assert.Equal(trial.Params.Float("x"), trial.Float("x", 0, 1));
        Assert.Throws<LodeException>(() => trial.Float("x", 0, 5));
        Assert.InRange(trial.Float("z", 2, 3), 2, 3);
        study.Tell(trial.Number, 1);
        Assert.Equal(4, study.Space.Count);
    }

    [Fact]
    public void DefineByRun_EnqueuedValue_IsUsedOrRefused()
    {
        var study = new Study(new StudyOptions());
        study.Enqueue(new Params([new("x", 0.75)]));
        study.Enqueue(new Params([new("x", 7.0)]));
        Assert.Equal(0.75, study.Ask().Float("x", 0, 1));
        Assert.Contains("enqueued with x = 7", Assert.Throws<LodeException>(() => study.Ask().Float("x", 0, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_EarlierTrials_GoesOnWhereTheyEnd()
    {
        var options = new StudyOptions { Space = s_space, Seed = 9 };
        var whole = new Study(options);
        whole.Optimize(trial => trial.Params.Float("x"), new OptimizeOptions { Trials = 30 });
        // Reading from a store makes new objects.
        var first = whole.Trials.Take(17).Select(trial => trial with { Params = new Params([.. trial.Params]) });
        var resumed = new Study(options, first);
        resumed.Optimize(trial => trial.Params.Float("x"), new OptimizeOptions { Trials = 13 });
        Assert.Equal(whole.Trials.Select(trial => trial.Params), resumed.Trials.Select(trial => trial.Params));
        Assert.Throws<LodeException>(() => new Study(options, whole.Trials.Skip(1)));
    }

    private static Outcome Branches(LiveTrial trial)
    {
        var x = trial.Float("x", -1, 1);
        return trial.Choice("kind", "tree", "linear") == "tree"
            ? (x * x) + (0.01 * Math.Abs(trial.Int("depth", 1, 8) - 5))
            : 0.2 + (x * x) + Math.Abs(Math.Log10(trial.Float("rate", 1e-4, 1, log: true)) + 2);
    }
}
