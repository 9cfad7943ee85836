using Lode.Core;
using Lode.Optimization;

namespace Lode.TestKit.Optimization;

/// <summary>Spaces and histories for tests, drawn from a seed.</summary>
public static class Spaces
{
    /// <summary>Every kind of parameter, with conditions three levels deep.</summary>
    public static SearchSpace Everything { get; } = new(
    [
        new FloatParameter("deep", 0, 1) { When = new("branch", ["left"]) },
        new CategoricalParameter("model", "a", "b", 3, 2.5, true),
        new CategoricalParameter("branch", "left", "right") { When = new("layers", [2, 3]) },
        new IntParameter("layers", 1, 4) { When = new("model", ["b", 3]) },
        new FloatParameter("lr", 1e-5, 1e-1, log: true),
        new FloatParameter("grid", -1, 1, step: 0.25),
        new FloatParameter("log_grid", 1, 9, log: true, step: 2),
        new IntParameter("units", 8, 512, log: true),
        new IntParameter("even", -10, 10, step: 2),
        new IntParameter("fixed", 7, 7),
        new FloatParameter("point", 0.5, 0.5),
        new CategoricalParameter("only", "x"),
        new OrdinalParameter("size", "s", "m", "l"),
        new DistributedParameter("weight", ParameterLaw.Normal, 3, 0.5),
        new DistributedParameter("count", ParameterLaw.LogNormal, 2, 1, step: 2, whole: true),
        new CategoricalParameter("rare", "x", "y", "z") { Weights = [0.9, 0, 0.1] },
    ]);

    /// <summary>Continuous, integer and conditional parameters under linear constraints and predicates; about a tenth of the cube keeps to them.</summary>
    public static SearchSpace Constrained { get; } = new(
    [
        new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1), new IntParameter("n", 0, 20), new CategoricalParameter("c", "a", "b"),
        new FloatParameter("z", 1e-3, 1, log: true) { When = new("c", ["b"]) },
    ],
    [
        new LinearConstraint([new("x", 1), new("y", -1)], Relation.AtMost, 0),
        new LinearConstraint([new("x", 10), new("n", 1)], Relation.AtMost, 12),
        new PredicateConstraint("even in a", values => values.Text("c") == "b" || values.Int("n") % 2 == 0),
        new PredicateConstraint("z below y", values => values.Float("z") < values.Float("y"), "z", "y"),
    ]);

    /// <summary>A valid space of 0 to 6 parameters of random kinds, some conditional.</summary>
    public static SearchSpace Random(Rng rng)
    {
        var parameters = new List<Parameter>();
        for (var i = rng.NextInt32(7); i > 0; i--)
        {
            Parameter parameter = rng.NextInt32(5) switch
            {
                0 => new FloatParameter($"p{i}", -rng.NextDouble(), rng.NextDouble(0, 1e6)),
                1 => new FloatParameter($"p{i}", Math.Pow(10, -rng.NextInt32(9)), rng.NextDouble(1, 1e6), log: true),
                2 => new IntParameter($"p{i}", -rng.NextInt32(100), rng.NextInt32(1000)),
                3 => new IntParameter($"p{i}", 1 + rng.NextInt32(5), 5 + rng.NextInt32(100_000), log: true),
                _ => new CategoricalParameter($"p{i}", [.. Enumerable.Range(0, 1 + rng.NextInt32(8)).Select(c => (ParamValue)$"c{c}")]),
            };
            if (parameters.LastOrDefault(p => p is CategoricalParameter) is CategoricalParameter parent && rng.NextInt32(2) == 0)
                parameter = parameter with { When = new(parent.Name, [parent.Choices[rng.NextInt32(parent.Choices.Count)]]) };
            parameters.Add(parameter);
        }
        return new SearchSpace(parameters);
    }

    /// <summary>A point of the unit cube.</summary>
    public static double[] Point(SearchSpace space, Rng rng) => [.. Enumerable.Range(0, space.Count).Select(_ => rng.NextDouble())];

    /// <summary>A history with trials of every state, values and reports that are infinite or not numbers, and parameters the space does not know.</summary>
    public static History Messy(SearchSpace space, Rng rng, int count, Direction direction = Direction.Minimize)
    {
        var trials = new List<Trial>();
        for (var i = 0; i < count; i++)
        {
            var state = (TrialState)(1 + rng.NextInt32(5));
            var values = space.FromUnit(Point(space, rng));
            values = rng.NextInt32(6) switch { 0 => values.With("foreign", 3), 1 => Params.Empty, _ => values };
            trials.Add(new Trial(i, state, values)
            {
                Space = space,
                Values = state == TrialState.Complete ? [Value(rng)] : [],
                Reports = state is TrialState.Running or TrialState.Waiting ? [] : [.. Enumerable.Range(0, rng.NextInt32(4)).Select(step => new Report(step, [Value(rng)]))],
                Failure = state == TrialState.Failed ? "it broke" : null,
            });
        }
        return new History([direction], trials);
    }

    private static double Value(Rng rng) => rng.NextInt32(8) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => 1e308,
        _ => rng.NextGaussian(),
    };
}
