using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Cli.Tests;

/// <summary>The server as a process: who gets in, and how it ends.</summary>
public sealed class UpTests : IDisposable
{
    private const string Token = "correct-horse-battery-staple";
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    private static async Task<Uri> AddressAsync(LodeProcess up)
    {
        await up.UntilAsync(process => process.Out.Contains('}', StringComparison.Ordinal));
        var address = new Uri(JsonDocument.Parse(up.Out).RootElement.GetProperty("address").GetString()!);
        return new UriBuilder(address) { Host = "127.0.0.1" }.Uri;
    }

    private static async Task<HttpStatusCode> AskAsync(Uri address, string? token)
    {
        using var http = LodeHttp.ClientFor(address, token ?? "");
        return (await http.GetAsync("/api/v1/server")).StatusCode;
    }

    [Theory]
    [InlineData("argument")]
    [InlineData("file")]
    [InlineData("environment")]
    public async Task Token_LetsInWhoShowsIt_FromWhereverItComes(string source)
    {
        File.WriteAllText(_home["token.txt"], Token + "\n");
        string[] args = ["up", "--port", "0", "--host", "0.0.0.0", "--json"];
        using var up = source switch
        {
            "argument" => LodeProcess.Start(_home["data"], [.. args, "--token", Token]),
            "file" => LodeProcess.Start(_home["data"], [.. args, "--token", "@" + _home["token.txt"]]),
            _ => LodeProcess.StartWithToken(_home["data"], Token, args),
        };
        var address = await AddressAsync(up);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (await AskAsync(address, Token), await AskAsync(address, null), await AskAsync(address, Token + "x")));

        // Other commands speak to the owner, and need the token as well.
        var (code, _, error) = await LodeProcess.RunAsync(_home["data"], "ls");
        Assert.Equal(3, code);
        Assert.Contains("LODE_TOKEN", error, StringComparison.Ordinal);
        using var ls = LodeProcess.StartWithToken(_home["data"], Token, "ls");
        (code, _, error) = await ls.EndAsync();
        Assert.True(code == 0, error);

        var (ended, output, said) = await up.TerminateAsync();
        Assert.Equal(0, ended);
        Assert.DoesNotContain(Token, output + said, StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(_home["data"], "*.json", SearchOption.AllDirectories))
            Assert.DoesNotContain(Token, File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anonymous_WhenSaidSo_LetsEverybodyIn()
    {
        using var up = LodeProcess.StartWithToken(_home.Path, Token, "up", "--port", "0", "--host", "0.0.0.0", "--allow-anonymous", "--json");
        Assert.Equal(HttpStatusCode.OK, await AskAsync(await AddressAsync(up), null));
        Assert.Equal(0, (await up.InterruptAsync()).Code);
    }

    [Fact]
    public async Task Host_Allowed_IsAnswered()
    {
        using var up = LodeProcess.Start(_home.Path, "up", "--port", "0", "--allow-host", "lode.example.org", "--allow-host", "*.lab.example", "--max-body", "1", "--json");
        var address = await AddressAsync(up);
        using var http = new HttpClient { BaseAddress = address };
        async Task<HttpStatusCode> AsAsync(string host)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/server") { Headers = { Host = host } };
            return (await http.SendAsync(request)).StatusCode;
        }
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden), (await AsAsync("lode.example.org"), await AsAsync("a.lab.example:80"), await AsAsync("evil.example")));
        Assert.Equal(0, (await up.InterruptAsync()).Code);
    }

    [Fact]
    public async Task Terminated_UnderLoad_LosesNothingThatWasAnswered_AndExitsWell()
    {
        using var up = LodeProcess.Start(_home.Path, "up", "--port", "0", "--json");
        using var http = LodeHttp.ClientFor(await AddressAsync(up));
        var run = await new HttpRunStore(http).CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = ProjectId.Default }, default);
        using var events = await http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
        using var stream = new StreamReader(await events.Content.ReadAsStreamAsync());

        var answered = new ConcurrentBag<(string Key, long Step)>();
        var refusals = new ConcurrentBag<HttpStatusCode>();
        var clients = Enumerable.Range(0, 16).Select(client => Task.Run(async () =>
        {
            for (var step = 0L; ; step++)
            {
                try
                {
                    using var response = await http.PostAsJsonAsync("/api/2.0/mlflow/runs/log-metric", new { run_id = run.Id.ToString(), key = $"m{client}", value = step, timestamp = step, step });
                    if (response.StatusCode == HttpStatusCode.OK)
                        answered.Add(($"m{client}", step));
                    else
                        refusals.Add(response.StatusCode);
                }
                catch (HttpRequestException)
                {
                    return; // it listens no more
                }
            }
        })).ToList();
        while (answered.Count < 500)
            await Task.Delay(10);

        var (code, _, error) = await up.TerminateAsync();
        Assert.True(code == 0, error);
        await Task.WhenAll(clients);
        Assert.Empty(refusals);
        Assert.Contains("retry: 1000", await stream.ReadToEndAsync(), StringComparison.Ordinal);

        using var again = LodeProcess.Start(_home.Path, "up", "--port", "0", "--json");
        using var second = LodeHttp.ClientFor(await AddressAsync(again));
        var store = new HttpRunStore(second);
        foreach (var metric in answered.GroupBy(one => one.Key))
        {
            var steps = (await store.GetHistoryAsync(run.Id, metric.Key, 0, 1_000_000, default)).Select(point => point.Step).ToList();
            Assert.Equal(steps.Distinct(), steps);
            Assert.Empty(metric.Select(one => one.Step).Except(steps));
        }
        Assert.Equal(0, (await again.TerminateAsync()).Code);
    }
}
