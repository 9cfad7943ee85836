using Lode.Core;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>Runs a study's trials on this machine: as many at once as there are slots, until there are no more.</summary>
/// <remarks>
/// <b>Leases.</b> Trials are asked for, kept by signs of life, told, or given back. A server that is away is waited for: programs go on, and what they gave is told
/// later. <b>Ends.</b> Told to stop, it ends its programs (SIGTERM, then SIGKILL after the program's grace) and gives their trials back with their checkpoints. Killed,
/// its guard ends them, and the trials are given out again when their leases are over. <b>Folder.</b> The study's program runs in this process's own working folder.
/// </remarks>
/// <param name="stores">The server's.</param>
/// <param name="options">How it works.</param>
/// <param name="time">The clock.</param>
public sealed class SweepAgent(AgentStores stores, AgentOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_answer = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_flush = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_linger = TimeSpan.FromMilliseconds(200);

    // From when on an answer may not come at all.
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(2);

    // Of a journal, on the disk.
    private const int MostKept = 64 << 20;

    // Of a journal, with a tell; more goes before it.
    private const int MostJournal = 256 << 10;

    // Runs whose files are not at the server yet.
    private const int MostWaiting = 64;

    private readonly Patience _patience = new(time, options.Note);
    private readonly List<TrialJob> _jobs = [];
    private TimeSpan _heartbeat = s_heartbeat;
    private string? _said;
    private Task? _away;
    private TimeSpan _wait;
    private int _told;
    private int _untold;

    /// <summary>What the next agent of this process is called: the machine, the process, and Slurm's task where it is one.</summary>
    public static string NewName() => SlurmTaskName() is { } task ? SlurmSweep.AgentPrefix + task
        : FormattableString.Invariant($"{Environment.MachineName}-{Environment.ProcessId}-{RunId.New().ToString()[^6..]}");

    /// <summary>Refuses a command that is not on this machine, before it costs a trial. What placeholders name is not looked for.</summary>
    /// <exception cref="LodeException">NotFound: it is not here. PermissionDenied: it may not be run.</exception>
    public static void CheckCommand(SweepProgram program)
    {
        var file = program.Command[0];
        if (!file.Contains('{', StringComparison.Ordinal) && ProgramPath.Find(file) is null)
            throw ProgramPath.CannotRun(file, isDenied: File.Exists(file), "it may not be run");
    }

    /// <summary>Runs trials until the study gives out no more.</summary>
    /// <param name="study">Which.</param>
    /// <param name="stop">Asks for no more, gives back what runs, and ends.</param>
    /// <param name="hurry">The same at once: programs are killed, and no server is waited for.</param>
    /// <exception cref="LodeException">InvalidArgument: the study has no program, or this machine is too small. NotFound: its command is not here.</exception>
    public async Task<AgentReport> RunAsync(StudyInfo study, CancellationToken stop, CancellationToken hurry)
    {
        var program = SweepSpec.Of(study.Project, study.Name, study.Spec).Program;
        CommandTemplate.Check(program, study.Spec.Space);
        CheckCommand(program);
        // Whoever says how many trials to run at once is taken at their word about processors.
        var request = options.Slots is null ? program.Resources : program.Resources with { Cpus = 0 };
        var pool = new SlotPool(options.Machine);
        if (pool.WhyNever(request) is { } never)
            throw new LodeException(ErrorCode.InvalidArgument, never, "See `resources` in the sweep file; --slots N runs N trials whatever processors they ask for.");
        var scratch = Directory.CreateTempSubdirectory("lode-agent-").FullName;
        using var guard = new ProgramGuard(scratch);
        var tracker = new Tracker(stores.Runs, Path.Combine(scratch, "journals"), time, options.Note, stores.Artifacts, endsBySignal: false, s_linger);
        var work = new AgentWork(options, stores, study, program, tracker, _patience, guard, scratch, time);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(hurry);
        using var onStop = stop.Register(() => giveUp.CancelAfter(TimeSpan.FromSeconds(program.GraceSeconds) + s_farewell));
        using var onHurry = hurry.Register(() => Jobs().ForEach(job => job.Kill()));
        _heartbeat = Beat(study.Spec.LeaseSeconds / 3);
        using var done = new CancellationTokenSource();
        var beating = HeartbeatsAsync(study.Id, done.Token);
        try
        {
            return await WorkAsync(work, pool, request, stop, giveUp.Token).ConfigureAwait(false);
        }
        finally
        {
            // Whatever went wrong: no program outlives its agent.
            var left = Jobs();
            left.ForEach(job => job.Stop("stopped"));
            await Task.WhenAll(left.Select(job => job.Ended)).ConfigureAwait(false);
            await done.CancelAsync().ConfigureAwait(false);
            await beating.ConfigureAwait(false);
            await CloseAsync(tracker, scratch, giveUp.Token).ConfigureAwait(false);
        }
    }

    private async Task<AgentReport> WorkAsync(AgentWork work, SlotPool pool, ResourceRequest request, CancellationToken stop, CancellationToken giveUp)
    {
        var (started, isOver) = (0, false);
        var ended = new List<TrialJob>();
        AskAnswer? answer = null;
        string? key = null;
        Task? pause = null;
        var stopped = Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var gone = Task.Delay(Timeout.Infinite, giveUp).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await work.Untold.TellAsync(stores, _patience, options.Note, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // They stay for the next agent.
        }
        while (true)
        {
            await ReapAsync(pool, ended).ConfigureAwait(false);
            if (_away is { IsCompleted: false })
                await SaveAsync(work, ended).ConfigureAwait(false);
            if (stop.IsCancellationRequested)
            {
                Jobs().ForEach(job => job.Stop("stopped"));
                isOver = true;
            }
            if (giveUp.IsCancellationRequested)
            {
                await SaveAsync(work, ended).ConfigureAwait(false);
                if (ended.Count > 0)
                    options.Note($"{ended.Count} result{(ended.Count == 1 ? " is" : "s are")} kept in {work.Untold.Folder}; the next agent of this sweep tells {(ended.Count == 1 ? "it" : "them")}");
                ended.ForEach(job => Leave(job, told: false));
                ended.Clear();
            }
            isOver |= started >= options.Trials;
            var jobs = Jobs();
            if (isOver && jobs.Count == 0)
                return new AgentReport(answer?.State ?? work.Study.State, answer is { Trials.Count: > 0 } ? null : answer?.Reason, _told, _untold);
            var free = isOver || pause is { IsCompleted: false } ? [] : TakeSlots(pool, request, started);
            if ((ended.Count == 0 && free.Count == 0) || _away is { IsCompleted: false })
            {
                free.ForEach(pool.Release);
                Task?[] others = [pause is { IsCompleted: true } ? null : pause, stop.IsCancellationRequested ? null : stopped, ended.Count > 0 ? gone : null, _away is { IsCompleted: false } ? _away : null];
                await Task.WhenAny([.. jobs.Except(ended).Select(job => job.Ended), .. others.OfType<Task>()]).ConfigureAwait(false);
                continue;
            }
            if (await TurnAsync(work, ended, free.Count, key ??= RunId.New().ToString(), stop, giveUp).ConfigureAwait(false) is not { } turn)
            {
                free.ForEach(pool.Release);
                continue;
            }
            Told(work, ended, turn.Told);
            if (turn.Ask is null)
                continue;
            (answer, key) = (turn.Ask, null);
            for (var i = 0; i < free.Count; i++)
            {
                if (i >= answer.Trials.Count)
                {
                    pool.Release(free[i]);
                    continue;
                }
                var job = new TrialJob(work, answer.Trials[i], free[i], pool.EnvironmentOf(free[i] with { Request = work.Program.Resources }), giveUp);
                lock (_jobs)
                    _jobs.Add(job);
                started++;
            }
            if (answer.Trials.Count == 0)
                (pause, isOver) = Pause(answer);
        }
    }

    /// <summary>Until when nothing is to be asked for; over where the study will never have anything again.</summary>
    private (Task? Until, bool IsOver) Pause(AskAnswer answer)
    {
        if (answer.RetryAfter is not { } seconds)
            return (null, true);
        if (answer.State == StudyState.Paused && _said != answer.Reason)
            options.Note($"waiting: {_said = answer.Reason}");
        return (Task.WhenAny([Task.Delay(TimeSpan.FromSeconds(Math.Clamp(seconds, 0.05, 60)), time), .. Jobs().Select(job => job.Ended).Where(end => !end.IsCompleted)]), false);
    }

    /// <summary>Tells of trials and asks for others, once; null where there was no answer.</summary>
    private async Task<TurnAnswer?> TurnAsync(AgentWork work, List<TrialJob> ended, int count, string key, CancellationToken stop, CancellationToken giveUp)
    {
        var turns = new List<TrialTurn>(ended.Count);
        foreach (var job in ended)
            turns.Add(await TurnOfAsync(work, job, giveUp).ConfigureAwait(false));
        // Programs that end at once must not run ahead of their files.
        if (work.Tracker.Waiting > MostWaiting)
            await FlushAsync(work.Tracker, giveUp).ConfigureAwait(false);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(giveUp);
        // An answer that is on its way when the agent is told to stop is waited for: its trials are to be given back.
        using var onStop = count > 0 ? stop.Register(() => late.CancelAfter(s_answer)) : default;
        try
        {
            var ask = count > 0 ? new AskRequest { Agent = options.Name, Count = count, Key = key, LogsRuns = true } : null;
            var sending = stores.Studies.TurnAsync(work.Study.Id, new TurnRequest { Ended = turns, Ask = ask }, late.Token);
            if (ended.Count > 0 && !sending.IsCompleted && await Task.WhenAny(sending, Task.Delay(s_slow, time, CancellationToken.None)).ConfigureAwait(false) != sending)
                await SaveAsync(work, ended).ConfigureAwait(false);
            var turn = await sending.ConfigureAwait(false);
            _patience.Heard(null);
            (_away, _wait) = (null, TimeSpan.Zero);
            if (turn.Ask is { HeartbeatSeconds: > 0 } answer)
                _heartbeat = Beat(answer.HeartbeatSeconds);
            return turn;
        }
        catch (LodeException error) when (error.Code == ErrorCode.Unavailable)
        {
            _patience.Heard(error);
            _wait = Patience.Next(_wait);
            _away = Task.Delay(_wait, time, giveUp);
            await SaveAsync(work, ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            // Told to stop, or to go.
        }
        return null;
    }

    private static async Task<TrialTurn> TurnOfAsync(AgentWork work, TrialJob job, CancellationToken giveUp)
    {
        var end = await job.Ended.ConfigureAwait(false);
        var journal = end.Run is null ? null : work.Tracker.Rest(end.Run, MostJournal);
        if (journal is null && end.Run is not null)
            await FlushAsync(work.Tracker, giveUp, files: false).ConfigureAwait(false);
        return new TrialTurn { Number = job.Key.Number, Tell = end.Tell!, Journal = journal };
    }

    private void Told(AgentWork work, List<TrialJob> ended, IReadOnlyList<TurnTold> told)
    {
        for (var i = 0; i < ended.Count && i < told.Count; i++)
        {
            var (job, end) = (ended[i], ended[i].Ended.Result);
            if (told[i].Taken is { } taken && end.Run is not null)
                work.Tracker.Took(end.Run, taken);
            if (job.IsSaved && end.Run is not null)
                work.Untold.Remove(end.Run.Id, job.Key.Attempt);
            if (told[i].Error is { } error)
                options.Note($"trial {job.Key.Number}: its result is not taken: {error.Message}");
            Leave(job, told[i].Trial is not null);
            if (told[i].Trial is { } trial)
                options.Ended(new TrialNews(trial, end.Duration));
        }
        ended.Clear();
    }

    // Until a server has heard of them, results outlive this process.
    private async Task SaveAsync(AgentWork work, List<TrialJob> ended)
    {
        foreach (var job in ended.Where(job => !job.IsSaved))
        {
            var end = await job.Ended.ConfigureAwait(false);
            job.IsSaved = true;
            if (end.Run is null)
                continue;
            try
            {
                work.Untold.Save(new TrialTurn { Number = job.Key.Number, Tell = end.Tell!, Journal = work.Tracker.Rest(end.Run, MostKept) }, end.Run);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                options.Note($"trial {job.Key.Number}: its result could not be kept on the disk, and is in memory alone: {error.Message}");
            }
        }
    }

    private void Leave(TrialJob job, bool told)
    {
        lock (_jobs)
            _jobs.Remove(job);
        if (told)
            _told++;
        else
            _untold++;
        job.Dispose();
    }

    private static async Task FlushAsync(Tracker tracker, CancellationToken giveUp, bool files = true)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(giveUp);
            limit.CancelAfter(s_flush);
            await tracker.FlushAsync(limit.Token, files).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or LodeException)
        {
            // What is left follows.
        }
    }

    private static TimeSpan Beat(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, s_heartbeat.TotalSeconds));

    private List<Slot> TakeSlots(SlotPool pool, ResourceRequest request, int started)
    {
        var most = Math.Min(options.Slots - pool.Count ?? 1000, options.Trials - started ?? 1000);
        var free = new List<Slot>();
        while (free.Count < Math.Min(most, 1000) && pool.TryTake(request) is { } slot)
            free.Add(slot);
        return free;
    }

    private async Task ReapAsync(SlotPool pool, List<TrialJob> ended)
    {
        foreach (var job in Jobs().Where(job => job.Ended.IsCompleted && !job.HasNoSlot))
        {
            pool.Release(job.Slot);
            job.HasNoSlot = true;
            var end = await job.Ended.ConfigureAwait(false);
            if (end.Tell is not null)
            {
                ended.Add(job);
                continue;
            }
            Leave(job, end.Known is not null);
            if (end.Known is { } trial)
                options.Ended(new TrialNews(trial, end.Duration));
        }
    }

    private List<TrialJob> Jobs()
    {
        lock (_jobs)
            return [.. _jobs];
    }

    private async Task HeartbeatsAsync(StudyId study, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            await Task.Delay(_heartbeat, time, done).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
            // Also of those whose programs have ended and that could not be told yet.
            var jobs = Jobs().ToDictionary(job => job.Key.Number);
            if (jobs.Count == 0)
                continue;
            try
            {
                var answer = await stores.Studies.HeartbeatAsync(study, new HeartbeatRequest { Trials = [.. jobs.Values.Select(job => job.Key)] }, done).ConfigureAwait(false);
                _patience.Heard(null);
                foreach (var stop in answer.Stop)
                {
                    if (!jobs.TryGetValue(stop.Number, out var job) || job.Ended.IsCompleted)
                        continue;
                    if (stop.Reason == "lost")
                        await job.LostAsync().ConfigureAwait(false);
                    else
                        job.Stop(stop.Reason);
                }
            }
            catch (LodeException error)
            {
                if (error.Code == ErrorCode.Unavailable)
                    _patience.Heard(error);
                else if (error.Code == ErrorCode.NotFound)
                    jobs.Values.ToList().ForEach(job => job.Stop("lost"));
            }
            catch (OperationCanceledException)
            {
                // All trials have ended.
            }
        }
    }

    private async Task CloseAsync(Tracker tracker, string scratch, CancellationToken giveUp)
    {
        var journals = Path.Combine(scratch, "journals");
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(giveUp);
            limit.CancelAfter(TimeSpan.FromSeconds(10));
            await tracker.FlushAsync(limit.Token).ConfigureAwait(false);
            await tracker.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or LodeException)
        {
            if (options.Undelivered is { } place && Directory.Exists(journals))
            {
                Directory.CreateDirectory(place);
                foreach (var file in Directory.EnumerateFiles(journals, "*.jsonl"))
                    File.Move(file, Path.Combine(place, Path.GetFileName(file)));
                options.Note($"what could not be delivered is in {place}; the next lode command sends it");
            }
        }
        try
        {
            Directory.Delete(scratch, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            options.Note($"'{scratch}' could not be removed: {error.Message}");
        }
    }

    private static string? SlurmTaskName() => Environment.GetEnvironmentVariable("SLURM_ARRAY_JOB_ID") is { Length: > 0 } job && Environment.GetEnvironmentVariable("SLURM_ARRAY_TASK_ID") is { Length: > 0 } task ? $"{job}_{task}" : null;
}
