using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lode.Tracking;

/// <summary>What a run's code and machine were, as tags.</summary>
public static class SourceInfo
{
    /// <summary>
    /// Git commit, branch and whether files differ from it (where the folder is a checkout and git is there), operating system,
    /// processor count, runtime, host and command line.
    /// </summary>
    /// <param name="folder">The folder whose code runs.</param>
    /// <param name="command">The command line to record.</param>
    public static IReadOnlyDictionary<string, string> Capture(string folder, string command)
    {
        var tags = new Dictionary<string, string>
        {
            ["mlflow.source.name"] = command,
            ["mlflow.source.type"] = "LOCAL",
            ["lode.env.os"] = RuntimeInformation.OSDescription,
            ["lode.env.arch"] = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
            ["lode.env.cpus"] = Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["lode.env.runtime"] = RuntimeInformation.FrameworkDescription,
            ["lode.env.host"] = Environment.MachineName,
        };
        if (Git(folder, "rev-parse HEAD") is { Length: > 0 } commit)
        {
            tags["mlflow.source.git.commit"] = commit;
            if (Git(folder, "rev-parse --abbrev-ref HEAD") is { Length: > 0 } branch)
                tags["mlflow.source.git.branch"] = branch;
            if (Git(folder, "status --porcelain --untracked-files=no") is { } changes)
                tags["lode.git.dirty"] = changes.Length > 0 ? "true" : "false";
        }
        return tags;
    }

    private static string? Git(string folder, string arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true });
            if (git is null)
                return null;
            git.ErrorDataReceived += (_, _) => { };
            git.BeginErrorReadLine();
            var output = git.StandardOutput.ReadToEnd();
            if (!git.WaitForExit(5000))
            {
                git.Kill();
                return null;
            }
            return git.ExitCode == 0 ? output.Trim() : null;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
        {
            return null;
        }
    }
}
