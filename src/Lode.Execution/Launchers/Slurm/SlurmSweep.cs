using System.Globalization;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>What agents that Slurm starts need to know of the server.</summary>
/// <param name="Server">The address at which nodes reach it.</param>
/// <param name="Token">The token that it wants; null where it wants none.</param>
/// <param name="Lode">The <c>lode</c> program, as words.</param>
public sealed record SlurmHost(string Server, string? Token, IReadOnlyList<string> Lode);

/// <summary>How a sweep stands in Slurm.</summary>
/// <param name="Waiting">Tasks that wait for their turn.</param>
/// <param name="Running">Tasks that run.</param>
/// <param name="Reason">Why the first of those that wait does, in Slurm's word; null where none waits.</param>
public sealed record SlurmStanding(int Waiting, int Running, string? Reason);

/// <summary>Keeps a sweep's agents in Slurm: as many tasks as there are trials to run at once, each an agent that asks the server for trials.</summary>
/// <remarks>
/// Everything is read anew each time, from the study and from Slurm, so that any server of several may do it, and a restart of any part changes nothing. A trial whose
/// task is gone waits again at once instead of when its lease is over. Several servers at it at once submit too much at worst; surplus tasks that wait are cancelled
/// at the next look, and an agent that finds nothing to do ends.
/// </remarks>
/// <param name="studies">Where the study is.</param>
/// <param name="host">What agents need to know.</param>
/// <param name="keepEnd">Told how a task ended that had a trial, and that trial's run; may be null.</param>
public sealed class SlurmSweep(IStudies studies, SlurmHost host, Func<RunId, SlurmEnd, CancellationToken, Task>? keepEnd = null)
{
    /// <summary>What an agent is called that runs as a task: this and the task's name.</summary>
    public const string AgentPrefix = "slurm-";

    /// <summary>Whether a study's agents are Slurm's to start.</summary>
    public static bool Wants(StudySpec spec) =>
        spec.Program is { ValueKind: System.Text.Json.JsonValueKind.Object } program && program.TryGetProperty("launcher", out var launcher) && launcher.GetString() == "slurm";

    /// <summary>Brings Slurm to what the study needs now.</summary>
    /// <param name="study">As it stands, with counts.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <exception cref="LodeException">Unavailable: the controller is away; look again later. Others: what Slurm refuses.</exception>
    public async Task<SlurmStanding> KeepAsync(StudyInfo study, CancellationToken ct)
    {
        var program = SweepProgram.FromJson(study.Spec.Program!.Value);
        var options = SlurmOptions.Of(program.LauncherOptions);
        var request = RequestOf(study, program, options);
        var tasks = await SlurmLauncher.ReadAsync(request.Key, ct).ConfigureAwait(false);
        await GiveBackAsync(study, tasks, request.Logs, ct).ConfigureAwait(false);
        if (study.State == StudyState.Running && await WhyHopelessAsync(study, tasks, request.Logs, ct).ConfigureAwait(false) is { } reason)
        {
            study = await studies.UpdateAsync(study.Id, new StudyPatch { State = StudyState.Stopped, Reason = reason }, ct).ConfigureAwait(false);
        }
        var wanted = study.State switch
        {
            StudyState.Running => Wanted(study, options, SlotsOf(program)),
            // Running ones end by themselves where the server has nothing for them.
            _ => tasks.Count(task => task.IsRunning),
        };
        var alive = await SlurmLauncher.KeepAsync(request, options, wanted, ct).ConfigureAwait(false);
        return new SlurmStanding(alive.Count(task => task.IsWaiting), alive.Count(task => task.IsRunning), alive.FirstOrDefault(task => task.IsWaiting)?.Reason);
    }

    /// <summary>The mark of a study's tasks in Slurm.</summary>
    /// <param name="study">Ids of several stores may be equal; when it was made tells them apart.</param>
    public static string KeyOf(StudyInfo study) => string.Create(CultureInfo.InvariantCulture, $"lode:{study.Id}:{study.CreatedAt}");

    // A fraction of a GPU takes a whole one from Slurm, so the task runs as many trials at once as share it.
    private static int SlotsOf(SweepProgram program) => program.Resources.Gpus is > 0 and < 1 ? (int)Math.Floor((1 / program.Resources.Gpus) + 1e-9) : 1;

    internal static int Wanted(StudyInfo study, SlurmOptions options, int slots)
    {
        var counts = study.Counts;
        long open = counts.Waiting + counts.Running;
        open = study.Spec.Budget.Trials is { } trials ? open + Math.Max(0, trials - open - counts.Finished) : int.MaxValue;
        var tasks = options.TrialsPerTask > 0 ? (open + options.TrialsPerTask - 1) / options.TrialsPerTask : open;
        return (int)Math.Min((tasks + slots - 1) / slots, study.Spec.Budget.Parallel is { } parallel ? (parallel + slots - 1) / slots : options.Tasks);
    }

    internal SlurmRequest RequestOf(StudyInfo study, SweepProgram program, SlurmOptions options)
    {
        var folder = program.Folder ?? Environment.CurrentDirectory;
        var lode = options.Lode is { } own ? CommandWords.Split(own) : host.Lode;
        var slots = SlotsOf(program);
        var command = new List<string>([.. lode, "agent", study.Id.ToString(), "--slots", slots.ToString(CultureInfo.InvariantCulture)]);
        foreach (var server in (options.Server ?? host.Server).Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))
            command.AddRange(["--server", server]);
        if (options.TrialsPerTask > 0)
            command.AddRange(["--trials", options.TrialsPerTask.ToString(CultureInfo.InvariantCulture)]);
        return new SlurmRequest
        {
            Key = KeyOf(study),
            Name = $"lode-{study.Name}",
            Command = command,
            Secrets = host.Token is { } token ? new Dictionary<string, string> { [LodeHttp.TokenVariable] = token } : new Dictionary<string, string>(),
            Resources = program.Resources with { Cpus = slots * program.Resources.Cpus, MemoryBytes = slots * program.Resources.MemoryBytes },
            Folder = folder,
            Logs = options.Logs is { } logs ? Path.GetFullPath(logs, folder) : Path.Combine(folder, "slurm"),
        };
    }

    // Trials of tasks that run no more: Slurm says so long before a lease is over.
    private async Task GiveBackAsync(StudyInfo study, IReadOnlyList<SlurmTask> tasks, string logs, CancellationToken ct)
    {
        if (study.Counts.Running == 0)
            return;
        var page = await studies.GetTrialsAsync(study.Id, new TrialQuery { State = TrialState.Running }, ct).ConfigureAwait(false);
        foreach (var trial in page.Trials)
        {
            if (trial.Agent?.StartsWith(AgentPrefix, StringComparison.Ordinal) != true || tasks.FirstOrDefault(task => trial.Agent == AgentPrefix + task.Id) is not { IsRunning: false } task)
                continue;
            SlurmEnd? end = null;
            if (task.IsEnded)
            {
                // An agent that died of itself is no matter of the machine's: the lease counts that, so that it does not go on for ever.
                if (task.State is "COMPLETED" or "FAILED" or "DEADLINE")
                    continue;
                end = await SlurmLauncher.EndAsync(task, logs, ct).ConfigureAwait(false);
                if (keepEnd is not null && trial.Run is { } run)
                    await keepEnd(run, end, ct).ConfigureAwait(false);
            }
            try
            {
                // Where it used up its memory it would do so again: that is a failure, and what retries there are count.
                if (end?.Task.State == "OUT_OF_MEMORY")
                    await studies.TellAsync(study.Id, trial.Number, new TellRequest { Attempt = trial.Attempt, State = TrialState.Failed, Failure = $"Slurm ended it on {task.Node}: out of memory." }, ct).ConfigureAwait(false);
                else
                    await studies.ReleaseAsync(study.Id, trial.Number, new LeaseRequest { Attempt = trial.Attempt }, ct).ConfigureAwait(false);
            }
            catch (LodeException error) when (error.Code is ErrorCode.Conflict or ErrorCode.NotFound)
            {
                // The agent's own farewell was quicker.
            }
        }
    }

    // Agents that die before they have done anything would be started for ever.
    private static async Task<string?> WhyHopelessAsync(StudyInfo study, IReadOnlyList<SlurmTask> tasks, string logs, CancellationToken ct)
    {
        var failed = tasks.Where(task => task.State is "FAILED" or "BOOT_FAIL" or "OUT_OF_MEMORY").ToList();
        if (study.Counts.Finished > 0 || failed.Count < study.Spec.FirstFailures || tasks.Any(task => task.State is "RUNNING" or "COMPLETED" or "COMPLETING"))
            return null;
        var end = await SlurmLauncher.EndAsync(failed[^1], logs, ct).ConfigureAwait(false);
        var said = end.Log.Trim().Split('\n')[^1];
        return $"The first {failed.Count} Slurm tasks ended before they did anything; the last ({end.Task.Id} on {end.Task.Node}): {end.Task.State}{(end.ExitCode is { } code ? $", exit code {code.ToString(CultureInfo.InvariantCulture)}" : "")}{(said.Length > 0 ? $", '{said}'" : "")}.";
    }
}
