using Lode.Core;
using Lode.Server.Studies;
using Lode.Storage;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests.Studies;

/// <summary>The host over a SQL store: the contract, restarts, and clocks.</summary>
public abstract class StudyHostTests : StudiesContract
{
    private readonly SteadyTime _time = new();
    private SqlDatabase? _database;
    private StudyHost? _host;

    protected abstract SqlDatabase Open();

    public override async Task DisposeAsync()
    {
        await _host!.DisposeAsync();
        await _database!.DisposeAsync();
    }

    protected override Task<(IStudies Studies, IRunStore Runs)> CreateAsync()
    {
        _database = Open();
        _host = NewHost();
        return Task.FromResult<(IStudies, IRunStore)>((_host, new SqlRunStore(_database, _time)));
    }

    protected override Task PassAsync(double leases) => PassAsync(leases, _host!);

    private async Task PassAsync(double leases, StudyHost host)
    {
        for (var seconds = 0.0; seconds < leases * LeaseSeconds; seconds += 2)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            await host.WatchAsync();
        }
    }

    private StudyHost NewHost() => new(new SqlStudyStore(_database!, _time), _time, watches: false);

    [Fact]
    public async Task Restart_GoesOnAsIfThereHadBeenNone()
    {
        var (study, twin) = (await NewAsync(spec => spec with { Sampler = new NamedOptions("tpe"), Seed = 5 }), await NewAsync(spec => spec with { Sampler = new NamedOptions("tpe"), Seed = 5 }));
        var host = NewHost();
        for (var i = 0; i < 20; i++)
        {
            // One host lives on, of the other each knows nothing but what is stored.
            var (kept, fresh) = (await OneAsync(study), Assert.Single((await host.AskAsync(twin.Id, new AskRequest { Agent = "a" }, Ct)).Trials));
            Assert.Equal(kept.Params, fresh.Params);
            await TellAsync(study, kept, kept.Params.Float("lr"));
            await host.ReportAsync(twin.Id, i, new ReportRequest { Attempt = 1, Step = 0, Values = [1] }, Ct);
            host = NewHost();
            await host.TellAsync(twin.Id, i, new TellRequest { Attempt = 1, Values = [kept.Params.Float("lr")] }, Ct);
            host = NewHost();
        }
        Assert.Equal(20, (await host.GetAsync(twin.Id, Ct)).Counts.Complete);
    }

    [Fact]
    public async Task Restart_GivesAgentsTimeToComeBack()
    {
        var study = await NewAsync();
        var trial = await OneAsync(study);
        // The server was away for an hour.
        _time.Advance(TimeSpan.FromHours(1));
        var host = NewHost();
        Assert.Equal(1, (await host.GetAsync(study.Id, Ct)).Counts.Running);
        await PassAsync(0.8, host);
        Assert.Empty((await host.HeartbeatAsync(study.Id, new HeartbeatRequest { Trials = [new(trial.Number, 1)] }, Ct)).Stop);
        await PassAsync(0.8, host);
        Assert.Equal(1, (await host.GetAsync(study.Id, Ct)).Counts.Running);
        await PassAsync(0.4, host);
        Assert.Equal(1, (await host.GetAsync(study.Id, Ct)).Counts.Waiting);
    }

    [Fact]
    public async Task Clock_ThatJumps_LosesNoLease()
    {
        var study = await NewAsync();
        await OneAsync(study);
        foreach (var jump in new[] { 100, -200, 10_000 })
        {
            _time.Jump(TimeSpan.FromDays(jump));
            await PassAsync(0.2);
        }
        Assert.Equal(1, (await Studies.GetAsync(study.Id, Ct)).Counts.Running);
        // Nor does a machine that was suspended: nobody could speak to it.
        _time.Advance(TimeSpan.FromDays(1));
        await PassAsync(0.2);
        Assert.Equal(1, (await Studies.GetAsync(study.Id, Ct)).Counts.Running);
    }

    [Fact]
    public async Task TwoHosts_OnOneStore_LoseAndRepeatNothing()
    {
        var study = await NewAsync(spec => spec with { Budget = new StudyBudget { Trials = 120 }, Sampler = new NamedOptions("tpe") });
        await using var other = NewHost();
        var given = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var (host, mine) = (worker % 2 == 0 ? _host! : other, new List<int>());
            while (await host.AskAsync(study.Id, new AskRequest { Agent = $"w{worker}", Count = 1 + (worker % 3) }, Ct) is var answer && answer.State == StudyState.Running)
            {
                foreach (var trial in answer.Trials)
                {
                    mine.Add(trial.Number);
                    // What one gives out the other is told of.
                    var told = mine.Count % 2 == 0 ? _host! : other;
                    await told.ReportAsync(study.Id, trial.Number, new ReportRequest { Attempt = 1, Step = 0, Values = [1] }, Ct);
                    await told.TellAsync(study.Id, trial.Number, new TellRequest { Attempt = 1, Values = [trial.Params.Float("lr")] }, Ct);
                }
            }
            return mine;
        })));
        Assert.Equal(Enumerable.Range(0, 120), given.SelectMany(mine => mine).Order());
        foreach (var host in new[] { _host!, other })
        {
            var (info, trials) = (await host.GetAsync(study.Id, Ct), (await host.GetTrialsAsync(study.Id, new TrialQuery(), Ct)).Trials);
            Assert.Equal((120, StudyState.Finished), (info.Counts.Complete, info.State));
            Assert.Equal(120, trials.Select(trial => trial.Params).Distinct().Count());
            Assert.All(trials, trial => Assert.Equal(trial.Params.Float("lr"), trial.Values[0]));
            Assert.Equal(trials.Min(trial => trial.Values[0]), info.Best!.Values[0]);
        }
    }

    [Fact]
    public async Task TwoHosts_OneHearsTheBeat_TheOtherKeepsTheLease()
    {
        var study = await NewAsync();
        await using var other = NewHost();
        var trial = await OneAsync(study);
        Assert.Equal(1, (await other.GetAsync(study.Id, Ct)).Counts.Running);
        for (var i = 0; i < 6; i++)
        {
            await PassAsync(0.5, other);
            await Studies.HeartbeatAsync(study.Id, new HeartbeatRequest { Trials = [new(trial.Number, 1)] }, Ct);
        }
        Assert.Equal(1, (await other.GetAsync(study.Id, Ct)).Counts.Running);
        await Studies.UpdateAsync(study.Id, new StudyPatch { State = StudyState.Paused }, Ct);
        Assert.Equal(StudyState.Paused, (await other.AskAsync(study.Id, new AskRequest { Agent = "b" }, Ct)).State);
    }

    [Fact]
    public async Task Hours_AreCountedFromTheFirstTrial()
    {
        if (_database is PostgresDatabase)
            return; // Its own clock counts.
        var study = await NewAsync(spec => spec with { Budget = new StudyBudget { Hours = 2 } });
        _time.Advance(TimeSpan.FromHours(3));
        var trial = await OneAsync(study);
        _time.Advance(TimeSpan.FromHours(1.9));
        await OneAsync(study);
        _time.Advance(TimeSpan.FromHours(0.2));
        Assert.Equal("The budget of 2 hours is used.", (await AskAsync(study)).Reason);
        await TellAsync(study, trial, 1);
        await TellAsync(study, trial with { Number = 1 }, 1);
        Assert.Equal(StudyState.Finished, (await Studies.GetAsync(study.Id, Ct)).State);
    }

    [Fact]
    public async Task Purge_OfAProject_TakesItsStudies_AndOfARunLeavesTheTrial()
    {
        var study = await NewAsync();
        var trial = await OneAsync(study);
        await TellAsync(study, trial, 1);
        await Runs.UpdateRunAsync(trial.Run!.Value, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        var care = new SqlHousekeeping(_database!, _time, null);
        Assert.Equal(1, (await care.CollectAsync(new CollectQuery { OlderThan = 0 }, Ct)).Runs);
        Assert.Equal(1, (await NewHost().GetTrialAsync(study.Id, 0, Ct)).Values[0]);
        await Runs.UpdateProjectAsync(study.ProjectId, new ProjectChange { Lifecycle = Lifecycle.Deleted }, Ct);
        Assert.Equal(1, (await care.CollectAsync(new CollectQuery { OlderThan = 0 }, Ct)).Projects);
        await RefusesAsync(ErrorCode.NotFound, () => NewHost().GetAsync(study.Id, Ct));
    }
}

public sealed class SqliteStudyHostTests : StudyHostTests
{
    private readonly TemporaryFolder _folder = new();

    protected override SqlDatabase Open() => SqliteDatabase.Open(_folder["lode.db"]);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}

[NeedsPostgres]
public sealed class PostgresStudyHostTests : StudyHostTests
{
    protected override SqlDatabase Open() => PostgresDatabase.Open(PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase()));
}

/// <summary>The same contract, through client, wire, endpoints and SQL.</summary>
public sealed class HttpStudiesTests : StudiesContract
{
    private RunningServer? _server;

    protected override double LeaseSeconds => 2;

    public override async Task DisposeAsync() => await _server!.DisposeAsync();

    protected override async Task<(IStudies Studies, IRunStore Runs)> CreateAsync()
    {
        _server = await RunningServer.StartAsync();
        return (new HttpStudies(_server.Http), new HttpRunStore(_server.Http));
    }

    // The server looks each second.
    protected override Task PassAsync(double leases) => Task.Delay(TimeSpan.FromSeconds((leases * LeaseSeconds) + (leases > 1 ? 1.2 : 0)));
}
