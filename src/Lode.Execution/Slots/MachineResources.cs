namespace Lode.Execution;

/// <summary>What this process may use of the machine.</summary>
/// <param name="Cpus">The processors that it may run on, ascending.</param>
/// <param name="CpuLimit">How many of them at once, at most: a container's quota. Range: (0, number of <paramref name="Cpus"/>].</param>
/// <param name="MemoryBytes">Memory: the machine's, or a container's limit.</param>
/// <param name="Gpus">GPUs by what visible-devices variables call them: an index or a UUID.</param>
public sealed record MachineResources(IReadOnlyList<int> Cpus, double CpuLimit, long MemoryBytes, IReadOnlyList<string> Gpus);

/// <summary>Finds out what this process may use.</summary>
/// <param name="root">Where the machine's own files are; <c>/</c> but in tests.</param>
public sealed class MachineProbe(string root = "/")
{
    private static readonly string[] s_variables = ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"];

    /// <summary>Looks.</summary>
    /// <param name="environment">This process's variables: where one of the visible-devices variables is set, its GPUs are all there are.</param>
    /// <param name="ct">Stops waiting for nvidia-smi.</param>
    public async Task<MachineResources> ReadAsync(IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        var cpus = Lines("proc/self/status").FirstOrDefault(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)) is { } allowed
            ? ParseList(allowed[(allowed.IndexOf(':', StringComparison.Ordinal) + 1)..])
            : [.. Enumerable.Range(0, Environment.ProcessorCount)];
        var memory = Lines("proc/meminfo").FirstOrDefault(line => line.StartsWith("MemTotal:", StringComparison.Ordinal)) is { } total
            && long.TryParse(total.AsSpan("MemTotal:".Length).Trim().TrimEnd("kB").Trim(), out var kilobytes) ? kilobytes << 10 : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var limit = (double)cpus.Count;
        foreach (var folder in Groups(""))
        {
            if (Text($"{folder}/cpu.max")?.Split(' ') is [var quota, var period] && Positive(quota) is { } most && Positive(period) is { } each)
                limit = Math.Min(limit, most / each);
            if (Positive(Text($"{folder}/memory.max")) is { } bytes)
                memory = Math.Min(memory, (long)bytes);
        }
        foreach (var folder in Groups("cpu"))
            if (Positive(Text($"{folder}/cpu.cfs_quota_us")) is { } most && Positive(Text($"{folder}/cpu.cfs_period_us")) is { } each)
                limit = Math.Min(limit, most / each);
        foreach (var folder in Groups("memory"))
            if (Positive(Text($"{folder}/memory.limit_in_bytes")) is { } bytes)
                memory = Math.Min(memory, (long)Math.Min(bytes, long.MaxValue / 2));
        return new MachineResources(cpus, limit, memory, await GpusAsync(environment, ct).ConfigureAwait(false));
    }

    /// <summary>Numbers of <c>0-3,8</c>.</summary>
    internal static IReadOnlyList<int> ParseList(string text)
    {
        var numbers = new SortedSet<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (!int.TryParse(ends[0], out var first) || !int.TryParse(ends[^1], out var last) || last - first > 1 << 16)
                continue;
            for (var i = first; i <= last; i++)
                numbers.Add(i);
        }
        return numbers.Count > 0 ? [.. numbers] : [0];
    }

    private async Task<IReadOnlyList<string>> GpusAsync(IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        foreach (var variable in s_variables)
            if (environment.TryGetValue(variable, out var visible))
                return Visible(visible);
        if (root != "/" || ProgramPath.Find("nvidia-smi") is not { } smi || await Tool.AskAsync(TimeSpan.FromSeconds(10), smi, ["--query-gpu=index", "--format=csv,noheader"], ct).ConfigureAwait(false) is not { } list)
            return [];
        return [.. list.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => int.TryParse(line, out _))];
    }

    // CUDA itself stops reading at the first entry that is no device.
    private static List<string> Visible(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries).TakeWhile(entry => entry.Length > 0 && entry is not ("-1" or "none" or "void" or "NoDevFiles")).Distinct()];

    // The folders of this process's control group and all above it, the nearest first. Version 2 is the group without a controller.
    private IEnumerable<string> Groups(string controller)
    {
        foreach (var line in Lines("proc/self/cgroup"))
        {
            if (line.Split(':', 3) is not [_, var controllers, var path] || !(controller.Length == 0 ? controllers.Length == 0 : controllers.Split(',').Contains(controller)))
                continue;
            foreach (var mount in controller.Length == 0 ? ["sys/fs/cgroup", "sys/fs/cgroup/unified"] : new[] { $"sys/fs/cgroup/{controllers}", $"sys/fs/cgroup/{controller}" })
            {
                // In a container the path may lead outside of what is mounted; the mount itself is the container's own group then.
                for (var at = path.TrimEnd('/'); ; at = at[..at.LastIndexOf('/')])
                {
                    yield return mount + at;
                    if (at.Length == 0)
                        break;
                }
            }
        }
    }

    private static double? Positive(string? text) =>
        double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var value) && value > 0 ? value : null;

    private string? Text(string file) => Lines(file) is [var first, ..] ? first.Trim() : null;

    private string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(root, file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
