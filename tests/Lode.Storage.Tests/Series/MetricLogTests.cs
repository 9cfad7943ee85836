using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;
using Microsoft.Data.Sqlite;

namespace Lode.Storage.Tests.Series;

/// <summary>Points that were answered and wait in the log: seen by every reader, there after a crash, once.</summary>
public sealed class MetricLogTests : IAsyncLifetime
{
    private static readonly CancellationToken s_ct = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly RunId _run = RunId.New();
    private SqliteDatabase _database = null!;
    private SqlRunStore _store = null!;

    public async Task InitializeAsync()
    {
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        _store = new SqlRunStore(_database, TimeProvider.System);
        await _store.CreateRunAsync(new NewRun { Id = _run, ProjectId = ProjectId.Default }, s_ct);
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    private Task LogAsync(params MetricPoint[] points) => _store.LogAsync(_run, new RunBatch { Metrics = points }, s_ct);

    private long Stored(string table, string file = "lode.db")
    {
        using var connection = new SqliteConnection($"Data Source={_folder[file]};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {table}";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>The files as a kill leaves them at this moment.</summary>
    private void Kill(string copy)
    {
        foreach (var end in new[] { "", "-wal" })
            File.Copy(_folder["lode.db" + end], _folder[copy + end]);
    }

    [Fact]
    public async Task Log_KilledBeforeItIsInItsPlace_IsThereOnceOnReopening()
    {
        var before = (await _store.GetRunAsync(_run, s_ct)).Version;
        MetricPoint[] first = [new("loss", 0.5, 1000, 1), new("loss", double.NaN, 1001, 2), new("größe µ", double.NegativeInfinity, 1002, -3)];
        await LogAsync(first);
        await LogAsync(new MetricPoint("loss", 0.25, 1003, 4));
        Assert.Equal((2, 0), (Stored("metric_log"), Stored("metric_point")));
        Kill("killed.db");
        for (var round = 0; round < 2; round++)
        {
            await using var database = SqliteDatabase.Open(_folder["killed.db"]);
            var store = new SqlRunStore(database, TimeProvider.System);
            // What is sent again, because its answer was lost, is known.
            await store.LogAsync(_run, new RunBatch { Metrics = first }, s_ct);
            Assert.Equal([first[0], first[1], new MetricPoint("loss", 0.25, 1003, 4)], await store.GetHistoryAsync(_run, "loss", 0, 100, s_ct));
            Assert.Equal([first[2]], await store.GetHistoryAsync(_run, first[2].Key, 0, 100, s_ct));
            var run = await store.GetRunAsync(_run, s_ct);
            Assert.Equal((3, 0.25, 4, 0.25, 0.5), (run.Metrics["loss"].Count, run.Metrics["loss"].Last, run.Metrics["loss"].LastStep, run.Metrics["loss"].Min, run.Metrics["loss"].Max));
            Assert.True(run.Version > before);
            Assert.Equal(0, Stored("metric_log", "killed.db"));
        }
    }

    [Fact]
    public async Task Log_Killed_WhatIsLoggedFirstAfterwardsTakesNothingAway()
    {
        await LogAsync(new MetricPoint("loss", 1, 1, 1));
        Kill("killed.db");
        await using (var database = SqliteDatabase.Open(_folder["killed.db"]))
            await new SqlRunStore(database, TimeProvider.System).LogAsync(_run, new RunBatch { Metrics = [new("loss", 2, 2, 2)] }, s_ct);
        await using var again = SqliteDatabase.Open(_folder["killed.db"]);
        Assert.Equal([1, 2], (await new SqlRunStore(again, TimeProvider.System).GetHistoryAsync(_run, "loss", 0, 9, s_ct)).Select(point => point.Value));
    }

    [Fact]
    public async Task Log_ThenAWriteThatIsTakenBack_StaysOnce()
    {
        await LogAsync(new MetricPoint("loss", 1, 1, 1));
        await Assert.ThrowsAsync<LodeException>(() => _database.WriteAsync<int>(
            sql =>
            {
                sql.Execute("INSERT INTO run_tag (run_id, key, value) SELECT id, 'half', 'done' FROM run");
                throw new LodeException(ErrorCode.Conflict, "no");
            },
            s_ct));
        await LogAsync(new MetricPoint("loss", 2, 2, 2));
        var run = await _store.GetRunAsync(_run, s_ct);
        Assert.Equal((2, false), (run.Metrics["loss"].Count, run.Tags.ContainsKey("half")));
        Assert.Equal([1, 2], (await _store.GetHistoryAsync(_run, "loss", 0, 9, s_ct)).Select(point => point.Value));
    }

    [Fact]
    public async Task Log_InOneGroupWithARefusedWrite_StaysOnce()
    {
        await LogAsync(new MetricPoint("loss", 0, 1, 0));
        var writes = Enumerable.Range(1, 300).Select(i => i % 7 == 0
            ? (Task)_database.WriteAsync<int>(
                sql =>
                {
                    sql.Execute("INSERT INTO run_tag (run_id, key, value) SELECT id, 'half', 'done' FROM run");
                    throw new LodeException(ErrorCode.Conflict, "no");
                },
                s_ct)
            : LogAsync(new MetricPoint("loss", i, 1 + i, i))).ToList();
        await Task.WhenAll(writes.Select(write => write.ContinueWith(_ => { }, TaskScheduler.Default)));
        Assert.Equal(42, writes.Count(write => write.IsFaulted));
        Assert.Equal(Enumerable.Range(0, 301).Where(i => i == 0 || i % 7 != 0).Select(i => (double)i), (await _store.GetHistoryAsync(_run, "loss", 0, 999, s_ct)).Select(point => point.Value));
        Assert.DoesNotContain("half", (await _store.GetRunAsync(_run, s_ct)).Tags.Keys);
    }

    [Fact]
    public async Task Log_Thousands_GoIntoChunksWithoutBeingRead()
    {
        for (var i = 0; i < 3000; i++)
            await LogAsync(new MetricPoint("loss", i, i, i));
        Assert.InRange(Stored("metric_log"), 1, 2048);
        Assert.Equal(1, Stored("metric_chunk"));
        Assert.Equal(3000, (await _store.GetHistoryAsync(_run, "loss", 0, 9999, s_ct)).Count);
    }

    [Fact]
    public async Task Log_BehindADamagedChunk_GoesOn()
    {
        await LogAsync([.. Enumerable.Range(0, 100).Select(i => new MetricPoint("loss", i, i, i))]);
        await _database.WriteAsync(sql => sql.Execute("UPDATE metric_chunk_data SET data = CAST(substr(data, 1, 20) || x'FEEDFEED' || substr(data, 25) AS BLOB)"), s_ct);
        await LogAsync([.. Enumerable.Range(50, 100).Select(i => new MetricPoint("loss", i, i, i)), new MetricPoint("other", 1, 1, 1)]);
        Assert.Equal(149, (await _store.GetRunAsync(_run, s_ct)).Metrics["loss"].Last);
        Assert.Single(await _store.GetHistoryAsync(_run, "other", 0, 9, s_ct));
        Assert.Equal(ErrorCode.DataLoss, (await Assert.ThrowsAsync<LodeException>(() => _store.GetHistoryAsync(_run, "loss", 0, 999, s_ct))).Code);
    }

    [Fact]
    public async Task Open_DamagedLog_IsTold()
    {
        await LogAsync(new MetricPoint("loss", 1, 1, 1));
        Kill("killed.db");
        using (var connection = new SqliteConnection($"Data Source={_folder["killed.db"]};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE metric_log SET points = CAST(substr(points, 1, 6) AS BLOB)";
            Assert.Equal(1, command.ExecuteNonQuery());
        }
        var database = SqliteDatabase.Open(_folder["killed.db"]);
        Assert.Equal(ErrorCode.DataLoss, (await Assert.ThrowsAsync<LodeException>(() => new SqlRunStore(database, TimeProvider.System).GetRunAsync(_run, s_ct))).Code);
        await Assert.ThrowsAsync<LodeException>(async () => await database.DisposeAsync());
    }
}
