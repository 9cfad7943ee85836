using Lode.Core;
using Lode.TestKit;

namespace Lode.Tracking.Tests.Journal;

/// <summary>Programs that go on with a run that others began.</summary>
public sealed class ResumeTests : JournalTests
{
    private Tracker NewTracker(string machine, IRunStore? store = null, TimeProvider? time = null) => new(store ?? Store, Folder[machine], time ?? TimeProvider.System, Warnings.Add);

    private static async Task<ErrorCode> RefusalAsync(Func<Task> act) => (await Assert.ThrowsAsync<LodeException>(act)).Code;

    [Fact]
    public async Task Resume_Modes_AskAsTheySay()
    {
        var id = RunId.New();
        await using var tracker = NewTracker("a");
        Assert.Equal(ErrorCode.NotFound, await RefusalAsync(() => tracker.ResumeRunAsync(id, default)));
        Assert.Equal(ErrorCode.NotFound, await RefusalAsync(() => tracker.ResumeRunAsync(id, ResumeMode.Require, "p", null, default)));
        (await tracker.ResumeRunAsync(id, ResumeMode.New, "p", "named", default)).Finish(RunStatus.Failed);
        await tracker.FlushAsync(default);
        Assert.Equal(RunStatus.Failed, (await Store.GetRunAsync(id, default)).Status);
        Assert.Equal(ErrorCode.AlreadyExists, await RefusalAsync(() => tracker.ResumeRunAsync(id, ResumeMode.New, "p", null, default)));
        var resumed = await tracker.ResumeRunAsync(id, default);
        await tracker.FlushAsync(default);
        Assert.Equal(("named", RunStatus.Running), (resumed.Name, (await Store.GetRunAsync(id, default)).Status));
        resumed.Finish();
        (await tracker.ResumeRunAsync(id, ResumeMode.Allow, "p", null, default)).Finish(RunStatus.Killed);
        await tracker.FlushAsync(default);
        Assert.Equal(("named", RunStatus.Killed), ((await Store.GetRunAsync(id, default)) is var run ? (run.Name, run.Status) : default));
        await Store.UpdateRunAsync(id, new RunChange { Lifecycle = Lifecycle.Deleted }, default);
        Assert.Equal(ErrorCode.Conflict, await RefusalAsync(() => tracker.ResumeRunAsync(id, default)));
        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task Attempts_OnThreeMachinesWhileTheStoreIsAway_MergeInAnyOrder()
    {
        var id = RunId.New();
        var away = new FlakyStore(Store, 1) { Down = true };
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var folder = Folder[$"machine{attempt}"];
            using var journal = JournalFile.Create(folder, id, $"s{attempt}");
            journal.Start(1000 * (attempt + 1), "p", "tries", "ada");
            if (attempt > 0)
                journal.Rewind(1000 * (attempt + 1), 10 * attempt - 1);
            for (var step = 10 * attempt; step < 10 * attempt + 15; step++)
                journal.Metrics(1000 * (attempt + 1), step, [("m", attempt)]);
        }
        await Assert.ThrowsAsync<LodeException>(() => JournalShipper.RecoverAsync(Folder["machine2"], away, Warnings.Add, default));
        foreach (var machine in new[] { 2, 0, 1 })
            Assert.Equal(1, await JournalShipper.RecoverAsync(Folder[$"machine{machine}"], Store, Warnings.Add, default));
        var history = await Store.GetHistoryAsync(id, "m", 0, 1000, default);
        Assert.Equal(Enumerable.Range(0, 35).Select(step => ((long)step, (double)Math.Min(step / 10, 2))), history.Select(point => (point.Step, point.Value)).Order());
        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task Rewind_AndWhatIsLoggedInTheSameMillisecond_AreToldApart()
    {
        var time = new ManualTime();
        var tracker = NewTracker("a", time: time);
        var run = tracker.Start("p");
        run.Log(1, ("m", 1));
        run.Log(2, ("m", 2));
        run.Rewind(1);
        run.Log(2, ("m", 20));
        run.Rewind(2);
        run.Log(3, ("m", 30));
        run.Finish();
        await tracker.FlushAsync(default);
        Assert.Equal([1, 20, 30], (await Store.GetHistoryAsync(run.Id, "m", 0, 10, default)).Select(point => point.Value));
        Assert.Equal(RunStatus.Finished, (await Store.GetRunAsync(run.Id, default)).Status);
        await tracker.DisposeAsync();
    }

    [Fact]
    public async Task Resume_OnAMachineWhoseClockIsBehind_StillEndsAndCuts()
    {
        RunId id;
        await using (var tracker = NewTracker("a"))
        {
            var run = tracker.Start("p");
            id = run.Id;
            run.Log(1, ("m", 1));
            run.Log(2, ("m", 2));
            run.Finish(RunStatus.Failed);
            await tracker.FlushAsync(default);
        }
        var behind = new ManualTime(DateTimeOffset.FromUnixTimeMilliseconds((await Store.GetRunAsync(id, default)).EndedAt!.Value - 3_600_000));
        var late = NewTracker("b", time: behind);
        var resumed = await late.ResumeRunAsync(id, default);
        resumed.Rewind(1);
        resumed.Log(2, ("m", 20));
        resumed.Finish();
        await late.FlushAsync(default);
        Assert.Equal([1, 20], (await Store.GetHistoryAsync(id, "m", 0, 10, default)).Select(point => point.Value));
        Assert.Equal(RunStatus.Finished, (await Store.GetRunAsync(id, default)).Status);
        await late.DisposeAsync();
    }

    [Fact]
    public async Task SegmentThatGoesOn_WaitsForTheOneThatBegins()
    {
        var id = RunId.New();
        await using var tracker = new JournalShipper(Store, TimeProvider.System, Warnings.Add);
        var later = JournalFile.Create(Folder["b"], id, "later");
        later.Resume(2000);
        later.Metrics(2001, 1, [("m", 1)]);
        later.Finish(2002, RunStatus.Finished);
        tracker.Add(later);
        await Task.Delay(300);
        Assert.True(File.Exists(later.Path));
        var first = JournalFile.Create(Folder["a"], id);
        first.Start(1000, "p", null, "ada");
        first.Finish(1500, RunStatus.Killed);
        tracker.Add(first);
        await tracker.FlushAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
        Assert.Equal((RunStatus.Finished, 1), ((await Store.GetRunAsync(id, default)) is var run ? (run.Status, run.Metrics["m"].Count) : default));
        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task Recover_OneSegmentLeft_AnotherBeingWritten_IsNotStale()
    {
        var id = RunId.New();
        using (var dead = JournalFile.Create(Folder["a"], id))
            dead.Start(1, "p", null, "ada");
        using var living = JournalFile.Create(Folder["a"], id, "second");
        living.Resume(2);
        Assert.Equal(0, await JournalShipper.RecoverAsync(Folder["a"], Store, Warnings.Add, default));
        Assert.Equal(RunStatus.Running, (await Store.GetRunAsync(id, default)).Status);
        Assert.Equal([living.Path], Directory.GetFiles(Folder["a"]));
    }

    [Theory]
    [InlineData("00000000000000000000000000000abc.jsonl", "", true)]
    [InlineData("00000000000000000000000000000abc.s_1-B.jsonl", "s_1-B", true)]
    [InlineData("00000000000000000000000000000abc..jsonl", "", false)]
    [InlineData("00000000000000000000000000000abc.a.b.jsonl", "", false)]
    [InlineData("00000000000000000000000000000abc.ä.jsonl", "ä", false)]
    [InlineData("notes.jsonl", "", false)]
    public void TryParsePath_KnowsOnlyItsOwnNames(string name, string segment, bool known)
    {
        Assert.Equal(known, JournalFile.TryParsePath(Path.Combine("x.y", name), out var run, out var found));
        if (known)
            Assert.Equal((segment, Path.Combine("x.y", name)), (found, JournalFile.PathOf("x.y", run, found)));
    }
}
