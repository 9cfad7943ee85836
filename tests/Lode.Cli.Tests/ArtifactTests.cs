using System.Text;
using System.Text.Json;
using Lode.TestKit;

namespace Lode.Cli.Tests;

/// <summary><c>lode artifact</c>, on a server's folder and on one of its own.</summary>
public sealed class ArtifactTests : IDisposable
{
    private readonly TemporaryFolder _home = new();
    private readonly TemporaryFolder _files = new();

    public void Dispose()
    {
        _home.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task FilesGoInAndOut_ThroughAServerAndWithoutOne()
    {
        Directory.CreateDirectory(_files["in/sub"]);
        await File.WriteAllTextAsync(_files["in/ä.txt"], "hello");
        await File.WriteAllBytesAsync(_files["in/sub/b.bin"], new byte[300_000]);
        using (var server = LodeProcess.Start(_home.Path, "up", "--port", "0", "--json"))
        {
            await server.UntilAsync(up => up.Out.Contains('}', StringComparison.Ordinal));
            using var http = new HttpClient { BaseAddress = new Uri(JsonDocument.Parse(server.Out).RootElement.GetProperty("address").GetString()!) };
            await http.PostAsync("api/2.0/mlflow/runs/create", new StringContent("""{"experiment_id": "0", "run_name": "r", "start_time": 1}""", Encoding.UTF8, "application/json"));
            await PassesAsync("model: 2 files, 300005 bytes", "put", "r", _files["in"], "model");
            await PassesAsync("sub/\t\t\nä.txt\t5\t2cf24dba5fb0", "ls", "r", "model");
            Assert.Equal(0, (await server.InterruptAsync()).Code);
        }
        await PassesAsync($"{_files["out"]}: 2 files, 300005 bytes", "get", "r", "model", "-o", _files["out"]);
        Assert.Equal("hello", await File.ReadAllTextAsync(_files["out/ä.txt"]));
        Assert.Equal(300_000, new FileInfo(_files["out/sub/b.bin"]).Length);
        await PassesAsync("ä.txt: 1 file, 5 bytes", "put", "r", _files["in/ä.txt"]);
        await PassesAsync("model/\t\t\nä.txt\t5\t2cf24dba5fb0", "ls", "r");
        await FailsAsync(4, "has no artifact 'modell'", "get", "r", "modell");
        await FailsAsync(4, "there is no file", "put", "r", _files["nothing"]);
        await FailsAsync(2, "Invalid path '../x'", "put", "r", _files["in/ä.txt"], "../x");
        await FailsAsync(6, "is a folder", "put", "r", _files["in/ä.txt"], "model");
        await PassesAsync("deleted model", "rm", "r", "model");
        await FailsAsync(4, "has no artifact 'model'", "rm", "r", "model");
        await PassesAsync("ä.txt\t5\t2cf24dba5fb0", "ls", "r");
    }

    private async Task PassesAsync(string answer, params string[] words)
    {
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, ["artifact", .. words]);
        Assert.Equal((0, answer), (code, string.Join('\n', output.Trim().Split('\n').Select(line => line.TrimEnd('\r')))));
        Assert.DoesNotContain("error", error, StringComparison.Ordinal);
    }

    private async Task FailsAsync(int code, string mentions, params string[] words)
    {
        var (got, _, error) = await LodeProcess.RunAsync(_home.Path, ["artifact", .. words]);
        Assert.Equal(code, got);
        Assert.Contains(mentions, error, StringComparison.Ordinal);
    }
}
