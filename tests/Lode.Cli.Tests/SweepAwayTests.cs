using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Lode.Cli.Tests;

/// <summary>Servers that are away while trials end, and agents that are killed meanwhile.</summary>
public sealed class SweepAwayTests : SweepTestsBase
{
    private readonly int _port = FreePort();

    private string Server => $"http://127.0.0.1:{_port}";

    private string AgentHome => Work["agent"];

    private string Untold => Path.Combine(AgentHome, "agents", "untold");

    [Fact]
    public async Task AgentKilledWhileTheServerIsAway_ItsResultsAreToldByTheNext()
    {
        Write("x: { float: [0, 1] }", ["sh", "-c", "echo $LODE_TRIAL >> started; while [ ! -e go ]; do sleep 0.05; done; echo loss: {x}"], "budget: { trials: 2 }");
        using (var server = await ServeOnAsync())
        using (var agent = Agent("sweep", "start", "sweep.yaml", "--parallel", "2"))
        {
            await UntilAsync(() => Lines("started").Length == 2);
            await server.KillAsync();
            await File.WriteAllTextAsync(Work["go"], "");
            await UntilAsync(() => Kept() == 2);
            await agent.KillAsync();
        }
        using var again = await ServeOnAsync();
        using var next = Agent("agent", "p/s");
        var (code, _, error) = await next.EndAsync();
        Assert.True(code == 0 && error.Contains("the result that was kept is told", StringComparison.Ordinal), error);
        // Nothing ran twice, and nothing is missing.
        Assert.Equal(["0", "1"], Lines("started").Order());
        Assert.Equal((2, "finished"), ((int)(await StatusAsync())["counts"]!["complete"]!, (string)(await StatusAsync())["state"]!));
        foreach (var trial in await TrialsAsync())
        {
            var run = JsonNode.Parse((await InAsync("show", (string)trial["run"]!, "--json")).Out)!;
            Assert.Equal(("finished", (double)trial["params"]!["x"]!), ((string)run["status"]!, (double)run["metrics"]!["loss"]!["last"]!));
            Assert.Contains("loss: ", (await InAsync("tail", (string)trial["run"]!, "--no-follow")).Out, StringComparison.Ordinal);
        }
        Assert.Equal(0, Kept());
        Assert.Empty(Directory.GetDirectories(Untold));
    }

    [Fact]
    public async Task LateResult_OfATrialThatAnotherHas_IsRefused()
    {
        await File.WriteAllTextAsync(Work["value"], "1");
        Write("x: { float: [0, 1] }", ["sh", "-c", "echo $LODE_ATTEMPT >> started; while [ ! -e go ]; do sleep 0.05; done; echo loss: $(cat value)"], "budget: { trials: 1 }", "lease: 2");
        using (var server = await ServeOnAsync())
        using (var agent = Agent("sweep", "start", "sweep.yaml"))
        {
            await UntilAsync(() => Lines("started").Length == 1);
            await server.KillAsync();
            await File.WriteAllTextAsync(Work["go"], "");
            await UntilAsync(() => Kept() == 1);
            await agent.KillAsync();
        }
        await File.WriteAllTextAsync(Work["value"], "2");
        using var again = await ServeOnAsync();
        // On another machine: its own folder has nothing.
        using (var other = LodeProcess.StartIn(Work.Path, Work["other"], "agent", "p/s", "--server", Server))
            Assert.Equal(0, (await other.EndAsync()).Code);
        using var late = Agent("agent", "p/s");
        var (code, _, error) = await late.EndAsync();
        Assert.True(code == 0 && error.Contains("the result that was kept is not taken", StringComparison.Ordinal), error);
        var trial = Assert.Single(await TrialsAsync());
        Assert.Equal((2.0, 2, 1), ((double)trial["values"]![0]!, (int)trial["attempt"]!, (int)trial["losses"]!));
        Assert.Equal(["1", "2"], Lines("started"));
        Assert.Equal(0, Kept());
    }

    private LodeProcess Agent(params string[] args) => LodeProcess.StartIn(Work.Path, AgentHome, [.. args, "--server", Server]);

    private int Kept() => Directory.Exists(Untold) ? Directory.GetFiles(Untold, "*.json").Length : 0;

    private async Task<LodeProcess> ServeOnAsync()
    {
        var server = LodeProcess.Start(Home.Path, "up", "--port", $"{_port}", "--json");
        await server.UntilAsync(process => process.Out.Contains('}', StringComparison.Ordinal));
        return server;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
