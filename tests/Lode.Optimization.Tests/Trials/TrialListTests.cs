using FsCheck;
using FsCheck.Fluent;
using Lode.Core;

namespace Lode.Optimization.Tests.Trials;

public sealed class TrialListTests
{
    [Fact]
    public void Snapshot_WhateverHappensLater_NeverChanges() => Check.One(Config.QuickThrowOnFailure.WithReplay(1, 3), Prop.ForAll<ulong>(seed =>
    {
        var rng = new Rng(seed);
        var (list, twin) = (new TrialList(), new List<Trial>());
        var snapshots = new List<(IReadOnlyList<Trial> Shown, Trial[] Expected)>();
        for (var i = 0; i < 2000; i++)
        {
            var trial = new Trial(i, TrialState.Running, Params.Empty);
            switch (rng.NextInt32(twin.Count == 0 ? 4 : 12))
            {
                case < 6:
                    list.Add(trial);
                    twin.Add(trial);
                    break;
                case < 10:
                    var at = rng.NextInt32(twin.Count);
                    (list[at], twin[at]) = (trial, trial);
                    break;
                case 10:
                    snapshots.Add((list.Snapshot(), [.. twin]));
                    break;
                default:
                    var count = twin.Count - Math.Min(twin.Count, rng.NextInt32(3));
                    list.Truncate(count);
                    twin.RemoveRange(count, twin.Count - count);
                    break;
            }
        }
        Assert.Equal(twin, list.Snapshot());
        // What any two show alike is found, also where they share chunks that were changed or cut off in between.
        for (var i = 1; i < snapshots.Count; i++)
        {
            var (first, second) = (snapshots[i - 1], snapshots[rng.NextInt32(snapshots.Count)]);
            var same = first.Expected.Zip(second.Expected).TakeWhile(pair => ReferenceEquals(pair.First, pair.Second)).Count();
            Assert.Equal(same, TrialList.SharedPrefix(first.Shown, second.Shown));
            Assert.Equal(same, TrialList.SharedPrefix(first.Shown, second.Expected));
        }
        foreach (var (shown, expected) in snapshots)
        {
            Assert.Equal(expected, shown);
            Assert.Equal(expected, Enumerable.Range(0, shown.Count).Select(i => shown[i]));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => list[twin.Count]);
    }));
}
