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
        var report = await MlflowImport.ReadAsync(Whole(Target), "sqlite:///" + File, null, null, Ct);
        Assert.Equal((2, 3, 0), (report.Projects, report.Runs, report.Clashes.Count));
        Assert.Contains(report.Skipped, skip => skip.What == "runs" && skip.Reason.Contains("not-hexadecimal", StringComparison.Ordinal));
        Assert.Contains(report.Skipped, skip => skip.What == "params" && skip.Reason.Contains("a*b", StringComparison.Ordinal));
        if (age == 2)
            Assert.Equal(2, report.RegisteredModels);

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

        var again = await MlflowImport.ReadAsync(Whole(Target), File, null, null, Ct);
        Assert.Equal((0, 0, 3, 0L, 0), (again.Projects, again.Runs, again.Unchanged, again.Points, again.Clashes.Count));
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public async Task Import_OfAGrownSource_ExtendsRunsThatWentOn_AndTakesNewOnes()
    {
        MakeDatabase(2);
        await MlflowImport.ReadAsync(Whole(Target), File, null, null, Ct);
        // Notes of one's own stay.
        await Target.LogAsync(RunId.Parse(A), new RunBatch { Tags = [new("mine", "1")] }, Ct);
        Run($"""
            INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('loss', 0.1, 1003, '{A}', 2, 0), ('odd', 7, 9, '{B}', 9, 0);
            INSERT INTO params (key, value, run_uuid) VALUES ('late', '1', '{A}');
            INSERT INTO tags (key, value, run_uuid) VALUES ('note', 'new', '{A}'), ('mlflow.x', '2', '{A}');
            UPDATE runs SET status = 'KILLED', end_time = 5000 WHERE run_uuid = '{B}';
            UPDATE params SET value = '0.3' WHERE run_uuid = '{C}' AND key = 'lr';
            INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id) VALUES ('{A.Replace('a', 'd')}', 'new', 'FINISHED', 'active', 3);
            """);
        var report = await MlflowImport.ReadAsync(Whole(Target), File, null, null, Ct);
        Assert.Equal((1, 2, 0), (report.Runs, report.Extended, report.Unchanged));
        var clash = Assert.Single(report.Clashes);
        Assert.Equal(($"run {C}", "param lr: '0.2' here, '0.3' there"), (clash.What, clash.Difference));
        var a = await Target.GetRunAsync(RunId.Parse(A), Ct);
        Assert.Equal(("1", "new", "2", "1", 3L, RunStatus.Finished), (a.Params["late"], a.Tags["note"], a.Tags["mlflow.x"], a.Tags["mine"], a.Metrics["loss"].Count, a.Status));
        Assert.DoesNotContain(RunImporter.MarkTag, a.Tags.Keys);
        var b = await Target.GetRunAsync(RunId.Parse(B), Ct);
        Assert.Equal((RunStatus.Killed, Lifecycle.Deleted, 99L, 5000L, 5L), (b.Status, b.Lifecycle, b.DeletedAt, b.EndedAt, b.Metrics["odd"].Count));
        var again = await MlflowImport.ReadAsync(Whole(Target), File, null, null, Ct);
        Assert.Equal((0, 0, 3, 0L, 1), (again.Runs, again.Extended, again.Unchanged, again.Points, again.Clashes.Count));
    }

    [Fact]
    public async Task Import_BringsFilesModelsAndRegistry_AndAgainChangesNothing()
    {
        MakeDatabase(2);
        const string Model = "m-00000000000000000000000000000f01";
        void Write(string path, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Folder[path])!);
            System.IO.File.WriteAllText(Folder[path], text);
        }
        Write($"root/7/{A}/artifacts/plots/a.txt", "plot");
        Write($"local/{B}/artifacts/b.txt", "local");
        Write($"root/7/models/{Model}/artifacts/MLmodel", "flavors");
        Run($"""
            INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) VALUES (7, 'proxied', 'mlflow-artifacts:/7', 'active');
            UPDATE runs SET experiment_id = 7, artifact_uri = 'mlflow-artifacts://host:5000/7/{A}/artifacts' WHERE run_uuid = '{A}';
            UPDATE runs SET experiment_id = 7, artifact_uri = 'file://{Folder.Path}/local/{B}/artifacts' WHERE run_uuid = '{B}';
            DROP TABLE registered_models;
            ALTER TABLE inputs ADD COLUMN step BIGINT DEFAULT 0 NOT NULL;
            INSERT INTO inputs VALUES ('o1', 'RUN_OUTPUT', '{A}', 'MODEL_OUTPUT', '{Model}', 5);
            CREATE TABLE logged_models (model_id VARCHAR(36), experiment_id INTEGER, name VARCHAR(500), artifact_location VARCHAR(1000), creation_timestamp_ms BIGINT, last_updated_timestamp_ms BIGINT, status INTEGER, lifecycle_stage VARCHAR(32), model_type VARCHAR(500), source_run_id VARCHAR(32), status_message VARCHAR(1000));
            CREATE TABLE logged_model_params (model_id VARCHAR(36), experiment_id INTEGER, param_key VARCHAR(255), param_value TEXT);
            CREATE TABLE logged_model_tags (model_id VARCHAR(36), experiment_id INTEGER, tag_key VARCHAR(255), tag_value TEXT);
            CREATE TABLE logged_model_metrics (model_id VARCHAR(36), metric_name VARCHAR(500), metric_timestamp_ms BIGINT, metric_step BIGINT, metric_value FLOAT, experiment_id INTEGER, run_id VARCHAR(32), dataset_uuid VARCHAR(36), dataset_name VARCHAR(500), dataset_digest VARCHAR(36));
            INSERT INTO logged_models VALUES ('{Model}', 7, 'forest', 'mlflow-artifacts:/7/models/{Model}/artifacts', 11, 12, 2, 'active', 'sk', '{A}', NULL), ('m-gone', 7, 'x', NULL, 1, 1, 2, 'deleted', NULL, NULL, NULL);
            INSERT INTO logged_model_params VALUES ('{Model}', 7, 'depth', '3');
            INSERT INTO logged_model_tags VALUES ('{Model}', 7, 'team', 'cats');
            INSERT INTO logged_model_metrics VALUES ('{Model}', 'acc', 5, 1, 0.75, 7, '{A}', 'd1', 'iris', 'abc');
            CREATE TABLE registered_models (name VARCHAR(256) NOT NULL PRIMARY KEY, creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000));
            CREATE TABLE registered_model_tags (key VARCHAR(250), value VARCHAR(5000), name VARCHAR(256));
            CREATE TABLE registered_model_aliases (alias VARCHAR(256), version INTEGER, name VARCHAR(256));
            CREATE TABLE model_versions (name VARCHAR(256), version INTEGER, creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000), user_id VARCHAR(256), current_stage VARCHAR(20), source VARCHAR(500), run_id VARCHAR(32), status VARCHAR(20), status_message VARCHAR(500), run_link VARCHAR(500), storage_location VARCHAR(500));
            CREATE TABLE model_version_tags (key VARCHAR(250), value TEXT, name VARCHAR(256), version INTEGER);
            INSERT INTO registered_models VALUES ('churn', 21, 22, 'who leaves');
            INSERT INTO registered_model_tags VALUES ('owner', 'ada', 'churn');
            INSERT INTO registered_model_aliases VALUES ('champion', 2, 'churn');
            INSERT INTO model_versions VALUES ('churn', 1, 31, 32, NULL, NULL, 'Production', 'mlflow-artifacts:/7/{A}/artifacts/plots', '{A}', 'READY', NULL, '', NULL),
                ('churn', 2, 33, 34, 'good', NULL, 'None', 'models:/{Model}', '{A}', 'READY', NULL, NULL, 'mlflow-artifacts:/7/models/{Model}/artifacts'),
                ('churn', 3, 33, 34, NULL, NULL, 'Deleted_Internal', 'REDACTED-SOURCE-PATH', NULL, NULL, NULL, NULL, NULL);
            INSERT INTO model_version_tags VALUES ('checked', 'yes', 'churn', 2);
            """);
        // The number is taken here, so places are others.
        for (var i = 1; i <= 7; i++)
            await Target.CreateProjectAsync(new NewProject { Name = $"mine {i}" }, Ct);
        var stores = Whole(Target);
        var report = await MlflowImport.ReadAsync(stores, File, Folder["root"], null, Ct);
        Assert.Equal((3, 1, 1, 0, 0), (report.Files, report.LoggedModels, report.RegisteredModels, report.Clashes.Count, report.Damaged.Count));
        var project = (await Target.FindProjectAsync("proxied", Ct))!.Id;
        Assert.NotEqual(7, project.Value);
        async Task<string> ReadAsync(string path)
        {
            using var reader = new StreamReader((await stores.Artifacts.OpenAsync(path, Ct)).Stream);
            return await reader.ReadToEndAsync(Ct);
        }
        Assert.Equal(["plot", "local", "flavors"],
            [await ReadAsync($"{project}/{A}/artifacts/plots/a.txt"), await ReadAsync($"{project}/{B}/artifacts/b.txt"), await ReadAsync($"{project}/models/{Model}/artifacts/MLmodel")]);
        var model = (await stores.Models.FindLoggedAsync(Model, Ct))!;
        Assert.Equal(("forest", "sk", A, LoggedModelStatus.Ready, 11L, 12L, "3", "cats"), (model.Name, model.ModelType, model.SourceRun, model.Status, model.CreatedAt, model.UpdatedAt, model.Params["depth"], model.Tags["team"]));
        Assert.Equal(new ModelMetric(Model, new MetricPoint("acc", 0.75, 5, 1), "iris", "abc", RunId.Parse(A)), Assert.Single(model.Metrics));
        Assert.Equal(new ModelOutput(Model, 5), Assert.Single((await Target.GetRunAsync(RunId.Parse(A), Ct)).Lineage.ModelOutputs));
        var churn = (await stores.Models.FindRegisteredAsync("churn", Ct))!;
        Assert.Equal(("who leaves", 3L, "ada", 2L), (churn.Description, churn.LastVersion, churn.Tags["owner"], churn.Aliases["champion"]));
        Assert.Equal([($"mlflow-artifacts:/{project}/{A}/artifacts/plots", ModelStage.Production), ($"mlflow-artifacts:/{project}/models/{Model}/artifacts", ModelStage.None)], churn.Versions.Select(version => (version.Location, version.Stage)));
        Assert.Equal((Model, "yes", "good", 33L), (churn.Versions[1].ModelId, churn.Versions[1].Tags["checked"], churn.Versions[1].Description, churn.Versions[1].CreatedAt));

        var again = await MlflowImport.ReadAsync(stores, File, Folder["root"], null, Ct);
        Assert.Equal((0, 3, 0, 0, 2, 0), (again.Files, again.UnchangedFiles, again.LoggedModels, again.RegisteredModels, again.UnchangedModels, again.Clashes.Count));
        Assert.Contains((await MlflowImport.ReadAsync(stores, File, null, null, Ct)).Skipped, skip => skip.Reason.Contains("--artifacts DIR", StringComparison.Ordinal));
        System.IO.File.WriteAllText(Folder[$"local/{B}/artifacts/b.txt"], "other");
        Assert.Equal($"file {project}/{B}/artifacts/b.txt", Assert.Single((await MlflowImport.ReadAsync(stores, File, Folder["root"], null, Ct)).Clashes).What);
    }

    [Fact]
    public async Task Import_OfSomethingElse_IsRefusedByName()
    {
        var missing = await Assert.ThrowsAsync<LodeException>(() => MlflowImport.ReadAsync(Whole(Target), Folder["nothing"], null, null, Ct));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Run("CREATE TABLE t (x INTEGER)");
        var other = await Assert.ThrowsAsync<LodeException>(() => MlflowImport.ReadAsync(Whole(Target), File, null, null, Ct));
        Assert.Equal(ErrorCode.InvalidArgument, other.Code);
        System.IO.File.WriteAllText(Folder["text"], new string('x', 5000));
        Assert.Equal(ErrorCode.InvalidArgument, (await Assert.ThrowsAsync<LodeException>(() => MlflowImport.ReadAsync(Whole(Target), Folder["text"], null, null, Ct))).Code);
        Assert.Equal(ErrorCode.InvalidArgument, (await Assert.ThrowsAsync<LodeException>(() => MlflowImport.ReadAsync(Whole(Target), Folder.Path, null, null, Ct))).Code);
    }
}
