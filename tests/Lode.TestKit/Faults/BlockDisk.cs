using System.Diagnostics;

namespace Lode.TestKit.Faults;

/// <summary>
/// A disk with ext4 on a loop device, mounted for a test: one that turns read-only under the files that are open on it, as disks do
/// when they fail. (One in memory cannot: it is not remounted while a file is open for writing.)
/// </summary>
public sealed class BlockDisk : IDisposable
{
    private readonly string _image;

    private BlockDisk(string folder, string image) => (Path, _image) = (folder, image);

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing { get; } = Probe();

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Mounts an empty one of 64 MiB, in a folder of its own.</summary>
    public static BlockDisk Mount()
    {
        var folder = Directory.CreateTempSubdirectory("lode-disk-").FullName;
        var image = folder + ".image";
        using (var file = new FileStream(image, FileMode.CreateNew))
            file.SetLength(64 << 20);
        var disk = new BlockDisk(folder, image);
        try
        {
            Run("mkfs.ext4", "-q", "-F", image);
            Run("mount", "-o", "loop", image, folder);
            return disk;
        }
        catch
        {
            File.Delete(image);
            Directory.Delete(folder);
            throw;
        }
    }

    /// <summary>What ext4 does when the disk below it fails: from now on every write is refused, through open files too.</summary>
    public void TurnReadOnly() => Run("mount", "-o", "remount,abort", Path);

    /// <summary>Takes it off and puts it on again, mended; nobody may have a file open on it.</summary>
    public void Remount()
    {
        Run("umount", Path);
        Run("mount", "-o", "loop", _image, Path);
    }

    /// <summary>Refuses writes to some files, through open ones too, until <see cref="Unlock"/>.</summary>
    public static void Lock(params string[] files) => Run("chattr", ["+i", .. files]);

    /// <summary>Takes writes again.</summary>
    public static void Unlock(params string[] files) => Run("chattr", ["-i", .. files]);

    public void Dispose()
    {
        Run("umount", "-l", Path);
        Directory.Delete(Path);
        File.Delete(_image);
    }

    private static string? Probe()
    {
        if (!OperatingSystem.IsLinux())
            return "Loop devices are mounted on Linux only.";
        try
        {
            using var disk = Mount();
            File.WriteAllText(disk["file"], "");
            Lock(disk["file"]);
            Unlock(disk["file"]);
            return null;
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception or UnauthorizedAccessException)
        {
            return $"A disk cannot be mounted from a file here (not root, or no loop devices?): {error.Message}";
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {said.Trim()}");
    }
}

/// <summary>A test that needs a <see cref="BlockDisk"/>; reported as skipped, with the reason, where there can be none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BlockDiskFactAttribute : FactAttribute
{
    public BlockDiskFactAttribute() => Skip = BlockDisk.Missing!;
}
