using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Postgres;

/// <summary>Databases of earlier schemas, made by their own scripts, are opened by this build and keep what they hold.</summary>
[NeedsPostgres]
public sealed class OldSchemaTests
{
    private const string Filled = """
        INSERT INTO project (id, name, lifecycle, created_at, updated_at) VALUES (7, 'old', 1, 5, 6);
        INSERT INTO project_tag (project_id, key, value) VALUES (7, 'team', 'a');
        INSERT INTO run (id, uuid, project_id, name, "user", status, lifecycle, started_at, ended_at, version) VALUES (3, '00000000000000000000000000000abc', 7, 'kept', 'ada', 3, 1, 100, 200, 9);
        INSERT INTO run_param (run_id, key, value, number) VALUES (3, 'lr', '0.1', 0.1);
        INSERT INTO run_tag (run_id, key, value) VALUES (3, 'kind', 'x');
        INSERT INTO metric (id, run_id, key, last, last_step, last_time, min, max, mean, numbers, count) VALUES (4, 3, 'm', 2.5, 1, 20, 2.5, 4, 3.25, 2, 3);
        INSERT INTO metric_point (metric_id, step, time, value, is_nan) VALUES (4, 0, 10, 4, 0), (4, 0, 11, 0, 1), (4, 1, 20, 2.5, 0);
        INSERT INTO journal (run_uuid, bytes) VALUES ('00000000000000000000000000000abc', 77);
        UPDATE counter SET value = 9 WHERE name = 'version';
        CREATE TABLE lode_schema (version INTEGER NOT NULL);
        INSERT INTO lode_schema (version) VALUES (1);
        """;

    [Fact]
    public async Task Schema1_IsBroughtUpToDate_AndKeepsItsData()
    {
        using var script = new StreamReader(typeof(PostgresDatabase).Assembly.GetManifestResourceStream("Postgres.001.sql")!);
        var address = PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase(await script.ReadToEndAsync() + Filled));
        // Several servers of the new build at once.
        var databases = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => PostgresDatabase.Open(address))));
        var store = new SqlRunStore(databases[0], TimeProvider.System);
        var ct = CancellationToken.None;
        var id = RunId.Parse("00000000000000000000000000000abc");
        var run = await store.GetRunAsync(id, ct);
        Assert.Equal(("kept", "ada", RunStatus.Finished, 100L, 200L, 9L, "0.1", "x"), (run.Name, run.User, run.Status, run.StartedAt, run.EndedAt, run.Version, run.Params["lr"], run.Tags["kind"]));
        Assert.Equal((2.5, 2.5, 4, 3.25, 3), (run.Metrics["m"].Last, run.Metrics["m"].Min, run.Metrics["m"].Max, run.Metrics["m"].Mean, run.Metrics["m"].Count));
        Assert.Equal([4, double.NaN, 2.5], (await store.GetHistoryAsync(id, "m", 0, 10, ct)).Select(point => point.Value));
        Assert.Equal(("old", "a"), ((await store.GetProjectAsync(run.ProjectId, ct)).Name, (await store.GetProjectAsync(run.ProjectId, ct)).Tags["team"]));
        Assert.Equal(77, (await store.AppendJournalAsync(id, 0, default, ct)).Offset);
        await store.LogAsync(id, new RunBatch { Metrics = [new("m", 1, 30, 2)] }, ct);
        run = await store.GetRunAsync(id, ct);
        Assert.Equal((4, 1.0, 10L), (run.Metrics["m"].Count, run.Metrics["m"].Last, run.Version));
        foreach (var database in databases)
            await database.DisposeAsync();
    }

    [Fact]
    public void SchemaOfANewerLode_IsRefused()
    {
        var address = PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase("CREATE TABLE lode_schema (version INTEGER NOT NULL); INSERT INTO lode_schema (version) VALUES (999)"));
        var error = Assert.Throws<LodeException>(() => PostgresDatabase.Open(address));
        Assert.Equal(ErrorCode.Conflict, error.Code);
    }
}
