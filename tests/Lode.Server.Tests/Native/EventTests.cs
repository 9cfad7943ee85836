using System.Text.Json;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Server.Tests.Native;

/// <summary>Live updates as a browser sees them.</summary>
public sealed class EventTests : IAsyncLifetime
{
    private RunningServer _server = null!;
    private HttpRunStore _store = null!;

    public async Task InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        _store = new HttpRunStore(_server.Http);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private sealed class Events(HttpResponseMessage response, StreamReader reader) : IDisposable
    {
        public async Task<(string Name, long Id, JsonElement Data)> NextAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var (name, id, data) = ("", 0L, "");
            while (await reader.ReadLineAsync(patience.Token) is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                    name = line[7..];
                else if (line.StartsWith("id: ", StringComparison.Ordinal))
                    id = long.Parse(line[4..], System.Globalization.CultureInfo.InvariantCulture);
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                    data = line[6..];
                else if (line.Length == 0 && name.Length > 0)
                    return (name, id, JsonDocument.Parse(data).RootElement);
            }
            throw new InvalidOperationException("The stream ended.");
        }

        public void Dispose()
        {
            reader.Dispose();
            response.Dispose();
        }
    }

    private async Task<Events> ListenAsync(string query, long? last = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events" + query);
        if (last is not null)
            request.Headers.Add("Last-Event-ID", last.Value.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var response = await _server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return new Events(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    private async Task<Run> NewRunAsync(Project project, string name) => await _store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = project.Id, Name = name }, default);

    private Task LogAsync(Run run, double value) => _store.LogAsync(run.Id, new RunBatch { Metrics = [new("m", value, 1, 0)] }, default);

    private static IEnumerable<string?> Names(JsonElement data) => data.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("name").GetString());

    [Fact]
    public async Task Events_TellOfChangesSinceTheyBegan_InTheirScope()
    {
        var project = await _store.CreateProjectAsync(new NewProject { Name = "p" }, default);
        var other = await _store.CreateProjectAsync(new NewProject { Name = "other" }, default);
        var before = await NewRunAsync(project, "before");
        using var events = await ListenAsync($"?project={project.Id}");
        Assert.Equal("hello", (await events.NextAsync()).Name);
        await LogAsync(await NewRunAsync(other, "elsewhere"), 1);
        await LogAsync(before, 0.25);
        var (name, _, data) = await events.NextAsync();
        Assert.Equal("runs", name);
        Assert.Equal(["before"], Names(data));
        Assert.Equal(0.25, data.GetProperty("runs")[0].GetProperty("metrics").GetProperty("m").GetProperty("last").GetDouble());
    }

    [Fact]
    public async Task Events_ResumedByLastId_MissNothing()
    {
        var project = await _store.CreateProjectAsync(new NewProject { Name = "p" }, default);
        long last;
        using (var events = await ListenAsync(""))
        {
            last = (await events.NextAsync()).Id;
        }
        var run = await NewRunAsync(project, "while away");
        await LogAsync(run, 1);
        using var resumed = await ListenAsync("", last);
        Assert.Equal(("hello", last), (await resumed.NextAsync()) is var hello ? (hello.Name, hello.Id) : default);
        var (_, id, data) = await resumed.NextAsync();
        Assert.Equal(["while away"], Names(data));
        Assert.True(id > last);
    }

    [Fact]
    public async Task Events_ABurst_ComesAsFewEvents()
    {
        var project = await _store.CreateProjectAsync(new NewProject { Name = "p" }, default);
        var run = await NewRunAsync(project, "busy");
        using var events = await ListenAsync($"?run={run.Id}");
        await events.NextAsync();
        for (var i = 0; i < 200; i++)
            await LogAsync(run, i);
        var count = 0;
        double last = -1;
        while (last < 199)
        {
            last = (await events.NextAsync()).Data.GetProperty("runs")[0].GetProperty("metrics").GetProperty("m").GetProperty("max").GetDouble();
            count++;
        }
        Assert.InRange(count, 1, 50);
    }

    [Fact]
    public async Task Stop_WithAListener_DoesNotWaitForIt()
    {
        var server = await RunningServer.StartAsync();
        using var response = await server.Http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(4));
    }
}
