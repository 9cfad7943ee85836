using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Postgres;

/// <summary>A PostgreSQL server that is killed under load and started again.</summary>
[NeedsPostgres]
public sealed class OutageTests : IDisposable
{
    private static readonly CancellationToken s_ct = CancellationToken.None;

    private readonly PostgresCluster _cluster = PostgresCluster.Start(durable: true);

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public async Task KilledAndRestarted_SaysUnavailable_RecoversAlone_LosesNothingAnswered()
    {
        await using var database = PostgresDatabase.Open(PostgresAddress.Parse(_cluster.NewDatabase()));
        var store = new SqlRunStore(database, TimeProvider.System);
        var ids = Enumerable.Range(0, 6).Select(_ => RunId.New()).ToList();
        foreach (var id in ids)
            await store.CreateRunAsync(new NewRun { Id = id, ProjectId = ProjectId.Default }, s_ct);
        using var done = new CancellationTokenSource();
        var writers = ids.ConvertAll(id => Task.Run(() => WriteAsync(store, id, done.Token)));
        var reader = Task.Run(() => ReadAsync(store, ids[0], done.Token));
        for (var round = 0; round < 2; round++)
        {
            await Task.Delay(300);
            _cluster.Kill();
            var error = await Assert.ThrowsAsync<LodeException>(() => store.GetRunAsync(ids[0], s_ct));
            Assert.Equal(ErrorCode.Unavailable, error.Code);
            Assert.Contains($"127.0.0.1:{_cluster.Port}", error.Message, StringComparison.Ordinal);
            Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<LodeException>(() => store.LogAsync(ids[0], new RunBatch(), s_ct))).Code);
            _cluster.StartServer();
            // At once, not after some tries.
            await store.LogAsync(ids[0], new RunBatch { Tags = [new($"round{round}", "back")] }, s_ct);
            Assert.Equal("back", (await store.GetRunAsync(ids[0], s_ct)).Tags[$"round{round}"]);
        }
        await Task.Delay(300);
        await done.CancelAsync();
        var answered = await Task.WhenAll(writers);
        Assert.True(await reader > 0);
        for (var i = 0; i < ids.Count; i++)
        {
            var stored = (await store.GetHistoryAsync(ids[i], "m", 0, int.MaxValue, s_ct)).Select(point => point.Step).ToList();
            Assert.NotEmpty(answered[i]);
            Assert.Empty(answered[i].Except(stored));
            Assert.Equal(stored.Count, stored.Distinct().Count());
        }
    }

    [Fact]
    public async Task Restarted_WhileNobodyAsked_IsNotNoticed()
    {
        await using var database = PostgresDatabase.Open(PostgresAddress.Parse(_cluster.NewDatabase()));
        var store = new SqlRunStore(database, TimeProvider.System);
        var run = await store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = ProjectId.Default }, s_ct);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.GetRunAsync(run.Id, s_ct)));
        _cluster.Kill();
        _cluster.StartServer();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.GetRunAsync(run.Id, s_ct)));
        await store.LogAsync(run.Id, new RunBatch { Tags = [new("a", "b")] }, s_ct);
        Assert.Equal("b", (await store.GetRunAsync(run.Id, s_ct)).Tags["a"]);
    }

    /// <summary>Writes step after step; a step that is refused is sent again. Returns the steps that were answered.</summary>
    private static async Task<List<long>> WriteAsync(SqlRunStore store, RunId id, CancellationToken until)
    {
        var answered = new List<long>();
        for (var step = 0L; !until.IsCancellationRequested;)
        {
            try
            {
                await store.LogAsync(id, new RunBatch { Metrics = [new("m", step, step, step)] }, CancellationToken.None);
                answered.Add(step++);
            }
            catch (LodeException error) when (error.Code == ErrorCode.Unavailable)
            {
                await Task.Delay(10, CancellationToken.None);
            }
        }
        return answered;
    }

    private static async Task<int> ReadAsync(SqlRunStore store, RunId id, CancellationToken until)
    {
        var read = 0;
        while (!until.IsCancellationRequested)
        {
            try
            {
                await store.GetRunAsync(id, CancellationToken.None);
                read++;
            }
            catch (LodeException error) when (error.Code == ErrorCode.Unavailable)
            {
                await Task.Delay(10, CancellationToken.None);
            }
        }
        return read;
    }
}
