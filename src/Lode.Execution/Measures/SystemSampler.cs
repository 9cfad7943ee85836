using System.Diagnostics;
using System.Globalization;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>What a program takes of the machine, each few seconds, as metrics <c>system/…</c>.</summary>
/// <remarks>
/// On Linux from /proc, of the program's process and all below it: processor time (100 = one core), memory, bytes read from and written to disk,
/// processes; of the whole machine: processor, memory, network. GPUs as nvidia-smi shows them, where it is. Elsewhere what .NET knows of the program's process.
/// </remarks>
internal sealed class SystemSampler(int root, TimeProvider time)
{
    private const double MB = 1e6;

    private readonly Dictionary<int, double> _cpu = [];
    private readonly Dictionary<int, (long Read, long Write)> _disk = [];
    private readonly string? _smi = ProgramPath.Find("nvidia-smi");
    private long _last = time.GetTimestamp();
    private (double Busy, double All) _machine = Machine();
    private (long In, long Out) _network = Network();
    private (long Read, long Write) _ended;

    /// <summary>Samples after one second and then each interval, until it is stopped.</summary>
    public async Task RunAsync(ActiveRun run, TimeSpan interval, CancellationToken ct)
    {
        var wait = interval < TimeSpan.FromSeconds(1) ? interval : TimeSpan.FromSeconds(1);
        for (var step = 0L; ; step++)
        {
            try
            {
                await Task.Delay(wait, time, ct).ConfigureAwait(false);
                var values = Sample();
                if (_smi is not null)
                    await AddGpusAsync(_smi, values, ct).ConfigureAwait(false);
                if (values.Count > 0)
                    run.Log(step, values.ToArray());
            }
            catch (OperationCanceledException)
            {
                return;
            }
            wait = interval;
        }
    }

    private List<(string Key, double Value)> Sample()
    {
        var seconds = time.GetElapsedTime(_last).TotalSeconds;
        _last = time.GetTimestamp();
        var values = new List<(string, double)>();
        if (!OperatingSystem.IsLinux())
        {
            AddProcess(values, seconds);
            return values;
        }
        var tree = ProgramTree.Below(root);
        var (cpu, memory) = (0.0, 0L);
        foreach (var process in tree)
        {
            cpu += process.CpuSeconds - _cpu.GetValueOrDefault(process.Id);
            memory += process.MemoryBytes;
            _cpu[process.Id] = process.CpuSeconds;
            if (Disk(process.Id) is { } disk)
                _disk[process.Id] = disk;
        }
        // Those that ended take what they did with them; it stays in the sums.
        var living = tree.Select(process => process.Id).ToHashSet();
        foreach (var id in _disk.Keys.Where(id => !living.Contains(id)).ToArray())
        {
            _ended = (_ended.Read + _disk[id].Read, _ended.Write + _disk[id].Write);
            _disk.Remove(id);
        }
        foreach (var id in _cpu.Keys.Where(id => !living.Contains(id)).ToArray())
            _cpu.Remove(id);
        var (read, written) = (_ended.Read + _disk.Values.Sum(disk => disk.Read), _ended.Write + _disk.Values.Sum(disk => disk.Write));
        if (tree.Count > 0)
        {
            values.Add(("system/cpu_percent", Math.Max(0, 100 * cpu / Math.Max(seconds, 1e-3))));
            values.Add(("system/memory_mb", memory / MB));
            values.Add(("system/processes", tree.Count));
            values.Add(("system/disk_read_mb", read / MB));
            values.Add(("system/disk_write_mb", written / MB));
        }
        var machine = Machine();
        if (machine.All > _machine.All)
            values.Add(("system/machine_cpu_percent", 100 * (machine.Busy - _machine.Busy) / (machine.All - _machine.All)));
        _machine = machine;
        if (Lines("/proc/meminfo") is { Length: > 0 } meminfo && Kilobytes(meminfo, "MemTotal:") is > 0 and var total)
            values.Add(("system/machine_memory_percent", 100 * (1 - (Kilobytes(meminfo, "MemAvailable:") / total))));
        var network = Network();
        values.Add(("system/network_in_mb", (network.In - _network.In) / MB));
        values.Add(("system/network_out_mb", (network.Out - _network.Out) / MB));
        return values;
    }

    private void AddProcess(List<(string, double)> values, double seconds)
    {
        try
        {
            using var process = Process.GetProcessById(root);
            var cpu = process.TotalProcessorTime.TotalSeconds;
            values.Add(("system/cpu_percent", 100 * (cpu - _cpu.GetValueOrDefault(root)) / Math.Max(seconds, 1e-3)));
            values.Add(("system/memory_mb", process.WorkingSet64 / MB));
            _cpu[root] = cpu;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended.
        }
    }

    private static async Task AddGpusAsync(string smi, List<(string, double)> values, CancellationToken ct)
    {
        var answer = await Tool.AskAsync(TimeSpan.FromSeconds(3), smi, ["--query-gpu=index,utilization.gpu,memory.used,power.draw", "--format=csv,noheader,nounits"], ct).ConfigureAwait(false);
        foreach (var line in (answer ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(64))
        {
            var fields = line.Split(',', StringSplitOptions.TrimEntries);
            string[] names = ["utilisation_percent", "memory_mib", "power_watts"];
            for (var i = 0; i < names.Length && i + 1 < fields.Length; i++)
            {
                // What a card does not tell reads [N/A].
                if (int.TryParse(fields[0], CultureInfo.InvariantCulture, out var index) && double.TryParse(fields[i + 1], CultureInfo.InvariantCulture, out var value))
                    values.Add(($"system/gpu{index}_{names[i]}", value));
            }
        }
    }

    private static (double Busy, double All) Machine()
    {
        var fields = (Lines("/proc/stat").FirstOrDefault() ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 6)
            return default;
        var times = fields.Skip(1).Take(8).Select(text => double.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : 0).ToArray();
        return (times.Sum() - times[3] - times[4], times.Sum());
    }

    private static (long Read, long Write)? Disk(int id)
    {
        var lines = Lines($"/proc/{id}/io");
        return lines.Length == 0 ? null : (Value(lines, "read_bytes:"), Value(lines, "write_bytes:"));
    }

    private static (long In, long Out) Network()
    {
        var (received, sent) = (0L, 0L);
        foreach (var line in Lines("/proc/net/dev"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || line[..colon].Trim() == "lo")
                continue;
            var fields = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 8 && long.TryParse(fields[0], CultureInfo.InvariantCulture, out var incoming) && long.TryParse(fields[8], CultureInfo.InvariantCulture, out var outgoing))
                (received, sent) = (received + incoming, sent + outgoing);
        }
        return (received, sent);
    }

    private static double Kilobytes(string[] lines, string name) => Value(lines, name);

    private static long Value(string[] lines, string name) => Array.Find(lines, line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
        && long.TryParse(line.AsSpan(name.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
