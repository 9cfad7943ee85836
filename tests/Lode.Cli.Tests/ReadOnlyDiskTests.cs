using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Lode.TestKit.Faults;

namespace Lode.Cli.Tests;

/// <summary>A real server whose disk turns read-only under its open database: it says so, lives, loses nothing and goes on by itself.</summary>
public sealed class ReadOnlyDiskTests
{
    private const string Mlflow = "/api/2.0/mlflow/";

    [BlockDiskFact]
    public async Task FailedDisk_RefusesClearly_ServesReads_AndNothingIsLostAfterItIsMended()
    {
        using var disk = BlockDisk.Mount();
        var home = disk["home"];
        var acknowledged = new List<int>();
        string run;
        using (var victim = Victim.Start(LodeProcess.Dll, home))
        {
            Assert.True(await victim.ReadyAsync());
            using var http = victim.Client();
            run = await NewRunAsync(http);
            for (var step = 0; step < 20; step++)
                Assert.Equal(HttpStatusCode.OK, await LogAsync(http, run, step, acknowledged));
            disk.TurnReadOnly();
            for (var step = 100; step < 150; step++)
                Assert.Equal(HttpStatusCode.ServiceUnavailable, await LogAsync(http, run, step, acknowledged));
            using var upload = await http.PutAsync("/api/2.0/mlflow-artifacts/artifacts/a.bin", new ByteArrayContent(new byte[1000]));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, upload.StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Mlflow + "runs/get?run_id=" + run)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health")).StatusCode);
            await victim.KillAsync();
        }
        disk.Remount();
        var (code, output, error) = await LodeProcess.RunAsync(home, "doctor", "--home", home);
        Assert.True(code == 0, output + error);
        using var again = Victim.Start(LodeProcess.Dll, home);
        Assert.True(await again.ReadyAsync());
        using var client = again.Client();
        Assert.Equal(HttpStatusCode.OK, await LogAsync(client, run, 200, acknowledged));
        await RequireAsync(client, run, acknowledged);
        await again.KillAsync();
    }

    [BlockDiskFact]
    public async Task DatabaseThatCannotBeWritten_GoesOnByItself_OnceItCan()
    {
        using var disk = BlockDisk.Mount();
        var acknowledged = new List<int>();
        using var victim = Victim.Start(LodeProcess.Dll, disk["home"]);
        Assert.True(await victim.ReadyAsync());
        using var http = victim.Client();
        var run = await NewRunAsync(http);
        string[] files = [disk["home/lode.db"], disk["home/lode.db-wal"]];
        for (var round = 0; round < 3; round++)
        {
            for (var step = 0; step < 20; step++)
                Assert.Equal(HttpStatusCode.OK, await LogAsync(http, run, (100 * round) + step, acknowledged));
            BlockDisk.Lock(files);
            try
            {
                for (var step = 20; step < 40; step++)
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, await LogAsync(http, run, (100 * round) + step, acknowledged));
                Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Mlflow + "runs/get?run_id=" + run)).StatusCode);
            }
            finally
            {
                BlockDisk.Unlock(files);
            }
        }
        // At once, not after some tries.
        Assert.Equal(HttpStatusCode.OK, await LogAsync(http, run, 1000, acknowledged));
        await RequireAsync(http, run, acknowledged);
        await victim.KillAsync();
    }

    private static async Task<string> NewRunAsync(HttpClient http)
    {
        using var made = await http.PostAsJsonAsync(Mlflow + "runs/create", new { experiment_id = "0", start_time = 1 });
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        return (string)JsonNode.Parse(await made.Content.ReadAsStringAsync())!["run"]!["info"]!["run_id"]!;
    }

    /// <summary>Logs a point alone, or with a tag: the two are written in different ways. A refusal says what is wrong and when to come back.</summary>
    private static async Task<HttpStatusCode> LogAsync(HttpClient http, string run, int step, List<int> acknowledged)
    {
        using var response = await http.PostAsJsonAsync(Mlflow + "runs/log-batch", new
        {
            run_id = run,
            metrics = new[] { new { key = "m", value = step, timestamp = step, step } },
            tags = step % 2 == 0 ? [] : new[] { new { key = "t", value = step.ToString(CultureInfo.InvariantCulture) } },
        });
        if (response.StatusCode == HttpStatusCode.OK)
        {
            acknowledged.Add(step);
            return response.StatusCode;
        }
        var said = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal("TEMPORARILY_UNAVAILABLE", (string)said["error_code"]!);
        Assert.Contains("cannot be written now", (string)said["message"]!, StringComparison.Ordinal);
        Assert.NotNull(response.Headers.RetryAfter);
        return response.StatusCode;
    }

    private static async Task RequireAsync(HttpClient http, string run, List<int> acknowledged)
    {
        var history = JsonNode.Parse(await http.GetStringAsync($"{Mlflow}metrics/get-history?run_id={run}&metric_key=m"))!;
        Assert.Equal(acknowledged, history["metrics"]!.AsArray().Select(point => (int)point!["step"]!));
        Assert.Equal(HttpStatusCode.OK, (await http.PutAsync("/api/2.0/mlflow-artifacts/artifacts/a.bin", new ByteArrayContent(new byte[1000]))).StatusCode);
    }
}
