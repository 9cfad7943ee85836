using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Lode.Core;

namespace Lode.Execution;

/// <summary>Keeps tasks in Slurm: submits arrays, finds them again, ends them, says how they ended.</summary>
/// <remarks>
/// <b>State.</b> There is none here: Slurm knows the tasks by the mark in their comment, so a restart of Lode or of slurmctld changes nothing. <b>Several callers.</b>
/// Two that keep the same mark at once submit too many at worst, and the surplus is cancelled by whoever looks next, the youngest first. <b>Errors.</b> Unavailable
/// while the controller is away: ask again later. NotFound where there is no Slurm. InvalidArgument where Slurm refuses.
/// </remarks>
public static partial class SlurmLauncher
{
    // Slurm's default MaxArraySize is 1001.
    private const int MostTasks = 1000;
    private const int LogTail = 16 << 10;

    /// <summary>The tasks of a mark that Slurm still knows; ended ones for some minutes.</summary>
    public static Task<IReadOnlyList<SlurmTask>> ReadAsync(string key, CancellationToken ct) => SlurmCommands.QueueAsync(Checked(key), ct);

    /// <summary>Brings the tasks that wait or run to a number: submits what is missing, cancels surplus ones that wait. Running ones are left alone.</summary>
    /// <param name="request">What they run.</param>
    /// <param name="options">How.</param>
    /// <param name="wanted">How many there should be. Range: ≥ 0.</param>
    /// <param name="ct">Stops waiting for Slurm.</param>
    /// <returns>The tasks that wait or run now.</returns>
    public static async Task<IReadOnlyList<SlurmTask>> KeepAsync(SlurmRequest request, SlurmOptions options, int wanted, CancellationToken ct)
    {
        var alive = await AliveAsync(request.Key, ct).ConfigureAwait(false);
        var missing = Math.Min(wanted - alive.Count, MostTasks);
        if (missing > 0)
        {
            Directory.CreateDirectory(request.Logs);
            await SlurmCommands.SubmitAsync(Arguments(request, options, missing), Script(request, options), request.Secrets, ct).ConfigureAwait(false);
        }
        else if (missing < 0)
        {
            await SlurmCommands.CancelAsync([.. alive.Where(task => task.IsWaiting).Reverse().Take(-missing)], ct).ConfigureAwait(false);
        }
        return missing == 0 ? alive : await AliveAsync(request.Key, ct).ConfigureAwait(false);
    }

    /// <summary>Ends all tasks of a mark: waiting ones never start, running ones are told (SIGTERM, and SIGKILL after Slurm's KillWait).</summary>
    public static async Task CancelAsync(string key, CancellationToken ct)
    {
        var alive = await AliveAsync(key, ct).ConfigureAwait(false);
        await SlurmCommands.CancelAsync(alive, ct).ConfigureAwait(false);
    }

    /// <summary>How a task ended, and the end of what it printed.</summary>
    /// <param name="task">One that has ended.</param>
    /// <param name="logs">The folder of its <see cref="SlurmRequest"/>.</param>
    /// <param name="ct">Stops waiting for Slurm.</param>
    public static async Task<SlurmEnd> EndAsync(SlurmTask task, string logs, CancellationToken ct) =>
        new(task, await SlurmCommands.ExitCodeAsync(task, ct).ConfigureAwait(false), Tail(Path.Combine(logs, $"{task.Id}.log")));

    /// <summary>What sbatch is called with.</summary>
    internal static IReadOnlyList<string> Arguments(SlurmRequest request, SlurmOptions options, int count)
    {
        options.Check();
        var arguments = new List<string>
        {
            "--parsable",
            $"--job-name={request.Name}",
            $"--comment={Checked(request.Key)}",
            string.Create(CultureInfo.InvariantCulture, $"--array=0-{count - 1}"),
            "--nodes=1",
            "--ntasks=1",
            string.Create(CultureInfo.InvariantCulture, $"--cpus-per-task={Math.Max(1, Math.Ceiling(request.Resources.Cpus)):0}"),
            $"--chdir={request.Folder}",
            $"--output={Path.Combine(request.Logs, "%A_%a.log")}",
            // A task that is preempted or loses its node runs again, and goes on in the same file.
            "--requeue",
            "--export=ALL",
            "--open-mode=append",
            // To the batch process alone: that is the program itself, see Script.
            string.Create(CultureInfo.InvariantCulture, $"--signal=B:TERM@{options.SignalSeconds}"),
        };
        if (request.Resources.MemoryBytes > 0)
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"--mem={(request.Resources.MemoryBytes + (1 << 20) - 1) >> 20}M"));
        if (request.Resources.Gpus > 0)
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"--gres=gpu:{Math.Ceiling(request.Resources.Gpus):0}"));
        if (options.TimeMinutes is { } minutes)
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"--time={minutes}"));
        foreach (var (name, value) in new[] { ("partition", options.Partition), ("account", options.Account), ("qos", options.Qos), ("constraint", options.Constraint) })
            if (value is not null)
                arguments.Add($"--{name}={value}");
        return [.. arguments, .. options.Sbatch];
    }

    /// <summary>The batch script: it becomes the program, so that signals reach it and its exit code is the task's.</summary>
    internal static string Script(SlurmRequest request, SlurmOptions options)
    {
        var script = new StringBuilder("#!/bin/sh\n");
        foreach (var (name, value) in request.Environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            script.Append("export ").Append(name).Append('=').Append(Quoted(value)).Append('\n');
        foreach (var line in options.Setup)
            script.Append(line).Append('\n');
        return script.Append("exec ").AppendJoin(' ', request.Command.Select(Quoted)).Append('\n').ToString();
    }

    private static async Task<IReadOnlyList<SlurmTask>> AliveAsync(string key, CancellationToken ct) => [.. (await ReadAsync(key, ct).ConfigureAwait(false)).Where(task => !task.IsEnded)];

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Checked(string key) => Keys().IsMatch(key) ? key : throw new LodeException(ErrorCode.InvalidArgument, $"'{key}' cannot mark a Slurm job: it has letters, digits and _ . : / @ - only.");

    private static string Tail(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            file.Seek(-Math.Min(LogTail, file.Length), SeekOrigin.End);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [GeneratedRegex("^[A-Za-z0-9_.:/@-]{1,200}$")]
    private static partial Regex Keys();
}
