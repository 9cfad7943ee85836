using System.Diagnostics;

namespace Lode.TestKit.Faults;

/// <summary>Runs programs as a user for whom permissions count: as they are, or as nobody where the tests run as root, who may do anything.</summary>
public static class Unprivileged
{
    private static bool IsRoot => Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows();

    /// <summary>What goes before a command.</summary>
    public static IReadOnlyList<string> Prefix => IsRoot ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all", "env", "HOME=/tmp"] : [];

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing { get; } = Probe();

    /// <summary>Sets a mode on a folder or file that counts for that user, who may pass through the folder above.</summary>
    public static void Lock(string above, string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();
        File.SetUnixFileMode(above, File.GetUnixFileMode(above) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        // The owner's rights are everybody's, as the child may be another user.
        var bits = (int)mode & 0b111_000_000;
        File.SetUnixFileMode(path, mode | (UnixFileMode)(bits >> 3) | (UnixFileMode)(bits >> 6));
    }

    private static string? Probe()
    {
        if (OperatingSystem.IsWindows())
            return "Windows has no mode bits.";
        if (!IsRoot)
            return null;
        try
        {
            using var process = Process.Start(new ProcessStartInfo(Prefix[0], [.. Prefix.Skip(1), "dotnet", "--list-runtimes"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"nobody cannot run dotnet here: {said.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return $"The tests run as root, for whom permissions do not count, and setpriv is missing: {error.Message}";
        }
    }
}

/// <summary>A test of permissions; reported as skipped, with the reason, where none can be checked.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UnprivilegedFactAttribute : FactAttribute
{
    public UnprivilegedFactAttribute() => Skip = Unprivileged.Missing!;
}
