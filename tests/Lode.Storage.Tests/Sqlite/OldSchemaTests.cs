using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;
using Microsoft.Data.Sqlite;

namespace Lode.Storage.Tests.Sqlite;

/// <summary>Opens a file that each earlier schema's own program wrote. New schemas add a file here; none is ever changed.</summary>
public sealed class OldSchemaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("schema1.db")]
    [InlineData("schema6.db")]
    [InlineData("schema8.db")]
    [InlineData("schema9.db")]
    public async Task Open_AFileOfAnEarlierSchema_KeepsEverything(string name)
    {
        var file = _folder["lode.db"];
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Sqlite/Old", name), file);
        var (id, ct) = (RunId.Parse("e5bf000ebfaf481ab0c2db29d2c32df5"), CancellationToken.None);
        double[] odd = [0.5, double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.25, 2.5];
        for (var round = 0; round < 2; round++)
        {
            await using var database = SqliteDatabase.Open(file);
            var store = new SqlRunStore(database, new ManualTime());
            var run = await store.GetRunAsync(id, ct);
            Assert.Equal(("kept", "ada", 1_700_000_000_000, "0.1", "a"), (run.Name, run.User, run.StartedAt, run.Params["lr"], run.Tags["team"]));
            Assert.Equal("old times", (await store.GetProjectAsync(run.ProjectId, ct)).Name);
            Assert.Equal((600 + round, 1.0, 1 / 600.0), (run.Metrics["loss"].Count, run.Metrics["loss"].Max, run.Metrics["loss"].Min));
            Assert.Equal(odd, (await store.GetHistoryAsync(id, "odd", 0, 100, ct)).Select(point => point.Value));
            Assert.Equal(Enumerable.Range(0, 11).Select(i => (10L - i, (double)i)), (await store.GetHistoryAsync(id, "late", 0, 100, ct)).Select(point => (point.Step, point.Value)));
            var loss = await store.GetHistoryAsync(id, "loss", 0, 10_000, ct);
            Assert.Equal(Enumerable.Range(0, 600).Select(i => new MetricPoint("loss", 1 / (i + 1.0), 1_700_000_000_000 + i * 10, i)), loss.Take(600));
            var series = Assert.Single(await store.GetSeriesAsync(new SeriesQuery { Runs = [id], Keys = ["loss"], Buckets = 10 }, ct));
            Assert.Equal((600 + round, 1.0), (series.Count, series.Max![0]));
            // What is there already is known, and what is new goes behind it.
            await store.LogAsync(id, new RunBatch { Metrics = [loss[0], loss[599], new("loss", 0.5, 1_800_000_000_000, 600)] }, ct);
        }
    }

    /// <summary>A file that was brought from the first schema to each later one, as a program of that time did when it was opened.</summary>
    [Fact]
    public async Task Open_AFileBroughtToAnyEarlierSchema_KeepsEverything()
    {
        var ct = CancellationToken.None;
        SQLitePCL.Batteries_V2.Init();
        for (var schema = 1; schema < SqliteSchema.Current; schema++)
        {
            var file = _folder[$"brought-to-{schema}.db"];
            File.Copy(Path.Combine(AppContext.BaseDirectory, "Sqlite/Old/schema1.db"), file);
            using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
            {
                connection.Open();
                using var command = connection.CreateCommand();
                foreach (var (number, sql) in SqlMigrations.Read("Sqlite").Where(migration => migration.Number > 1 && migration.Number <= schema))
                {
                    command.CommandText = $"{sql}; PRAGMA user_version = {number}";
                    command.ExecuteNonQuery();
                }
            }
            await using var database = SqliteDatabase.Open(file);
            var store = new SqlRunStore(database, new ManualTime());
            var run = await store.GetRunAsync(RunId.Parse("e5bf000ebfaf481ab0c2db29d2c32df5"), ct);
            Assert.Equal(("kept", "ada", "0.1", "a", 600L), (run.Name, run.User, run.Params["lr"], run.Tags["team"], run.Metrics["loss"].Count));
            Assert.Equal(Enumerable.Range(0, 600).Select(i => new MetricPoint("loss", 1 / (i + 1.0), 1_700_000_000_000 + i * 10, i)), await store.GetHistoryAsync(run.Id, "loss", 0, 10_000, ct));
            Assert.Single((await store.SearchRunsAsync(new RunQuery { Projects = [run.ProjectId], Filter = FilterParser.Parse("metrics.loss<1 params.lr:0.1 tags.team:a") }, ct)).Runs);
        }
    }

    [Fact]
    public async Task Open_AFileOfSchema9_PutsWhatWaitedInTheLogInItsPlace()
    {
        // Its program was killed after the point was answered.
        var file = _folder["lode.db"];
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Sqlite/Old/schema9.db"), file);
        await using var database = SqliteDatabase.Open(file);
        Assert.Equal([new MetricPoint("waiting", 3.5, 1_700_000_009_000, 4)], await new SqlRunStore(database, new ManualTime()).GetHistoryAsync(RunId.Parse("e5bf000ebfaf481ab0c2db29d2c32df5"), "waiting", 0, 9, CancellationToken.None));
    }

    [Fact]
    public async Task Open_AFileOfSchema6_KnowsHowFarTheJournalWasTaken()
    {
        var file = _folder["lode.db"];
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Sqlite/Old/schema6.db"), file);
        await using var database = SqliteDatabase.Open(file);
        var (store, id) = (new SqlRunStore(database, new ManualTime()), RunId.Parse("e5bf000ebfaf481ab0c2db29d2c32df5"));
        Assert.Equal(77, (await store.AppendJournalAsync(id, 0, default, CancellationToken.None)).Offset);
        Assert.Equal(0, (await store.AppendJournalAsync(id, "second", 0, default, CancellationToken.None)).Offset);
    }
}
