using Lode.Core;

namespace Lode.Optimization;

// Which trial comes next, and with which values.
public sealed partial class Study
{
    // How often the sampler is asked again for a proposal that is infeasible or a duplicate.
    private const int Redraws = 4;

    /// <summary>Gives out the next trial: the first waiting one, otherwise a new one.</summary>
    /// <exception cref="LodeException">
    /// Conflict: in the repeatable mode, trials of the wave before are not told yet. InvalidArgument: nothing was found that keeps to the
    /// space's constraints; the message names the last one broken.
    /// </exception>
    public LiveTrial Ask() => TryAsk(mayStop: false, out _) ?? throw MustWait();

    private LodeException MustWait()
    {
        lock (_gate)
        {
            var next = NextNumber;
            var untold = _trials.Snapshot().Where(trial => !trial.IsFinished && trial.Number < next / _options.RepeatableWidth * _options.RepeatableWidth).Select(trial => trial.Number);
            return new(ErrorCode.Conflict, $"Trial {next} must wait for the wave of {_options.RepeatableWidth} before it; not told yet: {string.Join(", ", untold)}.", "Tell these first.");
        }
    }

    private int NextNumber => _waiting.Count > 0 ? _waiting.Min : _trials.Count;

    // Null when the trial must wait for the wave before, or when there is a reason to stop.
    private LiveTrial? TryAsk(bool mayStop, out string? stop)
    {
        stop = null;
        lock (_asking)
        {
            int number;
            Trial? waiting;
            History known;
            SearchSpace space, declared;
            lock (_gate)
            {
                number = NextNumber;
                if (IsRepeatable && !TryEnterWave(number / _options.RepeatableWidth))
                    return null;
                waiting = _waiting.Contains(number) ? _trials[number] : null;
                (known, space, declared) = (Known(), _space, _declared);
            }
            if (mayStop && (stop = WhyStop(space, known, waiting)) is not null)
                return null;
            var wanted = waiting?.Params ?? Params.Empty;
            var proposed = Propose(space, known, new Rng(_options.Seed, (ulong)number), wanted, out var same);
            lock (_gate)
                return GiveOut(number, waiting, space, known, proposed, same);
        }

        string? WhyStop(SearchSpace space, History known, Trial? waiting)
        {
            // Repeatable: what all of the wave may know, or the trial to end with would depend on who asks when.
            var settled = IsRepeatable ? known with { Trials = new Prefix(known.Trials, _learned) } : known;
            foreach (var terminator in _options.Terminators)
                if (terminator.WhyStop(settled) is { } reason)
                    return reason;
            return waiting is null && _options.Sampler is IFiniteSampler finite && finite.IsExhausted(space, known) ? "Every configuration has been tried." : null;
        }
    }

    private LiveTrial GiveOut(int number, Trial? waiting, SearchSpace space, History known, Params proposed, Trial? same)
    {
        // What a repeated objective would ask for is known.
        var trial = same is null
            ? new Trial(number, TrialState.Running, ReferenceEquals(space, _declared) ? proposed : DeclaredOf(proposed)) { Space = _declared }
            : new Trial(number, TrialState.Running, same.Params) { Space = same.Space };
        if (waiting is null)
            _trials.Add(trial);
        else
            _trials[number] = trial;
        _waiting.Remove(number);
        // A trial that was given back has its place in the wave already.
        if (IsRepeatable && !IsInWave(number))
            _visible.Add(trial with { Params = proposed, Space = space });
        Note(number, proposed);
        return new LiveTrial(this, number, space, known, proposed, waiting?.Params ?? Params.Empty) { Repeats = same };
    }

    // Duplicates are told by what was proposed until the trial is told.
    private void Note(int number, Params proposed)
    {
        if (_options.Duplicates != DuplicatePolicy.Allow && _proposals.TryAdd(number, proposed))
            _seen.Add(proposed, number);
    }

    private History Known() => new(_options.Directions, _visible.Snapshot())
    {
        Budget = _options.Budget ?? _planned,
        // The number of workers must not change what the repeatable mode proposes.
        Parallel = IsRepeatable ? _options.RepeatableWidth : _parallel,
        Seed = _options.Seed,
    };

    private bool IsInWave(int number)
    {
        for (var i = _learned; i < _visible.Count; i++)
            if (_visible[i].Number == number)
                return true;
        return false;
    }

    // Repeatable: the results of all waves before, in the order of numbers, whatever the order in which they came.
    private bool TryEnterWave(int wave)
    {
        if (wave == _wave)
            return true;
        var start = wave * _options.RepeatableWidth;
        for (var i = _learned; i < start; i++)
            if (!_trials[i].IsFinished)
                return false;
        _visible.Truncate(_learned);
        foreach (var (number, proposed) in _proposals)
            _seen.Remove(proposed, number);
        _proposals.Clear();
        for (; _learned < start; _learned++)
        {
            Learn(_trials[_learned]);
            See(_trials[_learned]);
            _visible.Add(_trials[_learned]);
        }
        _wave = wave;
        // After a restart in mid-wave: what the wave gave out before, without the results.
        for (var i = start; i < _trials.Count; i++)
        {
            if (_trials[i].State == TrialState.Waiting)
                continue;
            _visible.Add(new Trial(i, TrialState.Running, _trials[i].Params) { Space = _trials[i].Space });
            Note(i, _trials[i].Params);
        }
        return true;
    }

    // A configuration that keeps to the constraints and, under the study's policy, is new; or, under Reuse, the trial that it repeats.
    private Params Propose(SearchSpace space, History known, Rng rng, Params wanted, out Trial? same)
    {
        same = null;
        // What somebody enqueued is given out as it is.
        var mayRepeat = wanted.Count > 0 || _options.Duplicates == DuplicatePolicy.Allow || (_options.Duplicates == DuplicatePolicy.Reask && IsUsedUp(space));
        var unit = Array.Empty<double>();
        SpaceConstraint? broken = null;
        Params? repeated = null;
        for (var draw = 0; draw < Redraws; draw++)
        {
            var stream = draw == 0 ? rng : rng.Child(StableHash("redraw") + (ulong)draw);
            unit = _options.Sampler.Propose(space, known, stream);
            if (wanted.Count > 0)
                Fix(space, wanted, unit, stream);
            if (space.FirstViolated(unit) is { } violated)
            {
                broken = violated;
                continue;
            }
            var values = Values(space, unit, wanted);
            if (mayRepeat || Find(values) is not { } earlier)
                return values;
            repeated = values;
            if (_options.Duplicates == DuplicatePolicy.Reuse)
            {
                same = earlier.State == TrialState.Complete ? earlier : null;
                return values;
            }
        }
        var repair = new Repair(space, wanted, rng.Child(StableHash("repair")));
        if (repair.TryNear(unit, near => space.IsFeasible(near) && (mayRepeat || Find(space.FromUnit(near)) is null)))
            return Values(space, unit, wanted);
        if (repeated is not null)
            return repeated;
        if (repair.TrySolve(unit, out var last))
            return Values(space, unit, wanted);
        throw new LodeException(ErrorCode.InvalidArgument, $"No configuration was found that keeps to the constraints of the space; the last one broken is '{(last ?? broken)!.Name}'.", "Widen the parameters or loosen the constraint.");
    }

    private Trial? Find(Params values)
    {
        // Without any parameter there is nothing else to try.
        if (values.Count == 0)
            return null;
        lock (_gate)
        {
            var number = _seen.Find(values, !ReferenceEquals(_space, _declared));
            if (number < 0)
                return null;
            // Repeatable: whether a trial of this wave is done by now is chance.
            return IsRepeatable && number >= _learned ? _trials[number] with { State = TrialState.Running } : _trials[number];
        }
    }

    // Whether as many configurations were seen as the space can have at most.
    private bool IsUsedUp(SearchSpace space)
    {
        if (double.IsInfinity(space.MostConfigurations))
            return false;
        lock (_gate)
            return _seen.Count >= space.MostConfigurations;
    }

    // A value goes out as it came in: the way through the unit cube may change its last bit.
    private static Params Values(SearchSpace space, double[] unit, Params wanted) => wanted.Count == 0
        ? space.FromUnit(unit)
        : new Params(space.FromUnit(unit).Select(item => wanted.TryGet(item.Key, out var value) && value.Kind == item.Value.Kind ? new(item.Key, value) : item));

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
}
