using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.TestKit;

public abstract partial class StudiesContract
{
    private Task<HeartbeatAnswer> BeatAsync(StudyInfo study, params TrialInfo[] trials) =>
        Studies.HeartbeatAsync(study.Id, new HeartbeatRequest { Trials = [.. trials.Select(trial => new TrialKey(trial.Number, trial.Attempt))] }, Ct);

    [Fact]
    public async Task Lease_OfASilentAgent_IsGivenToAnother_AndTheLateTellHearsOfIt()
    {
        var study = await NewAsync();
        var first = await OneAsync(study);
        await PassAsync(1.5);
        Assert.Equal(1, (await Studies.GetAsync(study.Id, Ct)).Counts.Waiting);
        var second = await OneAsync(study, "b");
        Assert.Equal((first.Number, first.Run, 2, "b", 1), (second.Number, second.Run, second.Attempt, second.Agent, second.Losses));
        Assert.Equal(first.Params, second.Params);
        var error = await RefusesAsync(ErrorCode.Conflict, () => TellAsync(study, first, 1));
        Assert.Contains("is lost: b has had it since (lease 2)", error.Message, StringComparison.Ordinal);
        Assert.Equal(new TrialStop(0, "lost"), Assert.Single((await BeatAsync(study, first)).Stop));
        Assert.Equal(0.5, (await TellAsync(study, second, 0.5)).Values[0]);
        Assert.Equal(1, (await Studies.GetAsync(study.Id, Ct)).Trials);
    }

    [Fact]
    public async Task Lease_ThatIsOverAndNobodyElses_StillTells()
    {
        var study = await NewAsync();
        var trial = await OneAsync(study);
        await PassAsync(1.5);
        Assert.Empty((await BeatAsync(study, trial)).Stop);
        await TellAsync(study, trial, 0.5);
        Assert.Equal(TrialState.Complete, (await Studies.GetTrialAsync(study.Id, 0, Ct)).State);
    }

    [Fact]
    public async Task Lease_WithSignsOfLife_IsKept()
    {
        var study = await NewAsync();
        var trials = (await AskAsync(study, 4)).Trials;
        for (var i = 0; i < 4; i++)
        {
            await PassAsync(0.5);
            Assert.Empty((await BeatAsync(study, trials[0])).Stop);
            await Studies.ReportAsync(study.Id, 1, new ReportRequest { Attempt = 1, Step = i, Values = [1] }, Ct);
            await Studies.CheckpointAsync(study.Id, 2, new CheckpointRequest { Attempt = 1, Path = $"checkpoints/{i}" }, Ct);
        }
        Assert.Equal([TrialState.Running, TrialState.Running, TrialState.Running, TrialState.Waiting], (await Studies.GetTrialsAsync(study.Id, new TrialQuery(), Ct)).Trials.Select(trial => trial.State));
    }

    [Fact]
    public async Task Lease_LostTooOften_FailsTheTrial()
    {
        var study = await NewAsync(spec => spec with { MaxLosses = 1, FirstFailures = 1 });
        await OneAsync(study);
        await PassAsync(1.5);
        await OneAsync(study);
        await PassAsync(1.5);
        var trial = await Studies.GetTrialAsync(study.Id, 0, Ct);
        Assert.Equal((TrialState.Failed, 2), (trial.State, trial.Losses));
        Assert.Contains("fell silent 2 times", trial.Failure, StringComparison.Ordinal);
        Assert.Equal(StudyState.Stopped, (await Studies.GetAsync(study.Id, Ct)).State);
        Assert.Equal(RunStatus.Failed, (await Runs.GetRunAsync(trial.Run!.Value, Ct)).Status);
    }

    [Fact]
    public async Task Release_GivesTheTrialToTheNext_FromItsCheckpoint()
    {
        var study = await NewAsync();
        var trial = await OneAsync(study);
        for (var step = 0; step < 4; step++)
            await Studies.ReportAsync(study.Id, 0, new ReportRequest { Attempt = 1, Step = step, Values = [1.0 - step] }, Ct);
        await Studies.CheckpointAsync(study.Id, 0, new CheckpointRequest { Attempt = 1, Path = "checkpoints/1", Step = 1 }, Ct);
        await Studies.ReleaseAsync(study.Id, 0, new LeaseRequest { Attempt = 1 }, Ct);
        await Studies.ReleaseAsync(study.Id, 0, new LeaseRequest { Attempt = 1 }, Ct);
        Assert.Equal(RunStatus.Scheduled, (await Runs.GetRunAsync(trial.Run!.Value, Ct)).Status);
        var again = await OneAsync(study, "b");
        Assert.Equal((0, 2, 0, "checkpoints/1", 1L), (again.Number, again.Attempt, again.Losses, again.Checkpoint, again.CheckpointStep));
        await Studies.ReportAsync(study.Id, 0, new ReportRequest { Attempt = 2, Step = 2, Values = [7] }, Ct);
        Assert.Equal([(0, 1.0), (1, 0.0), (2, 7.0)], (await Studies.GetTrialAsync(study.Id, 0, Ct)).Reports.Select(report => (report.Step, report.Values[0])));
        await RefusesAsync(ErrorCode.Conflict, () => Studies.ReleaseAsync(study.Id, 0, new LeaseRequest { Attempt = 1 }, Ct));
        await RefusesAsync(ErrorCode.Conflict, () => Studies.CheckpointAsync(study.Id, 0, new CheckpointRequest { Attempt = 1, Path = "x" }, Ct));
        await RefusesAsync(ErrorCode.Conflict, () => Studies.ReportAsync(study.Id, 0, new ReportRequest { Attempt = 1, Step = 9, Values = [7] }, Ct));
    }

    [Fact]
    public async Task Budget_OfTrials_EndsTheStudy_AndMoreLetsItGoOn()
    {
        var study = await NewAsync(spec => spec with { Budget = new StudyBudget { Trials = 2 } });
        var trials = (await AskAsync(study, 5)).Trials;
        Assert.Equal(2, trials.Count);
        var none = await AskAsync(study);
        Assert.Equal((0, StudyState.Running, "The budget of 2 trials is used."), (none.Trials.Count, none.State, none.Reason));
        Assert.True(none.RetryAfter > 0);
        foreach (var trial in trials)
            await TellAsync(study, trial, 1);
        var over = await AskAsync(study);
        Assert.Equal((0, StudyState.Finished, null, "The budget of 2 trials is used."), (over.Trials.Count, over.State, over.RetryAfter, over.Reason));
        await RefusesAsync(ErrorCode.Conflict, () => Studies.UpdateAsync(study.Id, new StudyPatch { State = StudyState.Running }, Ct));
        Assert.Equal(StudyState.Running, (await Studies.UpdateAsync(study.Id, new StudyPatch { Budget = new StudyBudget { Trials = 3 } }, Ct)).State);
        Assert.Equal(2, (await OneAsync(study)).Number);
    }

    [Fact]
    public async Task Budget_AtOnce_IsKeptTo()
    {
        var study = await NewAsync(spec => spec with { Budget = new StudyBudget { Parallel = 2 } });
        var trials = (await AskAsync(study, 5)).Trials;
        Assert.Equal(2, trials.Count);
        Assert.Empty((await AskAsync(study)).Trials);
        await TellAsync(study, trials[0], 1);
        Assert.Equal(2, (await OneAsync(study)).Number);
    }

    [Fact]
    public async Task Pause_GivesOutNothing_StopEndsWhatRuns_ResumeGoesOn()
    {
        var study = await NewAsync();
        var trials = (await AskAsync(study, 2)).Trials;
        var paused = await Studies.UpdateAsync(study.Id, new StudyPatch { State = StudyState.Paused, Reason = "lunch" }, Ct);
        Assert.Equal((StudyState.Paused, "lunch"), (paused.State, paused.Reason));
        var none = await AskAsync(study);
        Assert.Equal((0, StudyState.Paused, "lunch"), (none.Trials.Count, none.State, none.Reason));
        Assert.True(none.RetryAfter > 0);
        Assert.Empty((await BeatAsync(study, [.. trials])).Stop);
        await Studies.UpdateAsync(study.Id, new StudyPatch { State = StudyState.Stopped }, Ct);
        Assert.Equal([new TrialStop(0, "stopped"), new TrialStop(1, "stopped")], (await BeatAsync(study, [.. trials])).Stop);
        Assert.Equal(new ReportAnswer(true, "stopped"), await Studies.ReportAsync(study.Id, 0, new ReportRequest { Attempt = 1, Step = 0, Values = [1] }, Ct));
        Assert.Null((await AskAsync(study)).RetryAfter);
        await Studies.ReleaseAsync(study.Id, 0, new LeaseRequest { Attempt = 1 }, Ct);
        await TellAsync(study, trials[1], 1);
        Assert.Equal((StudyState.Running, null), ((await Studies.UpdateAsync(study.Id, new StudyPatch { State = StudyState.Running }, Ct)).State, (await Studies.GetAsync(study.Id, Ct)).Reason));
        Assert.Equal([(0, 2), (2, 1)], (await AskAsync(study, 2)).Trials.Select(trial => (trial.Number, trial.Attempt)));
    }

    [Fact]
    public async Task Failed_TheFirstOnesAll_StopTheStudy_WhichSaysSo()
    {
        var study = await NewAsync(spec => spec with { FirstFailures = 3 });
        for (var i = 0; i < 3; i++)
            await FailAsync(study, await OneAsync(study), $"exit code {i}");
        var info = await Studies.GetAsync(study.Id, Ct);
        Assert.Equal((StudyState.Stopped, "The first 3 trials all failed, so the others would too; the last: exit code 2"), (info.State, info.Reason));
        Assert.Equal(info.Reason, (await AskAsync(study)).Reason);
        var again = await Studies.UpdateAsync(study.Id, new StudyPatch { State = StudyState.Running, RetryFailed = true }, Ct);
        Assert.Equal((StudyState.Running, 3), (again.State, again.Counts.Waiting));
        Assert.Equal([0, 1, 2, 3], (await AskAsync(study, 4)).Trials.Select(trial => trial.Number));
    }

    [Fact]
    public async Task Failed_MayBeGivenOutAgain_SoOften()
    {
        var study = await NewAsync(spec => spec with { Retries = 1 });
        Assert.Equal(TrialState.Waiting, (await FailAsync(study, await OneAsync(study))).State);
        var again = await OneAsync(study);
        Assert.Equal((0, 2), (again.Number, again.Attempt));
        Assert.Equal(TrialState.Failed, (await FailAsync(study, again)).State);
    }

    [Fact]
    public async Task Enqueue_ComesFirst_TheMostUrgentOfAll_AndWhatItLeavesOutIsProposed()
    {
        var study = await NewAsync();
        await OneAsync(study);
        await Studies.EnqueueAsync(study.Id, new EnqueueRequest { Params = new Params([new("act", "gelu"), new("lr", 0.01)]) }, Ct);
        await Studies.EnqueueAsync(study.Id, new EnqueueRequest { Params = new Params([new("units", 9)]), Priority = 5 }, Ct);
        await RefusesAsync(ErrorCode.InvalidArgument, () => Studies.EnqueueAsync(study.Id, new EnqueueRequest { Params = new Params([new("units", 9000)]) }, Ct));
        var trials = (await AskAsync(study, 3)).Trials;
        Assert.Equal([2, 1, 3], trials.Select(trial => trial.Number));
        Assert.Equal((9, "gelu", 0.01), (trials[0].Params.Int("units"), trials[1].Params.Text("act"), trials[1].Params.Float("lr")));
        foreach (var trial in trials)
            Assert.Equal(3, trial.Params.Count);
    }

    [Fact]
    public async Task Grid_IsTriedOnce_AndThenTheStudyIsFinished()
    {
        var study = await NewAsync(spec => spec with { Sampler = new NamedOptions("grid"), Space = new SearchSpace([new IntParameter("units", 1, 3), new CategoricalParameter("act", "relu", "gelu")]) });
        var trials = (await AskAsync(study, 10)).Trials;
        Assert.Equal(6, trials.Select(trial => trial.Params).Distinct().Count());
        foreach (var trial in trials)
            await TellAsync(study, trial, 1);
        var over = await AskAsync(study);
        Assert.Equal((0, StudyState.Finished, "Every configuration has been tried."), (over.Trials.Count, over.State, over.Reason));
    }

    [Fact]
    public async Task Repeatable_WavesGiveTheSameTrials_InWhateverOrderTheyAreTold()
    {
        async Task<List<Params>> RunAsync(bool backwards)
        {
            var study = await NewAsync(spec => spec with { Sampler = new NamedOptions("tpe"), RepeatableWidth = 4, Seed = 3 });
            for (var wave = 0; wave < 4; wave++)
            {
                var trials = (await AskAsync(study, 6)).Trials;
                Assert.Equal(4, trials.Count);
                Assert.Empty((await AskAsync(study)).Trials);
                foreach (var trial in backwards ? trials.Reverse() : trials)
                    await TellAsync(study, trial, trial.Params.Float("lr"));
            }
            return [.. (await Studies.GetTrialsAsync(study.Id, new TrialQuery(), Ct)).Trials.Select(trial => trial.Params)];
        }
        Assert.Equal(await RunAsync(false), await RunAsync(true));
    }

    [Fact]
    public async Task SeveralGoals_HaveAValueEach_AndNoBest()
    {
        var study = await NewAsync(spec => spec with { Goals = [new StudyGoal("loss"), new StudyGoal("accuracy", Direction.Maximize)] });
        var trial = await OneAsync(study);
        await RefusesAsync(ErrorCode.InvalidArgument, () => TellAsync(study, trial, 1));
        await Studies.TellAsync(study.Id, 0, new TellRequest { Attempt = 1, Values = [0.5, 0.9] }, Ct);
        Assert.Null((await Studies.GetAsync(study.Id, Ct)).Best);
        Assert.Equal((0.5, 0.9), ((await Runs.GetRunAsync(trial.Run!.Value, Ct)).Metrics["loss"].Last, (await Runs.GetRunAsync(trial.Run!.Value, Ct)).Metrics["accuracy"].Last));
    }
}
