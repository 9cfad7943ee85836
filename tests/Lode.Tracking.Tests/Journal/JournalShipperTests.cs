using Lode.Core;
using Lode.TestKit;

namespace Lode.Tracking.Tests.Journal;

/// <summary>From a program's log call to the store, over a network that loses requests and answers.</summary>
public sealed class JournalShipperTests : JournalTests
{
    private string Journals => Folder["journal"];

    [Fact]
    public async Task Tracker_OverALossyNetwork_LosesNothingAndDoublesNothing()
    {
        var flaky = new FlakyStore(Store, seed: 4);
        ActiveRun[] runs;
        await using (var tracker = new Tracker(flaky, Journals, TimeProvider.System, Warnings.Add))
        {
            runs = [.. Enumerable.Range(0, 3).Select(i => tracker.Start("p", $"r{i}", [new("k", "v")]))];
            for (var step = 0; step < 60; step++)
            {
                foreach (var run in runs)
                    run.Log(step, ("loss", step * 0.5));
                await Task.Delay(1);
            }
            foreach (var run in runs)
                run.Finish();
            await tracker.FlushAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
        }
        Assert.Empty(Warnings);
        foreach (var run in runs)
        {
            var stored = await Store.GetRunAsync(run.Id, default);
            Assert.Equal((RunStatus.Finished, "v", 60, 29.5), (stored.Status, stored.Tags["k"], stored.Metrics["loss"].Count, stored.Metrics["loss"].Last));
        }
        Assert.Empty(Directory.GetFiles(Journals));
    }

    [Fact]
    public async Task Recover_ADeadProgramsJournal_IsTakenAndTheRunIsStale()
    {
        RunId id;
        using (var file = JournalFile.Create(Journals, RunId.New()))
        {
            id = file.Run;
            file.Start(1, "p", "dead", "ada");
            file.Metrics(2, 0, [("m", 1)]);
        }
        File.AppendAllText(JournalFile.PathOf(Journals, id), "{\"e\":\"metrics\",\"t\":3,\"st"); // killed in the middle of a line
        Assert.Equal(1, await JournalShipper.RecoverAsync(Journals, Store, Warnings.Add, default));
        var run = await Store.GetRunAsync(id, default);
        Assert.Equal((RunStatus.Stale, 1), (run.Status, run.Metrics["m"].Count));
        Assert.Empty(Directory.GetFiles(Journals));
        Assert.Equal(0, await JournalShipper.RecoverAsync(Journals, Store, Warnings.Add, default));
    }

    [Fact]
    public async Task Recover_ALivingProgramsJournal_IsLeftToIt()
    {
        using var file = JournalFile.Create(Journals, RunId.New());
        file.Start(1, "p", null, "ada");
        Assert.Equal(0, await JournalShipper.RecoverAsync(Journals, Store, Warnings.Add, default));
        Assert.True(File.Exists(file.Path));
    }

    [Fact]
    public async Task Recover_AnEndedRunThatWasNotDelivered_KeepsItsEnd()
    {
        RunId id;
        using (var file = JournalFile.Create(Journals, RunId.New()))
        {
            id = file.Run;
            file.Start(1, "p", null, "ada");
            file.Finish(2, RunStatus.Failed);
        }
        Assert.Equal(0, await JournalShipper.RecoverAsync(Journals, Store, Warnings.Add, default));
        Assert.Equal(RunStatus.Failed, (await Store.GetRunAsync(id, default)).Status);
    }

    [Fact]
    public async Task Recover_AnEmptyJournal_IsRemoved()
    {
        JournalFile.Create(Journals, RunId.New()).Dispose();
        Assert.Equal(0, await JournalShipper.RecoverAsync(Journals, Store, Warnings.Add, default));
        Assert.Empty(Directory.GetFiles(Journals));
    }

    [Fact]
    public async Task Tracker_RunInTheTrash_SaysSoOnce_AndTheOthersGoOn()
    {
        await using var tracker = new Tracker(Store, Journals, TimeProvider.System, Warnings.Add);
        var trashed = tracker.Start("p");
        var kept = tracker.Start("p");
        await tracker.FlushAsync(default);
        await Store.UpdateRunAsync(trashed.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, default);
        for (var step = 0; step < 3; step++)
        {
            trashed.Log(step, ("m", 1));
            kept.Log(step, ("m", 1));
            await tracker.FlushAsync(default);
        }
        Assert.Contains(trashed.Id.ToString(), Assert.Single(Warnings), StringComparison.Ordinal);
        Assert.Equal(3, (await Store.GetRunAsync(kept.Id, default)).Metrics["m"].Count);
        trashed.Finish();
        kept.Finish();
    }

    [Fact]
    public async Task Tracker_OneLineLongerThanAPiece_IsTaken()
    {
        await using var tracker = new Tracker(Store, Journals, TimeProvider.System, Warnings.Add);
        var run = tracker.Start("p");
        run.LogParams(Enumerable.Range(0, 400).Select(i => new KeyValuePair<string, string>($"p{i}", new string('x', 5000))));
        run.Finish();
        await tracker.FlushAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
        Assert.Equal(400, (await Store.GetRunAsync(run.Id, default)).Params.Count);
    }
}
