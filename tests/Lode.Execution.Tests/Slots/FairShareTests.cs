using FsCheck;
using FsCheck.Fluent;
using Lode.Core;

namespace Lode.Execution.Tests;

public sealed class FairShareTests
{
    private static readonly MachineResources s_machine = new([0, 1, 2, 3, 4, 5, 6, 7, 8], 9, 18, []);

    // The example of the paper: 9 CPUs and 18 GB; A needs <1, 4>, B <3, 1>; A gets three, B two.
    [Fact]
    public void Next_TwoStudies_HaveEqualDominantShares()
    {
        var got = Fill(s_machine, new("a", new() { Cpus = 1, MemoryBytes = 4 }), new("b", new() { Cpus = 3, MemoryBytes = 1 }));
        Assert.Equal((3, 2), (got["a"], got["b"]));
    }

    [Fact]
    public void Next_Weights_AreRatiosOfShares()
    {
        var got = Fill(s_machine, new("a", new()) { Weight = 2 }, new("b", new()));
        Assert.Equal((6, 3), (got["a"], got["b"]));
    }

    [Fact]
    public void Next_Priority_GoesFirst()
    {
        var got = Fill(s_machine, new("a", new()), new("b", new()) { Priority = 1, Waiting = 7 });
        Assert.Equal((2, 7), (got["a"], got["b"]));
    }

    [Fact]
    public void Next_LowerPriority_DoesNotPassOneThatWaits()
    {
        var pool = new SlotPool(s_machine);
        pool.TryTake(new());
        Assert.Null(new FairShare().Next(pool, [new("low", new()), new("high", new() { Cpus = 9 }) { Priority = 1 }]));
    }

    [Fact]
    public void Next_WhatNeverFits_HoldsNobodyUp() =>
        Assert.Equal("low", new FairShare().Next(new SlotPool(s_machine), [new("low", new()), new("high", new() { Cpus = 10 }) { Priority = 1 }])!.Value.Demand.Study);

    // Small trials come and go for ever, one ending at a time: a large one would never find room.
    [Fact]
    public void Next_LargeTrial_IsNotPassedForEver()
    {
        var (pool, fair, running) = (new SlotPool(s_machine), new FairShare(mostPasses: 4), new Queue<Slot>());
        for (var i = 0; i < 9; i++)
            running.Enqueue(pool.TryTake(new())!);
        for (var turn = 0; turn < 40; turn++)
        {
            pool.Release(running.Dequeue());
            while (fair.Next(pool, [new("large", new() { Cpus = 9 }), new("small", new()) { Running = pool.Count }]) is { } next)
            {
                if (next.Demand.Study == "large")
                    return;
                running.Enqueue(next.Slot);
            }
        }
        Assert.Fail("The large trial never started.");
    }

    [Fact]
    public void Next_AnyDemands_IsDeterministicFitsAndServesEverybody() => Check.One(Config.QuickThrowOnFailure.WithReplay(5, 3).WithMaxTest(200), Prop.ForAll<ulong>(seed =>
    {
        var rng = new Rng(seed);
        var machine = new MachineResources([0, 1, 2, 3], 4, 100, ["0", "1"]);
        var demands = Enumerable.Range(0, 1 + rng.NextInt32(6)).Select(i => new SlotDemand($"s{i}", new() { Cpus = rng.NextInt32(9) / 2.0, Gpus = rng.NextInt32(4) / 2.0 is var gpus && gpus == 1.5 ? 2 : gpus, MemoryBytes = rng.NextInt32(100) }) { Priority = rng.NextInt32(2), Waiting = 1 + rng.NextInt32(20), Weight = 1 + rng.NextInt32(3) }).ToList();
        Assert.Equal(Simulate(machine, demands, rng.Child(1), shuffled: false), Simulate(machine, demands, rng.Child(1), shuffled: true));
    }));

    // Starts and ends trials until all are done; who started, in order. Shuffling the list must change nothing.
    private static List<string> Simulate(MachineResources machine, IReadOnlyList<SlotDemand> demands, Rng rng, bool shuffled)
    {
        var (pool, fair, running, order) = (new SlotPool(machine), new FairShare(), new List<(string Study, Slot Slot)>(), new List<string>());
        var left = demands.ToDictionary(demand => demand.Study, demand => demand.Waiting);
        while (left.Values.Sum() > 0 || running.Count > 0)
        {
            var now = demands.Select(demand => demand with { Waiting = left[demand.Study], Running = running.Count(item => item.Study == demand.Study) });
            if (fair.Next(pool, [.. shuffled ? now.Reverse() : now]) is { } next)
            {
                left[next.Demand.Study]--;
                running.Add((next.Demand.Study, next.Slot));
                order.Add(next.Demand.Study);
                continue;
            }
            Assert.NotEmpty(running);
            var at = rng.NextInt32(running.Count);
            pool.Release(running[at].Slot);
            running.RemoveAt(at);
        }
        Assert.Equal(demands.Sum(demand => demand.Waiting), order.Count);
        return order;
    }

    private static Dictionary<string, int> Fill(MachineResources machine, params SlotDemand[] demands)
    {
        var (pool, fair) = (new SlotPool(machine), new FairShare());
        var got = demands.ToDictionary(demand => demand.Study, _ => 0);
        while (fair.Next(pool, [.. demands.Select(demand => demand with { Running = got[demand.Study], Waiting = demand.Waiting == 1 ? 100 : demand.Waiting - got[demand.Study] })]) is { } next)
            got[next.Demand.Study]++;
        return got;
    }
}
