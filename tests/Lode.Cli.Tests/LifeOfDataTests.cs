using System.Text.Json;
using Lode.Core;
using Lode.Storage;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Cli.Tests;

/// <summary>Trash, gc, export, import and doctor as a person types them.</summary>
public sealed class LifeOfDataTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _home = new();
    private readonly List<string> _ids = [];
    private CancellationToken _stop;

    public async Task InitializeAsync()
    {
        await using var database = SqliteDatabase.Open(new DataFolder(_home.Path).DatabaseFile);
        var store = new SqlRunStore(database, TimeProvider.System);
        var project = await store.CreateProjectAsync(new NewProject { Name = "cats" }, default);
        for (var i = 0; i < 3; i++)
        {
            var run = await store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = project.Id, Name = $"run {i}", StartedAt = i }, default);
            await store.LogAsync(run.Id, new RunBatch { Metrics = [.. Enumerable.Range(0, 1000).Select(step => new MetricPoint("loss", step, step, step))] }, default);
            _ids.Add(run.Id.ToString());
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _home.Dispose();

    private async Task<(int Code, string Out, string Error)> RunAsync(string? home, string stdin, params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var terminal = new Terminal(output, error, OutIsTerminal: false, ErrorIsTerminal: false, Width: 200) { In = new StringReader(stdin) };
        return (await Cli.RunAsync([.. args, "--home", home ?? _home.Path], terminal, _stop), output.ToString(), error.ToString());
    }

    private async Task<string> OkAsync(params string[] args)
    {
        var (code, output, error) = await RunAsync(null, "", args);
        Assert.True(code == 0, $"{string.Join(' ', args)}: {code}: {error}");
        return output;
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private async Task<int> CountAsync() => Json(await OkAsync("ls", "--json")).GetProperty("total").GetInt32();

    [Fact]
    public async Task Run_GoesToTheTrashAndBack_AndForGood()
    {
        Assert.Equal(3000, Json(await OkAsync("run", "rm", "run 0", "run 1", _ids[2], "--dry-run", "--json")).GetProperty("points").GetInt32());
        Assert.Equal(3, await CountAsync());
        var said = Json(await OkAsync("run", "rm", "run 0", "@last", "--json"));
        Assert.Equal((2, 2000, false), (said.GetProperty("runs").GetArrayLength(), said.GetProperty("points").GetInt32(), said.GetProperty("purged").GetBoolean()));
        Assert.Equal(1, await CountAsync());
        Assert.Equal(4, (await RunAsync(null, "", "run", "rm", "run 0")).Code);
        await OkAsync("run", "restore", "run 0");
        Assert.Equal(2, await CountAsync());
        var (code, _, error) = await RunAsync(null, "", "run", "rm", "run 0", "--purge");
        Assert.Equal(2, code);
        Assert.Contains("--yes", error, StringComparison.Ordinal);
        Assert.Equal(2, await CountAsync());
        await OkAsync("run", "rm", "run 0", "--purge", "--yes");
        Assert.Equal(4, (await RunAsync(null, "", "run", "restore", _ids[0])).Code);
        Assert.Equal(0, Json(await OkAsync("gc", "--json")).GetProperty("runs").GetInt32());
        Assert.Equal(1, Json(await OkAsync("gc", "--older-than", "0s", "--json")).GetProperty("runs").GetInt32());
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task Run_IdsFromStandardInput()
    {
        var (code, _, error) = await RunAsync(null, await OkAsync("ls", "-q"), "run", "rm", "-");
        Assert.True(code == 0, error);
        Assert.Equal(0, await CountAsync());
    }

    [Fact]
    public async Task Project_GoesWithItsRuns_AndTheSpaceIsGivenBack()
    {
        await OkAsync("project", "rm", "cats");
        Assert.Equal(0, await CountAsync());
        Assert.Contains("3 runs", await OkAsync("project", "restore", "cats"), StringComparison.Ordinal);
        Assert.Equal(3, await CountAsync());
        await OkAsync("project", "rm", "cats", "--purge", "--yes");
        Assert.DoesNotContain("cats", await OkAsync("du"), StringComparison.Ordinal);
        Assert.Equal(4, (await RunAsync(null, "", "project", "restore", "cats")).Code);
    }

    [Fact]
    public async Task RunThatMadeARegisteredVersion_MustStay()
    {
        await using (var database = SqliteDatabase.Open(new DataFolder(_home.Path).DatabaseFile))
        {
            var registry = new SqlModelRegistry(database, TimeProvider.System);
            await registry.CreateModelAsync(new NewRegisteredModel { Name = "churn" }, default);
            await registry.CreateVersionAsync(new NewModelVersion { Model = "churn", Source = "s3://bucket/model", RunId = _ids[0] }, default);
        }
        var (code, _, error) = await RunAsync(null, "", "run", "rm", "run 0");
        Assert.Equal(6, code);
        Assert.Contains("version 1 of the registered model 'churn'", error, StringComparison.Ordinal);
        await OkAsync("project", "rm", "cats");
        var report = Json(await OkAsync("gc", "--purge", "--yes", "--json"));
        Assert.Equal((2, 0), (report.GetProperty("runs").GetInt32(), report.GetProperty("projects").GetInt32()));
        Assert.Equal(_ids[0], report.GetProperty("kept")[0].GetProperty("run").GetString());
    }

    [Theory]
    [InlineData("all.jsonl")]
    [InlineData("all.jsonl.gz")]
    public async Task Export_IsReadBack_Twice(string name)
    {
        await OkAsync("run", "rm", "run 2");
        var file = _home[name];
        Assert.Equal(3000, Json(await OkAsync("export", "--out", file, "--json")).GetProperty("points").GetInt32());
        using var other = new TemporaryFolder();
        foreach (var (made, unchanged) in new[] { (3, 0), (0, 3) })
        {
            var (code, output, error) = await RunAsync(other.Path, "", "import", file, "--json");
            Assert.True(code == 0, error);
            Assert.Equal((made, unchanged), (Json(output).GetProperty("runs").GetInt32(), Json(output).GetProperty("unchanged").GetInt32()));
        }
        await RunAsync(other.Path, "", "run", "restore", "run 2");
        var (partial, _, clash) = await RunAsync(other.Path, "", "import", file);
        Assert.Equal(8, partial);
        Assert.Contains($"run {_ids[2]} is here already and differs, so it was left as it is: lifecycle: active here, deleted there", clash, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_BringsFiles_UnlessTheyAreLeftOut()
    {
        await File.WriteAllTextAsync(_home["note.txt"], "hello");
        await OkAsync("artifact", "put", "run 0", _home["note.txt"]);
        Assert.Equal(1, Json(await OkAsync("export", "--out", _home["all.jsonl.gz"], "--json")).GetProperty("files").GetInt32());
        Assert.Single(Directory.GetFiles(_home["all.artifacts"], "*", SearchOption.AllDirectories));
        using var other = new TemporaryFolder();
        var (code, _, error) = await RunAsync(other.Path, "", "import", _home["all.jsonl.gz"], "--no-artifacts");
        Assert.True(code == 0, error);
        Assert.Contains("skipped: 1 files", error, StringComparison.Ordinal);
        (code, _, error) = await RunAsync(other.Path, "", "import", _home["all.jsonl.gz"]);
        Assert.True(code == 0, error);
        (_, var listed, _) = await RunAsync(other.Path, "", "artifact", "ls", "run 0");
        Assert.Contains("note.txt", listed, StringComparison.Ordinal);
        (code, _, error) = await RunAsync(other.Path, "", "import", _home["all.jsonl.gz"], "--artifacts", _home["nowhere"]);
        Assert.Equal(4, code);
        Assert.Contains("--no-artifacts", error, StringComparison.Ordinal);
        File.Delete(Directory.GetFiles(_home["all.artifacts"], "*", SearchOption.AllDirectories)[0]);
        using var third = new TemporaryFolder();
        (code, _, error) = await RunAsync(third.Path, "", "import", _home["all.jsonl.gz"]);
        Assert.Equal(8, code);
        Assert.Contains("is missing", error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(null, "", "export", "--artifacts", _home["x"], "--no-artifacts")).Code);
        await OkAsync("export", "--out", _home["lean.jsonl"], "--no-artifacts");
        Assert.False(Directory.Exists(_home["lean.artifacts"]));
    }

    [Fact]
    public async Task Doctor_NamesFilesWhoseBytesAreGone()
    {
        await File.WriteAllTextAsync(_home["note.txt"], "hello");
        await OkAsync("artifact", "put", "run 0", _home["note.txt"]);
        await OkAsync("doctor");
        var blob = Directory.GetFiles(new DataFolder(_home.Path).ArtifactFolder, "*", SearchOption.AllDirectories).Single(file => Path.GetFileName(file).Length == 64);
        File.Delete(blob);
        var (code, output, _) = await RunAsync(null, "", "doctor");
        Assert.Equal(9, code);
        Assert.Contains($"{Path.GetFileName(blob)} is missing; it is that of", output, StringComparison.Ordinal);
        Assert.Contains("artifacts/note.txt", output, StringComparison.Ordinal);
        await OkAsync("doctor", "--quick");
    }

    [Fact]
    public async Task Export_ThatIsStopped_LeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await File.WriteAllTextAsync(_home["old.jsonl"], "as it was");
        _stop = stop.Token;
        Assert.Equal(130, (await RunAsync(null, "", "export", "--out", _home["old.jsonl"])).Code);
        Assert.Equal("as it was", await File.ReadAllTextAsync(_home["old.jsonl"]));
        Assert.DoesNotContain(Directory.GetFiles(_home.Path), file => file.EndsWith(".partial", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Export_Csv_WritesTwoTables()
    {
        await OkAsync("export", "run 1", "-p", "cats", "--format", "csv", "--out", _home["tables"]);
        Assert.Equal(2, (await File.ReadAllLinesAsync(_home["tables/runs.csv"])).Length);
        Assert.Equal(1001, (await File.ReadAllLinesAsync(_home["tables/metrics.csv"])).Length);
        Assert.Equal(2, (await RunAsync(null, "", "export", "--format", "csv")).Code);
    }

    [Fact]
    public async Task Import_OfWhatIsNotThere_IsNotFound()
    {
        Assert.Equal(4, (await RunAsync(null, "", "import", _home["nothing"])).Code);
        Assert.Equal(4, (await RunAsync(null, "", "import", "mlflow", _home["nothing"])).Code);
        Assert.Equal(2, (await RunAsync(null, "", "import", "mlflow", _home.Path)).Code);
    }

    [Fact]
    public async Task Doctor_SaysByExitCode()
    {
        Assert.Contains("3 metrics with 3000 points", await OkAsync("doctor"), StringComparison.Ordinal);
        await using (var database = SqliteDatabase.Open(new DataFolder(_home.Path).DatabaseFile))
            await database.WriteAsync(sql => sql.Execute("UPDATE metric SET count = 1"), default);
        Assert.Equal(9, (await RunAsync(null, "", "doctor")).Code);
        Assert.Contains("fixed", await OkAsync("doctor", "--fix", "--json"), StringComparison.Ordinal);
        await OkAsync("doctor");
    }

    [Fact]
    public async Task UnderAServer_TheSameCommandsSpeakToIt()
    {
        using var up = LodeProcess.Start(_home.Path, "up", "--port", "0");
        await up.UntilAsync(process => process.Out.Contains("http://", StringComparison.Ordinal));
        await OkAsync("run", "rm", "run 0");
        Assert.Equal(1, Json(await OkAsync("gc", "--purge", "--yes", "--json")).GetProperty("runs").GetInt32());
        await OkAsync("export", "--out", _home["all.jsonl"]);
        using var other = new TemporaryFolder();
        Assert.Equal(0, (await RunAsync(other.Path, "", "import", _home["all.jsonl"])).Code);
        Assert.Contains("\"unchanged\": 2", await OkAsync("import", _home["all.jsonl"], "--json"), StringComparison.Ordinal);
        Assert.Contains("ok      integrity", await OkAsync("doctor"), StringComparison.Ordinal);
        Assert.Equal(0, (await up.InterruptAsync()).Code);
    }
}
