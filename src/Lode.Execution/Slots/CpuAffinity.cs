using System.Runtime.InteropServices;

namespace Lode.Execution;

/// <summary>Binds what is started to processors, on Linux; elsewhere nothing is bound.</summary>
internal static unsafe partial class CpuAffinity
{
    private const int MaskBytes = 1024;

    /// <summary>Starts something on these processors alone: a new process inherits them from the thread that starts it.</summary>
    /// <param name="cpus">Their numbers; empty = all that there are.</param>
    /// <param name="start">What starts the process, on this thread.</param>
    public static T Run<T>(IReadOnlyList<int> cpus, Func<T> start)
    {
        if (cpus.Count == 0 || !OperatingSystem.IsLinux())
            return start();
        var before = stackalloc byte[MaskBytes];
        var wanted = stackalloc byte[MaskBytes];
        var size = Get(0, MaskBytes, before) == 0;
        new Span<byte>(wanted, MaskBytes).Clear();
        foreach (var cpu in cpus)
            if (cpu is >= 0 and < MaskBytes * 8)
                wanted[cpu / 8] |= (byte)(1 << (cpu % 8));
        // Where it is not allowed the program runs all the same, unbound.
        var bound = size && Set(0, MaskBytes, wanted) == 0;
        try
        {
            return start();
        }
        finally
        {
            if (bound)
                Set(0, MaskBytes, before);
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static partial int Get(int thread, nint size, byte* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int Set(int thread, nint size, byte* mask);
}
