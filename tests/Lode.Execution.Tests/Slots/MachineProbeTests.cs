using Lode.TestKit;

namespace Lode.Execution.Tests;

public sealed class MachineProbeTests
{
    private static readonly Dictionary<string, string> s_none = [];

    [Fact]
    public async Task ReadAsync_VersionTwo_TakesTheTightestGroup()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Path, "proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-3,8\n");
        Write(folder.Path, "proc/meminfo", "MemTotal:       16000000 kB\n");
        Write(folder.Path, "proc/self/cgroup", "0::/a/b\n");
        Write(folder.Path, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
        Write(folder.Path, "sys/fs/cgroup/a/cpu.max", "250000 100000\n");
        Write(folder.Path, "sys/fs/cgroup/a/b/memory.max", "max\n");
        Write(folder.Path, "sys/fs/cgroup/memory.max", "1000000\n");
        var found = await new MachineProbe(folder.Path).ReadAsync(s_none, default);
        Assert.Equal([0, 1, 2, 3, 8], found.Cpus);
        Assert.Equal((2.5, 1_000_000L), (found.CpuLimit, found.MemoryBytes));
    }

    [Fact]
    public async Task ReadAsync_VersionOne_TakesQuotaAndLimit()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Path, "proc/self/status", "Cpus_allowed_list:\t0-1\n");
        Write(folder.Path, "proc/meminfo", "MemTotal:       16000000 kB\n");
        Write(folder.Path, "proc/self/cgroup", "4:memory:/x\n2:cpu,cpuacct:/x\n0::/\n");
        Write(folder.Path, "sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "50000\n");
        Write(folder.Path, "sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
        Write(folder.Path, "sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n");
        Write(folder.Path, "sys/fs/cgroup/memory/memory.limit_in_bytes", "4096000\n");
        var found = await new MachineProbe(folder.Path).ReadAsync(s_none, default);
        Assert.Equal((0.5, 4_096_000L), (found.CpuLimit, found.MemoryBytes));
    }

    [Theory]
    [InlineData("2,3", "2", "3")]
    [InlineData("GPU-1a,MIG-2b", "GPU-1a", "MIG-2b")]
    [InlineData("0,-1,2", "0")]
    [InlineData("")]
    public async Task ReadAsync_VisibleDevices_AreAllThereAre(string visible, params string[] gpus) =>
        Assert.Equal(gpus, (await new MachineProbe().ReadAsync(new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = visible }, default)).Gpus);

    [Fact]
    public async Task ReadAsync_ThisMachine_IsPlausible()
    {
        var found = await new MachineProbe().ReadAsync(s_none, default);
        Assert.InRange(found.CpuLimit, 0.01, found.Cpus.Count);
        Assert.InRange(found.MemoryBytes, 1 << 20, long.MaxValue / 2);
    }

    private static void Write(string root, string file, string text)
    {
        var path = Path.Combine(root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
