using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Server.Studies;

// Gives out trials: round after round, each for all who asked meanwhile.
internal sealed partial class LiveStudy
{
    // A round with a slow sampler answers whom it has proposals for before it makes more.
    private static readonly TimeSpan s_round = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(1);

    // Samplers that look at no trial's values, and propose in microseconds.
    private static readonly HashSet<string> s_unmoved = ["random", "grid", "sobol", "halton", "latin_hypercube"];

    private List<PendingAsk> _asks = [];
    private bool _isAsking;
    private TimeSpan _lastProposal;

    /// <summary>Gives out trials.</summary>
    public Task<AskAnswer> AskAsync(AskRequest request) => Asked(new PendingAsk(request));

    /// <summary>Puts a configuration in the queue; what it leaves out is proposed.</summary>
    public async Task<TrialInfo> EnqueueAsync(EnqueueRequest request)
    {
        var ask = new PendingAsk(new AskRequest { Agent = "" }) { Enqueue = request };
        await Asked(ask).ConfigureAwait(false);
        return ask.Got[0];
    }

    private Task<AskAnswer> Asked(PendingAsk ask)
    {
        UsedAt = _time.GetTimestamp();
        lock (_gate)
        {
            _asks.Add(ask);
            if (_isAsking)
                return ask.Answer;
            _isAsking = true;
        }
        // A slow sampler must not hold up the thread that serves connections.
        _ = _lastProposal > s_slow ? Task.Run(AskRoundsAsync) : AskRoundsAsync();
        return ask.Answer;
    }

    private async Task AskRoundsAsync()
    {
        for (var round = 0; ; round++)
        {
            if (round > 0)
                await Task.Yield();
            List<PendingAsk> asks;
            lock (_gate)
            {
                if (_asks.Count == 0)
                {
                    _isAsking = false;
                    return;
                }
                (asks, _asks) = (_asks, []);
            }
            try
            {
                await AskRoundAsync(asks).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                // What was proposed is stored nowhere; or it is, and the next answer of the store will say so.
                lock (_gate)
                    _search.Truncate(_trials.Count);
                foreach (var ask in asks)
                    ask.Fail(error);
            }
        }
    }

    private async Task AskRoundAsync(List<PendingAsk> asks)
    {
        var began = _time.GetTimestamp();
        var planned = new List<(PendingAsk Ask, StepWish Wish)>();
        var taken = new HashSet<int>();
        var later = new List<PendingAsk>();
        foreach (var ask in asks)
        {
            Repeat(ask);
            ask.Nothing = null;
            for (var count = ask.Got.Count; count < ask.Count && ask.Nothing is null; count++)
            {
                if (planned.Count > 0 && _time.GetElapsedTime(began) > s_round)
                    break;
                if (Next(ask, taken, planned.Count) is { } wish)
                    planned.Add((ask, wish));
            }
        }
        if (planned.Count > 0)
            await StepsAsync(planned.ConvertAll(plan => plan.Wish)).ConfigureAwait(false);
        foreach (var (ask, wish) in planned)
        {
            if (wish.Result.Answer == StepAnswer.Done)
                ask.Got.Add(wish.Result.Trial!);
        }
        lock (_gate)
        {
            if (_search.Trials.Count > _trials.Count)
                _search.Truncate(_trials.Count);
        }
        foreach (var ask in asks)
        {
            if (ask.Got.Count >= ask.Count || (ask.Nothing is not null && (ask.Got.Count > 0 || ask.IsRefreshed)))
                ask.Give(AnswerOf(ask));
            else
                later.Add(ask);
        }
        if (later.Exists(ask => ask.Nothing is not null))
        {
            // Before anybody is sent away: what do other servers know?
            await RefreshAsync().ConfigureAwait(false);
            await EndWhereDoneAsync().ConfigureAwait(false);
            later.ForEach(ask => ask.IsRefreshed |= ask.Nothing is not null);
        }
        lock (_gate)
            _asks.InsertRange(0, later);
    }

    // An ask that was answered, and whose answer did not arrive.
    private void Repeat(PendingAsk ask)
    {
        if (ask.Request.Key is not { } key || ask.IsRepeated)
            return;
        ask.IsRepeated = true;
        lock (_gate)
        {
            foreach (var number in _running.Keys)
            {
                if (_trials[number].AskKey == key && _trials[number].Agent == ask.Request.Agent)
                    ask.Got.Add(_trials[number]);
            }
        }
        if (ask.Got.Count > 0)
            ask.Count = ask.Got.Count;
    }

    private StepWish? Next(PendingAsk ask, HashSet<int> taken, int planned)
    {
        var lease = new TrialLease(ask.Request.Agent, ask.Request.Key, !ask.Request.LogsRuns);
        Study search;
        lock (_gate)
        {
            search = _search;
            if (ask.Enqueue is null)
            {
                var spec = _info.Spec;
                if (_info.State != StudyState.Running)
                    return ask.Nobody(_info.Reason ?? $"The study is {_info.State.ToString().ToLowerInvariant()}.", _info.State == StudyState.Paused ? 5 : null);
                if (spec.Budget.Parallel is { } parallel && _running.Count + planned >= parallel)
                    return ask.Nobody($"{parallel} trials run, which is as many as the budget allows at once.", 1);
                foreach (var (_, number) in _waiting)
                {
                    if (taken.Add(number))
                    {
                        var waiting = _trials[number];
                        return new StepWish(new LeaseTrial(number, waiting.Attempt, waiting.Params, waiting.Run ?? RunId.New(), lease));
                    }
                }
                if (WhyNoMore() is { } used)
                    return ask.Nobody(used, 2);
                // What others told does not change what is proposed: then it costs nothing to wait until the number is sure.
                if (_exhausted is null && !_waitsForWave && s_unmoved.Contains(spec.Sampler.Name))
                    return new StepWish(null) { Late = lease };
            }
        }
        _waitsForWave = false;
        var began = _time.GetTimestamp();
        LiveTrial? trial;
        string? stop = null;
        if (ask.Enqueue is { } wanted)
        {
            search.Enqueue(Typed(wanted.Params));
            trial = search.Ask();
        }
        else
        {
            trial = search.TryAsk(out stop);
        }
        _lastProposal = _time.GetElapsedTime(began);
        if (trial is null)
        {
            _exhausted = stop;
            return ask.Nobody(stop ?? "The trials of the wave before are not told yet.", stop is null ? 0.5 : 2);
        }
        return new StepWish(ask.Enqueue is { } enqueued ? new EnqueueTrial(trial.Number, trial.Params, enqueued.Priority) : new AddTrial(trial.Number, trial.Params, RunId.New(), lease));
    }

    // In the store's turn: nobody else writes until these are stored. Only a round of asks proposes, and it waits for this.
    private List<AddTrial> Propose(StudyDelta others, List<StepWish> wishes, out Exception? failure)
    {
        failure = null;
        var adds = new List<AddTrial>(wishes.Count);
        wishes.ForEach(wish => wish.Step = null);
        try
        {
            lock (_gate)
            {
                Take(others);
                _search.Truncate(_trials.Count);
            }
            foreach (var wish in wishes)
            {
                LiveTrial? trial;
                lock (_gate)
                {
                    if (_info.State != StudyState.Running || _running.Count + adds.Count >= (_info.Spec.Budget.Parallel ?? int.MaxValue) || WhyNoMore() is not null)
                        break;
                }
                if ((trial = _search.TryAsk(out var stop)) is null)
                {
                    (_exhausted, _waitsForWave) = (stop, stop is null);
                    break;
                }
                var add = new AddTrial(trial.Number, trial.Params, RunId.New(), wish.Late!);
                wish.Step = add;
                adds.Add(add);
            }
        }
        catch (Exception error)
        {
            // An ask that fails must take no tell with it.
            failure = error;
        }
        return adds;
    }

    // Whole numbers in JSON stand for floats too.
    private Params Typed(Params values)
    {
        var space = _info.Spec.Space;
        return new Params(values.Select(item => space.IndexOf(item.Key) is var at and >= 0 && space[at] is FloatParameter && item.Value.Kind == ParamKind.Int
            ? new KeyValuePair<string, ParamValue>(item.Key, item.Value.AsDouble())
            : item));
    }

    private string? _exhausted;
    private bool _waitsForWave;

    // Held: the gate. Why no new trial may begin; those that wait may.
    private string? WhyNoMore()
    {
        var budget = _info.Spec.Budget;
        if (budget.Trials is { } trials && Math.Max(_trials.Count, _search.Trials.Count) >= trials)
            return $"The budget of {trials} trial{(trials == 1 ? "" : "s")} is used.";
        if (budget.Hours is { } hours && _info.StartedAt is { } started && _time.GetUtcNow().ToUnixTimeMilliseconds() + _clockOffset - started >= hours * 3_600_000)
            return FormattableString.Invariant($"The budget of {hours} hours is used.");
        return null;
    }

    /// <summary>Finishes the study where nothing is left to do, and stops it where its first trials all failed.</summary>
    public async Task EndWhereDoneAsync()
    {
        StudyChange? change = null;
        lock (_gate)
        {
            if (_info.State != StudyState.Running)
                return;
            var failed = Count(TrialState.Failed);
            if (failed >= _info.Spec.FirstFailures && Count(TrialState.Complete) + Count(TrialState.Pruned) == 0)
            {
                var last = _trials.FindLast(trial => trial.State == TrialState.Failed)!.Failure;
                change = new StudyChange { State = StudyState.Stopped, From = StudyState.Running, Reason = $"The first {failed} trials all failed, so the others would too; the last: {last}" };
            }
            else if (_running.Count == 0 && _waiting.Count == 0 && (WhyNoMore() ?? _exhausted) is { } reason)
            {
                change = new StudyChange { State = StudyState.Finished, From = StudyState.Running, Reason = reason };
            }
        }
        if (change is not null)
            await ChangeAsync(change).ConfigureAwait(false);
    }

    private AskAnswer AnswerOf(PendingAsk ask)
    {
        lock (_gate)
        {
            var none = ask.Got.Count == 0;
            return new AskAnswer
            {
                Trials = ask.Got,
                State = _info.State,
                Reason = none ? (_info.State is StudyState.Running or StudyState.Paused ? ask.Nothing : _info.Reason ?? ask.Nothing) : null,
                RetryAfter = none && _info.State is StudyState.Running or StudyState.Paused ? ask.RetryAfter : null,
                HeartbeatSeconds = _info.Spec.LeaseSeconds / 3,
            };
        }
    }

    private sealed class PendingAsk(AskRequest request)
    {
        private readonly TaskCompletionSource<AskAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public AskRequest Request => request;

        public EnqueueRequest? Enqueue { get; init; }

        public int Count { get; set; } = request.Count;

        public List<TrialInfo> Got { get; } = [];

        /// <summary>Why there is nothing more for it now.</summary>
        public string? Nothing { get; set; }

        public double? RetryAfter { get; private set; }

        public bool IsRefreshed { get; set; }

        public bool IsRepeated { get; set; }

        public Task<AskAnswer> Answer => _answer.Task;

        public StepWish? Nobody(string reason, double? retryAfter)
        {
            (Nothing, RetryAfter) = (reason, retryAfter);
            return null;
        }

        public void Give(AskAnswer answer) => _answer.TrySetResult(answer);

        public void Fail(Exception error) => _answer.TrySetException(error);
    }
}
