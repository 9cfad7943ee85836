using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Tests.Webhooks;

/// <summary>A real HTTP server that keeps what it is sent.</summary>
public sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedRequest> _requests = new();

    private Receiver(WebApplication app) => _app = app;

    /// <summary>How the next requests are answered; 200 when it is empty.</summary>
    public ConcurrentQueue<Func<HttpContext, Task>> Answers { get; } = new();

    public Uri Address => new(_app.Urls.First());

    public static async Task<Receiver> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, port));
        var app = builder.Build();
        var receiver = new Receiver(app);
        app.Run(receiver.ReceiveAsync);
        await app.StartAsync();
        return receiver;
    }

    public void AnswerWith(params int[] statuses)
    {
        foreach (var status in statuses)
        {
            Answers.Enqueue(context =>
            {
                context.Response.StatusCode = status;
                return context.Response.WriteAsync($"said {status}");
            });
        }
    }

    /// <summary>What came, once there is as much.</summary>
    public async Task<IReadOnlyList<ReceivedRequest>> WaitAsync(int count)
    {
        await Eventually.TrueAsync(() => _requests.Count >= count, () => $"{count} requests; got {string.Join('\n', _requests)}");
        return [.. _requests];
    }

    public int Count => _requests.Count;

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        _requests.Enqueue(new ReceivedRequest(context.Request.Path, headers, await reader.ReadToEndAsync()));
        if (Answers.TryDequeue(out var answer))
            await answer(context);
    }
}

public sealed record ReceivedRequest(string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string Event => $"{(string)JsonNode.Parse(Body)!["entity"]!}.{(string)JsonNode.Parse(Body)!["action"]!}";

    public JsonNode Data => JsonNode.Parse(Body)!["data"]!;
}

public static class Eventually
{
    public static Task TrueAsync(Func<bool> condition, Func<string> what) => TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            if (patience.IsCancellationRequested)
                Assert.Fail("Waited in vain for " + what());
            await Task.Delay(10);
        }
    }
}
