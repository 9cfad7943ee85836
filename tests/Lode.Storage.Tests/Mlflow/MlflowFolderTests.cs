using Lode.Core;
using Lode.Storage.Mlflow;
using Lode.Storage.Tests.Exchange;
using Lode.Tracking;

namespace Lode.Storage.Tests.Mlflow;

/// <summary>A folder laid out as MLflow's file store lays it out.</summary>
public sealed class MlflowFolderTests : TwoStores
{
    private const string A = "00000000000000000000000000000a01", B = "00000000000000000000000000000b02", C = "00000000000000000000000000000c03", Model = "m-00000000000000000000000000000f01";

    private void Write(string path, string text)
    {
        var file = Path.Combine(Folder["mlruns"], path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private void MakeFolder()
    {
        Write("0/meta.yaml", "artifact_location: file:///w/mlruns/0\ncreation_time: 5\nexperiment_id: '0'\nlast_update_time: 6\nlifecycle_stage: active\nname: Default\n");
        Write("271828182845904523/meta.yaml", "artifact_location: file:///w/mlruns/271828182845904523\ncreation_time: 1700000000000\nexperiment_id: '271828182845904523'\nlast_update_time: 1700000000001\nlifecycle_stage: active\nname: 'cats: ''and'' dogs'\n");
        Write("271828182845904523/tags/mlflow.note.content", "about\nboth");
        // The oldest have a bare number, no times and no stage.
        Write(".trash/7/meta.yaml", "artifact_location: /w/7\nexperiment_id: 7\nname: \"caf\\xE9 and a name so long that it is folded by whoever writes YAML at eighty columns\\\n  \\ a line\"\n");
        Write($"271828182845904523/{A}/meta.yaml", $"artifact_uri: file:///w/mlruns/1/{A}/artifacts\nend_time: 2000\nentry_point_name: ''\nexperiment_id: '271828182845904523'\nlifecycle_stage: active\nrun_id: {A}\nrun_name: brave-cat\nrun_uuid: {A}\nsource_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: 1000\nstatus: 3\ntags: []\nuser_id: ada\n");
        Write($"271828182845904523/{A}/params/lr", "0.1");
        Write($"271828182845904523/{A}/params/opt/name", "");
        Write($"271828182845904523/{A}/tags/mlflow.user", "ada");
        Write($"271828182845904523/{A}/metrics/loss", "1001 0.5 0\n1002 0.25 1\n1002 0.25 1\n1003 nan 2\n1004 -inf 3\n1005 inf 4\n");
        Write($"271828182845904523/{A}/metrics/val/acc", "1001 1e-3 -5\nnonsense\n1006 0.5 1 data abc\n");
        Write($"271828182845904523/{B}/meta.yaml", $"deleted_time: 77\nend_time: null\nexperiment_id: '271828182845904523'\nlifecycle_stage: deleted\nname: ''\nrun_uuid: {B}\nstart_time: 3000\nstatus: 5\nuser_id: null\n");
        Write($"271828182845904523/{B}/tags/mlflow.runName", "from the tag");
        Write($".trash/7/{C}/meta.yaml", $"experiment_id: 7\nrun_uuid: {C}\nstatus: 1\n");
        Write($".trash/7/{C}/metrics/old", "12 0.5\n13 0.75\n");
        Write($"0/{new string('e', 32)}/meta.yaml", "run_id: [broken\n");
        Write("271828182845904523/datasets/d1/meta.yaml", "digest: abc\nname: iris\nprofile: null\nschema: '[1]'\nsource: /iris.csv\nsource_type: local\n");
        Write($"271828182845904523/{A}/inputs/i1/meta.yaml", $"destination_id: {A}\ndestination_type: RUN\nsource_id: d1\nsource_type: DATASET\ntags:\n  mlflow.data.context: train\n");
        Write("models/churn/meta.yaml", "creation_timestamp: 21\ndescription: who leaves\nlast_updated_timestamp: 22\nname: churn\n");
        Write("models/churn/tags/owner", "ada");
        Write("models/churn/aliases/champion", "2");
        Write("models/churn/version-2/meta.yaml", $"creation_timestamp: 41\ncurrent_stage: Staging\nlast_updated_timestamp: 42\nname: churn\nrun_id: {A}\nsource: file:///w/mlruns/1/{A}/artifacts/model\nstatus: READY\nversion: 2\n");
        Write("models/churn/version-2/tags/t", "1");
        Write($"271828182845904523/{A}/artifacts/model/weights", "bytes");
        Write($"271828182845904523/{A}/artifacts/a.txt", "a");
        Write($"271828182845904523/models/{Model}/meta.yaml", $"artifact_location: file:///w/x\ncreation_timestamp: 31\nexperiment_id: '271828182845904523'\nlast_updated_timestamp: 32\nlifecycle_stage: active\nmodel_id: {Model}\nmodel_type: sk\nname: forest\nsource_run_id: {A}\nstatus: 2\n");
        Write($"271828182845904523/models/{Model}/params/depth", "3");
        Write($"271828182845904523/models/{Model}/tags/team", "cats");
        Write($"271828182845904523/models/{Model}/metrics/acc", $"5 0.75 1 {A} iris abc\n");
        Write($"271828182845904523/models/{Model}/artifacts/MLmodel", "flavors");
        Directory.CreateDirectory(Path.Combine(Folder["mlruns"], ".trash"));
    }

    [Fact]
    public async Task Import_BringsEverything_AndAgainChangesNothing()
    {
        MakeFolder();
        var report = await MlflowImport.ReadAsync(Whole(Target), Folder.Path, null, null, Ct);
        Assert.Equal((2, 3, 9L, 0), (report.Projects, report.Runs, report.Points, report.Clashes.Count));
        Assert.Contains(report.Skipped, skip => skip.What == "runs" && skip.Reason.Contains("eeee", StringComparison.Ordinal));
        Assert.Contains(report.Skipped, skip => skip.What == "metric lines" && skip.Count == 1);
        Assert.Equal((3, 1, 1), (report.Files, report.LoggedModels, report.RegisteredModels));
        var stores = Whole(Target);
        var churn = (await stores.Models.FindRegisteredAsync("churn", Ct))!;
        var place = (await Target.FindProjectAsync("cats: 'and' dogs", Ct))!.Id;
        Assert.Equal(("who leaves", 2L, "ada", 2L), (churn.Description, churn.LastVersion, churn.Tags["owner"], churn.Aliases["champion"]));
        var version = Assert.Single(churn.Versions);
        Assert.Equal((2L, ModelStage.Staging, $"mlflow-artifacts:/{place}/{A}/artifacts/model", A, "1", 41L), (version.Version, version.Stage, version.Location, version.RunId, version.Tags["t"], version.CreatedAt));
        var model = (await stores.Models.FindLoggedAsync(Model, Ct))!;
        Assert.Equal((place, "forest", LoggedModelStatus.Ready, A, "3", "cats"), (model.ProjectId, model.Name, model.Status, model.SourceRun, model.Params["depth"], model.Tags["team"]));
        Assert.Equal(new ModelMetric(Model, new MetricPoint("acc", 0.75, 5, 1), "iris", "abc", RunId.Parse(A)), Assert.Single(model.Metrics));
        Assert.NotNull(await stores.Artifacts.FindAsync($"{place}/{A}/artifacts/model/weights", Ct));
        Assert.NotNull(await stores.Artifacts.FindAsync($"{place}/models/{Model}/artifacts/MLmodel", Ct));
        // Ids that MLflow made up of a clock would make all later ones as long.
        Assert.Contains(report.Notes, note => note.Contains("271828182845904523", StringComparison.Ordinal));

        var cats = await Target.FindProjectAsync("cats: 'and' dogs", Ct);
        Assert.Equal((1_700_000_000_000L, null, "about\nboth"), (cats!.CreatedAt, cats.ArtifactLocation, cats.Tags["mlflow.note.content"]));
        var trashed = (await ProjectsAsync(Target)).Single(project => project.Lifecycle == Lifecycle.Deleted);
        Assert.Equal((7L, "café and a name so long that it is folded by whoever writes YAML at eighty columns a line"), (trashed.Id.Value, trashed.Name));
        Assert.Equal(5, (await Target.GetProjectAsync(ProjectId.Default, Ct)).CreatedAt);

        var a = await Target.GetRunAsync(RunId.Parse(A), Ct);
        Assert.Equal((cats.Id, "brave-cat", "ada", RunStatus.Finished, 1000L, 2000L), (a.ProjectId, a.Name, a.User, a.Status, a.StartedAt, a.EndedAt));
        Assert.Equal(new Dictionary<string, string> { ["lr"] = "0.1", ["opt/name"] = "" }, a.Params);
        Assert.Equal(
            [new("loss", 0.5, 1001, 0), new("loss", 0.25, 1002, 1), new("loss", double.NaN, 1003, 2), new("loss", double.NegativeInfinity, 1004, 3), new("loss", double.PositiveInfinity, 1005, 4)],
            await Target.GetHistoryAsync(a.Id, "loss", 0, 10, Ct));
        Assert.Equal([new("val/acc", 0.001, 1001, -5), new("val/acc", 0.5, 1006, 1)], await Target.GetHistoryAsync(a.Id, "val/acc", 0, 10, Ct));
        var input = Assert.Single(a.Lineage.Datasets);
        Assert.Equal(("iris", "abc", "[1]", null, "train"), (input.Dataset.Name, input.Dataset.Digest, input.Dataset.Schema, input.Dataset.Profile, input.Tags[DatasetInput.ContextTag]));
        var b = await Target.GetRunAsync(RunId.Parse(B), Ct);
        Assert.Equal(("from the tag", "", RunStatus.Killed, Lifecycle.Deleted, 77L), (b.Name, b.User, b.Status, b.Lifecycle, b.DeletedAt));
        Assert.Equal([(12L, 0L), (13, 0)], (await Target.GetHistoryAsync(RunId.Parse(C), "old", 0, 10, Ct)).Select(point => (point.Time, point.Step)));

        var again = await MlflowImport.ReadAsync(Whole(Target), Folder["mlruns"], null, null, Ct);
        Assert.Equal((0, 0, 3, 0L, 0), (again.Projects, again.Runs, again.Unchanged, again.Points, again.Clashes.Count));
    }
}
