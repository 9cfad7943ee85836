using System.Text.Json;
using Lode.TestKit;

namespace Lode.Cli.Tests;

/// <summary><c>lode model</c>, on the folder itself and through its server.</summary>
public sealed class ModelTests : IDisposable
{
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    private async Task<string> RunAsync(params string[] args)
    {
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, args);
        Assert.True(code == 0, $"lode {string.Join(' ', args)}: {code}: {error}");
        return output.TrimEnd().ReplaceLineEndings("\n");
    }

    private async Task<string> FailsAsync(int wanted, params string[] args)
    {
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, args);
        Assert.True((code, output) == (wanted, ""), $"lode {string.Join(' ', args)}: {code}: {output}{error}");
        return error;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ModelsLife_FromRegistrationToRemoval(bool served)
    {
        using var up = served ? LodeProcess.Start(_home.Path, "up", "--port", "0") : null;
        if (up is not null)
            await up.UntilAsync(process => process.Out.Contains("http://", StringComparison.Ordinal));

        Assert.Equal("fraud/1", await RunAsync("model", "register", "fraud", "--source", "s3://models/1", "-d", "first", "--tag", "team=risk"));
        Assert.Equal("fraud/2", await RunAsync("model", "register", "fraud", "--source", "s3://models/2"));
        await RunAsync("model", "alias", "fraud/1", "champion");
        Assert.Equal("fraud@champion -> fraud/2", await RunAsync("model", "alias", "fraud@latest", "champion"));
        await RunAsync("model", "stage", "fraud/1", "Production");
        Assert.Equal("fraud/2: production", await RunAsync("model", "stage", "fraud@champion", "production", "--archive"));
        await RunAsync("model", "tag", "fraud", "owner=ada");
        await RunAsync("model", "tag", "fraud/1", "checked=yes", "team");

        var model = JsonDocument.Parse(await RunAsync("model", "show", "fraud", "--json")).RootElement;
        Assert.Equal((2, "ada"), (model.GetProperty("aliases").GetProperty("champion").GetInt32(), model.GetProperty("tags").GetProperty("owner").GetString()));
        var version = JsonDocument.Parse(await RunAsync("model", "show", "fraud/1", "--json")).RootElement;
        Assert.Equal(("archived", "first", """{"checked":"yes"}"""), (version.GetProperty("stage").GetString(), version.GetProperty("description").GetString(), version.GetProperty("tags").GetRawText().Replace(" ", "", StringComparison.Ordinal).ReplaceLineEndings("")));
        Assert.Contains("location\ts3://models/2", await RunAsync("model", "show", "fraud@champion"), StringComparison.Ordinal);
        Assert.Contains("2\tproduction\tchampion", await RunAsync("model", "show", "fraud"), StringComparison.Ordinal);
        Assert.StartsWith("fraud\t2\tchampion=2\t", await RunAsync("model", "list", "FRA"), StringComparison.Ordinal);

        Assert.Contains("did you mean 'fraud'?", await FailsAsync(4, "model", "show", "frad"), StringComparison.Ordinal);
        Assert.Contains("'champion'", await FailsAsync(4, "model", "show", "fraud@champio"), StringComparison.Ordinal);
        Assert.Contains("version 9", await FailsAsync(4, "model", "show", "fraud/9"), StringComparison.Ordinal);
        await FailsAsync(2, "model", "stage", "fraud", "production");
        await FailsAsync(2, "model", "alias", "fraud/1", "latest");
        Assert.Contains("--yes", await FailsAsync(2, "model", "rm", "fraud"), StringComparison.Ordinal);

        await RunAsync("model", "alias", "fraud", "champion", "--rm");
        await RunAsync("model", "rm", "fraud/2", "--yes");
        Assert.Equal("card-fraud", await RunAsync("model", "rename", "fraud", "card-fraud"));
        Assert.Equal("card-fraud/3", await RunAsync("model", "register", "card-fraud", "--source", "models:/card-fraud/1"));
        await RunAsync("model", "rm", "card-fraud", "--yes");
        Assert.Equal("", await RunAsync("model", "list"));
        if (up is not null)
            Assert.Equal(0, (await up.InterruptAsync()).Code);
    }
}
