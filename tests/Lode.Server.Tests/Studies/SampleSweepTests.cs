using System.Diagnostics;
using Lode.Execution;
using Lode.TestKit;
using Lode.Tracking;
using Xunit.Abstractions;

namespace Lode.Server.Tests.Studies;

/// <summary>The sweeps of samples/, run to their ends by an agent over HTTP.</summary>
public sealed class SampleSweepTests(ITestOutputHelper output)
{
    public static TheoryData<string> Files { get; } = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "samples"), "*.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Path.Combine(Repository.Root, "samples"), file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Sample_Sweep_RunsToItsEnd(string file)
    {
        var spec = SweepFile.Read(Path.Combine(Repository.Root, "samples", file));
        var folder = spec.Program.Folder!;
        var python = new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(name => Run("/bin/sh", "-c", $"{name} -c 'import torch' 2>/dev/null") == 0);
        if (file.StartsWith("pytorch", StringComparison.Ordinal) && python is null)
        {
            output.WriteLine("SKIPPED: PyTorch is not installed (as root: apt-get install python3-torch)");
            return;
        }
        if (file.StartsWith("csharp", StringComparison.Ordinal))
            Assert.Equal(0, Run("dotnet", "build", folder, "-c", "Release", "-v", "q"));
        await using var server = await RunningServer.StartAsync();
        using var work = new TemporaryFolder();
        // In a folder of its own, with the sample's files: what it writes goes away with it.
        Assert.Equal(0, Run("cp", "-r", folder, work["sample"]));
        Assert.Equal(0, Run("ln", "-s", Path.Combine(Repository.Root, "samples", "data"), work["data"]));
        var command = spec.Program.Command.Select(word => word == "python3" && file.StartsWith("pytorch", StringComparison.Ordinal) ? python! : word);
        // An agent runs programs in its own folder; this one is a whole test process.
        spec = spec with { Program = spec.Program with { Command = ["/bin/sh", "-c", $"cd '{work["sample"]}' && exec \"$0\" \"$@\"", .. command] } };
        var studies = new HttpStudies(server.Http);
        var study = await studies.CreateAsync(new NewStudy { Project = spec.Project!, Name = spec.Name, Spec = spec.ToStudySpec() }, default);
        foreach (var values in spec.First)
            await studies.EnqueueAsync(study.Id, new EnqueueRequest { Params = values }, default);
        var notes = new List<string>();
        var agent = new SweepAgent(new AgentStores(studies, new HttpRunStore(server.Http), new HttpArtifactStore(server.Http)), new AgentOptions
        {
            Name = "sample",
            Server = server.Address,
            Home = work.Path,
            Slots = 2,
            Machine = new MachineResources([0, 1], 2, 4L << 30, []),
            Note = line =>
            {
                lock (notes)
                    notes.Add(line);
            },
        }, TimeProvider.System);
        var report = await agent.RunAsync(study, default, default);
        var done = await studies.GetAsync(study.Id, default);
        Assert.True(done.State == StudyState.Finished, $"{done.State} {done.Reason} {done.Counts}: {string.Join('\n', notes)}");
        Assert.Equal((spec.Study.Budget.Trials, 0), (done.Counts.Finished, report.Untold));
        Assert.True(done.Counts.Failed <= 1 && done.Counts.Complete >= 3, $"{done.Counts}: {string.Join('\n', notes)}");
        if (spec.Study.Goals.Count == 1)
            Assert.True(double.IsFinite(done.Best!.Values[0]));
        output.WriteLine($"{file}: {done.Counts}, best {done.Best?.Values[0]} with {done.Best?.Params}");
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }
}
