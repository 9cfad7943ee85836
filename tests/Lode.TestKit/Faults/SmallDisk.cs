using System.Diagnostics;
using System.Globalization;

namespace Lode.TestKit.Faults;

/// <summary>A disk of a few MiB, mounted for a test: one that can be filled, and made read-only.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly string _folder;
    private readonly string _filler;

    private SmallDisk(string folder)
    {
        _folder = folder;
        _filler = System.IO.Path.Combine(folder, "filler");
    }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing { get; } = Probe();

    public string Path => _folder;

    public string this[string name] => System.IO.Path.Combine(_folder, name);

    /// <summary>Mounts an empty one, in a folder of its own.</summary>
    public static SmallDisk Mount(int mebibytes) => MountAt(Directory.CreateTempSubdirectory("lode-disk-").FullName, $"size={mebibytes}m");

    /// <summary>Mounts an empty read-only one over a folder.</summary>
    public static SmallDisk MountReadOnlyAt(string folder) => MountAt(Directory.CreateDirectory(folder).FullName, "ro,size=1m");

    /// <summary>Takes all the space there is.</summary>
    public void Fill()
    {
        using var file = new FileStream(_filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var piece = 1 << 20; piece >= 512; piece /= 2)
        {
            try
            {
                while (true)
                    file.Write(new byte[piece]);
            }
            catch (IOException)
            {
                // As much as that does not fit any more.
            }
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(_filler);

    public void Dispose()
    {
        Run("umount", "-l", _folder);
        Directory.Delete(_folder, recursive: true);
    }

    private static SmallDisk MountAt(string folder, string options)
    {
        if (Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder) is { } error)
            throw new InvalidOperationException(error);
        return new SmallDisk(folder);
    }

    private static string? Probe()
    {
        if (!OperatingSystem.IsLinux())
            return "Small disks are mounted on Linux only.";
        var folder = Directory.CreateTempSubdirectory("lode-disk-").FullName;
        try
        {
            if (Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) is { } error)
                return $"A small disk cannot be mounted here (not root?): {error}";
            Run("umount", folder);
            return null;
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    /// <summary>Runs a program; what it complained of, or null.</summary>
    private static string? Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{program} ended with {process.ExitCode}: {said.Trim()}");
    }
}

/// <summary>A test that needs a <see cref="SmallDisk"/>; reported as skipped, with the reason, where there can be none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.Missing!;
}
