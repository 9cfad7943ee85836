using Lode.Core;

namespace Lode.Tracking.Tests.Records;

/// <summary>What is on disks and wires already.</summary>
public sealed class FrozenTests
{
    [Fact]
    public void Enums_AreFrozen()
    {
        Assert.Equal(["Running 1", "Scheduled 2", "Finished 3", "Failed 4", "Killed 5", "Stale 6"], Enum.GetValues<RunStatus>().Select(value => $"{value} {(int)value}"));
        Assert.Equal(["Active 1", "Deleted 2"], Enum.GetValues<Lifecycle>().Select(value => $"{value} {(int)value}"));
    }

    [Theory]
    [InlineData("00000000000000000000000000000000", "amber-ant-0")]
    [InlineData("0123456789abcdef0123456789abcdef", "polite-goat-686")]
    public void RunNames_AreMadeFromTheId(string id, string name) => Assert.Equal(name, RunNames.For(RunId.Parse(id)));
}
