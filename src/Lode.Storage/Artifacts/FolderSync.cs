using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Lode.Storage;

/// <summary>Makes a folder's entries durable, where the system lets a folder be flushed; .NET itself opens no folders.</summary>
internal static class FolderSync
{
    public static void Flush(string folder)
    {
        // Windows journals renames by itself.
        if (OperatingSystem.IsWindows())
            return;
        var handle = Open(folder, 0);
        if (handle < 0)
            return;
        _ = Sync(handle);
        _ = Close(handle);
    }

    [DllImport("libc", EntryPoint = "open", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SuppressMessage("Globalization", "CA2101", Justification = "ANSI is UTF-8 where this is called.")]
    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "The generator needs unsafe code for what three plain calls do not.")]
    private static extern int Open(string path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "As above.")]
    private static extern int Sync(int handle);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "As above.")]
    private static extern int Close(int handle);
}
