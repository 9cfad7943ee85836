using System.Diagnostics;
using Lode.Core;
using Lode.Optimization;
using Lode.TestKit;

namespace Lode.Execution.Tests;

/// <summary>The programs of samples/, each run for one trial of its own sweep.</summary>
public sealed class SamplesTests(Xunit.Abstractions.ITestOutputHelper output)
{
    public static TheoryData<string> Files { get; } = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "samples"), "*.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Root, file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Sample_OneTrial_PrintsItsGoals(string file)
    {
        var spec = SweepFile.Read(Path.Combine(Repository.Root, file));
        Assert.Equal("samples", spec.Project);
        Assert.NotNull(spec.Study.Budget.Trials);
        // Debian's own Python has PyTorch where another one comes first on the PATH.
        var python = new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(HasTorch);
        if (file.Contains("pytorch", StringComparison.Ordinal) && python is null)
        {
            output.WriteLine("SKIPPED: PyTorch is not installed (as root: apt-get install python3-torch)");
            return;
        }
        if (file.Contains("csharp", StringComparison.Ordinal))
            Run(["dotnet", "build", "-c", "Release", "-v", "q"], spec.Program.Folder!);
        using var folder = new TemporaryFolder();
        foreach (var trial in Enumerable.Range(0, 2))
        {
            var unit = new RandomSampler().Propose(spec.Study.Space, new History([Direction.Minimize], []), new Rng(3, (ulong)trial));
            var command = CommandTemplate.Fill(spec.Program, spec.Study.Space, new TrialFacts { Params = spec.Study.Space.FromUnit(unit), Number = trial, ParameterFile = Path.Combine(folder.Path, "p.json") });
            var text = Run([file.Contains("pytorch", StringComparison.Ordinal) ? python! : command.Command[0], .. command.Command.Skip(1)], spec.Program.Folder!);
            foreach (var goal in spec.Study.Goals)
                Assert.True(text.Contains($"{goal.Metric}=", StringComparison.Ordinal), $"{CommandWords.Join(command.Command)} printed: {text}");
        }
    }

    private static bool HasTorch(string python)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{python} -c 'import torch'"]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static string Run(IReadOnlyList<string> command, string folder)
    {
        // A program's name with a slash counts from the folder.
        var file = command[0].StartsWith("./", StringComparison.Ordinal) ? Path.Combine(folder, command[0]) : command[0];
        using var process = Process.Start(new ProcessStartInfo(file, command.Skip(1)) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{CommandWords.Join(command)} ended with {process.ExitCode}: {errors.Result}");
        return text;
    }
}
