using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Lode.Execution;
using Lode.Optimization;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests.Studies;

/// <summary>A server and a real Slurm of four virtual nodes, with agents that speak HTTP alone.</summary>
[NeedsSlurm]
public sealed class SlurmLaunchTests : IAsyncLifetime
{
    private readonly SlurmCluster _cluster = SlurmCluster.Shared;
    private readonly TemporaryFolder _work = new();
    private readonly int _port = FreePort();
    private readonly List<StudyInfo> _made = [];
    private RunningServer _server = null!;

    private HttpStudies Studies => new(_server.Http);

    public async Task InitializeAsync() => _server = await StartAsync();

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        foreach (var study in _made)
            await SlurmLauncher.CancelAsync(SlurmSweep.KeyOf(study), default);
        _work.Dispose();
    }

    [Fact]
    public async Task Sweep_ToItsEnd_RunsEachTrialOnceAndLeavesNothing()
    {
        var study = await CreateAsync(trials: 30, parallel: 6);
        var done = await UntilAsync(study, info => info.State == StudyState.Finished);
        Assert.Equal(30, done.Counts.Complete);
        var trials = (await Studies.GetTrialsAsync(study.Id, new TrialQuery(), default)).Trials;
        Assert.All(trials, trial => Assert.Equal((TrialState.Complete, 1), (trial.State, trial.Attempt)));
        await UntilTasksAsync(study, tasks => tasks.All(task => task.IsEnded));
        Assert.InRange((await TasksAsync(study)).Count, 1, 30);
    }

    [Fact]
    public async Task Sweep_ServerAndControllerRestarted_GoesOnWithTheSameTasks()
    {
        var study = await CreateAsync(trials: 40, parallel: 4, work: "0.3");
        await UntilAsync(study, info => info.Counts.Complete >= 4);
        // Slurm writes down what it has within five seconds.
        await Task.Delay(TimeSpan.FromSeconds(6));
        await _server.RestartAsync(() => _cluster.KillController());
        _cluster.StartController();
        var done = await UntilAsync(study, info => info.State == StudyState.Finished);
        Assert.Equal(40, done.Counts.Complete);
        Assert.All((await Studies.GetTrialsAsync(study.Id, new TrialQuery(), default)).Trials, trial => Assert.Equal(1, trial.Attempt));
        Assert.InRange((await TasksAsync(study)).Count, 4, 8);
    }

    [Fact]
    public async Task Task_Cancelled_GivesItsTrialToAnotherAtOnceAndItsLogToTheRun()
    {
        await File.WriteAllTextAsync(_work["wait-0-1"], "");
        var study = await CreateAsync(trials: 3, parallel: 1);
        await UntilAsync(study, info => info.Counts.Running == 1);
        var trial = await Studies.GetTrialAsync(study.Id, 0, default);
        await UntilTasksAsync(study, tasks => tasks.Any(task => task.State == "RUNNING") && Directory.GetFiles(_work["slurm"]).Any(file => File.ReadAllText(file).Contains("trial 0", StringComparison.Ordinal)));
        // The lease is an hour long: only Slurm's own word can be quicker.
        _cluster.Ask("scancel", trial.Agent!["slurm-".Length..]);
        var done = await UntilAsync(study, info => info.State == StudyState.Finished);
        Assert.Equal(3, done.Counts.Complete);
        Assert.Equal(2, (await Studies.GetTrialAsync(study.Id, 0, default)).Attempt);
        var run = await new HttpRunStore(_server.Http).GetRunAsync(trial.Run!.Value, default);
        Assert.Equal("CANCELLED", run.Tags["lode.slurm.state"]);
        Assert.Contains("trial 0 attempt 1", await _server.Http.GetStringAsync($"api/2.0/mlflow-artifacts/artifacts/{ArtifactPath.OfUri(run.ArtifactUri)}/slurm/{run.Tags["lode.slurm.task"]}.log"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agents_ThatDieAtOnce_StopTheStudyWithAReason()
    {
        var study = await CreateAsync(trials: 100, parallel: 2, lode: "sh -c 'echo cannot work here; exit 41'");
        var done = await UntilAsync(study, info => info.State == StudyState.Stopped);
        Assert.Contains("exit code 41", done.Reason, StringComparison.Ordinal);
        Assert.Contains("cannot work here", done.Reason, StringComparison.Ordinal);
        var count = (await TasksAsync(study)).Count;
        Assert.InRange(count, 5, 12);
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.Equal(count, (await TasksAsync(study)).Count);
    }

    [Fact]
    public async Task Partition_ThatThereIsNot_PausesTheStudyWithAReason()
    {
        var study = await CreateAsync(trials: 3, parallel: 1, partition: "nowhere");
        var done = await UntilAsync(study, info => info.State == StudyState.Paused);
        Assert.Contains("partition", done.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Study_PausedAndStopped_CancelsWhatWaits()
    {
        await File.WriteAllTextAsync(_work["wait-0-1"], "");
        // Sixteen processors in all, four a task.
        var study = await CreateAsync(trials: 100, parallel: 8, cpus: 4, work: "30");
        await UntilTasksAsync(study, tasks => tasks.Any(task => task.IsRunning) && tasks.Any(task => task.IsWaiting));
        await Studies.UpdateAsync(study.Id, new StudyPatch { State = StudyState.Stopped }, default);
        await UntilTasksAsync(study, tasks => !tasks.Any(task => task.IsWaiting));
        File.Delete(_work["wait-0-1"]);
    }

    private async Task<RunningServer> StartAsync() => await RunningServer.StartAsync(change: options => options with
    {
        Port = _port,
        LaunchInterval = TimeSpan.FromMilliseconds(500),
        AgentProgram = ["python3", Path.Combine(Repository.Root, "tests", "Lode.Server.Tests", "Studies", "agent.py")],
    });

    private async Task<StudyInfo> CreateAsync(int trials, int parallel, string work = "0.02", string? lode = null, string? partition = null, double cpus = 1)
    {
        var program = new SweepProgram
        {
            Command = ["unused"],
            Folder = _work.Path,
            Launcher = "slurm",
            LauncherOptions = JsonSerializer.SerializeToElement(new Dictionary<string, object?> { ["lode"] = lode, ["partition"] = partition, ["setup"] = new[] { $"export WORK={work}" } }.Where(pair => pair.Value is not null).ToDictionary()),
            Resources = new ResourceRequest { Cpus = cpus, MemoryBytes = 100 << 20 },
        };
        var study = await Studies.CreateAsync(new NewStudy
        {
            Project = "slurm",
            Spec = new StudySpec
            {
                Goals = [new StudyGoal("loss")],
                Space = new SearchSpace([new FloatParameter("x", 0, 1)]),
                Sampler = new NamedOptions("random"),
                Budget = new StudyBudget { Trials = trials, Parallel = parallel },
                LeaseSeconds = 3600,
                Program = program.ToJson(),
            },
        }, default);
        _made.Add(study);
        return study;
    }

    private static async Task<IReadOnlyList<SlurmTask>> TasksAsync(StudyInfo study) => await SlurmLauncher.ReadAsync(SlurmSweep.KeyOf(study), default);

    private async Task<StudyInfo> UntilAsync(StudyInfo study, Func<StudyInfo, bool> isSo)
    {
        var began = Stopwatch.StartNew();
        while (true)
        {
            var info = await Studies.GetAsync(study.Id, default);
            if (isSo(info))
                return info;
            if (began.Elapsed.TotalSeconds > 90)
                Assert.Fail($"It did not come to that: {info.State} {info.Reason} {info.Counts}; {string.Join("; ", await TasksAsync(study))}");
            await Task.Delay(100);
        }
    }

    private static async Task UntilTasksAsync(StudyInfo study, Func<IReadOnlyList<SlurmTask>, bool> isSo)
    {
        var began = Stopwatch.StartNew();
        while (true)
        {
            var tasks = await TasksAsync(study);
            if (isSo(tasks))
                return;
            if (began.Elapsed.TotalSeconds > 60)
                Assert.Fail($"It did not come to that: {string.Join("; ", tasks)}");
            await Task.Delay(200);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
