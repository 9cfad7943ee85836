using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage.Tests.Exchange;

public sealed class RoundTripTests : TwoStores
{
    private async Task<byte[]> ExportAsync(SqlRunStore store, RunFilter? filter = null)
    {
        using var bytes = new MemoryStream();
        await JsonLinesExport.WriteAsync(Whole(store), new ExportQuery { Projects = await ProjectsAsync(store), Filter = filter ?? RunFilter.All, Registry = filter is null, FileFolder = Contents }, bytes, Time.Milliseconds, null, Ct);
        return bytes.ToArray();
    }

    private string Contents => Folder["all.artifacts"];

    private async Task<ImportReport> ImportAsync(SqlRunStore store, byte[] bytes)
    {
        using var input = new MemoryStream(bytes);
        return await JsonLinesImport.ReadAsync(Whole(store), input, Contents, null, Ct);
    }

    [Fact]
    public async Task Import_OfAnExport_IsTheSameInEverything_AndAgainChangesNothing()
    {
        await FillAsync(Source);
        var bytes = await ExportAsync(Source);
        var report = await ImportAsync(Target, bytes);
        await AssertSameAsync(Source, Target);
        Assert.Equal((3, 18, 0, 0), (report.Projects, report.Runs, report.Unchanged, report.Clashes.Count));
        Assert.Empty(report.Skipped);
        var version = (await Target.GetChangesAsync(default, 0, 1000, Ct)).Version;
        var again = await ImportAsync(Target, bytes);
        Assert.Equal((0, 0, 18, 0L), (again.Projects, again.Runs, again.Unchanged, again.Points));
        Assert.Equal(version, (await Target.GetChangesAsync(default, 0, 1000, Ct)).Version);
        await AssertSameAsync(Source, Target);
        Assert.True(WithoutVersions(bytes) == WithoutVersions(await ExportAsync(Target)));
    }

    // Versions are the store's own; means are added up in the order in which points came.
    private static string WithoutVersions(byte[] bytes) =>
        System.Text.RegularExpressions.Regex.Replace(Encoding.UTF8.GetString(bytes), "\"(version|mean)\":[^,}]+", "");

    private async Task AddFilesAndModelsAsync()
    {
        var stores = Whole(Source);
        var runs = await RunsAsync(Source);
        foreach (var run in runs.Where(run => ArtifactPath.OfUri(run.ArtifactUri) is not null).Take(4))
        {
            foreach (var (path, text) in new[] { ("a.txt", "shared"), ("deep/er/b ü.bin", run.Name), ("empty", "") })
                await stores.Artifacts.PutAsync($"{ArtifactPath.OfUri(run.ArtifactUri)}/{path}", new MemoryStream(Encoding.UTF8.GetBytes(text)), Ct);
        }
        var used = runs.First(run => ArtifactPath.OfUri(run.ArtifactUri) is not null);
        var model = TestKit.ModelArchiveContract.NewLogged(used.ProjectId, run: used.Id);
        await stores.Models.PutLoggedAsync(model, Ct);
        await stores.Artifacts.PutAsync($"{used.ProjectId}/models/{model.Id}/artifacts/MLmodel", new MemoryStream("flavors"u8.ToArray()), Ct);
        var registered = TestKit.ModelArchiveContract.NewRegistered("churn");
        var last = registered.Versions[^1] with { Location = $"mlflow-artifacts:/{used.ProjectId}/models/{model.Id}/artifacts", ModelId = model.Id };
        await stores.Models.PutRegisteredAsync(registered with { Versions = [registered.Versions[0], last] }, Ct);
    }

    private async Task<List<string>> TreeAsync(SqlRunStore store)
    {
        var (found, folders) = (new List<string>(), new Stack<string>([""]));
        while (folders.TryPop(out var folder))
        {
            foreach (var artifact in await Whole(store).Artifacts.ListAsync(folder, Ct))
            {
                if (artifact.IsFolder)
                    folders.Push(artifact.Path);
                found.Add($"{artifact.Path} {artifact.Hash} {artifact.Size}");
            }
        }
        return [.. found.Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task Import_BringsFilesAndModels_AndAgainChangesNothing()
    {
        await FillAsync(Source);
        await AddFilesAndModelsAsync();
        var bytes = await ExportAsync(Source);
        // Equal bytes lie there once: shared, empty, four names, the model's.
        Assert.Equal(7, Directory.GetFiles(Contents, "*", SearchOption.AllDirectories).Length);
        var report = await ImportAsync(Target, bytes);
        Assert.Equal((13, 1, 1, 0, 0), (report.Files, report.LoggedModels, report.RegisteredModels, report.Clashes.Count, report.Damaged.Count));
        await AssertSameAsync(Source, Target);
        Assert.Equal(await TreeAsync(Source), await TreeAsync(Target));
        Assert.Equivalent(await Whole(Source).Models.ListRegisteredAsync("", 10, Ct), await Whole(Target).Models.ListRegisteredAsync("", 10, Ct), strict: true);
        foreach (var project in await ProjectsAsync(Source))
            Assert.Equivalent(await Whole(Source).Models.ListLoggedAsync(project.Id, "", 10, Ct), await Whole(Target).Models.ListLoggedAsync(project.Id, "", 10, Ct), strict: true);
        var again = await ImportAsync(Target, bytes);
        Assert.Equal((0, 13, 0, 0, 2, 0), (again.Files, again.UnchangedFiles, again.LoggedModels, again.RegisteredModels, again.UnchangedModels, again.Clashes.Count));
        Assert.True(WithoutVersions(bytes) == WithoutVersions(await ExportAsync(Target)));
    }

    [Fact]
    public async Task Import_IntoOtherNumbers_MovesFilesAndPlaces()
    {
        await FillAsync(Source);
        await AddFilesAndModelsAsync();
        for (var i = 0; i < 3; i++)
            await Target.CreateProjectAsync(new NewProject { Name = $"mine {i}" }, Ct);
        var report = await ImportAsync(Target, await ExportAsync(Source));
        Assert.Equal((13, 0), (report.Files, report.Clashes.Count));
        var place = (await Whole(Target).Models.FindRegisteredAsync("churn", Ct))!.Versions[^1].Location;
        Assert.NotNull(await Whole(Target).Artifacts.FindAsync($"{ArtifactPath.OfUri(place)}/MLmodel", Ct));
        foreach (var run in (await RunsAsync(Target)).Where(run => ArtifactPath.OfUri(run.ArtifactUri) is not null))
        {
            var from = await Source.GetRunAsync(run.Id, Ct);
            Assert.Equal((await Whole(Source).Artifacts.ListAsync(ArtifactPath.OfUri(from.ArtifactUri)!, Ct)).Count, (await Whole(Target).Artifacts.ListAsync(ArtifactPath.OfUri(run.ArtifactUri)!, Ct)).Count);
        }
    }

    [Fact]
    public async Task Import_DamagedAndDifferingFilesAndModels_AreNamed()
    {
        await FillAsync(Source);
        await AddFilesAndModelsAsync();
        var bytes = await ExportAsync(Source);
        var contents = Directory.GetFiles(Contents, "*", SearchOption.AllDirectories).OrderBy(file => new FileInfo(file).Length).ToList();
        var shared = contents.Single(file => File.ReadAllText(file) == "shared");
        File.WriteAllText(shared, "sharks");
        File.Delete(contents[0]);
        var report = await ImportAsync(Target, bytes);
        Assert.Equal((8, 5), (report.Damaged.Count, report.Files));
        Assert.Contains(report.Damaged, line => line.Contains("other bytes", StringComparison.Ordinal));
        Assert.Contains(report.Damaged, line => line.Contains("missing", StringComparison.Ordinal));
        File.WriteAllText(shared, "shared");
        File.WriteAllText(contents[0], "");
        report = await ImportAsync(Target, bytes);
        Assert.Equal((0, 8, 5), (report.Damaged.Count, report.Files, report.UnchangedFiles));

        var target = Whole(Target);
        var (run, model) = ((await RunsAsync(Target)).First(run => ArtifactPath.OfUri(run.ArtifactUri) is not null), (await target.Models.FindRegisteredAsync("churn", Ct))!);
        await target.Artifacts.PutAsync(ArtifactPath.OfUri(run.ArtifactUri) + "/a.txt", new MemoryStream("mine"u8.ToArray()), Ct);
        await target.Models.PutRegisteredAsync(model with { Aliases = new Dictionary<string, long> { ["champion"] = 1 } }, Ct);
        report = await ImportAsync(Target, bytes);
        Assert.Equal([$"file {ArtifactPath.OfUri(run.ArtifactUri)}/a.txt", "registered model 'churn'"], report.Clashes.Select(clash => clash.What).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Export_Filter_TakesOnlyWhatPasses()
    {
        await FillAsync(Source);
        var report = await ImportAsync(Target, await ExportAsync(Source, FilterParser.Parse("status:finished")));
        Assert.Equal(3, report.Runs);
        Assert.All(await RunsAsync(Target), run => Assert.Equal(RunStatus.Finished, run.Status));
    }

    [Fact]
    public async Task Import_RunThatDiffersHere_IsNamedAndLeftAlone()
    {
        await FillAsync(Source);
        var bytes = await ExportAsync(Source);
        await ImportAsync(Target, bytes);
        var changed = (await RunsAsync(Target)).First(run => run is { Lifecycle: Lifecycle.Active, Status: RunStatus.Finished });
        await Target.LogAsync(changed.Id, new RunBatch { Tags = [new("empty", "not any more")] }, Ct);
        var clash = Assert.Single((await ImportAsync(Target, bytes)).Clashes);
        Assert.Equal(($"run {changed.Id}", "tag empty: 'not any more' here, '' there"), (clash.What, clash.Difference));
        Assert.Equal("not any more", (await Target.GetRunAsync(changed.Id, Ct)).Tags["empty"]);
    }

    [Fact]
    public async Task Import_ProjectIdTakenByAnother_GetsANewOne_AndSaysSo()
    {
        await FillAsync(Source);
        for (var i = 0; i < 2; i++)
            await Target.CreateProjectAsync(new NewProject { Name = $"mine {i}" }, Ct);
        var report = await ImportAsync(Target, await ExportAsync(Source));
        Assert.Equal(2, report.Notes.Count);
        Assert.Contains(report.Notes, note => note.Contains("'used'", StringComparison.Ordinal));
        var used = await Target.FindProjectAsync("used", Ct);
        Assert.Equal(4, (await Target.SearchRunsAsync(new RunQuery { Projects = [used!.Id] }, Ct)).Runs.Count);
        Assert.Equal(6, (await Target.SearchRunsAsync(new RunQuery { Projects = [used.Id], View = LifecycleView.All }, Ct)).Runs.Count);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(0.97)]
    public async Task Import_ThatBreaksOff_IsToldAndTakenUpByTheNext(double part)
    {
        await FillAsync(Source);
        var bytes = await ExportAsync(Source);
        var end = Array.LastIndexOf(bytes, (byte)'\n', (int)(bytes.Length * part)) + 1;
        var error = await Assert.ThrowsAsync<LodeException>(() => ImportAsync(Target, bytes[..end]));
        Assert.Equal(ErrorCode.DataLoss, error.Code);
        Assert.Equal(1, (await RunsAsync(Target)).Count(run => run.Tags.ContainsKey(RunImporter.MarkTag)));
        var report = await ImportAsync(Target, bytes);
        Assert.Equal(1, report.Completed);
        await AssertSameAsync(Source, Target);
    }

    [Theory]
    [InlineData("", "not an export")]
    [InlineData("{\"run_uuid\": 1}\n", "not an export")]
    [InlineData("{\"lode\":\"export\",\"version\":99}\n", "version 99")]
    [InlineData("{\"lode\":\"export\",\"version\":1}\nnonsense\n", "Line 2")]
    [InlineData("{\"lode\":\"export\",\"version\":1}\n{\"run\":{\"id\":\"x\"}}\n", "Line 2")]
    [InlineData("{\"lode\":\"export\",\"version\":1}\n{\"points\":{\"steps\":[1]}}\n", "Line 2")]
    public async Task Import_OfSomethingElse_IsRefusedByName(string text, string mentions)
    {
        var error = await Assert.ThrowsAsync<LodeException>(() => ImportAsync(Target, Encoding.UTF8.GetBytes(text)));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains(mentions, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_LinesOfANewerKind_AreSkippedAndCounted()
    {
        var text = "{\"lode\":\"export\",\"version\":1}\n{\"hologram\":{}}\n{\"hologram\":{}}\n{\"end\":{\"projects\":0,\"runs\":0,\"points\":0}}\n";
        var skip = Assert.Single((await ImportAsync(Target, Encoding.UTF8.GetBytes(text))).Skipped);
        Assert.Equal(("lines of kind 'hologram'", 2L), (skip.What, skip.Count));
    }

    [Fact]
    public async Task Csv_HasARowARunAndARowAPoint()
    {
        await FillAsync(Source);
        using var runs = new MemoryStream();
        using var points = new MemoryStream();
        var counts = await CsvExport.WriteAsync(Source, new ExportQuery { Projects = await ProjectsAsync(Source), View = LifecycleView.Active, Filter = FilterParser.Parse("status:finished") }, runs, points, null, Ct);
        Assert.Equal((2, 12_010L + 15), (counts.Runs, counts.Points));
        var table = Encoding.UTF8.GetString(runs.ToArray());
        Assert.StartsWith("id,project,name,status,lifecycle,user,started_at,ended_at,deleted_at,params.lr,params.päram,tags.a b/c,tags.empty,metrics.loss/val ü,metrics.nan,metrics.odd\n", table, StringComparison.Ordinal);
        Assert.Equal(2, System.Text.RegularExpressions.Regex.Count(table, "finished,active,ada"));
        Assert.Contains("\"x,\"\"y\"\"\r\n\"", table, StringComparison.Ordinal);
        var lines = Encoding.UTF8.GetString(points.ToArray()).TrimEnd('\n').Split('\n');
        Assert.Equal(counts.Points + 1, lines.Length);
        Assert.Contains(lines, line => line.EndsWith(",odd,-1,0,Infinity", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith(",nan,9223372036854775807,0,NaN", StringComparison.Ordinal));
    }
}
