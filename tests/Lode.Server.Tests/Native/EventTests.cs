using System.Text.Json;
using Lode.Core;
using Lode.Server.Native;
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
    public async Task Deltas_HoldOnlyWhatChanged_OfRunsThatTheStreamKnows()
    {
        var project = await _store.CreateProjectAsync(new NewProject { Name = "p" }, default);
        var run = await NewRunAsync(project, "long");
        await _store.LogAsync(run.Id, new RunBatch { Params = [new("lr", "1")], Tags = [new("a", "1"), new("b", "2")], Metrics = [new("m", 1, 1, 0), new("n", 1, 1, 0)] }, default);
        using var events = await ListenAsync("?deltas=1");
        await events.NextAsync();

        async Task<JsonElement> NextRunAsync() => (await events.NextAsync()).Data.GetProperty("runs").EnumerateArray().Single();
        await LogAsync(run, 2);
        var whole = await NextRunAsync();
        Assert.Equal(("long", "1"), (whole.GetProperty("name").GetString(), whole.GetProperty("params").GetProperty("lr").GetString()));

        await _store.LogAsync(run.Id, new RunBatch { Metrics = [new("m", 5, 2, 2)], Tags = [new("a", null), new("c", "3")] }, default);
        var delta = await NextRunAsync();
        Assert.True(delta.GetProperty("delta").GetBoolean());
        Assert.Equal(["m"], delta.GetProperty("metrics").EnumerateObject().Select(metric => metric.Name));
        Assert.Equal((5, 3), (delta.GetProperty("metrics").GetProperty("m").GetProperty("last").GetDouble(), delta.GetProperty("metrics").GetProperty("m").GetProperty("count").GetInt32()));
        Assert.Equal(["a"], delta.GetProperty("removedTags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal("{\"c\":\"3\"}", delta.GetProperty("tags").GetRawText());
        Assert.False(delta.TryGetProperty("name", out _) || delta.TryGetProperty("params", out _) || delta.TryGetProperty("status", out _));

        await _store.UpdateRunAsync(run.Id, new RunChange { Status = RunStatus.Finished, EndedAt = 7 }, default);
        delta = await NextRunAsync();
        Assert.Equal(("finished", 7), (delta.GetProperty("status").GetString(), delta.GetProperty("endedAt").GetInt64()));
    }

    [Fact]
    public async Task Events_OfManyStreams_AreTheSame_AndMissNothing()
    {
        var project = await _store.CreateProjectAsync(new NewProject { Name = "p" }, default);
        var names = Enumerable.Range(0, 60).Select(i => $"r{i}").ToList();
        var writing = Task.Run(async () =>
        {
            foreach (var name in names)
                await NewRunAsync(project, name);
        });
        // Each begins at another moment, and all from the beginning: part is caught up, part is live.
        var seen = await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
        {
            await Task.Delay(i * 15);
            using var events = await ListenAsync($"?project={project.Id}&since=0");
            await events.NextAsync();
            var versions = new List<long>();
            var found = new List<string>();
            while (!found.Contains(names[^1]))
            {
                var data = (await events.NextAsync()).Data;
                found.AddRange(Names(data).OfType<string>());
                versions.AddRange(data.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("version").GetInt64()));
            }
            Assert.Equal(versions.Order().Distinct(), versions);
            return found;
        }));
        await writing;
        Assert.All(seen, found => Assert.Equal(names, found));
    }

    [Fact]
    public async Task Listener_ThatDoesNotRead_IsCutOff_WhileOthersGoOn()
    {
        var feed = new LiveFeed(_store, TimeProvider.System);
        using var slow = feed.Listen();
        await slow.Ready;
        var offered = 0;
        while (offered < 1000)
        {
            slow.Offer(LivePiece.Beat);
            offered++;
        }
        var got = 0;
        await foreach (var _ in slow.Pieces.ReadAllAsync())
            got++;
        Assert.InRange(got, 1, 100);
    }

    [Fact]
    public async Task Stop_WithAListener_TellsItToComeBack_AndDoesNotWait()
    {
        var server = await RunningServer.StartAsync();
        using var response = await server.Http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
        using var text = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await text.ReadLineAsync() is { Length: > 0 })
        {
            // The greeting.
        }
        var rest = text.ReadToEndAsync();
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("retry: 1000", await rest, StringComparison.Ordinal);
    }
}
