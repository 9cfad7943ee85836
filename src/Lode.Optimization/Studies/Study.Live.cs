using Lode.Core;

namespace Lode.Optimization;

// What a running trial asks of its study.
public sealed partial class Study
{
    private const int MaxGrown = 1024;

    internal ParamValue AskParameter(int number, Parameter parameter, SearchSpace proposalSpace, History known, Params proposed, Params wanted)
    {
        parameter = parameter with { When = null };
        lock (_gate)
            if (TryKnown(out var value))
                return value;
        // Outside the gate: a sampler may take long.
        var chosen = Choose();
        lock (_gate)
        {
            if (TryKnown(out var value))
                return value;
            var trial = _trials[number];
            _trials[number] = trial with { Params = trial.Params.With(parameter.Name, chosen), Space = Grow(trial.Space, parameter) };
            return chosen;
        }

        bool TryKnown(out ParamValue value)
        {
            value = default;
            var trial = Running(number);
            var seen = trial.Space.IndexOf(parameter.Name);
            if (seen < 0)
                return false;
            if (trial.Space[seen] with { When = null, Default = parameter.Default } != parameter)
                throw new LodeException(ErrorCode.InvalidArgument, $"Trial {number} has '{trial.Space[seen]}' already; it asked for '{parameter}'.");
            value = trial.Params[parameter.Name];
            return true;
        }

        ParamValue Choose()
        {
            if (wanted.TryGet(parameter.Name, out var value))
                return parameter.Allows(value)
                    ? value
                    : throw new LodeException(ErrorCode.InvalidArgument, $"Trial {number} was enqueued with {parameter.Name} = {value}; the objective asks for {parameter.Domain}.");
            var at = proposalSpace.IndexOf(parameter.Name);
            if (at >= 0 && proposalSpace[at] == parameter && proposed.TryGet(parameter.Name, out var joint))
                return joint;
            var alone = new SearchSpace([parameter]);
            return alone.FromUnit(_options.Sampler.Propose(alone, known, new Rng(_options.Seed, (ulong)number).Child(StableHash(parameter.Name))))[parameter.Name];
        }
    }

    // Trials that ask for the same in the same order share their spaces.
    private SearchSpace Grow(SearchSpace space, Parameter parameter)
    {
        if (_grown.TryGetValue((space, parameter.Name), out var known) && known[known.IndexOf(parameter.Name)] == parameter)
            return known;
        if (_grown.Count >= MaxGrown)
            _grown.Clear();
        return _grown[(space, parameter.Name)] = space.With(parameter);
    }

    internal Trial Report(int number, Report report)
    {
        lock (_gate)
        {
            var trial = Running(number);
            if (report.Step < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"Trial {number} reported step {report.Step}; steps count from 0.");
            if (report.Values.Length != _options.Directions.Count)
                throw new LodeException(ErrorCode.InvalidArgument, $"Trial {number} must report {Count(_options.Directions.Count, "value")}, one per objective; got {report.Values.Length}.");
            var at = trial.Reports.Length;
            while (at > 0 && trial.Reports[at - 1].Step > report.Step)
                at--;
            if (at > 0 && trial.Reports[at - 1].Step == report.Step)
                throw new LodeException(ErrorCode.Conflict, $"Trial {number} reported step {report.Step} already.");
            return _trials[number] = trial with { Reports = trial.Reports.Insert(at, report) };
        }
    }

    internal bool ShouldPrune(int number, History known)
    {
        Trial trial;
        lock (_gate)
        {
            trial = Running(number);
            // Free: all that is known now. Repeatable: what was known when the trial was asked.
            if (!IsRepeatable)
                known = Known();
        }
        return _options.Pruner.ShouldPrune(known, trial);
    }
}
