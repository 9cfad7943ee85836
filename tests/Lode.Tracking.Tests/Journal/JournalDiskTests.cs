using Lode.TestKit.Faults;

namespace Lode.Tracking.Tests.Journal;

/// <summary>A program that logs while the disk of its journal is full.</summary>
public sealed class JournalDiskTests : JournalTests
{
    [SmallDiskFact]
    public async Task Log_OnAFullDisk_GoesOn_AndLosesNothingOnceThereIsSpace()
    {
        using var disk = SmallDisk.Mount(1);
        ActiveRun run;
        await using (var tracker = new Tracker(Store, disk["journal"], TimeProvider.System, Warn))
        {
            run = tracker.Start("p");
            run.Log(0, ("m", 0));
            disk.Fill();
            for (var step = 1; step < 2000; step++)
                run.Log(step, ("m", step));
            Assert.Contains(Warnings, line => line.Contains("cannot be written", StringComparison.Ordinal) && line.Contains(disk["journal"], StringComparison.Ordinal));
            disk.Free();
            run.Log(2000, ("m", 2000));
            run.Finish();
            Assert.True(run.IsFinished);
            await tracker.FlushAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
        }
        var stored = await Store.GetRunAsync(run.Id, default);
        Assert.Equal((RunStatus.Finished, 2001, 2000), (stored.Status, stored.Metrics["m"].Count, stored.Metrics["m"].Last));
        Assert.Equal(2, Warnings.Count);
        Assert.Contains("nothing was lost", Warnings[1], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(disk["journal"]));
    }

    [SmallDiskFact]
    public async Task Finish_OnAFullDisk_IsWrittenOnceThereIsSpace()
    {
        using var disk = SmallDisk.Mount(1);
        ActiveRun run;
        await using (var tracker = new Tracker(Store, disk["journal"], TimeProvider.System, Warn))
        {
            run = tracker.Start("p");
            run.Log(0, ("m", 0));
            disk.Fill();
            for (var step = 1; step < 500; step++)
                run.Log(step, ("m", step));
            run.Finish();
            Assert.False(run.IsFinished);
            disk.Free();
        }
        // Closing was the last try; what was in the file by then and had not been sent is for the next command.
        await JournalShipper.RecoverAsync(disk["journal"], Store, Warn, default);
        var stored = await Store.GetRunAsync(run.Id, default);
        Assert.Equal((RunStatus.Finished, 500), (stored.Status, stored.Metrics["m"].Count));
    }

    [SmallDiskFact]
    public async Task Log_OnADiskThatStaysFull_HoldsABoundedAmount_AndSaysHowMuchIsLost()
    {
        using var disk = SmallDisk.Mount(1);
        var text = new string('x', 8000);
        await using (var tracker = new Tracker(Store, disk["journal"], TimeProvider.System, Warn))
        {
            var run = tracker.Start("p");
            disk.Fill();
            // 24 MB: more than is held.
            for (var i = 0; i < 3000; i++)
                run.Tag($"t{i}", text);
        }
        Assert.Contains(Warnings, line => line.Contains("could not be written to the end; 3,000 of its events are lost", StringComparison.Ordinal));
    }

    private void Warn(string line)
    {
        lock (Warnings)
            Warnings.Add(line);
    }
}
