using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// One search: a state machine over a list of trials that only grows. Ask gives out a trial, Tell takes its outcome;
/// <see cref="Optimize"/> does both around an objective, on as many threads as wanted.
/// </summary>
/// <remarks>
/// <b>Threads.</b> All members may be called concurrently. <b>Values.</b> Trials are snapshots. <b>Refusals.</b> LodeException;
/// a refused call changes nothing. <b>Purity.</b> No clock and no I/O (only <see cref="Optimize"/>'s timeout looks at a TimeProvider);
/// hosts mirror trials through <see cref="StudyHooks"/>.
/// </remarks>
public sealed partial class Study
{
    // A monitor, not a Lock: workers of a wave wait on it for the wave before.
    private readonly object _gate = new();
    private readonly StudyOptions _options;
    private readonly List<Trial> _trials = [];
    private readonly SortedSet<int> _waiting = [];

    // What an ask may see. Free: the trials themselves. Repeatable: a list made anew for each wave.
    private List<Trial> _visible;
    private SearchSpace _space;
    private int _wave = -1;
    private int _learned;

    /// <param name="options">What the search is made of.</param>
    /// <param name="trials">Trials of an earlier life of the study, numbered from 0; none for a new one. Running ones stay so until told or released.</param>
    /// <exception cref="LodeException">InvalidArgument: bad options, or trials that are not numbered 0, 1, 2, ….</exception>
    public Study(StudyOptions options, IEnumerable<Trial>? trials = null)
    {
        options.Validate();
        _options = options;
        _space = options.Space;
        _visible = _trials;
        foreach (var trial in trials ?? [])
        {
            if (trial.Number != _trials.Count)
                throw new LodeException(ErrorCode.InvalidArgument, $"Trials are numbered from 0 without gaps; got {trial.Number} at place {_trials.Count}.");
            _trials.Add(trial);
            if (trial.State == TrialState.Waiting)
                _waiting.Add(trial.Number);
            if (trial.IsFinished && options.RepeatableWidth == 0)
                Learn(trial);
        }
    }

    /// <summary>What the search is made of.</summary>
    public StudyOptions Options => _options;

    /// <summary>All trials so far, by ascending number: a copy.</summary>
    public IReadOnlyList<Trial> Trials
    {
        get
        {
            lock (_gate)
                return [.. _trials];
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

    /// <summary>The complete trial of the best value whose outcome constraints hold, of equals the earliest; null when there is none.</summary>
    /// <exception cref="LodeException">InvalidArgument: the study has several objectives, so there is no single best.</exception>
    public Trial? Best
    {
        get
        {
            if (_options.Directions.Count > 1)
                throw new LodeException(ErrorCode.InvalidArgument, $"A study with {_options.Directions.Count} objectives has no single best trial.");
            lock (_gate)
            {
                var history = new History(_options.Directions, _trials);
                return _trials.Where(trial => trial.State == TrialState.Complete && trial.IsFeasible).MinBy(trial => history.Loss(0, trial.Values[0]));
            }
        }
    }

    /// <summary>Puts a configuration in the queue: the next ask gives it out. Parameters that it leaves out are proposed.</summary>
    /// <returns>The waiting trial.</returns>
    /// <exception cref="LodeException">InvalidArgument: a value outside the declared domain, or of an inactive or, where parameters are declared, an unknown parameter.</exception>
    public Trial Enqueue(Params values)
    {
        lock (_gate)
        {
            var unknown = _options.Space.Count > 0 && values.Any(item => _space.IndexOf(item.Key) < 0);
            _options.Space.Validate(unknown ? values : Declared(values));
            var trial = new Trial(_trials.Count, TrialState.Waiting, values) { Space = _options.Space };
            _trials.Add(trial);
            _waiting.Add(trial.Number);
            return trial;
        }
    }

    /// <summary>Gives out the next trial: the first waiting one, otherwise a new one.</summary>
    /// <exception cref="LodeException">Conflict: in the repeatable mode, trials of the wave before are not told yet.</exception>
    public LiveTrial Ask()
    {
        lock (_gate)
        {
            return TryAsk() ?? throw MustWait();
        }
    }

    private LodeException MustWait()
    {
        var next = NextNumber;
        var untold = _trials.Where(trial => !trial.IsFinished && trial.Number < next / _options.RepeatableWidth * _options.RepeatableWidth).Select(trial => trial.Number);
        return new(ErrorCode.Conflict, $"Trial {next} must wait for the wave of {_options.RepeatableWidth} before it; not told yet: {string.Join(", ", untold)}.", "Tell these first.");
    }

    /// <summary>Takes the outcome of a running trial. A value that is not a number makes it failed, with the value kept.</summary>
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
            if (state == TrialState.Complete && outcome.Values.Any(double.IsNaN))
                (state, failure) = (TrialState.Failed, "The objective's value is not a number.");
            if (_options.RepeatableWidth == 0)
                Learn(trial);
            // Most trials ask for the same: they share one space.
            var space = trial.Space.SequenceEqual(_space) ? _space : trial.Space;
            var finished = trial with { State = state, Values = outcome.Values, Constraints = outcome.Constraints, Failure = failure, Space = space };
            _trials[number] = finished;
            Monitor.PulseAll(_gate);
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
            Monitor.PulseAll(_gate);
            return waiting;
        }
    }

    /// <summary>The snapshot of a trial.</summary>
    /// <exception cref="LodeException">NotFound: no such trial.</exception>
    public Trial Get(int number)
    {
        lock (_gate)
            return number >= 0 && number < _trials.Count ? _trials[number] : throw new LodeException(ErrorCode.NotFound, $"There is no trial {number}; the study has {Count(_trials.Count, "trial")}.");
    }

    private int NextNumber => _waiting.Count > 0 ? _waiting.Min : _trials.Count;

    // Null when the trial must wait for the wave before. The caller holds the gate.
    private LiveTrial? TryAsk()
    {
        var number = NextNumber;
        if (_options.RepeatableWidth > 0 && !TryEnterWave(number / _options.RepeatableWidth))
            return null;
        var waiting = _waiting.Contains(number) ? _trials[number] : null;
        var known = new TrialPrefix(_visible, _visible.Count);
        var proposed = Propose(_space, known, new Rng(_options.Seed, (ulong)number), waiting?.Params ?? Params.Empty);
        var declared = Declared(proposed);
        var trial = new Trial(number, TrialState.Running, declared) { Space = _options.Space };
        if (waiting is null)
            _trials.Add(trial);
        else
            _trials[number] = trial;
        _waiting.Remove(number);
        // A trial that was given back has its place in the wave already.
        if (_options.RepeatableWidth > 0 && !_visible.Any(other => other.Number == number))
            _visible.Add(trial with { Params = proposed, Space = _space });
        return new LiveTrial(this, number, _space, known, proposed, waiting?.Params ?? Params.Empty);
    }

    // Repeatable: the results of all waves before, in the order of numbers, whatever the order in which they came.
    private bool TryEnterWave(int wave)
    {
        if (wave == _wave)
            return true;
        var start = wave * _options.RepeatableWidth;
        if (_trials.Take(start).Any(trial => !trial.IsFinished))
            return false;
        for (; _learned < start; _learned++)
            Learn(_trials[_learned]);
        _wave = wave;
        _visible = [.. _trials.Take(start)];
        // After a restart in mid-wave: what the wave gave out before, without the results.
        foreach (var trial in _trials.Skip(start).Where(trial => trial.State != TrialState.Waiting))
            _visible.Add(new Trial(trial.Number, TrialState.Running, trial.Params) { Space = trial.Space });
        return true;
    }

    private Params Propose(SearchSpace space, IReadOnlyList<Trial> known, Rng rng, Params fixedValues)
    {
        var unit = _options.Sampler.Propose(space, new History(_options.Directions, known), rng);
        if (fixedValues.Count == 0)
            return space.FromUnit(unit);
        Fix(space, fixedValues, unit, rng);
        // A value goes out as it came in: the way through the unit cube may change its last bit.
        return new Params(space.FromUnit(unit).Select(item =>
            fixedValues.TryGet(item.Key, out var value) && value.Kind == item.Value.Kind ? new(item.Key, value) : item));
    }

    // Fixed values replace proposed ones, parents first; a child that only thereby became active is drawn uniformly.
    private static void Fix(SearchSpace space, Params values, double[] unit, Rng rng)
    {
        foreach (var i in space.ParentsFirstOrder)
        {
            if (!space.IsActive(i, unit))
                unit[i] = double.NaN;
            else if (values.TryGet(space[i].Name, out var value) && space[i].Allows(value))
                unit[i] = space[i].ToUnit(value);
            else if (double.IsNaN(unit[i]))
                unit[i] = rng.Child(StableHash(space[i].Name)).NextDouble();
        }
    }

    // The space grows by what a trial asked for; declared parameters stay as declared.
    private void Learn(Trial trial)
    {
        if (ReferenceEquals(trial.Space, _space) || ReferenceEquals(trial.Space, _options.Space))
            return;
        foreach (var parameter in trial.Space)
        {
            var at = _space.IndexOf(parameter.Name);
            if (at < 0 || (_options.Space.IndexOf(parameter.Name) < 0 && _space[at] != parameter))
                _space = _space.With(parameter);
        }
    }

    private Trial Running(int number)
    {
        var trial = Get(number);
        return trial.State == TrialState.Running
            ? trial
            : throw new LodeException(ErrorCode.Conflict, $"Trial {number} is {trial.State.ToString().ToLowerInvariant()}, not running.");
    }

    private Params Declared(Params values) => ReferenceEquals(_space, _options.Space) && values.All(item => _space.IndexOf(item.Key) >= 0)
        ? values
        : new Params(values.Where(item => _options.Space.IndexOf(item.Key) >= 0));

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
