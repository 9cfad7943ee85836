using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lode.TestKit;

namespace Lode.Cli.Tests;

/// <summary>The commands on a PostgreSQL database, and what can be wrong with one.</summary>
[NeedsPostgres]
public sealed class PostgresTests : IDisposable
{
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task TwoServersAndACommand_ShareOneDatabase()
    {
        var address = PostgresCluster.Shared.NewDatabase();
        using var otherHome = new TemporaryFolder();
        using var one = LodeProcess.Start(_home.Path, "up", "--port", "0", "--store", address, "--json");
        using var two = LodeProcess.Start(otherHome.Path, "up", "--port", "0", "--store", address.Replace("postgres://", "postgresql://", StringComparison.Ordinal), "--json");
        using var first = new HttpClient { BaseAddress = await AddressOfAsync(one) };
        using var second = new HttpClient { BaseAddress = await AddressOfAsync(two) };
        var body = await first.PostAsync("api/2.0/mlflow/runs/create", new StringContent("""{"experiment_id": "0", "run_name": "shared", "start_time": 1}""", Encoding.UTF8, "application/json"));
        Assert.True(body.IsSuccessStatusCode, await body.Content.ReadAsStringAsync());
        var run = JsonDocument.Parse(await body.Content.ReadAsStringAsync()).RootElement.GetProperty("run").GetProperty("info").GetProperty("run_id").GetString();
        Assert.Contains("shared", await second.GetStringAsync($"api/2.0/mlflow/runs/get?run_id={run}"), StringComparison.Ordinal);
        var (code, output, _) = await LodeProcess.RunAsync(_home.Path, "ls", "--store", address, "-q");
        Assert.Equal((0, run), (code, output.Trim()));
        Assert.False(File.Exists(_home["lode.db"]));
        Assert.Equal(0, (await one.InterruptAsync()).Code);
        Assert.Equal(0, (await two.InterruptAsync()).Code);
    }

    [Fact]
    public async Task TwoServers_LogModelsToOneRun_AndNoneIsLost()
    {
        var address = PostgresCluster.Shared.NewDatabase();
        using var otherHome = new TemporaryFolder();
        using var one = LodeProcess.Start(_home.Path, "up", "--port", "0", "--store", address, "--json");
        using var two = LodeProcess.Start(otherHome.Path, "up", "--port", "0", "--store", address, "--json");
        using var first = new HttpClient { BaseAddress = await AddressOfAsync(one) };
        using var second = new HttpClient { BaseAddress = await AddressOfAsync(two) };
        var run = (string)(await SendAsync(first, "runs/create", new JsonObject { ["experiment_id"] = "0", ["start_time"] = 1 }))["run"]!["info"]!["run_id"]!;
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => SendAsync(i % 2 == 0 ? first : second, "runs/log-model", new JsonObject
        {
            ["run_id"] = run,
            ["model_json"] = new JsonObject { ["artifact_path"] = $"m{i}", ["flavors"] = new JsonObject(), ["utc_time_created"] = "2026", ["run_id"] = run }.ToJsonString(),
        })));
        var tags = JsonNode.Parse(await second.GetStringAsync($"api/2.0/mlflow/runs/get?run_id={run}"))!["run"]!["data"]!["tags"]!.AsArray();
        var history = JsonNode.Parse((string)tags.Single(tag => (string)tag!["key"]! == "mlflow.log-model.history")!["value"]!)!.AsArray();
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"m{i}").Order(), history.Select(model => (string)model!["artifact_path"]!).Order());
    }

    [Fact]
    public async Task WhatIsWrong_IsNamed()
    {
        var good = new Uri(PostgresCluster.Shared.Address("lode"));
        await FailsAsync(4, "There is no database 'nowhere'", $"postgres://lode:s3cret@127.0.0.1:{good.Port}/nowhere");
        await FailsAsync(7, "does not answer at 127.0.0.1:1", "postgres://lode:s3cret@127.0.0.1:1/lode");
        await FailsAsync(7, "host 'no-such-host.invalid' is unknown", "postgres://lode:s3cret@no-such-host.invalid/lode");
        await FailsAsync(3, "does not let user 'nobody' in", $"postgres://nobody:s3cret@127.0.0.1:{good.Port}/lode");
        await FailsAsync(6, "holds other tables", PostgresCluster.Shared.NewDatabase("CREATE TABLE mine (x int)"));
        await FailsAsync(2, "begins with postgres://", "mysql://lode:s3cret@127.0.0.1/lode");
        await FailsAsync(2, "unknown option 'sslmod'", "postgres://lode:s3cret@127.0.0.1/lode?sslmod=require");
        await FailsAsync(2, "is not understood", "postgres://lode:s3cret@127.0.0.1:port/lode");
    }

    [Fact]
    public async Task Password_IsAskedFor_AndTakenFromTheAddress()
    {
        using var cluster = PostgresCluster.Start(password: "it's @ secret");
        await FailsAsync(3, "asks user 'lode' for a password", cluster.Address("postgres"));
        await FailsAsync(3, "does not let user 'lode' in", cluster.Address("postgres", "lode:s3cret"));
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, "ls", "--projects", "--store", cluster.Address("postgres", "lode:it's%20%40%20secret"));
        Assert.True(code == 0, error);
        Assert.Contains("Default", output, StringComparison.Ordinal);
    }

    private static async Task<JsonNode> SendAsync(HttpClient http, string path, JsonObject body)
    {
        using var answer = await http.PostAsync("api/2.0/mlflow/" + path, new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private async Task FailsAsync(int code, string mentions, string address)
    {
        var (got, output, error) = await LodeProcess.RunAsync(_home.Path, "ls", "--store", address);
        Assert.True(got == code, $"exit code {got}, not {code}: {output}{error}");
        Assert.Contains(mentions, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error, StringComparison.Ordinal);
    }

    private static async Task<Uri> AddressOfAsync(LodeProcess process)
    {
        await process.UntilAsync(one => one.Out.Contains('}', StringComparison.Ordinal));
        return new Uri(JsonDocument.Parse(process.Out).RootElement.GetProperty("address").GetString()!);
    }
}
