using System.Globalization;
using System.Text.Json.Nodes;
using Lode.TestKit;

namespace Lode.Cli.Tests;

/// <summary>A data folder, a folder of programs, and <c>lode</c> in them.</summary>
public abstract class SweepTestsBase : IDisposable
{
    private protected TemporaryFolder Home { get; } = new();

    private protected TemporaryFolder Work { get; } = new();

    public void Dispose()
    {
        Home.Dispose();
        Work.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static (int Code, string Out) Of((int Code, string Out, string Error) answer) => (answer.Code, answer.Out);

    private protected static string Address(LodeProcess server) => (string)JsonNode.Parse(server.Out)!["address"]!;

    private protected static async Task<LodeProcess> ServeAsync(string home, params string[] args)
    {
        var server = LodeProcess.Start(home, ["up", "--port", "0", "--json", .. args]);
        await server.UntilAsync(process => process.Out.Contains('}', StringComparison.Ordinal));
        return server;
    }

    private protected static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!condition())
            await Task.Delay(20, patience.Token);
    }

    private protected void Write(string parameter, string[] command, params string[] more) => File.WriteAllLines(Work["sweep.yaml"], ["project: p", "name: s", $"command: {new JsonArray([.. command.Select(word => (JsonNode)word)]).ToJsonString()}", "goal: minimize loss", "sampler: random", .. more, "space:", $"  {parameter}"]);

    private protected LodeProcess Start(params string[] args) => LodeProcess.StartIn(Work.Path, Home.Path, args);

    private protected Task<(int Code, string Out, string Error)> InAsync(params string[] args) => LodeProcess.RunInAsync(Work.Path, Home.Path, args);

    private protected async Task<JsonNode> StatusAsync() => JsonNode.Parse((await InAsync("sweep", "status", "@last", "--json")).Out)!;

    private protected async Task<List<JsonNode>> TrialsAsync() => [.. JsonNode.Parse((await InAsync("sweep", "trials", "@last", "--json")).Out)!["trials"]!.AsArray().Select(trial => trial!)];

    private protected bool Exists(string file) => File.Exists(Work[file]) && File.ReadAllText(Work[file]).EndsWith('\n');

    private protected string[] Lines(string file) => File.Exists(Work[file]) ? [.. File.ReadAllText(Work[file]).Split('\n', StringSplitOptions.RemoveEmptyEntries)] : [];

    /// <summary>Waits until the process whose number a file holds lives no more; one that nobody has asked how it ended does not live.</summary>
    private protected Task UntilGoneAsync(string file)
    {
        var id = int.Parse(Lines(file)[0], CultureInfo.InvariantCulture);
        return UntilAsync(() =>
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{id}/stat");
                return stat[(stat.LastIndexOf(')') + 2)..][0] is 'Z' or 'X';
            }
            catch (IOException)
            {
                return true;
            }
        });
    }
}
