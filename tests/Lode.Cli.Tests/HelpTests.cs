using Lode.TestKit;

namespace Lode.Cli.Tests;

public sealed class HelpTests : IDisposable
{
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    private static async Task<string> HelpOfAsync(params string[] command)
    {
        var output = new StringWriter();
        var terminal = new Terminal(output, new StringWriter(), OutIsTerminal: false, ErrorIsTerminal: false, Width: 100);
        Assert.Equal(0, await Cli.RunAsync([.. command, "--help"], terminal, CancellationToken.None));
        return output.ToString();
    }

    [Fact]
    public async Task Help_OfEveryCommand_ShowsExamplesAndEveryOption()
    {
        var terminal = new Terminal(TextWriter.Null, TextWriter.Null, false, false, 100);
        var root = Cli.Root(terminal);
        foreach (var (path, command) in root.Subcommands.SelectMany(command => command.Subcommands.Select(sub => (Path: new[] { command.Name, sub.Name }, Command: sub)).Prepend(([command.Name], command))))
        {
            var help = await HelpOfAsync(path);
            Assert.Contains(command.Description!, help, StringComparison.Ordinal);
            Assert.Contains("examples:\n  lode " + string.Join(' ', path), help, StringComparison.Ordinal);
            foreach (var option in command.Options.Where(option => !option.Hidden))
            {
                Assert.Contains(option.Name, help, StringComparison.Ordinal);
                Assert.True(option.Description?.Length > 5, $"{command.Name} {option.Name} has no description");
            }
            Assert.Contains("--json", help, StringComparison.Ordinal);
            Assert.Contains("--home DIR", help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Help_OfAll_ListsEveryCommand()
    {
        var help = await HelpOfAsync();
        Assert.All(["demo", "automl", "predict", "serve-model", "up", "ls", "show", "compare", "diff", "plot", "tail", "log", "stop", "run", "project", "model", "export", "import", "du", "gc", "doctor", "version"], command => Assert.Contains($"\n  {command}", help, StringComparison.Ordinal));
    }

    [Fact]
    public async Task NoCommand_ShowsHelp()
    {
        var (code, output, _) = await LodeProcess.RunAsync(_home.Path);
        Assert.Equal(0, code);
        Assert.Contains("usage: lode COMMAND", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_IsPrinted()
    {
        var (code, output, _) = await LodeProcess.RunAsync(_home.Path, "version");
        Assert.Equal(0, code);
        Assert.Matches(@"^lode \d+\.\d+\.\d+", output);
    }
}
