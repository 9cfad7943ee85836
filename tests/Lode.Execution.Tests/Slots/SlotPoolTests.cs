using FsCheck;
using FsCheck.Fluent;
using Lode.Core;

namespace Lode.Execution.Tests;

public sealed class SlotPoolTests
{
    private static readonly MachineResources s_machine = new([0, 1, 2, 3], 4, 1000, ["0", "1"]);

    [Fact]
    public void TryTake_Fractions_ArePackedTogetherAndAddUpExactly()
    {
        var pool = new SlotPool(s_machine);
        var tenth = new ResourceRequest { Cpus = 0.1, Gpus = 0.1 };
        var first = Enumerable.Range(0, 10).Select(_ => pool.TryTake(tenth)!).ToList();
        Assert.All(first, slot => Assert.Equal(["0"], slot.Gpus));
        Assert.Equal(["1"], pool.TryTake(new() { Gpus = 1 })!.Gpus);
        Assert.Null(pool.TryTake(tenth));
        pool.Release(first[3]);
        Assert.Equal(["0"], pool.TryTake(tenth)!.Gpus);
    }

    [Fact]
    public void TryTake_Fraction_GoesWhereAWholeOneStaysFree()
    {
        var pool = new SlotPool(s_machine);
        var half = new ResourceRequest { Cpus = 0, Gpus = 0.5 };
        var (a, b, c) = (pool.TryTake(half)!, pool.TryTake(half)!, pool.TryTake(half)!);
        Assert.Equal(("0", "0", "1"), (a.Gpus[0], b.Gpus[0], c.Gpus[0]));
        pool.Release(a);
        // 0 and 1 are half full: the next half goes to the first; then nothing whole is left.
        Assert.Equal("0", pool.TryTake(half)!.Gpus[0]);
        Assert.Null(pool.TryTake(new() { Cpus = 0, Gpus = 1 }));
    }

    [Fact]
    public void Release_Twice_IsRefused()
    {
        var pool = new SlotPool(s_machine);
        var slot = pool.TryTake(new())!;
        pool.Release(slot);
        Assert.Throws<LodeException>(() => pool.Release(slot));
        Assert.Equal(0, pool.Count);
    }

    [Theory]
    [InlineData(5, 0, 0, "5 processors, and there are 4")]
    [InlineData(1, 3, 0, "3 GPUs, and there are 2")]
    [InlineData(1, 0, 2000, "memory")]
    [InlineData(4, 2, 1000, null)]
    public void WhyNever_OfMoreThanThereIs_SaysWhat(double cpus, double gpus, long memory, string? said)
    {
        var why = new SlotPool(s_machine).WhyNever(new() { Cpus = cpus, Gpus = gpus, MemoryBytes = memory });
        if (said is null)
            Assert.Null(why);
        else
            Assert.Contains(said, why, StringComparison.Ordinal);
    }

    [Fact]
    public void EnvironmentOf_Slot_ShowsItsGpusAlone()
    {
        var pool = new SlotPool(s_machine);
        var first = pool.EnvironmentOf(pool.TryTake(new() { Gpus = 1, Cpus = 2.5 })!);
        Assert.Equal(("0", "2"), (first["CUDA_VISIBLE_DEVICES"], first["OMP_NUM_THREADS"]));
        Assert.Equal("1", pool.EnvironmentOf(pool.TryTake(new() { Gpus = 0.5 })!)["CUDA_VISIBLE_DEVICES"]);
        Assert.Equal("", pool.EnvironmentOf(pool.TryTake(new() { Cpus = 0.5 })!)["CUDA_VISIBLE_DEVICES"]);
        var without = new SlotPool(s_machine with { Gpus = [] });
        Assert.DoesNotContain("CUDA_VISIBLE_DEVICES", without.EnvironmentOf(without.TryTake(new())!));
    }

    [Fact]
    public void TakeAndRelease_InAnyOrder_GiveNothingTwice() => Check.One(Config.QuickThrowOnFailure.WithReplay(5, 3).WithMaxTest(300), Prop.ForAll<ulong>(seed =>
    {
        var rng = new Rng(seed);
        var machine = new MachineResources([.. Enumerable.Range(0, 1 + rng.NextInt32(8))], 1, 1 + rng.NextInt32(1000), [.. Enumerable.Range(0, rng.NextInt32(4)).Select(i => $"g{i}")]);
        machine = machine with { CpuLimit = rng.NextInt32(2) == 0 ? machine.Cpus.Count : machine.Cpus.Count * 0.75 };
        var pool = new SlotPool(machine);
        var taken = new List<Slot>();
        for (var i = 0; i < 200; i++)
        {
            if (rng.NextInt32(3) == 0 && taken.Count > 0)
            {
                var at = rng.NextInt32(taken.Count);
                pool.Release(taken[at]);
                taken.RemoveAt(at);
            }
            else
            {
                var request = new ResourceRequest { Cpus = rng.NextInt32(5) / 2.0, Gpus = rng.NextInt32(3) switch { 0 => 0, 1 => rng.NextInt32(10) / 10.0, _ => 1 + rng.NextInt32(2) }, MemoryBytes = rng.NextInt32(300) };
                if (pool.TryTake(request) is { } slot)
                    taken.Add(slot);
                else if (taken.Count == 0)
                    Assert.NotNull(pool.WhyNever(request));
            }
            Assert.True(taken.Sum(slot => slot.Request.Cpus) <= machine.CpuLimit + 1e-9);
            Assert.True(taken.Sum(slot => slot.Request.MemoryBytes) <= machine.MemoryBytes);
            foreach (var gpu in machine.Gpus)
                Assert.True(taken.Where(slot => slot.Gpus.Contains(gpu)).Sum(slot => Math.Min(1, slot.Request.Gpus)) <= 1 + 1e-9);
            Assert.All(taken, slot => Assert.Equal(slot.Request.Gpus == 0 ? 0 : (int)Math.Ceiling(slot.Request.Gpus), slot.Gpus.Count));
        }
        taken.ForEach(pool.Release);
        Assert.NotNull(pool.TryTake(new() { Cpus = Math.Min(1, machine.CpuLimit), Gpus = machine.Gpus.Count, MemoryBytes = machine.MemoryBytes }));
    }));
}
