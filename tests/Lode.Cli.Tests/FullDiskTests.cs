using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Lode.TestKit;
using Lode.TestKit.Faults;

namespace Lode.Cli.Tests;

/// <summary>A real server whose disk fills up or cannot be written: it says so, lives, loses nothing and goes on by itself.</summary>
public sealed class FullDiskTests
{
    private const string Mlflow = "/api/2.0/mlflow/";
    private const string Artifacts = "/api/2.0/mlflow-artifacts/artifacts/";
    private const double MaxResidentMiB = 400;

    [SmallDiskFact]
    public async Task FullDisk_RefusesClearly_LosesNothing_AndGoesOnWhenThereIsSpace()
    {
        using var disk = SmallDisk.Mount(64);
        var home = disk["home"];
        var acknowledged = new List<int>();
        string run;
        using (var victim = Victim.Start(LodeProcess.Dll, home))
        {
            Assert.True(await victim.ReadyAsync());
            using var http = victim.Client();
            run = (string)(await AnswerAsync(await http.PostAsJsonAsync(Mlflow + "runs/create", new { experiment_id = "0", start_time = 1 })))["run"]!["info"]!["run_id"]!;
            Assert.Equal(HttpStatusCode.OK, await LogAsync(http, run, 0, acknowledged));
            Assert.Equal(HttpStatusCode.OK, (await http.PutAsync(Artifacts + "before.bin", Bytes(100_000))).StatusCode);
            disk.Fill();

            // The log of the database is written over a while before it must grow.
            var refusals = 0;
            for (var step = 1; refusals < 200 && step < 2000; step++)
            {
                if (await LogAsync(http, run, step, acknowledged) != HttpStatusCode.OK)
                    refusals++;
            }
            Assert.Equal(200, refusals);
            await RefusedAsync(await http.PutAsync(Artifacts + "big.bin", Bytes(5_000_000)));
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(Artifacts + "big.bin")).StatusCode);
            Assert.Empty(Directory.GetFiles(home, "*.draft", SearchOption.AllDirectories));

            // Reading goes on.
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Mlflow + "runs/get?run_id=" + run)).StatusCode);
            Assert.Equal(100_000, (await http.GetByteArrayAsync(Artifacts + "before.bin")).Length);
            Assert.InRange(victim.ResidentMiB, 1, MaxResidentMiB);

            disk.Free();
            // At once, not after some tries.
            Assert.Equal(HttpStatusCode.OK, await LogAsync(http, run, 5000, acknowledged));
            Assert.Equal(HttpStatusCode.OK, (await http.PutAsync(Artifacts + "big.bin", Bytes(5_000_000))).StatusCode);
            await RequireAsync(http, run, acknowledged);
            disk.Fill();
            await victim.KillAsync();
        }
        disk.Free();
        var (code, output, error) = await LodeProcess.RunAsync(home, "doctor", "--home", home);
        Assert.True(code == 0, output + error);
        using var again = Victim.Start(LodeProcess.Dll, home);
        Assert.True(await again.ReadyAsync());
        using var client = again.Client();
        await RequireAsync(client, run, acknowledged);
    }

    [SmallDiskFact]
    public async Task FullDisk_AtTheStart_IsNamed()
    {
        using var disk = SmallDisk.Mount(1);
        disk.Fill();
        var (code, _, error) = await LodeProcess.RunAsync(disk["home"], "up", "--port", "0");
        Assert.NotEqual(0, code);
        Assert.Contains(disk.Path, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public async Task ReadOnlyDisk_AtTheStart_IsNamed()
    {
        using var home = new TemporaryFolder();
        using var disk = SmallDisk.MountReadOnlyAt(home["data"]);
        var (code, _, error) = await LodeProcess.RunAsync(disk.Path, "up", "--port", "0");
        Assert.Equal(3, code);
        Assert.Contains("Read-only file system", error, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public async Task ReadOnlyArtifactFolder_RefusesUploads_AndTakesThemOnceItCanBeWritten()
    {
        using var home = new TemporaryFolder();
        using var victim = Victim.Start(LodeProcess.Dll, home.Path);
        Assert.True(await victim.ReadyAsync());
        using var http = victim.Client();
        using (SmallDisk.MountReadOnlyAt(home["artifacts"]))
        {
            using var refused = await http.PutAsync(Artifacts + "a.bin", Bytes(1000));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Contains("Read-only file system", (string)JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["message"]!, StringComparison.Ordinal);
            // What is no file goes on.
            Assert.Equal(HttpStatusCode.OK, (await http.PostAsJsonAsync(Mlflow + "runs/create", new { experiment_id = "0", start_time = 1 })).StatusCode);
        }
        Assert.Equal(HttpStatusCode.OK, (await http.PutAsync(Artifacts + "a.bin", Bytes(1000))).StatusCode);
        Assert.Equal(1000, (await http.GetByteArrayAsync(Artifacts + "a.bin")).Length);
    }

    private static ByteArrayContent Bytes(int count) => new(new byte[count]);

    private static async Task<JsonNode> AnswerAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    /// <summary>Logs a point, and tags of half a megabyte to take up room; notes the step if that is acknowledged.</summary>
    private static async Task<HttpStatusCode> LogAsync(HttpClient http, string run, int step, List<int> acknowledged)
    {
        using var response = await http.PostAsJsonAsync(Mlflow + "runs/log-batch", new
        {
            run_id = run,
            metrics = new[] { new { key = "m", value = step, timestamp = step, step } },
            tags = Enumerable.Range(0, 64).Select(tag => new { key = $"t{tag}", value = new string((char)('a' + (step % 26)), 8000) }),
        });
        if (response.StatusCode == HttpStatusCode.OK)
            acknowledged.Add(step);
        else
            await RefusedAsync(response);
        return response.StatusCode;
    }

    private static async Task RefusedAsync(HttpResponseMessage response)
    {
        var said = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "TEMPORARILY_UNAVAILABLE"), (response.StatusCode, (string)said["error_code"]!));
        Assert.Contains("is full", (string)said["message"]!, StringComparison.Ordinal);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    private static async Task RequireAsync(HttpClient http, string run, List<int> acknowledged)
    {
        var history = await AnswerAsync(await http.GetAsync($"{Mlflow}metrics/get-history?run_id={run}&metric_key=m"));
        Assert.Equal(acknowledged, history["metrics"]!.AsArray().Select(point => (int)point!["step"]!));
        Assert.Equal(5_000_000, (await http.GetByteArrayAsync(Artifacts + "big.bin")).Length);
    }
}
