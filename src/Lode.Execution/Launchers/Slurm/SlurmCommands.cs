using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Lode.Core;

namespace Lode.Execution;

/// <summary>Slurm's own programs, which every cluster has, where its REST daemon is rare.</summary>
internal static class SlurmCommands
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly string[] s_away = ["Unable to contact", "Connection refused", "timed out", "Connection reset", "Communication connection failure", "Zero Bytes were transmitted", "Transport endpoint", "temporarily unable", "Connection failure"];

    /// <summary>The tasks of a mark that Slurm still knows, ended ones for some minutes (MinJobAge), by job and place.</summary>
    public static async Task<IReadOnlyList<SlurmTask>> QueueAsync(string key, CancellationToken ct)
    {
        var text = await RunAsync("squeue", ["--noheader", "--array", "--states=all", "--format=%F|%K|%T|%r|%N|%k"], null, ct).ConfigureAwait(false);
        var tasks = new List<SlurmTask>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // The comment comes last, since it alone may hold a bar.
            if (line.Split('|', 6) is not [var job, var task, var state, var reason, var node, var comment] || comment.Trim() != key || !long.TryParse(job, CultureInfo.InvariantCulture, out var number))
                continue;
            tasks.Add(new SlurmTask(number, int.TryParse(task, CultureInfo.InvariantCulture, out var place) ? place : 0, state, reason, node == "n/a" ? "" : node));
        }
        return [.. tasks.OrderBy(task => task.Job).ThenBy(task => task.Task)];
    }

    /// <summary>Submits an array; its job number.</summary>
    public static async Task<long> SubmitAsync(IEnumerable<string> arguments, string script, IReadOnlyDictionary<string, string> secrets, CancellationToken ct)
    {
        var answer = await RunAsync("sbatch", [.. arguments], script, ct, secrets).ConfigureAwait(false);
        // NUMBER, or NUMBER;CLUSTER.
        return long.TryParse(answer.Trim().Split(';')[0], CultureInfo.InvariantCulture, out var job) ? job : throw new LodeException(ErrorCode.Internal, $"sbatch answered '{answer.Trim()}', which is no job number.");
    }

    /// <summary>Ends tasks; those that have ended meanwhile are none to complain of.</summary>
    public static async Task CancelAsync(IReadOnlyList<SlurmTask> tasks, CancellationToken ct)
    {
        // In bounded pieces, since a command line is.
        foreach (var some in tasks.Chunk(500))
            await RunAsync("scancel", ["--quiet", .. some.Select(task => task.Id)], null, ct).ConfigureAwait(false);
    }

    /// <summary>A task's exit code, of the controller or of the accounting where there is one; null where nobody knows any more.</summary>
    public static async Task<int?> ExitCodeAsync(SlurmTask task, CancellationToken ct)
    {
        foreach (var (file, arguments) in new[] { ("scontrol", new[] { "--oneliner", "show", "job", task.Id }), ("sacct", ["--noheader", "--parsable2", "--allocations", "--format=ExitCode", "--jobs", task.Id]) })
        {
            string text;
            try
            {
                text = await RunAsync(file, arguments, null, ct).ConfigureAwait(false);
            }
            catch (LodeException error) when (error.Code != ErrorCode.Unavailable)
            {
                // It has forgotten the job, or there is no accounting.
                continue;
            }
            var at = text.IndexOf("ExitCode=", StringComparison.Ordinal);
            var pair = (at >= 0 ? text[(at + "ExitCode=".Length)..] : text).Split([' ', '\n', '|'], 2)[0].Split(':');
            if (pair.Length == 2 && int.TryParse(pair[0], CultureInfo.InvariantCulture, out var code) && int.TryParse(pair[1], CultureInfo.InvariantCulture, out var signal))
                return signal > 0 ? 128 + signal : code;
        }
        return null;
    }

    private static async Task<string> RunAsync(string file, string[] arguments, string? input, CancellationToken ct, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(s_patience);
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new LodeException(ErrorCode.NotFound, $"Slurm's {file} cannot be run here: {error.Message}", "The Slurm launcher submits from the machine that serves the sweep: it needs Slurm's programs on its PATH, and a cluster behind them.", error);
        }
        using (process)
        {
            try
            {
                if (input is not null)
                    await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token).ConfigureAwait(false);
                process.StandardInput.Close();
                var said = process.StandardError.ReadToEndAsync(limit.Token);
                var output = await process.StandardOutput.ReadToEndAsync(limit.Token).ConfigureAwait(false);
                var complaint = (await said.ConfigureAwait(false)).Trim();
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
                if (process.ExitCode == 0)
                    return output;
                throw Array.Exists(s_away, sign => complaint.Contains(sign, StringComparison.OrdinalIgnoreCase))
                    ? new LodeException(ErrorCode.Unavailable, $"Slurm's controller is away: {Line(complaint)}", "What it runs goes on; Lode asks again.")
                    : new LodeException(ErrorCode.InvalidArgument, $"Slurm's {file} refused: {Line(complaint)}");
            }
            catch (IOException error)
            {
                throw new LodeException(ErrorCode.Unavailable, $"Slurm's {file} ended early: {error.Message}", cause: error);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                throw new LodeException(ErrorCode.Unavailable, $"Slurm's {file} did not answer within {s_patience.TotalSeconds:0} seconds.");
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill();
            }
        }
    }

    private static string Line(string text) => text.Length == 0 ? "it said nothing" : text.Split('\n')[0].Replace("sbatch: error: ", "", StringComparison.Ordinal).Replace("slurm_load_jobs error: ", "", StringComparison.Ordinal);
}
