using System.Globalization;
using Lode.Core;
using Lode.Storage.Mlflow;
using Lode.Storage.Tests.Exchange;
using Lode.Tracking;
using Microsoft.Data.Sqlite;

namespace Lode.Storage.Tests.Mlflow;

/// <summary>Databases laid out as MLflow lays them out, at three ages of its schema.</summary>
public sealed class MlflowDatabaseTests : TwoStores
{
    private const string A = "00000000000000000000000000000a01", B = "00000000000000000000000000000b02", C = "00000000000000000000000000000c03";

    private string File => Folder["mlflow.db"];

    private void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <param name="age">0: as MLflow 0.9; 1: as MLflow 1; 2: as MLflow 2 and 3.</param>
    private void MakeDatabase(int age)
    {
        string Since(int since, string column) => age >= since ? column : "";
        Run($"""
            CREATE TABLE experiments (experiment_id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(256) NOT NULL UNIQUE, artifact_location VARCHAR(256), lifecycle_stage VARCHAR(32){Since(2, ", creation_time BIGINT, last_update_time BIGINT")});
            CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(250), source_type VARCHAR(20), source_name VARCHAR(500), entry_point_name VARCHAR(50), user_id VARCHAR(256), status VARCHAR(9),
                start_time BIGINT, end_time BIGINT, source_version VARCHAR(50), lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER{Since(2, ", deleted_time BIGINT")});
            CREATE TABLE params (key VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL, run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY (key, run_uuid));
            CREATE TABLE tags (key VARCHAR(250) NOT NULL, value VARCHAR(5000), run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY (key, run_uuid));
            CREATE TABLE metrics (key VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL, run_uuid VARCHAR(32) NOT NULL{Since(1, ", step BIGINT DEFAULT '0' NOT NULL, is_nan BOOLEAN DEFAULT '0' NOT NULL")},
                PRIMARY KEY (key, timestamp, run_uuid, value{Since(1, ", step, is_nan")}));
            INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) VALUES (0, 'Default', './mlruns/0', 'active'), (3, 'cats', 's3://bucket/3', 'active'), (4, 'gone', 'mlflow-artifacts:/4', 'deleted');
            INSERT INTO runs (run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, experiment_id) VALUES
                ('{A}', '{(age == 2 ? "brave-cat" : "")}', 'ada', 'FINISHED', 1000, 2000, 'active', 3), ('{B}', '', NULL, 'RUNNING', 1500, NULL, 'deleted', 3), ('{C}', 'c', 'bob', 'FAILED', NULL, NULL, 'deleted', 4),
                ('not-hexadecimal', 'x', 'x', 'FAILED', 1, 2, 'active', 3);
            INSERT INTO params (key, value, run_uuid) VALUES ('lr', '0.1', '{A}'), ('deep/er name', '', '{A}'), ('lr', '0.2', '{C}'), ('lr', '9', 'not-hexadecimal'), ('a*b', 'odd', '{C}');
            INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', 'brave-cat', '{A}'), ('nothing', NULL, '{A}'), ('note', 'ä', '{B}');
            INSERT INTO metrics (key, value, timestamp, run_uuid) VALUES ('loss', 0.5, 1001, '{A}'), ('loss', 0.25, 1002, '{A}'), ('acc', 1, 1001, '{A}'), ('acc', 0.75, 7, '{C}'), ('acc', 1, 1, 'not-hexadecimal'), ('zzz', 1, 1, 'no-run');
            """);
        if (age >= 1)
        {
            Run($"""
                CREATE TABLE experiment_tags (key VARCHAR(250) NOT NULL, value VARCHAR(5000), experiment_id INTEGER NOT NULL, PRIMARY KEY (key, experiment_id));
                INSERT INTO experiment_tags (key, value, experiment_id) VALUES ('mlflow.note.content', 'about cats', 3);
                INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('odd', 0, 1, '{B}', -1, 1), ('odd', {double.MaxValue.ToString("R", CultureInfo.InvariantCulture)}, 2, '{B}', 0, 0), ('odd', -1.7976931348623157e308, 3, '{B}', 1, 0), ('odd', 0, 1, '{B}', -1, 0);
                """);
        }
        if (age >= 2)
        {
            Run($"""
                UPDATE experiments SET creation_time = 10 * experiment_id, last_update_time = 10 * experiment_id + 1;
                UPDATE runs SET deleted_time = 99 WHERE lifecycle_stage = 'deleted';
                CREATE TABLE datasets (dataset_uuid VARCHAR(36) NOT NULL, experiment_id INTEGER NOT NULL, name VARCHAR(500) NOT NULL, digest VARCHAR(36) NOT NULL, dataset_source_type VARCHAR(36) NOT NULL, dataset_source TEXT NOT NULL, dataset_schema TEXT, dataset_profile TEXT, PRIMARY KEY (experiment_id, name, digest));
                CREATE TABLE inputs (input_uuid VARCHAR(36) NOT NULL, source_type VARCHAR(36) NOT NULL, source_id VARCHAR(36) NOT NULL, destination_type VARCHAR(36) NOT NULL, destination_id VARCHAR(36) NOT NULL, PRIMARY KEY (source_type, source_id, destination_type, destination_id));
                CREATE TABLE input_tags (input_uuid VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL, value VARCHAR(500) NOT NULL, PRIMARY KEY (input_uuid, name));
                INSERT INTO datasets VALUES ('d1', 3, 'iris', 'abc', 'local', '/iris.csv', NULL, '[150]');
                INSERT INTO inputs VALUES ('i1', 'DATASET', 'd1', 'RUN', '{A}');
                INSERT INTO input_tags VALUES ('i1', 'mlflow.data.context', 'train');
                CREATE TABLE registered_models (name VARCHAR(256) NOT NULL PRIMARY KEY, creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000));
                INSERT INTO registered_models (name) VALUES ('m1'), ('m2');
                """);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Import_BringsEverything_AndAgainChangesNothing(int age)
    {
        MakeDatabase(age);
        var bytes = System.IO.File.ReadAllBytes(File);
        var report = await MlflowImport.ReadAsync(Target, "sqlite:///" + File, null, Ct);
        Assert.Equal((2, 3, 0), (report.Projects, report.Runs, report.Clashes.Count));
        Assert.Contains(report.Skipped, skip => skip.What == "runs" && skip.Reason.Contains("not-hexadecimal", StringComparison.Ordinal));
        Assert.Contains(report.Skipped, skip => skip.What == "params" && skip.Reason.Contains("a*b", StringComparison.Ordinal));
        if (age == 2)
            Assert.Contains(report.Skipped, skip => skip.What == "registered models" && skip.Count == 2);

        var cats = await Target.FindProjectAsync("cats", Ct);
        Assert.Equal((3L, "s3://bucket/3", age >= 2 ? 30L : 0L), (cats!.Id.Value, cats.ArtifactLocation, cats.CreatedAt));
        Assert.Equal(age >= 1 ? "about cats" : null, cats.Tags.GetValueOrDefault("mlflow.note.content"));
        var gone = await Target.FindProjectAsync("gone", Ct);
        Assert.Equal((Lifecycle.Deleted, null), (gone!.Lifecycle, gone.ArtifactLocation));

        var a = await Target.GetRunAsync(RunId.Parse(A), Ct);
        Assert.Equal(("brave-cat", "ada", RunStatus.Finished, Lifecycle.Active, 1000L, 2000L, $"s3://bucket/3/{A}/artifacts"), (a.Name, a.User, a.Status, a.Lifecycle, a.StartedAt, a.EndedAt, a.ArtifactUri));
        Assert.Equal(new Dictionary<string, string> { ["lr"] = "0.1", ["deep/er name"] = "" }, a.Params);
        Assert.Equal(["mlflow.runName"], a.Tags.Keys);
        Assert.Equal([new("loss", 0.5, 1001, 0), new("loss", 0.25, 1002, 0)], await Target.GetHistoryAsync(a.Id, "loss", 0, 10, Ct));
        var b = await Target.GetRunAsync(RunId.Parse(B), Ct);
        Assert.Equal((RunNames.For(b.Id), RunStatus.Running, Lifecycle.Deleted), (b.Name, b.Status, b.Lifecycle));
        Assert.Equal(age >= 2 ? 99 : Time.Milliseconds, b.DeletedAt);
        if (age >= 1)
        {
            var odd = await Target.GetHistoryAsync(b.Id, "odd", 0, 10, Ct);
            Assert.Equal([(1L, -1L), (1, -1), (2, 0), (3, 1)], odd.Select(point => (point.Time, point.Step)));
            Assert.Equal([double.NegativeInfinity, double.NaN, 0, double.PositiveInfinity], odd.Select(point => point.Value).Order().OrderBy(value => !double.IsNegativeInfinity(value)));
        }
        if (age >= 2)
        {
            var input = Assert.Single(a.Lineage.Datasets);
            Assert.Equal(("iris", "abc", "local", "/iris.csv", null, "[150]", "train"),
                (input.Dataset.Name, input.Dataset.Digest, input.Dataset.SourceType, input.Dataset.Source, input.Dataset.Schema, input.Dataset.Profile, input.Tags[DatasetInput.ContextTag]));
        }
        var c = await Target.GetRunAsync(RunId.Parse(C), Ct);
        Assert.Equal((gone.Id, RunStatus.Failed, null, 0.75), (c.ProjectId, c.Status, c.StartedAt, c.Metrics["acc"].Last));

        var again = await MlflowImport.ReadAsync(Target, File, null, Ct);
        Assert.Equal((0, 0, 3, 0L, 0), (again.Projects, again.Runs, again.Unchanged, again.Points, again.Clashes.Count));
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public async Task Import_OfAGrownSource_NamesRunsThatWentOn_AndTakesNewOnes()
    {
        MakeDatabase(2);
        await MlflowImport.ReadAsync(Target, File, null, Ct);
        Run($"INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('loss', 0.1, 1003, '{A}', 2, 0); INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id) VALUES ('{A.Replace('a', 'd')}', 'new', 'FINISHED', 'active', 3);");
        var report = await MlflowImport.ReadAsync(Target, File, null, Ct);
        Assert.Equal((1, 2), (report.Runs, report.Unchanged));
        var clash = Assert.Single(report.Clashes);
        Assert.Equal((A, "points of metric loss: 2 here, 3 there"), (clash.Run.ToString(), clash.Difference));
    }

    [Fact]
    public async Task Import_OfSomethingElse_IsRefusedByName()
    {
        var missing = await Assert.ThrowsAsync<LodeException>(() => MlflowImport.ReadAsync(Target, Folder["nothing"], null, Ct));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Run("CREATE TABLE t (x INTEGER)");
        var other = await Assert.ThrowsAsync<LodeException>(() => MlflowImport.ReadAsync(Target, File, null, Ct));
        Assert.Equal(ErrorCode.InvalidArgument, other.Code);
        System.IO.File.WriteAllText(Folder["text"], new string('x', 5000));
        Assert.Equal(ErrorCode.InvalidArgument, (await Assert.ThrowsAsync<LodeException>(() => MlflowImport.ReadAsync(Target, Folder["text"], null, Ct))).Code);
        Assert.Equal(ErrorCode.InvalidArgument, (await Assert.ThrowsAsync<LodeException>(() => MlflowImport.ReadAsync(Target, Folder.Path, null, Ct))).Code);
    }
}
