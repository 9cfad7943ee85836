using System.Collections.Concurrent;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Server.Studies;

/// <summary>The studies of a store, served by this process. It orders; <see cref="LiveStudy"/> knows, the store remembers, samplers think.</summary>
public sealed class StudyHost : IStudies, IAsyncDisposable
{
    private const int MaxCount = 1000;

    private static readonly TimeSpan s_watch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_forget = TimeSpan.FromMinutes(10);

    private readonly IStudyStore _store;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<StudyId, Task<LiveStudy>> _studies = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private long _watchedAt;

    /// <param name="store">Where studies are kept.</param>
    /// <param name="time">The clock that leases are watched by.</param>
    /// <param name="watches">Whether leases are watched in the background; false where a test calls <see cref="WatchAsync"/>.</param>
    public StudyHost(IStudyStore store, TimeProvider time, bool watches = true)
    {
        (_store, _time, _watchedAt) = (store, time, time.GetTimestamp());
        _watching = watches ? Task.Run(LoopAsync) : Task.CompletedTask;
    }

    /// <summary>Stops watching.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <inheritdoc/>
    public async Task<StudyInfo> CreateAsync(NewStudy study, CancellationToken ct) => (await LiveAsync((await _store.CreateAsync(study, ct).ConfigureAwait(false)).Id, ct).ConfigureAwait(false)).Info;

    /// <inheritdoc/>
    public Task<IReadOnlyList<StudyInfo>> ListAsync(ProjectId? project, CancellationToken ct) => _store.ListAsync(project, ct);

    /// <inheritdoc/>
    public async Task<StudyInfo> GetAsync(StudyId id, CancellationToken ct) => (await FreshAsync(id, ct).ConfigureAwait(false)).Info;

    /// <inheritdoc/>
    public async Task<TrialPage> GetTrialsAsync(StudyId id, TrialQuery query, CancellationToken ct) => (await FreshAsync(id, ct).ConfigureAwait(false)).List(query);

    /// <inheritdoc/>
    public async Task<TrialInfo> GetTrialAsync(StudyId id, int number, CancellationToken ct) => (await FreshAsync(id, ct).ConfigureAwait(false)).Get(number);

    /// <inheritdoc/>
    public async Task<StudyInfo> UpdateAsync(StudyId id, StudyPatch patch, CancellationToken ct)
    {
        if (patch.State is StudyState.Finished)
            throw new LodeException(ErrorCode.InvalidArgument, "A study finishes by itself; it can be told to be running, paused or stopped.");
        var live = await FreshAsync(id, ct).ConfigureAwait(false);
        var info = live.Info;
        var revives = (patch.RetryFailed || patch.Budget is not null) && info.State == StudyState.Finished;
        if (info.State == StudyState.Finished && patch.State is not null && !revives)
            throw new LodeException(ErrorCode.Conflict, $"The study '{info.Name}' is finished: {info.Reason}", "Give it more: lode sweep extend STUDY --trials N");
        await live.ChangeAsync(new StudyChange
        {
            State = patch.State ?? (revives ? StudyState.Running : null),
            Reason = patch.Reason ?? (patch.State is StudyState.Paused or StudyState.Stopped ? $"Somebody {patch.State.ToString()!.ToLowerInvariant()} it." : null),
            Spec = patch.Budget is { } budget ? info.Spec with { Budget = budget } : null,
            RetryFailed = patch.RetryFailed,
        }).ConfigureAwait(false);
        await live.EndWhereDoneAsync().ConfigureAwait(false);
        return live.Info;
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(StudyId id, CancellationToken ct)
    {
        await _store.DeleteAsync(id, ct).ConfigureAwait(false);
        _studies.TryRemove(id, out _);
    }

    /// <inheritdoc/>
    public async Task<TrialInfo> EnqueueAsync(StudyId id, EnqueueRequest request, CancellationToken ct) => await (await LiveAsync(id, ct).ConfigureAwait(false)).EnqueueAsync(request).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<AskAnswer> AskAsync(StudyId id, AskRequest request, CancellationToken ct)
    {
        if (request.Count is < 1 or > MaxCount)
            throw new LodeException(ErrorCode.InvalidArgument, $"count is 1 to {MaxCount}; got {request.Count}.");
        if (request.Agent.Length is 0 or > 200 || request.Key?.Length > 200)
            throw new LodeException(ErrorCode.InvalidArgument, "agent has 1 to 200 characters, and key at most as many.");
        return await (await LiveAsync(id, ct).ConfigureAwait(false)).AskAsync(request).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<TrialInfo> TellAsync(StudyId id, int number, TellRequest request, CancellationToken ct)
    {
        var (live, result) = await TellAsync(id, number, request, null, ct).ConfigureAwait(false);
        var told = Held(live, number, request.Attempt, result);
        await live.EndWhereDoneAsync().ConfigureAwait(false);
        return told with { Reports = [] };
    }

    /// <inheritdoc/>
    public async Task<TurnAnswer> TurnAsync(StudyId id, TurnRequest request, CancellationToken ct)
    {
        if (request.Ended.Count > MaxCount)
            throw new LodeException(ErrorCode.InvalidArgument, $"At most {MaxCount} trials are told in one turn; got {request.Ended.Count}.");
        foreach (var ended in request.Ended)
        {
            if (ended.Journal is { } part)
                JournalSegment.Check(part.Segment);
        }
        // All begin before one is waited for, so they are stored together.
        var told = await Task.WhenAll(request.Ended.Select(ended => TellAsync(id, ended, ct))).ConfigureAwait(false);
        if (told.Length > 0)
            await (await LiveAsync(id, ct).ConfigureAwait(false)).EndWhereDoneAsync().ConfigureAwait(false);
        return new TurnAnswer { Told = told, Ask = request.Ask is { } ask ? await AskAsync(id, ask, ct).ConfigureAwait(false) : null };
    }

    private async Task<TurnTold> TellAsync(StudyId id, TrialTurn ended, CancellationToken ct)
    {
        long? taken = null;
        try
        {
            var (live, result) = await TellAsync(id, ended.Number, ended.Tell, ended.Journal, ct).ConfigureAwait(false);
            taken = result.Taken;
            return new TurnTold { Trial = Held(live, ended.Number, ended.Tell.Attempt, result) with { Reports = [] }, Taken = taken };
        }
        catch (LodeException error) when (error.Code is ErrorCode.Conflict or ErrorCode.NotFound or ErrorCode.InvalidArgument)
        {
            return new TurnTold { Error = ErrorDetail.Of(error), Taken = taken };
        }
    }

    private async Task<(LiveStudy Live, StepResult Result)> TellAsync(StudyId id, int number, TellRequest request, JournalPart? journal, CancellationToken ct)
    {
        var live = await LiveAsync(id, ct).ConfigureAwait(false);
        var spec = live.Info.Spec;
        if (request.State is not (TrialState.Complete or TrialState.Pruned or TrialState.Failed))
            throw new LodeException(ErrorCode.InvalidArgument, $"A trial is told to be complete, pruned or failed; got '{request.State.ToString().ToLowerInvariant()}'.");
        if (request.State == TrialState.Complete && request.Values.Length != spec.Goals.Count)
            throw new LodeException(ErrorCode.InvalidArgument, $"Trial {number} needs {spec.Goals.Count} value{(spec.Goals.Count == 1 ? "" : "s")}, one a goal; got {request.Values.Length}.");
        var (state, failure) = (request.State, request.Failure);
        for (var i = 0; i < request.Values.Length && state == TrialState.Complete; i++)
        {
            if (double.IsNaN(request.Values[i]))
                (state, failure) = (TrialState.Failed, $"'{spec.Goals[i].Metric}' is not a number (NaN).");
        }
        if (state == TrialState.Failed)
            failure ??= "It failed, and nobody said why.";
        var result = await live.StepAsync(new TellTrial(number, request.Attempt, state, state == TrialState.Pruned ? [] : request.Values, request.Constraints, state == TrialState.Failed ? failure : null, spec.Retries, journal)).ConfigureAwait(false);
        return (live, result);
    }

    /// <inheritdoc/>
    public async Task<ReportAnswer> ReportAsync(StudyId id, int number, ReportRequest request, CancellationToken ct)
    {
        var live = await LiveAsync(id, ct).ConfigureAwait(false);
        var goals = live.Info.Spec.Goals;
        if (request.Step < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"Steps count from 0; got {request.Step}.");
        if (request.Values.IsDefault || request.Values.Length != goals.Count)
            throw new LodeException(ErrorCode.InvalidArgument, $"A report has {goals.Count} value{(goals.Count == 1 ? "" : "s")}, one a goal; got {(request.Values.IsDefault ? 0 : request.Values.Length)}.");
        Held(live, number, request.Attempt, await live.StepAsync(new ReportTrial(number, request.Attempt, new Report(request.Step, request.Values))).ConfigureAwait(false));
        var reason = live.WhyStop(number, request.Attempt) ?? (live.Prunes(number) ? "pruned" : null);
        return new ReportAnswer(reason is not null, reason);
    }

    /// <inheritdoc/>
    public async Task<HeartbeatAnswer> HeartbeatAsync(StudyId id, HeartbeatRequest request, CancellationToken ct)
    {
        if (request.Trials.Count > MaxCount)
            throw new LodeException(ErrorCode.InvalidArgument, $"At most {MaxCount} trials give a sign of life at once; got {request.Trials.Count}.");
        var live = await LiveAsync(id, ct).ConfigureAwait(false);
        var results = await Task.WhenAll(request.Trials.Select(trial => live.StepAsync(new BeatTrial(trial.Number, trial.Attempt)))).ConfigureAwait(false);
        var stop = new List<TrialStop>();
        for (var i = 0; i < results.Length; i++)
        {
            var (number, attempt) = request.Trials[i];
            // One that is over nobody's lease any more waits for whoever comes first: perhaps for its own agent's tell.
            if (results[i].Answer != StepAnswer.Done && !(results[i].Trial is { State: TrialState.Waiting } waiting && waiting.Attempt == attempt && live.Info.State != StudyState.Stopped))
                stop.Add(new TrialStop(number, "lost"));
            else if (live.WhyStop(number, attempt) is { } reason && results[i].Answer == StepAnswer.Done)
                stop.Add(new TrialStop(number, reason));
        }
        return new HeartbeatAnswer(stop, live.Info.State);
    }

    /// <inheritdoc/>
    public async Task CheckpointAsync(StudyId id, int number, CheckpointRequest request, CancellationToken ct)
    {
        var path = ArtifactPath.Parse(request.Path);
        if (path.Length == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "A checkpoint's path is a folder of the run's artifacts; got none.");
        var live = await LiveAsync(id, ct).ConfigureAwait(false);
        Held(live, number, request.Attempt, await live.StepAsync(new CheckpointTrial(number, request.Attempt, path, request.Step)).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(StudyId id, int number, LeaseRequest request, CancellationToken ct)
    {
        var live = await LiveAsync(id, ct).ConfigureAwait(false);
        Held(live, number, request.Attempt, await live.StepAsync(new ReleaseTrial(number, request.Attempt)).ConfigureAwait(false));
    }

    /// <summary>Looks after the leases of all studies that are known here, once.</summary>
    public async Task WatchAsync()
    {
        // A machine that was suspended, or a process that was stopped, has heard nobody meanwhile.
        var elapsed = _time.GetElapsedTime(_watchedAt);
        var pause = elapsed > 5 * s_watch ? elapsed : TimeSpan.Zero;
        _watchedAt = _time.GetTimestamp();
        foreach (var (id, task) in _studies)
        {
            if (!task.IsCompletedSuccessfully)
                continue;
            try
            {
                var live = await task.ConfigureAwait(false);
                await live.ExpireAsync(pause).ConfigureAwait(false);
                if (live.IsIdle && _time.GetElapsedTime(live.UsedAt) > s_forget)
                    _studies.TryRemove(id, out _);
            }
            catch (LodeException error)
            {
                // The store cannot be reached now; the next look may fare better.
                if (error.Code == ErrorCode.NotFound)
                    _studies.TryRemove(id, out _);
            }
        }
    }

    private async Task LoopAsync()
    {
        using var timer = new PeriodicTimer(s_watch, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                await WatchAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    /// <summary>The trial, where the caller had it.</summary>
    private static TrialInfo Held(LiveStudy live, int number, int attempt, StepResult result) => result.Answer switch
    {
        StepAnswer.Done or StepAnswer.Repeated => result.Trial!,
        StepAnswer.Unknown => throw new LodeException(ErrorCode.NotFound, $"Study {live.Info.Id} has no trial {number}; it has {live.Info.Trials}."),
        _ => throw Lost(live, number, attempt, result.Trial),
    };

    private static LodeException Lost(LiveStudy live, int number, int attempt, TrialInfo? trial)
    {
        var now = trial is null ? "" : trial.Attempt != attempt ? $" {trial.Agent} has had it since (lease {trial.Attempt})" : $" it is {trial.State.ToString().ToLowerInvariant()}";
        return new LodeException(ErrorCode.Conflict, $"Lease {attempt} of trial {number} of the study '{live.Info.Name}' is lost:{now}.", "Drop what you have of it, and ask for another trial.");
    }

    private async Task<LiveStudy> FreshAsync(StudyId id, CancellationToken ct)
    {
        var live = await LiveAsync(id, ct).ConfigureAwait(false);
        await live.RefreshAsync().ConfigureAwait(false);
        return live;
    }

    private async Task<LiveStudy> LiveAsync(StudyId id, CancellationToken ct)
    {
        var task = _studies.GetOrAdd(id, (key, host) => LiveStudy.LoadAsync(host._store, host._time, key, CancellationToken.None), this);
        try
        {
            return await task.WaitAsync(ct).ConfigureAwait(false);
        }
        catch when (task.IsFaulted)
        {
            _studies.TryRemove(new KeyValuePair<StudyId, Task<LiveStudy>>(id, task));
            throw;
        }
    }
}
