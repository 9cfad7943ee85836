using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Lode.Core;
using Lode.Tracking;
using Xunit.Abstractions;

namespace Lode.Server.Tests.Hosting;

/// <summary>More than the server can do: it says so to those it cannot serve, and serves the others.</summary>
public sealed class OverloadTests(ITestOutputHelper output)
{
    // LODE_LOAD_SECONDS=60 holds the load for a minute.
    private static readonly TimeSpan s_load = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("LODE_LOAD_SECONDS") ?? "3", CultureInfo.InvariantCulture));

    private static async Task<Run> NewRunAsync(RunningServer server) => await new HttpRunStore(server.Http).CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = ProjectId.Default }, default);

    /// <summary>Clients that log and read as fast as they are let; how often each status was heard, and which points were answered 200.</summary>
    private static async Task<(ConcurrentDictionary<HttpStatusCode, int> Statuses, ConcurrentBag<(int Client, long Step)> Acknowledged)> HammerAsync(RunningServer server, Run run, int clients)
    {
        var statuses = new ConcurrentDictionary<HttpStatusCode, int>();
        var acknowledged = new ConcurrentBag<(int Client, long Step)>();
        using var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(60) }) { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
        using var end = new CancellationTokenSource(s_load);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            await Task.Yield();
            for (var step = 0; step == 0 || !end.IsCancellationRequested; step++)
            {
                using var response = client % 10 == 9
                    ? await http.GetAsync($"/api/v1/runs/{run.Id}")
                    : await http.PostAsJsonAsync("/api/2.0/mlflow/runs/log-metric", new { run_id = run.Id.ToString(), key = $"m{client % 7}", value = client, timestamp = client, step });
                statuses.AddOrUpdate(response.StatusCode, 1, (_, count) => count + 1);
                if (response.StatusCode == HttpStatusCode.OK && client % 10 != 9)
                    acknowledged.Add((client, step));
                if (response.StatusCode == HttpStatusCode.TooManyRequests)
                {
                    Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
                    Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
                    await Task.Delay(20);
                }
            }
        }));
        return (statuses, acknowledged);
    }

    /// <summary>Just the acknowledged points are there, each once.</summary>
    private static async Task RequirePointsAsync(RunningServer server, Run run, IEnumerable<(int Client, long Step)> acknowledged)
    {
        var store = new HttpRunStore(server.Http);
        var stored = new List<(int Client, long Step)>();
        for (var key = 0; key < 7; key++)
        {
            var points = await store.GetHistoryAsync(run.Id, $"m{key}", 0, 1_000_000, default);
            Assert.All(points, point => Assert.Equal((point.Time, key), ((long)point.Value, (int)point.Value % 7)));
            stored.AddRange(points.Select(point => ((int)point.Value, point.Step)));
        }
        Assert.Equal(acknowledged.Order(), stored.Order());
        Assert.Equal(stored.Count, (await store.GetRunAsync(run.Id, default)).Metrics.Values.Sum(metric => metric.Count));
    }

    [Fact]
    public async Task ThousandClients_AreAllServed()
    {
        await using var server = await RunningServer.StartAsync();
        var run = await NewRunAsync(server);
        var (statuses, acknowledged) = await HammerAsync(server, run, 1000);
        Assert.Equal([HttpStatusCode.OK], statuses.Keys);
        Assert.True(statuses[HttpStatusCode.OK] >= 1000);
        await RequirePointsAsync(server, run, acknowledged);
        output.WriteLine($"{statuses[HttpStatusCode.OK]:N0} requests of 1,000 clients in {s_load.TotalSeconds:0} s, all 200; {acknowledged.Count:N0} points there; {Environment.WorkingSet >> 20} MiB resident with the clients");
    }

    [Fact]
    public async Task ThousandClients_OfASmallServer_HearOkOr429_AndWhatWasOkIsThere()
    {
        await using var server = await RunningServer.StartAsync(null, options => options with { MaxRequests = 4, MaxWaiting = 16 });
        var run = await NewRunAsync(server);
        var (statuses, acknowledged) = await HammerAsync(server, run, 1000);
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.TooManyRequests], statuses.Keys.Order());
        await RequirePointsAsync(server, run, acknowledged);
        output.WriteLine($"{statuses[HttpStatusCode.OK]:N0} requests answered 200 and {statuses[HttpStatusCode.TooManyRequests]:N0} answered 429 in {s_load.TotalSeconds:0} s; {acknowledged.Count:N0} points there");
        var metrics = await server.Http.GetStringAsync("/metrics");
        Assert.Contains($"lode_overload_refused_total {statuses[HttpStatusCode.TooManyRequests]}\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LargeBodies_TogetherTooLarge_AreRefusedForNow()
    {
        await using var server = await RunningServer.StartAsync(null, options => options with { MaxBodyBytes = 512L << 20 });
        // Held at the body: it is announced, and never comes.
        using var first = new TcpClient();
        await first.ConnectAsync(server.Address.Host, server.Address.Port);
        await first.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: {500 << 20}\r\n\r\n"));
        HttpStatusCode status;
        do
        {
            using var content = new ByteArrayContent(new byte[20 << 20]);
            try
            {
                using var response = await server.Http.PostAsync("/api/v1/projects", content);
                status = response.StatusCode;
            }
            catch (HttpRequestException)
            {
                status = HttpStatusCode.TooManyRequests; // answered and hung up while the body was being sent
            }
        }
        while (status == HttpStatusCode.BadRequest); // the first one had not been seen yet
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/api/v1/projects")).StatusCode);
    }

    [Fact]
    public async Task BodyOfUnknownLength_HasALowerLimit()
    {
        await using var server = await RunningServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/projects") { Content = new StringContent("{\"name\":\"" + new string('x', 5 << 20) + "\"}", Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = true;
        try
        {
            using var response = await server.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
            var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
            Assert.Equal(("invalid_argument", false), (error.GetProperty("code").GetString(), error.GetProperty("retryable").GetBoolean()));
            Assert.Contains("4194304", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            // The server hung up in the middle of the body: refused as well.
        }
    }

    [Fact]
    public async Task HalfOpenAndSilentConnections_StarveNobody_AndAreClosed()
    {
        await using var server = await RunningServer.StartAsync(null, options => options with { MaxRequests = 4, MaxWaiting = 4, HeaderPatience = TimeSpan.FromSeconds(1) });
        var clients = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                var client = new TcpClient();
                clients.Add(client);
                await client.ConnectAsync(server.Address.Host, server.Address.Port);
                await client.GetStream().WriteAsync("GET /api/v1/projects HTTP/1.1\r\nHost: loc"u8.ToArray());
            }
            for (var i = 0; i < 50; i++)
                Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/api/v1/projects")).StatusCode);
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            foreach (var client in clients)
            {
                // 408, then the end.
                var stream = client.GetStream();
                using var text = new StreamReader(stream);
                Assert.StartsWith("HTTP/1.1 408", await text.ReadToEndAsync(patience.Token), StringComparison.Ordinal);
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\n{")]
    [InlineData("Content-Length: 1000000\r\n\r\n{")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")]
    public async Task BodiesThatDoNotCome_StarveNobody(string beginning)
    {
        await using var server = await RunningServer.StartAsync(null, options => options with { MaxRequests = 8, MaxWaiting = 4 });
        var clients = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 100; i++)
            {
                var client = new TcpClient();
                clients.Add(client);
                await client.ConnectAsync(server.Address.Host, server.Address.Port);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\n" + beginning));
            }
            for (var i = 0; i < 30; i++)
            {
                using var response = await server.Http.PostAsJsonAsync("/api/v1/projects", new { name = $"p{i}" });
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task StreamsThatNobodyReads_StarveNobody()
    {
        await using var server = await RunningServer.StartAsync(null, options => options with { MaxStreams = 60 });
        var store = new HttpRunStore(server.Http);
        var run = await NewRunAsync(server);
        var clients = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 50; i++)
            {
                var client = new TcpClient { ReceiveBufferSize = 2048 };
                clients.Add(client);
                await client.ConnectAsync(server.Address.Host, server.Address.Port);
                await client.GetStream().WriteAsync("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            }
            var tag = new string('x', 8000);
            for (var i = 0; i < 20; i++)
                await store.LogAsync(run.Id, new RunBatch { Tags = [.. Enumerable.Range(0, 100).Select(n => new KeyValuePair<string, string?>($"t{n}", tag))], Metrics = [new("m", i, i, i)] }, default);
            Assert.Equal(20, (await store.GetRunAsync(run.Id, default)).Metrics["m"].Count);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task Streams_BeyondTheLimit_Hear429()
    {
        await using var server = await RunningServer.StartAsync(null, options => options with { MaxStreams = 1 });
        using (await server.Http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead))
        {
            using var second = await server.Http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
            Assert.NotNull(second.Headers.RetryAfter);
        }
    }
}
