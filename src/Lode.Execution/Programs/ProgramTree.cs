using System.Globalization;
using System.Text;

namespace Lode.Execution;

/// <summary>Processes as Linux lists them under /proc; elsewhere there are none to see.</summary>
internal static class ProgramTree
{
    /// <summary>
    /// The living processes whose environment has an entry, which is inherited: a program's descendants, whatever group or session they
    /// moved to and whether their parents live or not.
    /// </summary>
    /// <param name="entry">As <c>NAME=VALUE</c>.</param>
    public static IReadOnlyList<ProcessSample> Marked(string entry)
    {
        if (!OperatingSystem.IsLinux())
            return [];
        var wanted = Encoding.UTF8.GetBytes(entry + '\0');
        var inside = Encoding.UTF8.GetBytes('\0' + entry + '\0');
        var found = new List<ProcessSample>();
        foreach (var id in Ids())
        {
            if (id != Environment.ProcessId && Read($"/proc/{id}/environ") is { Length: > 0 } environment
                && (environment.AsSpan().StartsWith(wanted) || environment.AsSpan().IndexOf(inside) >= 0) && Sample(id) is { IsDead: false } sample)
                found.Add(sample);
        }
        return found;
    }

    /// <summary>A process and its descendants.</summary>
    public static IReadOnlyList<ProcessSample> Below(int root)
    {
        if (!OperatingSystem.IsLinux())
            return [];
        var all = new Dictionary<int, ProcessSample>();
        foreach (var id in Ids())
        {
            if (Sample(id) is { IsDead: false } sample)
                all[id] = sample;
        }
        // A parent may have a greater number than its child, so the way up is walked.
        return [.. all.Values.Where(sample => LeadsTo(all, sample, root))];
    }

    /// <summary>Whether a process group has a living member.</summary>
    public static bool HasGroup(int group) => Libc.Send(-group, 0) == 0;

    /// <summary>The signals that this process ignores, bit n - 1 for signal n.</summary>
    public static ulong IgnoredSignals()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        foreach (var line in Encoding.ASCII.GetString(Read("/proc/self/status") ?? []).Split('\n'))
        {
            if (line.StartsWith("SigIgn:", StringComparison.Ordinal) && ulong.TryParse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask))
                return mask;
        }
        return 0;
    }

    /// <summary>When a living process began, in ticks since the system was booted; null where there is none, or it has ended, or this is not Linux.</summary>
    public static long? StartOf(int id)
    {
        if (!OperatingSystem.IsLinux() || Read($"/proc/{id}/stat") is not { } bytes)
            return null;
        var text = Encoding.ASCII.GetString(bytes);
        var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 20 || fields[0] is "Z" or "X" ? null : Long(fields[19]);
    }

    private static bool LeadsTo(Dictionary<int, ProcessSample> all, ProcessSample sample, int root)
    {
        for (var depth = 0; depth < 1000; depth++)
        {
            if (sample.Id == root)
                return true;
            if (!all.TryGetValue(sample.Parent, out sample))
                return false;
        }
        return false;
    }

    private static IEnumerable<int> Ids()
    {
        if (!OperatingSystem.IsLinux())
            yield break;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                yield return id;
        }
    }

    private static ProcessSample? Sample(int id)
    {
        if (Read($"/proc/{id}/stat") is not { } bytes)
            return null;
        // The name stands in parentheses and may hold anything, so fields count from its end.
        var text = Encoding.ASCII.GetString(bytes);
        var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 22 ? null : new ProcessSample(id, Number(fields[1]), Number(fields[2]), Number(fields[3]), fields[0] is "Z" or "X", (Long(fields[11]) + Long(fields[12])) / 100.0, Long(fields[21]) * Environment.SystemPageSize);
    }

    private static int Number(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static long Long(string text) => long.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static byte[]? Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is another user's.
            return null;
        }
    }
}

/// <summary>A process at one moment.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Parent">Its parent's.</param>
/// <param name="Group">Its process group.</param>
/// <param name="Session">Its session.</param>
/// <param name="IsDead">It has ended and nobody has asked how.</param>
/// <param name="CpuSeconds">Processor time so far.</param>
/// <param name="MemoryBytes">Memory in use.</param>
internal readonly record struct ProcessSample(int Id, int Parent, int Group, int Session, bool IsDead, double CpuSeconds, long MemoryBytes);
