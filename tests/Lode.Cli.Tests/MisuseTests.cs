using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Lode.TestKit;
using Lode.TestKit.Faults;

namespace Lode.Cli.Tests;

/// <summary>Everything a person can get wrong: one line that names the thing, a remedy, the documented exit code, nothing half-written.</summary>
public sealed class MisuseTests : IDisposable
{
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    private async Task<string> FailsAsync(int code, string mentions, params string[] args)
    {
        var (got, output, error) = await LodeProcess.RunAsync(_home.Path, args);
        Assert.True(got == code, $"exit code {got}, not {code}: {output}{error}");
        Assert.Equal("", output);
        Assert.Contains(mentions, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", error, StringComparison.Ordinal);
        return error;
    }

    [Theory]
    [InlineData("unknown command 'dmo'", "did you mean 'demo'?", "dmo")]
    [InlineData("unknown option '--jsn'", "did you mean '--json'?", "ls", "--jsn")]
    [InlineData("unknown command 'frobnicate'", "--help", "frobnicate")]
    [InlineData("unknown command 'lst'", "did you mean 'list'?", "model", "lst")]
    [InlineData("unknown command 'frobnicate'", "`lode model --help`", "model", "frobnicate")]
    public async Task UnknownWord_IsNamedWithTheNearestOne(string message, string help, params string[] args)
    {
        var error = await FailsAsync(2, message, args);
        Assert.Contains(help, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--trials", "demo", "--trials", "0")]
    [InlineData("--port", "up", "--port", "70000")]
    [InlineData("'abc'", "demo", "--trials", "abc")]
    [InlineData("status 'odd'", "ls", "status:odd")]
    [InlineData("'@first'", "show", "@first")]
    [InlineData("exclude each other", "compare", "--min", "--max")]
    [InlineData("let other machines in", "up", "--host", "0.0.0.0")]
    [InlineData("must be a number; got 'x'", "model", "show", "m/x")]
    [InlineData("KEY=VALUE", "model", "register", "m", "--source", "s3://b/k", "--tag", "x")]
    [InlineData("--source URI", "model", "register", "m")]
    [InlineData("--source URI", "model", "register", "m", "--source", "s3://b/k", "--path", "p")]
    [InlineData("'a:b'", "model", "register", "a:b", "--source", "s3://b/k")]
    [InlineData("visible ASCII", "up", "--token", "two words")]
    [InlineData("--allow-anonymous does not", "up", "--token", "x", "--allow-anonymous")]
    [InlineData("100000 MiB; got 0", "up", "--max-body", "0")]
    [InlineData("at least 1 MiB; got 0", "up", "--max-upload", "0")]
    public async Task SenselessValue_IsNamed(string mentions, params string[] args) => await FailsAsync(2, mentions, args);

    [Theory]
    [InlineData("'nothing-like-it'", "show", "nothing-like-it")]
    [InlineData("project 'nowhere'", "ls", "-p", "nowhere")]
    [InlineData("no run matches", "compare", "name~zzz")]
    [InlineData("model 'nope'", "model", "show", "nope")]
    [InlineData("model 'nope'", "model", "alias", "nope/1", "champion")]
    [InlineData("'none.txt'", "up", "--token", "@none.txt")]
    public async Task UnknownThing_IsNotFound(string mentions, params string[] args) => await FailsAsync(4, mentions, args);

    [Fact]
    public async Task Csv_Missing_IsNotFound()
    {
        await FailsAsync(4, "none.csv", "demo", "--no-serve", "--port", "0", "--data", _home["none.csv"]);
        Assert.Equal("0", await TotalRunsAsync());
    }

    [Theory]
    [InlineData("a,b,target\n1,2,x\n1,2\n", "line 3")]
    [InlineData("a,a,target\n1,2,x\n", "'a'")]
    [InlineData("a,b,target\n1,\"2,x\n", "quote")]
    [InlineData("a,b,targt\n1,2,x\n", "target")]
    public async Task Csv_Malformed_SaysWhere_AndLeavesNoRun(string csv, string mentions)
    {
        File.WriteAllText(_home["bad.csv"], csv);
        await FailsAsync(2, mentions, "demo", "--no-serve", "--port", "0", "--data", _home["bad.csv"], "--target", "target");
        Assert.Equal("0", await TotalRunsAsync());
    }

    [Fact]
    public async Task Port_InUse_IsNamed_AndTheDemoTakesAnother()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var error = await FailsAsync(6, port, "up", "--port", port);
        Assert.Contains("--port 0", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Home_NotWritable_IsForbidden()
    {
        File.WriteAllText(_home["file"], "");
        var (code, _, error) = await LodeProcess.RunAsync(Path.Combine(_home["file"], "inside"), "ls");
        Assert.Equal(7, code); // a file where a folder should be
        Assert.Contains(_home["file"], error, StringComparison.Ordinal);
    }

    [UnprivilegedFact]
    public async Task Home_ForbiddenToWrite_IsNamed()
    {
        Directory.CreateDirectory(_home["locked"]);
        Unprivileged.Lock(_home.Path, _home["locked"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var (code, _, error) = await LodeProcess.RunUnprivilegedAsync(Path.Combine(_home["locked"], "inside"), "ls");
        Assert.True(code == 3, $"{code}: {error}");
        Assert.Contains("--home", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_Damaged_IsNamed_AndLeftAlone()
    {
        var bytes = Enumerable.Repeat((byte)'#', 9000).ToArray();
        File.WriteAllBytes(_home["lode.db"], bytes);
        await FailsAsync(1, "lode.db", "ls");
        Assert.Equal(bytes, File.ReadAllBytes(_home["lode.db"]));
    }

    [Fact]
    public async Task Up_Twice_IsRefused_WhileOtherCommandsUseTheFirst()
    {
        using var up = LodeProcess.Start(_home.Path, "up", "--port", "0");
        await up.UntilAsync(process => process.Out.Contains("http://", StringComparison.Ordinal));
        var error = await FailsAsync(6, "served already", "up", "--port", "0");
        Assert.Contains("http://127.0.0.1:", error, StringComparison.Ordinal);

        var (code, output, problem) = await LodeProcess.RunAsync(_home.Path, "demo", "--trials", "2", "--json");
        Assert.True(code == 0, problem);
        var dashboard = JsonDocument.Parse(output).RootElement.GetProperty("dashboard").GetString()!;
        using var http = new HttpClient();
        Assert.Equal("text/html", (await http.GetAsync(new Uri(dashboard))).Content.Headers.ContentType!.MediaType);
        Assert.Equal("7", await TotalRunsAsync());

        var (ended, _, _) = await up.InterruptAsync();
        Assert.Equal(0, ended);
        Assert.Equal("7", await TotalRunsAsync());
    }

    [Fact]
    public async Task Json_ErrorsAreJsonToo()
    {
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, "show", "nope", "--json");
        Assert.Equal((4, ""), (code, output));
        var said = JsonDocument.Parse(error).RootElement.GetProperty("error");
        Assert.Equal("not_found", said.GetProperty("code").GetString());
    }

    private async Task<string> TotalRunsAsync()
    {
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, "ls", "--json");
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement.GetProperty("all").GetRawText();
    }
}
