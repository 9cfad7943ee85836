using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Postgres;

/// <summary>Several servers on one database, all writing at once.</summary>
[NeedsPostgres]
public sealed class SharedDatabaseTests : IAsyncLifetime
{
    private const int Servers = 3;
    private static readonly CancellationToken s_ct = CancellationToken.None;

    private readonly List<PostgresDatabase> _databases = [];
    private List<SqlRunStore> _stores = [];

    public async Task InitializeAsync()
    {
        var address = PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase());
        // All at once, on an empty database: one makes the tables.
        _databases.AddRange(await Task.WhenAll(Enumerable.Range(0, Servers).Select(_ => Task.Run(() => PostgresDatabase.Open(address)))));
        _stores = _databases.ConvertAll(database => new SqlRunStore(database, TimeProvider.System));
    }

    public async Task DisposeAsync()
    {
        foreach (var database in _databases)
            await database.DisposeAsync();
    }

    [Fact]
    public async Task SameRuns_WrittenByAll_LoseNothing_AndAFeedMissesNothing()
    {
        const int Runs = 5, Steps = 40;
        var ids = Enumerable.Range(0, Runs).Select(_ => RunId.New()).ToList();
        using var done = new CancellationTokenSource();
        var feed = Task.Run(() => FollowAsync(_stores[0], done.Token));
        await Task.WhenAll(_stores.SelectMany((store, server) => ids.Select(async id =>
        {
            await store.CreateRunAsync(new NewRun { Id = id, ProjectId = ProjectId.Default }, s_ct); // all make it; it is made once
            for (var step = 0; step < Steps; step++)
                await store.LogAsync(id, new RunBatch { Metrics = [new("m", server, 1, step), new($"m{server}", step, 1, step)], Tags = [new("last", $"{server}")] }, s_ct);
        })));
        await done.CancelAsync();
        var seen = await feed;
        var page = await _stores[1].SearchRunsAsync(new RunQuery { Projects = [ProjectId.Default] }, s_ct);
        Assert.Equal(Runs, page.Runs.Count);
        foreach (var run in page.Runs)
        {
            Assert.Equal((Servers * Steps, Servers - 1, 0), ((int)run.Metrics["m"].Count, run.Metrics["m"].Max, run.Metrics["m"].Min));
            for (var server = 0; server < Servers; server++)
                Assert.Equal((Steps, Steps - 1), (run.Metrics[$"m{server}"].Count, run.Metrics[$"m{server}"].Last));
            Assert.Equal(run.Version, seen[run.Id].Version);
            Assert.Equal(run.Metrics, seen[run.Id].Metrics);
        }
        Assert.Equal(Runs, page.Runs.Select(run => run.Version).Distinct().Count());
    }

    [Fact]
    public async Task SameName_TakenByAll_IsGivenOnce()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = $"p{round}";
            var tries = _stores.ConvertAll(store => store.CreateProjectAsync(new NewProject { Name = name }, s_ct));
            await Task.WhenAll(tries.Select(task => task.ContinueWith(_ => { }, TaskScheduler.Default)));
            Assert.Equal(1, tries.Count(task => task.IsCompletedSuccessfully));
            Assert.All(tries.Where(task => task.IsFaulted), task => Assert.Equal(ErrorCode.AlreadyExists, ((LodeException)task.Exception!.InnerException!).Code));
        }
    }

    [Fact]
    public async Task SameParam_WrittenByAll_HasOneWinner()
    {
        var run = await _stores[0].CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = ProjectId.Default }, s_ct);
        for (var round = 0; round < 20; round++)
        {
            var key = $"k{round}";
            var tries = _stores.Select((store, server) => store.LogAsync(run.Id, new RunBatch { Params = [new(key, $"{server}")] }, s_ct)).ToList();
            await Task.WhenAll(tries.Select(task => task.ContinueWith(_ => { }, TaskScheduler.Default)));
            var winner = Assert.Single(Enumerable.Range(0, Servers), server => tries[server].IsCompletedSuccessfully);
            Assert.Equal($"{winner}", (await _stores[0].GetRunAsync(run.Id, s_ct)).Params[key]);
            Assert.All(tries.Where(task => task.IsFaulted), task => Assert.Equal(ErrorCode.InvalidArgument, ((LodeException)task.Exception!.InnerException!).Code));
        }
    }

    [Fact]
    public async Task OneJournal_SentThroughAll_IsTakenOnce()
    {
        var id = RunId.New();
        var bytes = System.Text.Encoding.UTF8.GetBytes("{\"e\":\"start\",\"t\":1,\"project\":\"journal\"}\n" + string.Concat(Enumerable.Range(0, 100).Select(step => $"{{\"e\":\"metrics\",\"t\":1,\"step\":{step},\"metrics\":{{\"m\":{step}}}}}\n")));
        var receipts = await Task.WhenAll(_stores.Select(store => store.AppendJournalAsync(id, 0, bytes, s_ct)));
        Assert.All(receipts, receipt => Assert.Equal(bytes.Length, receipt.Offset));
        Assert.Equal(100, (await _stores[0].GetRunAsync(id, s_ct)).Metrics["m"].Count);
    }

    /// <summary>What a live view would show when all is quiet, had it only ever asked for changes.</summary>
    private static async Task<Dictionary<RunId, Run>> FollowAsync(SqlRunStore store, CancellationToken until)
    {
        var seen = new Dictionary<RunId, Run>();
        long version = 0;
        while (true)
        {
            var last = until.IsCancellationRequested;
            var changes = await store.GetChangesAsync(default, version, 3, CancellationToken.None);
            foreach (var run in changes.Runs)
                seen[run.Id] = run;
            version = changes.Version;
            if (last && changes.Runs.Count == 0)
                return seen;
        }
    }
}
