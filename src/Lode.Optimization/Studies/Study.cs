using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// One search: a state machine over a list of trials that only grows. Ask gives out a trial, Tell takes its outcome;
/// <see cref="Optimize"/> does both around an objective, on as many threads as wanted.
/// </summary>
/// <remarks>
/// <b>Threads.</b> All members may be called concurrently; proposals are made one at a time, and while one is made, others tell,
/// report and ask to prune. <b>Values.</b> Trials are snapshots. <b>Refusals.</b> LodeException; a refused call changes nothing.
/// <b>Purity.</b> No clock and no I/O (only <see cref="Optimize"/>'s timeouts look at a TimeProvider); hosts mirror trials through
/// <see cref="StudyHooks"/>. <b>Cost.</b> Of ask and tell without the sampler: O(d) for d parameters, whatever the number of trials.
/// </remarks>
public sealed partial class Study
{
    // Held by whoever adds or gives out trials, also while the sampler thinks; taken before the gate.
    private readonly object _asking = new();

    // Held for moments: guards everything below.
    private readonly object _gate = new();
    private readonly StudyOptions _options;
    private readonly TrialList _trials = new();
    private readonly SortedSet<int> _waiting = [];

    // What an ask may see. Free: the trials themselves. Repeatable: those before the wave, then those of the wave as they were proposed.
    private readonly TrialList _visible;
    private readonly SeenParams _seen = new();
    private readonly Dictionary<int, Params> _proposals = [];
    private readonly Dictionary<(SearchSpace, string), SearchSpace> _grown = [];
    private SearchSpace _declared;
    private SearchSpace _space;
    private Trial? _best;
    private int _finished;
    private int _wave = -1;
    private int _learned;
    private int? _planned;
    private int _parallel = 1;
    private string? _stopReason;
    private TaskCompletionSource? _changed;

    /// <param name="options">What the search is made of.</param>
    /// <param name="trials">
    /// Trials of an earlier life of the study, numbered from 0; none for a new one. Running ones stay so until told or released. The space
    /// may differ from theirs: see <see cref="Redeclare"/>.
    /// </param>
    /// <exception cref="LodeException">InvalidArgument: bad options, or trials that are not numbered 0, 1, 2, ….</exception>
    public Study(StudyOptions options, IEnumerable<Trial>? trials = null)
    {
        options.Validate();
        _options = options;
        _declared = _space = options.Space;
        _parallel = options.Parallel;
        _visible = IsRepeatable ? new TrialList() : _trials;
        foreach (var trial in trials ?? [])
        {
            if (trial.Number != _trials.Count)
                throw new LodeException(ErrorCode.InvalidArgument, $"Trials are numbered from 0 without gaps; got {trial.Number} at place {_trials.Count}.");
            _trials.Add(trial);
            if (trial.State == TrialState.Waiting)
                _waiting.Add(trial.Number);
            if (trial.IsFinished)
                Count(trial);
            if (IsRepeatable || trial.State == TrialState.Waiting)
                continue;
            See(trial);
            if (trial.IsFinished)
                Learn(trial);
        }
    }

    /// <summary>What the search was made of. <see cref="StudyOptions.Space"/> as it was at first: see <see cref="Redeclare"/>.</summary>
    public StudyOptions Options => _options;

    /// <summary>All trials so far, by ascending number: a snapshot that costs next to nothing.</summary>
    public IReadOnlyList<Trial> Trials
    {
        get
        {
            lock (_gate)
                return _trials.Snapshot();
        }
    }

    /// <summary>The declared parameters and those that objectives have asked for.</summary>
    public SearchSpace Space
    {
        get
        {
            lock (_gate)
                return _space;
        }
    }

    /// <summary>The parameters declared for the trials to come: <see cref="StudyOptions.Space"/>, or what <see cref="Redeclare"/> put in its place.</summary>
    public SearchSpace Declared
    {
        get
        {
            lock (_gate)
                return _declared;
        }
    }

    /// <summary>Why <see cref="Optimize"/> ended before its time: what a terminator said, that nothing is left to try, or what <see cref="Stop"/> was told; null otherwise.</summary>
    public string? StopReason
    {
        get
        {
            lock (_gate)
                return _stopReason;
        }
    }

    /// <summary>The complete trial of the best value whose outcome constraints hold, of equals the earliest; null when there is none.</summary>
    /// <exception cref="LodeException">InvalidArgument: the study has several objectives, so there is no single best.</exception>
    public Trial? Best
    {
        get
        {
            if (_options.Directions.Count > 1)
                throw new LodeException(ErrorCode.InvalidArgument, $"A study with {_options.Directions.Count} objectives has no single best trial.");
            lock (_gate)
                return _best;
        }
    }

    private bool IsRepeatable => _options.RepeatableWidth > 0;

    /// <summary>Puts a configuration in the queue: the next ask gives it out. Parameters that it leaves out are proposed.</summary>
    /// <returns>The waiting trial.</returns>
    /// <exception cref="LodeException">
    /// InvalidArgument: a value outside the declared domain, or of an inactive or, where parameters are declared, an unknown parameter; or
    /// the values break a constraint, which the message names.
    /// </exception>
    public Trial Enqueue(Params values)
    {
        lock (_asking)
        {
            lock (_gate)
            {
                var unknown = _declared.Count > 0 && values.Any(item => _space.IndexOf(item.Key) < 0);
                _declared.Validate(unknown ? values : DeclaredOf(values));
                if (_declared.FirstViolated(values) is { } broken)
                    throw new LodeException(ErrorCode.InvalidArgument, $"The configuration {values} breaks the constraint '{broken.Name}'.");
                var trial = new Trial(_trials.Count, TrialState.Waiting, values) { Space = _declared };
                _trials.Add(trial);
                _waiting.Add(trial.Number);
                return trial;
            }
        }
    }

    /// <summary>
    /// Declares another space for the trials to come: more parameters, fewer, other domains, other constraints. Earlier trials stay in the
    /// model as far as they go: a value outside the new domain is unknown, a parameter that a trial lacks has its
    /// <see cref="Parameter.Default"/> or is unknown. Parameters that objectives have asked for are kept.
    /// </summary>
    /// <exception cref="LodeException">InvalidArgument: a waiting trial has values that the space does not allow.</exception>
    public void Redeclare(SearchSpace space)
    {
        lock (_asking)
        {
            lock (_gate)
            {
                foreach (var number in _waiting)
                    space.Validate(new Params(_trials[number].Params.Where(item => _declared.IndexOf(item.Key) >= 0)));
                var grown = space;
                foreach (var parameter in _space)
                    if (_declared.IndexOf(parameter.Name) < 0 && space.IndexOf(parameter.Name) < 0)
                        grown = grown.With(parameter);
                (_declared, _space) = (space, grown);
            }
        }
    }

    /// <summary>Takes the outcome of a running trial. A value or a constraint that is not a number makes it failed, with the values kept.</summary>
    /// <returns>The finished trial.</returns>
    /// <exception cref="LodeException">NotFound: no such trial; Conflict: not running; InvalidArgument: not one value per objective.</exception>
    public Trial Tell(int number, Outcome outcome)
    {
        lock (_gate)
        {
            var trial = Running(number);
            if (outcome.State == TrialState.Complete && outcome.Values.Length != _options.Directions.Count)
                throw new LodeException(ErrorCode.InvalidArgument, $"Trial {number} needs {Count(_options.Directions.Count, "value")}, one per objective; got {outcome.Values.Length}.");
            var (state, failure) = (outcome.State, outcome.Failure);
            if (state == TrialState.Complete && outcome.Values.AsSpan().Contains(double.NaN))
                (state, failure) = (TrialState.Failed, "The objective's value is not a number.");
            if (!IsRepeatable)
                Learn(trial);
            // Most trials ask for the same: they share one space.
            var space = ReferenceEquals(trial.Space, _space) || trial.Space.SequenceEqual(_space) ? _space : trial.Space;
            var finished = trial with { State = state, Values = outcome.Values, Constraints = outcome.Constraints, Failure = failure, Space = space };
            _trials[number] = finished;
            Count(finished);
            if (!IsRepeatable)
            {
                Forget(number, finished.Params);
                See(finished);
            }
            Pulse();
            return finished;
        }
    }

    /// <summary>Gives a running trial back untold: it waits with its parameters, its reports are dropped.</summary>
    /// <exception cref="LodeException">NotFound: no such trial; Conflict: not running.</exception>
    public Trial Release(int number)
    {
        lock (_gate)
        {
            var waiting = Running(number) with { State = TrialState.Waiting, Reports = [] };
            _trials[number] = waiting;
            _waiting.Add(number);
            if (!IsRepeatable)
                Forget(number);
            Pulse();
            return waiting;
        }
    }

    /// <summary>Ends <see cref="Optimize"/>: running trials finish, no more start. A later call runs again.</summary>
    /// <param name="reason">Becomes <see cref="StopReason"/>.</param>
    public void Stop(string reason)
    {
        lock (_gate)
        {
            _stopReason ??= reason;
            Pulse();
        }
    }

    /// <summary>The snapshot of a trial.</summary>
    /// <exception cref="LodeException">NotFound: no such trial.</exception>
    public Trial Get(int number)
    {
        lock (_gate)
            return number >= 0 && number < _trials.Count ? _trials[number] : throw new LodeException(ErrorCode.NotFound, $"There is no trial {number}; the study has {Count(_trials.Count, "trial")}.");
    }

    // The space grows by what a trial asked for; declared parameters stay as declared.
    private void Learn(Trial trial)
    {
        if (ReferenceEquals(trial.Space, _space) || ReferenceEquals(trial.Space, _declared))
            return;
        // A trial of another declared space: what it has more was declared once, not asked for.
        foreach (var parameter in _declared)
            if (trial.Space.IndexOf(parameter.Name) is var at && (at < 0 || trial.Space[at] != parameter))
                return;
        foreach (var parameter in trial.Space)
        {
            if (parameter.When is not null || _declared.IndexOf(parameter.Name) >= 0)
                continue;
            var at = _space.IndexOf(parameter.Name);
            if (at < 0 || _space[at] != parameter)
                _space = _space.With(parameter);
        }
    }

    private void Count(Trial finished)
    {
        _finished++;
        if (finished.State != TrialState.Complete || !finished.IsFeasible || _options.Directions.Count > 1)
            return;
        var sign = _options.Directions[0] == Direction.Maximize ? -1 : 1;
        var (loss, best) = (sign * finished.Values[0], _best is null ? double.NaN : sign * _best.Values[0]);
        if (_best is null || loss < best || (loss == best && finished.Number < _best.Number))
            _best = finished;
    }

    private void See(Trial trial)
    {
        if (_options.Duplicates == DuplicatePolicy.Allow)
            return;
        _seen.Add(trial.Params, trial.Number);
        if (trial.State == TrialState.Complete)
            _seen.AddSignature(trial.Params);
    }

    // What was proposed is mostly what is seen next: then it stays noted.
    private void Forget(int number, Params? next = null)
    {
        if (_proposals.Remove(number, out var proposed) && !ReferenceEquals(proposed, next))
            _seen.Remove(proposed, number);
    }

    private Trial Running(int number)
    {
        var trial = Get(number);
        return trial.State == TrialState.Running
            ? trial
            : throw new LodeException(ErrorCode.Conflict, $"Trial {number} is {trial.State.ToString().ToLowerInvariant()}, not running.");
    }

    private Params DeclaredOf(Params values) => ReferenceEquals(_space, _declared) && values.All(item => _space.IndexOf(item.Key) >= 0)
        ? values
        : new Params(values.Where(item => _declared.IndexOf(item.Key) >= 0));

    // Wakes who waits for a trial to be told.
    private void Pulse()
    {
        lock (_gate)
        {
            _changed?.TrySetResult();
            _changed = null;
        }
    }

    // FNV-1a: string.GetHashCode differs between processes.
    internal static ulong StableHash(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var letter in text)
            hash = (hash ^ letter) * 1099511628211UL;
        return hash;
    }

    private static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";
}
