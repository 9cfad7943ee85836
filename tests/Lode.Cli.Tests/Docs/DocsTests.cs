using System.Text.RegularExpressions;
using Lode.TestKit;

namespace Lode.Cli.Tests.Docs;

/// <summary>The documentation cannot lie: its commands are run, its C# is compiled and run, its links lead somewhere.</summary>
public sealed partial class DocsTests
{
    private static readonly string s_root = FindRoot();

    public static TheoryData<string> Documents => [.. Directory.GetFiles(s_root, "*.md").Concat(Directory.GetFiles(Path.Combine(s_root, "docs"), "*.md", SearchOption.AllDirectories)).Select(path => Path.GetRelativePath(s_root, path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Commands_Run(string document)
    {
        using var home = new TemporaryFolder();
        using var work = new TemporaryFolder();
        File.Copy(Path.Combine(s_root, "README.md"), work["README.md"]);
        Directory.CreateSymbolicLink(work["samples"], Path.Combine(s_root, "samples"));
        foreach (var line in Blocks(document, "sh").SelectMany(block => block.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            if (line is "./test.sh") // this is what is running
                continue;
            Assert.Matches(@"^(\./)?lode ", line);
            string[] args = [.. Words().Matches(line).Skip(1).Select(word => word.Value.Trim('\''))];
            if (args[0] == "up")
            {
                using var up = LodeProcess.Start(home.Path, [.. args, "--port", "0"]);
                await up.UntilAsync(process => process.Out.Contains("http://", StringComparison.Ordinal));
                Assert.Equal(0, (await up.InterruptAsync()).Code);
                continue;
            }
            var (code, output, error) = await LodeProcess.RunInAsync(work.Path, home.Path, args);
            Assert.True(code == 0, $"{document}: {line}: exit code {code}: {error}");
            Assert.NotEqual("", output);
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Code_IsWhatSnippetsRun(string document)
    {
        var snippets = Unindent(File.ReadAllText(Path.Combine(s_root, "tests/Lode.Cli.Tests/Docs/Snippets.cs")));
        foreach (var block in Blocks(document, "csharp"))
            Assert.Contains(Unindent(block), snippets, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_LeadSomewhere(string document)
    {
        foreach (Match link in Links().Matches(File.ReadAllText(Path.Combine(s_root, document))))
        {
            var target = link.Groups[1].Value;
            if (!target.StartsWith("http", StringComparison.Ordinal) && !target.StartsWith('#'))
                Assert.True(Path.Exists(Path.Combine(s_root, Path.GetDirectoryName(document)!, target.Split('#')[0])), $"{document} links to {target}");
        }
    }

    private static IEnumerable<string> Blocks(string document, string language) => Fences()
        .Matches(File.ReadAllText(Path.Combine(s_root, document)).ReplaceLineEndings("\n"))
        .Where(fence => fence.Groups[1].Value == language)
        .Select(fence => fence.Groups[2].Value);

    private static string Unindent(string code) => string.Join('\n', code.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Lode.slnx")))
            folder = folder.Parent;
        return folder.FullName;
    }

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Words();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();
}
