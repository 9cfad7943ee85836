using System.Diagnostics;
using Lode.Core;
using Lode.TestKit;

namespace Lode.Execution.Tests;

/// <summary>Against a real Slurm of four virtual nodes.</summary>
[NeedsSlurm]
public sealed class SlurmLauncherTests : IDisposable
{
    private static int s_number;

    private readonly TemporaryFolder _folder = new();
    private readonly SlurmCluster _cluster = SlurmCluster.Shared;
    private readonly string _key = $"lode-test:{Environment.ProcessId}/{Interlocked.Increment(ref s_number)}";

    [Fact]
    public async Task KeepAsync_Array_RunsEachTaskWithItsVariablesAndCode()
    {
        var request = Request("echo task $SLURM_ARRAY_TASK_ID says \"$WORD\"; exit $((SLURM_ARRAY_TASK_ID * 7))") with { Environment = new Dictionary<string, string> { ["WORD"] = "it's $HOME \"q\"" } };
        Assert.Equal(3, (await SlurmLauncher.KeepAsync(request, new(), 3, default)).Count);
        var ended = await EndedAsync(3);
        Assert.Equal(["COMPLETED", "FAILED", "FAILED"], ended.Select(task => task.State));
        var ends = await Task.WhenAll(ended.Select(task => SlurmLauncher.EndAsync(task, request.Logs, default)));
        Assert.Equal([0, 7, 14], ends.Select(end => end.ExitCode));
        Assert.Equal("task 1 says it's $HOME \"q\"\n", ends[1].Log);
        Assert.All(ended, task => Assert.StartsWith("n", task.Node, StringComparison.Ordinal));
    }

    [Fact]
    public async Task KeepAsync_AgainAndAfterARestart_SubmitsNothingTwice()
    {
        var request = Request("exec sleep 300");
        var first = await SlurmLauncher.KeepAsync(request, new(), 3, default);
        // Nothing is remembered between calls: a new process of Lode's is no different.
        Assert.Equal(first.Select(task => task.Id), (await SlurmLauncher.KeepAsync(request, new(), 3, default)).Select(task => task.Id));
        Assert.Equal(5, (await SlurmLauncher.KeepAsync(request, new(), 5, default)).Count);
        Assert.Empty(await SlurmLauncher.ReadAsync(_key + "0", default));
    }

    [Fact]
    public async Task KeepAsync_Fewer_CancelsWhatWaitsAndLeavesWhatRuns()
    {
        // Four processors a task: four run on the four nodes, the others wait.
        var request = Request("exec sleep 300") with { Resources = new() { Cpus = 4 } };
        await SlurmLauncher.KeepAsync(request, new(), 7, default);
        await WaitAsync(tasks => tasks.Count(task => task.State == "RUNNING") == 4);
        Assert.Equal(5, (await SlurmLauncher.KeepAsync(request, new(), 5, default)).Count);
        Assert.Equal(4, (await SlurmLauncher.KeepAsync(request, new(), 1, default)).Count(task => task.State == "RUNNING"));
    }

    [Fact]
    public async Task CancelAsync_RunningTasks_AreToldAndEnd()
    {
        var request = Request("trap 'echo told; exit 9' TERM; echo up; while :; do sleep 0.1; done");
        await SlurmLauncher.KeepAsync(request, new(), 2, default);
        await WaitAsync(tasks => tasks.Count(task => task.State == "RUNNING") == 2 && Directory.GetFiles(request.Logs).Count(file => File.ReadAllText(file).Contains("up", StringComparison.Ordinal)) == 2);
        await SlurmLauncher.CancelAsync(_key, default);
        var ended = await EndedAsync(2);
        var end = await SlurmLauncher.EndAsync(ended[0], request.Logs, default);
        Assert.Equal("CANCELLED", ended[0].State);
        Assert.Contains("told", end.Log, StringComparison.Ordinal);
        await SlurmLauncher.CancelAsync(_key, default);
    }

    [Fact]
    public async Task KeepAsync_TimeLimit_IsAnnouncedToTheProgramItself()
    {
        // Of one minute; told up to a minute before the ten seconds that are asked for.
        var request = Request("trap 'echo checkpoint; exit 3' TERM; while :; do sleep 0.1; done");
        await SlurmLauncher.KeepAsync(request, new() { Time = "1m", Signal = "10s" }, 1, default);
        var ended = await EndedAsync(1, seconds: 100);
        var end = await SlurmLauncher.EndAsync(ended[0], request.Logs, default);
        Assert.Equal((3, "FAILED"), (end.ExitCode, ended[0].State));
        Assert.Contains("checkpoint", end.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeepAsync_RequeuedTask_RunsAgainInTheSameFile()
    {
        var request = Request("echo start $SLURM_RESTART_COUNT; exec sleep 300");
        var task = (await SlurmLauncher.KeepAsync(request, new(), 1, default)).Single();
        await WaitAsync(tasks => tasks.Single().State == "RUNNING");
        // As a preemption or a node's death does it.
        _cluster.Ask("scontrol", "requeue", task.Id);
        await WaitAsync(tasks => tasks.Single().IsWaiting);
        // Slurm waits two minutes before it starts it again, unless told otherwise.
        _cluster.Ask("scontrol", "update", $"JobId={task.Id}", "StartTime=now");
        var kept = await SlurmLauncher.KeepAsync(request, new(), 1, default);
        Assert.True(kept.Single().Id == task.Id, $"{task.Id} became {string.Join("; ", await SlurmLauncher.ReadAsync(_key, default))}: {_cluster.Ask("scontrol", "show", "job", task.Id)}");
        await WaitAsync(_ => File.ReadAllText(Path.Combine(request.Logs, $"{task.Id}.log")).Contains("start 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task KeepAsync_ControllerKilledAndBack_FindsTheSameTasks()
    {
        var request = Request("exec sleep 300");
        var before = await SlurmLauncher.KeepAsync(request, new(), 3, default);
        await WaitAsync(tasks => tasks.Count(task => task.State == "RUNNING") == 3);
        // Slurm writes its state down within five seconds of a change; what it has not written it forgets, and Lode submits anew.
        await Task.Delay(TimeSpan.FromSeconds(6));
        _cluster.KillController();
        try
        {
            Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<LodeException>(() => SlurmLauncher.KeepAsync(request, new(), 3, default))).Code);
        }
        finally
        {
            _cluster.StartController();
        }
        Assert.Equal(before.Select(task => task.Id), (await SlurmLauncher.KeepAsync(request, new(), 3, default)).Select(task => task.Id));
    }

    [Fact]
    public async Task KeepAsync_WhatSlurmRefuses_IsSaid()
    {
        Assert.Contains("partition", (await Assert.ThrowsAsync<LodeException>(() => SlurmLauncher.KeepAsync(Request("true"), new() { Partition = "nowhere" }, 1, default))).Message, StringComparison.Ordinal);
        Assert.Contains("time is", (await Assert.ThrowsAsync<LodeException>(() => SlurmLauncher.KeepAsync(Request("true"), new() { Time = "soon" }, 1, default))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LodeException>(() => SlurmLauncher.ReadAsync("a b|c", default));
    }

    [Fact]
    public async Task KeepAsync_SetupLines_RunFirst()
    {
        var request = Request("echo $MODULE");
        await SlurmLauncher.KeepAsync(request, new() { Setup = ["MODULE=cuda; export MODULE"] }, 1, default);
        var ended = await EndedAsync(1);
        Assert.Equal("cuda\n", (await SlurmLauncher.EndAsync(ended[0], request.Logs, default)).Log);
    }

    public void Dispose()
    {
        SlurmLauncher.CancelAsync(_key, default).GetAwaiter().GetResult();
        _folder.Dispose();
    }

    private SlurmRequest Request(string shell) => new()
    {
        Key = _key,
        Name = "lode-test",
        Command = ["/bin/sh", "-c", shell],
        Folder = _folder.Path,
        Logs = Path.Combine(_folder.Path, "logs"),
        Resources = new() { MemoryBytes = 100 << 20 },
    };

    private async Task<List<SlurmTask>> EndedAsync(int count, int seconds = 60)
    {
        List<SlurmTask> tasks = [];
        await WaitAsync(
            found =>
            {
                tasks = [.. found];
                return found.Count == count && found.All(task => task.IsEnded);
            },
            seconds);
        return tasks;
    }

    private async Task WaitAsync(Func<IReadOnlyList<SlurmTask>, bool> isSo, int seconds = 60)
    {
        var began = Stopwatch.StartNew();
        IReadOnlyList<SlurmTask> tasks = [];
        while (began.Elapsed.TotalSeconds < seconds)
        {
            tasks = await SlurmLauncher.ReadAsync(_key, default);
            if (isSo(tasks))
                return;
            await Task.Delay(200);
        }
        Assert.Fail($"It did not come to that: {string.Join("; ", tasks)}");
    }
}
