using System.Collections;
using System.Diagnostics;
using Lode.Execution;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Bench.Tracking;

/// <summary>What an agent adds to a program that does nothing but print its goal: trials of it one after the other, beside the bare program started as often by the same process.</summary>
internal static class AgentBench
{
    private static readonly string[] s_program = ["/bin/echo", "loss: {x}"];

    public static async Task RunAsync(string lode, int trials, int repeats)
    {
        Report.Head($"An agent with one slot: {trials} trials of {s_program[0]}, {repeats} times in turn");
        await using var server = await ServerProcess.StartAsync(lode);
        using var http = LodeHttp.ClientFor(server.Address);
        var stores = new AgentStores(new HttpStudies(http), new HttpRunStore(http), new HttpArtifactStore(http));
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
        var machine = await new MachineProbe().ReadAsync(variables, CancellationToken.None);
        await AgentAsync(stores, server.Address, machine, trials);
        Bare(50);
        var (bare, ours, own, others) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < repeats; i++)
        {
            bare.Add(Bare(trials));
            var (before, beside) = (Process.GetCurrentProcess().TotalProcessorTime.TotalMilliseconds, server.CpuMs);
            ours.Add(await AgentAsync(stores, server.Address, machine, trials));
            own.Add((Process.GetCurrentProcess().TotalProcessorTime.TotalMilliseconds - before) / trials);
            others.Add((server.CpuMs - beside) / trials);
        }
        Report.Row("the bare program, ms", Median(bare), null);
        Report.Row("a trial of it, ms", Median(ours), null);
        Report.Row("  added by the agent, ms", Median(ours) - Median(bare), null, "<= 5");
        Report.Row("  times as long", Median(ours) / Median(bare), null);
        Report.Row("  CPU of the agent's process, ms a trial", Median(own), null);
        Report.Row("  CPU of the server, ms a trial", Median(others), null);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static double Bare(int times)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < times; i++)
        {
            using var process = Process.Start(new ProcessStartInfo(s_program[0], "loss: 0.5") { RedirectStandardOutput = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
        }
        return clock.Elapsed.TotalMilliseconds / times;
    }

    private static async Task<double> AgentAsync(AgentStores stores, Uri server, MachineResources machine, int trials)
    {
        var spec = new SweepSpec
        {
            Project = "bench",
            Study = new StudySpec
            {
                Goals = [new StudyGoal("loss")],
                Space = new SearchSpace([new FloatParameter("x", 0, 1)]),
                Sampler = new NamedOptions("random"),
                Budget = new StudyBudget { Trials = trials },
            },
            Program = new SweepProgram { Command = s_program },
        };
        var study = await stores.Studies.CreateAsync(new NewStudy { Project = "bench", Spec = spec.ToStudySpec() }, CancellationToken.None);
        var home = Directory.CreateTempSubdirectory("lode-bench-");
        try
        {
            var clock = Stopwatch.StartNew();
            var report = await new SweepAgent(stores, new AgentOptions { Name = SweepAgent.NewName(), Server = server, Home = home.FullName, Slots = 1, Machine = machine, Note = Console.Error.WriteLine }, TimeProvider.System)
                .RunAsync(study, CancellationToken.None, CancellationToken.None);
            var took = clock.Elapsed.TotalMilliseconds / trials;
            var told = await stores.Studies.GetAsync(study.Id, CancellationToken.None);
            return told.Counts.Complete == trials && report.Trials == trials ? took : throw new InvalidOperationException($"Of {trials} trials {told.Counts.Complete} are complete, and {report.Trials} were told: {told.Reason}");
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }
}
