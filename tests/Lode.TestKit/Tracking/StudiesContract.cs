using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.TestKit;

/// <summary>What every <see cref="IStudies"/> promises.</summary>
public abstract partial class StudiesContract : IAsyncLifetime
{
    protected IStudies Studies { get; private set; } = null!;

    /// <summary>The runs that trials are.</summary>
    protected IRunStore Runs { get; private set; } = null!;

    protected static CancellationToken Ct => CancellationToken.None;

    /// <summary>The length of leases in these tests.</summary>
    protected virtual double LeaseSeconds => 60;

    public async Task InitializeAsync() => (Studies, Runs) = await CreateAsync();

    public abstract Task DisposeAsync();

    protected abstract Task<(IStudies Studies, IRunStore Runs)> CreateAsync();

    /// <summary>Lets so much of a lease pass, and the leases be looked at.</summary>
    protected abstract Task PassAsync(double leases);

    protected static SearchSpace Space { get; } = new(
    [
        new FloatParameter("lr", 1e-5, 1e-1, log: true),
        new IntParameter("units", 8, 64),
        new CategoricalParameter("act", "relu", "gelu"),
    ]);

    protected StudySpec Spec => new() { Goals = [new StudyGoal("loss")], Space = Space, Sampler = new NamedOptions("random"), LeaseSeconds = LeaseSeconds };

    protected Task<StudyInfo> NewAsync(Func<StudySpec, StudySpec>? change = null, string? name = null) =>
        Studies.CreateAsync(new NewStudy { Project = "sweeps", Name = name, Spec = change?.Invoke(Spec) ?? Spec }, Ct);

    protected Task<AskAnswer> AskAsync(StudyInfo study, int count = 1, string agent = "a") => Studies.AskAsync(study.Id, new AskRequest { Agent = agent, Count = count }, Ct);

    protected async Task<TrialInfo> OneAsync(StudyInfo study, string agent = "a") => Assert.Single((await AskAsync(study, 1, agent)).Trials);

    protected Task<TrialInfo> TellAsync(StudyInfo study, TrialInfo trial, double value) => Studies.TellAsync(study.Id, trial.Number, new TellRequest { Attempt = trial.Attempt, Values = [value] }, Ct);

    protected Task<TrialInfo> FailAsync(StudyInfo study, TrialInfo trial, string why = "exit code 1") =>
        Studies.TellAsync(study.Id, trial.Number, new TellRequest { Attempt = trial.Attempt, State = TrialState.Failed, Failure = why }, Ct);

    protected static async Task<LodeException> RefusesAsync(ErrorCode code, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<LodeException>(act);
        Assert.Equal((code, error.Message), (error.Code, error.Message));
        return error;
    }

    [Fact]
    public async Task Create_IsReadBack_AndListed()
    {
        var study = await NewAsync(spec => spec with { Budget = new StudyBudget { Trials = 7, Hours = 1.5, Parallel = 3 }, Seed = ulong.MaxValue, Pruner = new NamedOptions("median") }, "first");
        var read = await Studies.GetAsync(study.Id, Ct);
        Assert.Equal(("first", "sweeps", StudyState.Running), (read.Name, read.Project, read.State));
        Assert.Equal((7, 1.5, 3, ulong.MaxValue, "median"), (read.Spec.Budget.Trials, read.Spec.Budget.Hours, read.Spec.Budget.Parallel, read.Spec.Seed, read.Spec.Pruner.Name));
        Assert.Equal(Space.Select(parameter => parameter.ToString()), read.Spec.Space.Select(parameter => parameter.ToString()));
        var second = await NewAsync();
        Assert.Equal("sweep-2", second.Name);
        Assert.Equal([second.Id, study.Id], (await Studies.ListAsync(null, Ct)).Select(one => one.Id));
        Assert.Empty(await Studies.ListAsync(ProjectId.Default, Ct));
        await Studies.DeleteAsync(study.Id, Ct);
        await RefusesAsync(ErrorCode.NotFound, () => Studies.GetAsync(study.Id, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => AskAsync(study));
    }

    [Fact]
    public async Task Create_OfATakenName_IsRefused_OrMeansThatOne()
    {
        var study = await NewAsync(name: "same");
        await RefusesAsync(ErrorCode.AlreadyExists, () => NewAsync(name: "same"));
        Assert.Equal(study.Id, (await Studies.CreateAsync(new NewStudy { Project = "sweeps", Name = "same", Spec = Spec, AllowExisting = true }, Ct)).Id);
    }

    [Fact]
    public async Task Create_OfWhatMakesNoSense_IsRefused()
    {
        await RefusesAsync(ErrorCode.InvalidArgument, () => NewAsync(spec => spec with { Goals = [] }));
        await RefusesAsync(ErrorCode.NotFound, () => NewAsync(spec => spec with { Sampler = new NamedOptions("gorilla") }));
        await RefusesAsync(ErrorCode.InvalidArgument, () => NewAsync(spec => spec with { Budget = new StudyBudget { Trials = 0 } }));
        await RefusesAsync(ErrorCode.InvalidArgument, () => NewAsync(spec => spec with { LeaseSeconds = 0.5 }));
        await RefusesAsync(ErrorCode.InvalidArgument, () => NewAsync(name: ""));
        Assert.Empty(await Studies.ListAsync(null, Ct));
    }

    [Fact]
    public async Task Ask_GivesTrials_EachOfThemARun()
    {
        var study = await NewAsync(name: "s");
        var trials = (await AskAsync(study, 3)).Trials;
        Assert.Equal([0, 1, 2], trials.Select(trial => trial.Number));
        foreach (var trial in trials)
        {
            Assert.Equal((TrialState.Running, 1, "a"), (trial.State, trial.Attempt, trial.Agent));
            Space.Validate(trial.Params);
            var run = await Runs.GetRunAsync(trial.Run!.Value, Ct);
            Assert.Equal((study.ProjectId, RunStatus.Running, $"s-{trial.Number}"), (run.ProjectId, run.Status, run.Name));
            Assert.Equal(("s", study.Id.ToString(), $"{trial.Number}"), (run.Tags[RunOrigin.Study], run.Tags[RunOrigin.StudyId], run.Tags[RunOrigin.Trial]));
            Assert.Equal(trial.Params.Select(item => (item.Key, item.Value.ToString())).Order(), run.Params.Select(item => (item.Key, item.Value)).Order());
        }
        Assert.Equal(3, (await Studies.GetAsync(study.Id, Ct)).Counts.Running);
    }

    [Fact]
    public async Task Tell_FinishesTrialAndRun_AndTheBestIsKnown()
    {
        var study = await NewAsync();
        var trials = (await AskAsync(study, 3)).Trials;
        await TellAsync(study, trials[0], 0.5);
        await TellAsync(study, trials[1], 0.25);
        await FailAsync(study, trials[2]);
        var info = await Studies.GetAsync(study.Id, Ct);
        Assert.Equal((1, 0.25, 2, 1), (info.Best!.Number, info.Best.Values[0], info.Counts.Complete, info.Counts.Failed));
        Assert.Equal([1, 0, 2], (await Studies.GetTrialsAsync(study.Id, new TrialQuery { Order = TrialOrder.Best }, Ct)).Trials.Select(trial => trial.Number));
        Assert.Equal([2], (await Studies.GetTrialsAsync(study.Id, new TrialQuery { State = TrialState.Failed }, Ct)).Trials.Select(trial => trial.Number));
        Assert.Equal("exit code 1", (await Studies.GetTrialAsync(study.Id, 2, Ct)).Failure);
        var run = await Runs.GetRunAsync(trials[1].Run!.Value, Ct);
        Assert.Equal((RunStatus.Finished, 0.25), (run.Status, run.Metrics["loss"].Last));
        Assert.NotNull(run.EndedAt);
        Assert.Equal(RunStatus.Failed, (await Runs.GetRunAsync(trials[2].Run!.Value, Ct)).Status);
    }

    [Fact]
    public async Task Tell_Twice_IsOnce_AndOtherwiseIsRefused()
    {
        var study = await NewAsync();
        var trial = await OneAsync(study);
        await TellAsync(study, trial, 0.5);
        Assert.Equal(TrialState.Complete, (await TellAsync(study, trial, 0.5)).State);
        await RefusesAsync(ErrorCode.Conflict, () => TellAsync(study, trial, 0.75));
        await RefusesAsync(ErrorCode.Conflict, () => FailAsync(study, trial));
        await RefusesAsync(ErrorCode.NotFound, () => TellAsync(study, trial with { Number = 9 }, 1));
        Assert.Equal((1, 0.5), ((await Studies.GetAsync(study.Id, Ct)).Counts.Finished, (await Studies.GetTrialAsync(study.Id, 0, Ct)).Values[0]));
    }

    [Fact]
    public async Task Turn_TellsWithTheJournal_AndThenAsks()
    {
        var study = await NewAsync(spec => spec with { Budget = new StudyBudget { Trials = 3, Parallel = 2 } });
        var trials = (await AskAsync(study, 2)).Trials;
        var journal = new JournalPart(trials[0].Run!.Value, "agent", 0, """
            {"e":"resume","t":2000000000000}
            {"e":"metrics","t":2000000000001,"step":4,"metrics":{"loss":0.5}}
            {"e":"finish","t":2000000000002,"status":"finished"}

            """u8.ToArray());
        var request = new TurnRequest
        {
            Ended =
            [
                new TrialTurn { Number = 0, Tell = new TellRequest { Attempt = 1, Values = [0.5] }, Journal = journal },
                new TrialTurn { Number = 1, Tell = new TellRequest { Attempt = 7, Values = [0.25] } },
                new TrialTurn { Number = 9, Tell = new TellRequest { Attempt = 1, Values = [0.25] } },
            ],
            Ask = new AskRequest { Agent = "a", Key = "again" },
        };
        // Sent again it changes nothing and gives the same.
        for (var i = 0; i < 2; i++)
        {
            var answer = await Studies.TurnAsync(study.Id, request, Ct);
            Assert.Equal((TrialState.Complete, (long?)journal.End), (answer.Told[0].Trial!.State, answer.Told[0].Taken));
            Assert.Equal(["conflict", "not_found"], answer.Told.Skip(1).Select(told => told.Error!.Code));
            // As many as the budget allows at once run, since one was told before.
            Assert.Equal(2, Assert.Single(answer.Ask!.Trials).Number);
        }
        var run = await Runs.GetRunAsync(journal.Run, Ct);
        Assert.Equal((RunStatus.Finished, 0.5, 4, 1), (run.Status, run.Metrics["loss"].Last, run.Metrics["loss"].LastStep, run.Metrics["loss"].Count));
    }

    [Fact]
    public async Task Turn_WithAJournalOfAnotherRun_TakesNoneOfIt()
    {
        var study = await NewAsync();
        var trials = (await AskAsync(study, 2)).Trials;
        var journal = new JournalPart(trials[1].Run!.Value, "agent", 0, "{\"e\":\"finish\",\"t\":2000000000000,\"status\":\"failed\"}\n"u8.ToArray());
        var answer = await Studies.TurnAsync(study.Id, new TurnRequest { Ended = [new TrialTurn { Number = 0, Tell = new TellRequest { Attempt = 1, Values = [0.5] }, Journal = journal }] }, Ct);
        Assert.Equal((TrialState.Complete, (long?)null, (AskAnswer?)null), (answer.Told[0].Trial!.State, answer.Told[0].Taken, answer.Ask));
        Assert.Equal(RunStatus.Running, (await Runs.GetRunAsync(trials[1].Run!.Value, Ct)).Status);
        await RefusesAsync(ErrorCode.InvalidArgument, () => Studies.TurnAsync(study.Id, new TurnRequest { Ended = [new TrialTurn { Number = 0, Tell = new TellRequest { Attempt = 1 }, Journal = journal with { Segment = "no/segment" } }] }, Ct));
    }

    [Fact]
    public async Task Tell_WhatIsNoNumber_FailsTheTrial()
    {
        var study = await NewAsync();
        var told = await TellAsync(study, await OneAsync(study), double.NaN);
        Assert.Equal((TrialState.Failed, "'loss' is not a number (NaN)."), (told.State, told.Failure));
        await RefusesAsync(ErrorCode.InvalidArgument, async () => await Studies.TellAsync(study.Id, (await OneAsync(study)).Number, new TellRequest { Attempt = 1, Values = [1, 2] }, Ct));
    }

    [Fact]
    public async Task Report_IsKept_AndLoggedToTheRun()
    {
        var study = await NewAsync();
        var trial = await OneAsync(study);
        foreach (var (step, value) in new[] { (0L, 0.9), (2L, double.NaN), (1L, 0.7), (1L, 0.7) })
            Assert.False((await Studies.ReportAsync(study.Id, trial.Number, new ReportRequest { Attempt = 1, Step = step, Values = [value] }, Ct)).Stop);
        await TellAsync(study, trial, 0.6);
        Assert.Equal([(0, 0.9), (1, 0.7), (2, double.NaN)], (await Studies.GetTrialAsync(study.Id, 0, Ct)).Reports.Select(report => (report.Step, report.Values[0])));
        Assert.Equal([(0, 0.9), (2, double.NaN), (1, 0.7)], (await Runs.GetHistoryAsync(trial.Run!.Value, "loss", 0, 10, Ct)).Select(point => (point.Step, point.Value)).OrderBy(point => point.Step == 1 ? 3 : point.Step));
    }

    [Fact]
    public async Task Report_OfATrialThatIsBehind_IsToldToStop_AndSoIsItsHeartbeat()
    {
        var study = await NewAsync(spec => spec with { Pruner = new NamedOptions("median", System.Text.Json.JsonSerializer.SerializeToElement(new { startup_trials = 2 })) });
        foreach (var level in new[] { 0.1, 0.2 })
        {
            var good = await OneAsync(study);
            for (var step = 0; step < 3; step++)
                Assert.False((await Studies.ReportAsync(study.Id, good.Number, new ReportRequest { Attempt = 1, Step = step, Values = [level] }, Ct)).Stop);
            await TellAsync(study, good, level);
        }
        var bad = await OneAsync(study);
        Assert.Equal(new ReportAnswer(true, "pruned"), await Studies.ReportAsync(study.Id, bad.Number, new ReportRequest { Attempt = 1, Step = 0, Values = [5] }, Ct));
        Assert.Equal(new TrialStop(2, "pruned"), Assert.Single((await Studies.HeartbeatAsync(study.Id, new HeartbeatRequest { Trials = [new(2, 1)] }, Ct)).Stop));
        Assert.Equal(TrialState.Pruned, (await Studies.TellAsync(study.Id, 2, new TellRequest { Attempt = 1, State = TrialState.Pruned }, Ct)).State);
        Assert.Equal(1, (await Studies.GetAsync(study.Id, Ct)).Counts.Pruned);
    }

    [Fact]
    public async Task Ask_WithTheSameKey_GivesTheSameTrials()
    {
        var study = await NewAsync();
        var request = new AskRequest { Agent = "a", Count = 2, Key = "k1" };
        var first = (await Studies.AskAsync(study.Id, request, Ct)).Trials;
        Assert.Equal(first.Select(trial => trial.Number), (await Studies.AskAsync(study.Id, request, Ct)).Trials.Select(trial => trial.Number).Order());
        Assert.Equal([2, 3], (await Studies.AskAsync(study.Id, request with { Key = "k2" }, Ct)).Trials.Select(trial => trial.Number));
        Assert.Equal([4, 5], (await Studies.AskAsync(study.Id, request with { Agent = "b" }, Ct)).Trials.Select(trial => trial.Number));
    }

    [Fact]
    public async Task Ask_ByManyAtOnce_GivesEachTrialOnce()
    {
        var study = await NewAsync(spec => spec with { Budget = new StudyBudget { Trials = 60 } });
        var given = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var mine = new List<int>();
            while (await AskAsync(study, 1, $"w{worker}") is { Trials: [var trial] })
            {
                mine.Add(trial.Number);
                await TellAsync(study, trial, trial.Number);
            }
            return mine;
        })));
        Assert.Equal(Enumerable.Range(0, 60), given.SelectMany(mine => mine).Order());
        var info = await Studies.GetAsync(study.Id, Ct);
        Assert.Equal((StudyState.Finished, 60, 0), (info.State, info.Counts.Complete, info.Best!.Number));
    }

    public static TheoryData<string> Samplers => [.. SamplerCatalog.Names];

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task Ask_OfEverySampler_GivesDifferentTrials(string sampler)
    {
        var space = sampler is "grid" or "brute_force" ? new SearchSpace([new IntParameter("units", 1, 4), new CategoricalParameter("act", "relu", "gelu", "tanh")]) : Space;
        var study = await NewAsync(spec => spec with { Sampler = new NamedOptions(sampler), Space = space });
        for (var round = 0; round < 3; round++)
        {
            var trials = (await AskAsync(study, 4)).Trials;
            Assert.Equal(4, trials.Count);
            foreach (var trial in trials)
                await TellAsync(study, trial, trial.Params.Int("units"));
        }
        var all = (await Studies.GetTrialsAsync(study.Id, new TrialQuery(), Ct)).Trials;
        Assert.Equal(12, all.Select(trial => trial.Params).Distinct().Count());
        Assert.True(sampler != "auto" || (await Studies.GetAsync(study.Id, Ct)).SamplerReason is { Length: > 10 });
    }
}
