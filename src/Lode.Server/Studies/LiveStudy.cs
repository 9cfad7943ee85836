using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Server.Studies;

/// <summary>One study in this process: what the store knows of it, kept up to date, and the search that proposes from it.</summary>
/// <remarks>
/// The store is the truth and this follows: what is wanted is written first, and taken over when it is stored. All that wait to be written go together, one
/// group after the other, each with the version that is known, so the answer brings what other servers did. Proposals are made beside
/// that, one round at a time (LiveStudy.Ask.cs): to tell, report and heartbeat never waits for a sampler. Leases are watched by this process's own
/// clock, which only runs forward (LiveStudy.Leases.cs).
/// </remarks>
internal sealed partial class LiveStudy
{
    private readonly IStudyStore _store;
    private readonly TimeProvider _time;

    // Guards everything below; held for moments.
    private readonly Lock _gate = new();
    private readonly List<TrialInfo> _trials = [];
    private readonly Dictionary<int, Watch> _running = [];
    private readonly SortedSet<(int Order, int Number)> _waiting = [];
    private readonly int[] _counts = new int[6];
    private List<Wish> _wishes = [];
    private bool _isWriting;
    private StudyInfo _info;
    private Study _search;
    private long _version;
    private long _clockOffset;

    private LiveStudy(IStudyStore store, TimeProvider time, StudyDelta whole)
    {
        (_store, _time, _info) = (store, time, whole.Study!);
        _search = new Study(_info.Spec.Options());
        Take(whole);
    }

    /// <summary>Reads a study.</summary>
    /// <exception cref="LodeException">NotFound: there is none.</exception>
    public static async Task<LiveStudy> LoadAsync(IStudyStore store, TimeProvider time, StudyId id, CancellationToken ct) =>
        new(store, time, await store.ReadAsync(id, 0, ct).ConfigureAwait(false));

    /// <summary>When it was last asked for anything, as a timestamp.</summary>
    public long UsedAt { get; private set; }

    /// <summary>Whether nothing is to be watched.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
                return _running.Count == 0 && _wishes.Count == 0 && !_isWriting;
        }
    }

    /// <summary>It as it stands here.</summary>
    public StudyInfo Info
    {
        get
        {
            lock (_gate)
            {
                return _info with
                {
                    Version = _version,
                    Trials = _trials.Count,
                    Counts = new TrialCounts
                    {
                        Waiting = Count(TrialState.Waiting),
                        Running = Count(TrialState.Running),
                        Complete = Count(TrialState.Complete),
                        Pruned = Count(TrialState.Pruned),
                        Failed = Count(TrialState.Failed),
                    },
                    Best = _info.Spec.Goals.Count == 1 && _search.Best is { } best ? WithoutReports(_trials[best.Number]) : null,
                    SamplerReason = Explain(),
                };
            }
        }
    }

    private int Count(TrialState state) => _counts[(int)state];

    /// <summary>A trial as it stands here.</summary>
    /// <exception cref="LodeException">NotFound: there is none.</exception>
    public TrialInfo Get(int number)
    {
        lock (_gate)
            return number >= 0 && number < _trials.Count ? _trials[number] : throw NoTrial(number);
    }

    /// <summary>Trials as they stand here, without reports.</summary>
    public TrialPage List(TrialQuery query)
    {
        List<TrialInfo> found;
        lock (_gate)
            found = query.State is { } state ? _trials.FindAll(trial => trial.State == state) : [.. _trials];
        if (query.Order == TrialOrder.Best)
        {
            var sign = _info.Spec.Goals[0].Direction == Direction.Maximize ? -1 : 1;
            found = [.. found.OrderBy(trial => trial.State == TrialState.Complete ? 0 : 1).ThenBy(trial => trial.State == TrialState.Complete ? sign * trial.Values[0] : 0).ThenBy(trial => trial.Number)];
        }
        return new TrialPage([.. found.Skip(query.Offset).Take(query.Limit).Select(WithoutReports)], found.Count);
    }

    /// <summary>Hears what other servers did.</summary>
    public Task RefreshAsync() => Wished(new RefreshWish());

    /// <summary>Changes the study.</summary>
    public Task ChangeAsync(StudyChange change) => Wished(new ChangeWish(change));

    /// <summary>Makes a step of a trial.</summary>
    public async Task<StepResult> StepAsync(TrialStep step)
    {
        var wish = new StepWish(step);
        await Wished(wish).ConfigureAwait(false);
        return wish.Result;
    }

    private Task StepsAsync(IReadOnlyList<StepWish> wishes)
    {
        lock (_gate)
        {
            _wishes.AddRange(wishes);
            if (_isWriting)
                return Task.WhenAll(wishes.Select(wish => wish.Done));
            _isWriting = true;
        }
        _ = WriteAsync();
        return Task.WhenAll(wishes.Select(wish => wish.Done));
    }

    private Task Wished(Wish wish)
    {
        UsedAt = _time.GetTimestamp();
        lock (_gate)
        {
            _wishes.Add(wish);
            if (_isWriting)
                return wish.Done;
            _isWriting = true;
        }
        _ = WriteAsync();
        return wish.Done;
    }

    /// <summary>Writes what is wished, group after group, until nothing is.</summary>
    private async Task WriteAsync()
    {
        for (var round = 0; ; round++)
        {
            // The first group is written by whoever wished it first; who comes later must not hold up their answer.
            if (round > 0)
                await Task.Yield();
            List<Wish> group;
            lock (_gate)
            {
                if (_wishes.Count == 0)
                {
                    _isWriting = false;
                    return;
                }
                (group, _wishes) = (_wishes, []);
            }
            for (var i = 0; i < group.Count;)
            {
                var steps = 0;
                while (i + steps < group.Count && group[i + steps] is StepWish)
                    steps++;
                var part = group.GetRange(i, Math.Max(1, steps));
                i += part.Count;
                try
                {
                    await WriteAsync(part).ConfigureAwait(false);
                    foreach (var wish in part)
                        wish.Answer((wish as StepWish)?.Failure);
                }
                catch (Exception error)
                {
                    foreach (var wish in part)
                        wish.Answer(error);
                }
            }
        }
    }

    private async Task WriteAsync(List<Wish> part)
    {
        var since = Volatile.Read(ref _version);
        switch (part[0])
        {
            case ChangeWish change:
                TakeLocked(await _store.ChangeAsync(_info.Id, since, change.Change, CancellationToken.None).ConfigureAwait(false));
                return;
            case RefreshWish:
                TakeLocked(await _store.ReadAsync(_info.Id, since, CancellationToken.None).ConfigureAwait(false));
                return;
        }
        // Those without a step are proposed in the store's turn, and come last.
        var wishes = part.ConvertAll(wish => (StepWish)wish);
        var late = wishes.FindAll(wish => wish.Late is not null);
        wishes.RemoveAll(wish => wish.Late is not null);
        var (steps, failure) = (wishes.ConvertAll(wish => wish.Step!), (Exception?)null);
        var receipt = await _store.ApplyAsync(_info.Id, since, steps, late.Count == 0 ? null : new LateTrials(late.Count, delta => Propose(delta, late, out failure)), CancellationToken.None).ConfigureAwait(false);
        lock (_gate)
        {
            Take(receipt.Delta);
            wishes.AddRange(late);
            for (var i = 0; i < wishes.Count; i++)
            {
                var wish = wishes[i];
                if (wish.Step is null)
                {
                    // There is no more for it; the next round says why.
                    wish.Result = new StepResult(StepAnswer.Lost, null, null);
                    wish.Failure = failure;
                    continue;
                }
                var known = wish.Step.Number < _trials.Count ? _trials[wish.Step.Number] : null;
                if (receipt.Answers[i] is StepAnswer.Done)
                {
                    known = TrialSteps.Made(known, wish.Step, receipt.Delta.Now);
                    Put(known);
                    if (wish.Step is AddTrial or LeaseTrial && _info.StartedAt is null)
                        _info = _info with { StartedAt = receipt.Delta.Now };
                }
                wish.Result = new StepResult(receipt.Answers[i], known, receipt.Taken[i]);
            }
        }
    }

    private void TakeLocked(StudyDelta delta)
    {
        lock (_gate)
            Take(delta);
    }

    /// <summary>Takes over what is new in the store.</summary>
    private void Take(StudyDelta delta)
    {
        if (delta.Study is { } study)
        {
            var isOther = study.Spec.Budget != _info.Spec.Budget;
            _info = study;
            if (isOther)
                _search = new Study(study.Spec.Options(), _trials.ConvertAll(Pending));
        }
        var reports = delta.Reports.ToLookup(report => report.Number);
        foreach (var changed in delta.Trials)
        {
            var known = changed.Number < _trials.Count ? _trials[changed.Number] : null;
            var kept = known is null ? [] : known.Attempt == changed.Attempt ? known.Reports : known.KeptReports();
            Put(changed with { Reports = TrialSteps.Merged(kept, reports[changed.Number].Select(report => report.Report)) });
        }
        Volatile.Write(ref _version, delta.Version);
        _clockOffset = delta.Now - _time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    private void Put(TrialInfo trial)
    {
        var known = trial.Number < _trials.Count ? _trials[trial.Number] : null;
        if (known is null)
        {
            // Somebody else's trial stands where this process has proposed one that is not stored.
            if (_search.Trials.Count > trial.Number && !_search.Get(trial.Number).Params.Equals(trial.Params))
                _search.Truncate(trial.Number);
            _trials.Add(trial);
        }
        else
        {
            _trials[trial.Number] = trial;
            _counts[(int)known.State]--;
            if (known.State == TrialState.Waiting)
                _waiting.Remove((-known.Priority, known.Number));
        }
        _counts[(int)trial.State]++;
        if (trial.State == TrialState.Waiting)
            _waiting.Add((-trial.Priority, trial.Number));
        Watched(trial);
        if (known is null || known.State != trial.State || known.Reports != trial.Reports || !known.Params.Equals(trial.Params))
            _search.Merge(Pending(trial));
    }

    // What waits has its values already, and is proposed to nobody else.
    private Trial Pending(TrialInfo trial)
    {
        var told = trial.ToTrial(_info.Spec.Space);
        return told.State == TrialState.Waiting ? told with { State = TrialState.Running } : told;
    }

    private string? Explain()
    {
        if (_info.Spec.Sampler.Name != "auto")
            return null;
        var choice = AutoSampler.Explain(_info.Spec.Space, new History(_search.Options.Directions, _search.Trials) { Budget = _search.Options.Budget, Seed = _search.Options.Seed, Parallel = _search.Options.Parallel });
        return $"{choice.Sampler}: {choice.Reason}";
    }

    private LodeException NoTrial(int number) => new(ErrorCode.NotFound, $"Study {_info.Id} has no trial {number}; it has {_trials.Count}.");

    private static TrialInfo WithoutReports(TrialInfo trial) => trial with { Reports = [] };

    private abstract class Wish
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public void Answer(Exception? error)
        {
            if (error is null)
                _done.SetResult();
            else
                _done.SetException(error);
        }
    }

    private sealed class StepWish(TrialStep? step) : Wish
    {
        /// <summary>Null until it is proposed, where it is <see cref="Late"/>.</summary>
        public TrialStep? Step { get; set; } = step;

        /// <summary>To whom a new trial is to go whose number is not known yet; null = the step is known.</summary>
        public TrialLease? Late { get; init; }

        /// <summary>Why nothing could be proposed.</summary>
        public Exception? Failure { get; set; }

        public StepResult Result { get; set; }
    }

    private sealed class ChangeWish(StudyChange change) : Wish
    {
        public StudyChange Change => change;
    }

    private sealed class RefreshWish : Wish;
}

/// <summary>What became of a step.</summary>
/// <param name="Answer">Whether it was made.</param>
/// <param name="Trial">The trial as it stands; null where there is none.</param>
/// <param name="Taken">As <see cref="StudyReceipt.Taken"/>.</param>
internal readonly record struct StepResult(StepAnswer Answer, TrialInfo? Trial, long? Taken);
