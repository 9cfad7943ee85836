using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Lode.TestKit;
using Lode.TestKit.Faults;

namespace Lode.Cli.Tests;

/// <summary>A real server, killed while a webhook's receiver has its request but has not answered.</summary>
public sealed class WebhookKillTests : IDisposable
{
    private const int Events = 8;

    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task KilledInMidDelivery_DeliversEveryEventAtLeastOnce_UnderOneId()
    {
        using var receiver = new SlowReceiver();
        using (var victim = Victim.Start(LodeProcess.Dll, _home.Path))
        {
            Assert.True(await victim.ReadyAsync());
            using var http = victim.Client();
            await OkAsync(http.PostAsJsonAsync("/api/2.0/mlflow/webhooks", new { name = "w", url = receiver.Address, events = new[] { new { entity = "REGISTERED_MODEL", action = "CREATED" } } }));
            for (var i = 0; i < Events; i++)
                await OkAsync(http.PostAsJsonAsync("/api/2.0/mlflow/registered-models/create", new { name = $"m{i}" }));
            // The third is being delivered, the others wait.
            await receiver.UntilAsync(count => count >= 3);
            await victim.KillAsync();
        }
        var unanswered = receiver.Received.Last();
        receiver.IsFast = true;
        using var next = Victim.Start(LodeProcess.Dll, _home.Path);
        Assert.True(await next.ReadyAsync());
        await receiver.UntilAsync(_ => receiver.Received.Select(one => one.Model).Distinct().Count() == Events && receiver.Received.Count(one => one.Model == unanswered.Model) == 2);
        Assert.Equal(Enumerable.Range(0, Events).Select(i => $"m{i}"), receiver.Received.Select(one => one.Model).Distinct().Order(StringComparer.Ordinal));
        // Whoever is sent an event again can tell.
        Assert.All(receiver.Received.GroupBy(one => one.Model), sent => Assert.Single(sent.Select(one => one.Id).Distinct()));
        Assert.Equal(Events, receiver.Received.Select(one => one.Id).Distinct().Count());
    }

    private static async Task OkAsync(Task<HttpResponseMessage> sending)
    {
        using var response = await sending;
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Answers the first two requests, and the next ones only after a long time.</summary>
    private sealed class SlowReceiver : IDisposable
    {
        private readonly HttpListener _listener = new();

        public SlowReceiver()
        {
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            }
            _listener.Prefixes.Add(Address);
            _listener.Start();
            _ = ListenAsync();
        }

        public string Address { get; }

        public ConcurrentQueue<(string Model, string Id)> Received { get; } = new();

        public bool IsFast { get; set; }

        public async Task UntilAsync(Func<int, bool> condition)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (!condition(Received.Count))
                await Task.Delay(20, patience.Token);
        }

        public void Dispose() => _listener.Close();

        private async Task ListenAsync()
        {
            try
            {
                while (true)
                    _ = AnswerAsync(await _listener.GetContextAsync());
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                // Closed.
            }
        }

        private async Task AnswerAsync(HttpListenerContext context)
        {
            using var reader = new StreamReader(context.Request.InputStream);
            var body = JsonNode.Parse(await reader.ReadToEndAsync())!;
            Received.Enqueue(((string)body["data"]!["name"]!, context.Request.Headers["X-MLflow-Delivery-ID"]!));
            if (!IsFast && Received.Count > 2)
                await Task.Delay(TimeSpan.FromSeconds(8));
            try
            {
                context.Response.Close();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                // Who asked is dead.
            }
        }
    }
}
