using Lode.Core;

namespace Lode.Optimization;

// What a running trial asks of its study.
public sealed partial class Study
{
    internal ParamValue AskParameter(int number, Parameter parameter, SearchSpace proposalSpace, TrialPrefix known, Params proposed, Params fixedValues)
    {
        parameter = parameter with { When = null };
        lock (_gate)
        {
            var trial = Running(number);
            var seen = trial.Space.IndexOf(parameter.Name);
            if (seen >= 0)
            {
                if (trial.Space[seen] with { When = null } != parameter)
                    throw new LodeException(ErrorCode.InvalidArgument, $"Trial {number} has '{trial.Space[seen]}' already; it asked for '{parameter}'.");
                return trial.Params[parameter.Name];
            }
            var value = Choose();
            _trials[number] = trial with { Params = trial.Params.With(parameter.Name, value), Space = trial.Space.With(parameter) };
            return value;

            ParamValue Choose()
            {
                if (fixedValues.TryGet(parameter.Name, out var wanted))
                    return parameter.Allows(wanted)
                        ? wanted
                        : throw new LodeException(ErrorCode.InvalidArgument, $"Trial {number} was enqueued with {parameter.Name} = {wanted}; the objective asks for {parameter.Domain}.");
                var at = proposalSpace.IndexOf(parameter.Name);
                if (at >= 0 && proposalSpace[at] == parameter && proposed.TryGet(parameter.Name, out var joint))
                    return joint;
                var alone = new SearchSpace([parameter]);
                return Propose(alone, known, new Rng(_options.Seed, (ulong)number).Child(StableHash(parameter.Name)), Params.Empty)[parameter.Name];
            }
        }
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

    internal bool ShouldPrune(int number, TrialPrefix known)
    {
        lock (_gate)
        {
            // Free: all that is known now. Repeatable: what was known when the trial was asked.
            IReadOnlyList<Trial> visible = _options.RepeatableWidth > 0 ? known : _trials;
            return _options.Pruner.ShouldPrune(new History(_options.Directions, visible), Running(number));
        }
    }
}
