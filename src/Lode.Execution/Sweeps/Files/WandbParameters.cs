using Lode.Core;
using Lode.Optimization;

namespace Lode.Execution;

/// <summary>The <c>parameters:</c> of a W&amp;B sweep file.</summary>
/// <param name="Space">What they are here.</param>
/// <param name="Paths">Where nested ones lie.</param>
/// <param name="Json">Those whose values are lists, mappings or null.</param>
internal sealed record WandbParameters(SearchSpace Space, IReadOnlyDictionary<string, IReadOnlyList<string>> Paths, IReadOnlyList<string> Json)
{
    private static readonly Dictionary<string, string[]> s_distributions = new()
    {
        ["constant"] = ["value"],
        ["categorical"] = ["values"],
        ["categorical_w_probabilities"] = ["values", "probabilities"],
        ["int_uniform"] = ["min", "max"],
        ["uniform"] = ["min", "max"],
        ["q_uniform"] = ["min", "max", "q?"],
        ["log_uniform"] = ["min", "max"],
        ["log_uniform_values"] = ["min", "max"],
        ["q_log_uniform"] = ["min", "max", "q?"],
        ["q_log_uniform_values"] = ["min", "max", "q?"],
        ["inv_log_uniform"] = ["min", "max"],
        ["inv_log_uniform_values"] = ["min", "max"],
        ["normal"] = ["mu?", "sigma?"],
        ["q_normal"] = ["mu?", "sigma?", "q?"],
        ["log_normal"] = ["mu?", "sigma?"],
        ["q_log_normal"] = ["mu?", "sigma?", "q?"],
        ["beta"] = ["a?", "b?"],
        ["q_beta"] = ["a?", "b?", "q?"],
    };

    private static readonly string[] s_keys = ["distribution", "value", "values", "probabilities", "min", "max", "mu", "sigma", "q", "a", "b", "parameters"];

    /// <exception cref="LodeException">InvalidArgument: with the place of what is wrong.</exception>
    public static WandbParameters Read(YamlValue yaml, bool isGrid, List<string> notes)
    {
        var parameters = new List<Parameter>();
        var paths = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var json = new List<string>();
        Walk(yaml, []);
        return parameters.Count == 0 ? throw yaml.Error("needs at least one parameter.") : new WandbParameters(yaml.Guard(() => new SearchSpace(parameters)), paths, json);

        void Walk(YamlValue at, string[] outer)
        {
            foreach (var (key, value) in at.Entries("parameters"))
            {
                string[] path = [.. outer, key];
                var keys = value.Map("a parameter", s_keys);
                if (keys.TryGetValue("parameters", out var below))
                {
                    if (keys.Count > 1)
                        throw value.Error("has `parameters` and something else; nested parameters stand alone.");
                    Walk(below, path);
                    continue;
                }
                var name = string.Join('.', path);
                var parameter = value.Guard(() => Parameter(name, value, keys, json, notes));
                var (kind, levels) = new SearchSpace([parameter]).Dimensions[0];
                if (isGrid && kind == DimensionKind.Continuous)
                    throw value.Error("has no grid: `method: grid` takes values, constants, int_uniform and rounded distributions with bounds.");
                if (isGrid && levels > 1_000_000)
                    throw value.Error($"has {levels} values, too many for a grid.");
                parameters.Add(parameter);
                if (path.Length > 1)
                    paths[name] = path;
            }
        }
    }

    private static Parameter Parameter(string name, YamlValue yaml, IReadOnlyDictionary<string, YamlValue> keys, List<string> json, List<string> notes)
    {
        var distribution = keys.TryGetValue("distribution", out var named) ? named.OneOf("distribution", [.. s_distributions.Keys])
            : keys.ContainsKey("value") ? "constant"
            : keys.ContainsKey("values") ? keys.ContainsKey("probabilities") ? "categorical_w_probabilities" : "categorical"
            : keys.TryGetValue("min", out var low) && keys.TryGetValue("max", out var high) ? low.Scalar() is { Kind: ParamKind.Int } && high.Scalar() is { Kind: ParamKind.Int } ? "int_uniform" : "uniform"
            : throw yaml.Error("says nothing about its values.", "It needs `values`, `value`, `min` and `max`, or a `distribution`.");
        var wanted = s_distributions[distribution];
        foreach (var (key, value) in keys)
            if (key != "distribution" && !wanted.Contains(key) && !wanted.Contains(key + "?"))
                throw value.Error($"does not belong to {distribution}, which has: {string.Join(", ", wanted.Select(item => item.TrimEnd('?')))}.");
        if (wanted.FirstOrDefault(key => !key.EndsWith('?') && !keys.ContainsKey(key)) is { } missing)
            throw yaml.Error($"{distribution} needs `{missing}`.");
        switch (distribution)
        {
            case "constant":
                return new CategoricalParameter(name, Choice(keys["value"]));
            case "categorical" or "categorical_w_probabilities":
                return Categorical();
        }
        if (wanted.Contains("min"))
        {
            var (min, max) = (keys["min"].Number("min"), keys["max"].Number("max"));
            if (!(min < max))
                throw yaml.Error(FormattableString.Invariant($"min is less than max; got {min} and {max}."));
            if (distribution == "int_uniform")
                return new IntParameter(name, keys["min"].Whole("min"), keys["max"].Whole("max"));
            if (distribution == "uniform")
                return new FloatParameter(name, min, max);
            // As W&B has them: those with _values give the values themselves, the others their logarithms; the inverse of a log-uniform number is log-uniform.
            if (!distribution.EndsWith("_values", StringComparison.Ordinal) && distribution != "q_uniform")
                (min, max) = distribution.StartsWith("inv", StringComparison.Ordinal) ? (Math.Exp(-max), Math.Exp(-min)) : (Math.Exp(min), Math.Exp(max));
            if (!double.IsFinite(max) || (distribution != "q_uniform" && !(min > 0)))
                throw yaml.Error(FormattableString.Invariant($"{distribution} goes from {min} to {max}; a logarithmic scale needs finite values above 0."), distribution.EndsWith("_values", StringComparison.Ordinal) ? null : $"{distribution} has logarithms as min and max: log_uniform_values has the values themselves.");
            return distribution[0] == 'q' ? Rounded(min, max, log: distribution != "q_uniform") : new FloatParameter(name, min, max, log: true);
        }
        var step = Step(out var isWhole);
        return distribution.Contains("beta", StringComparison.Ordinal)
            ? new DistributedParameter(name, ParameterLaw.Beta, Number("a", 1), Number("b", 1), step, isWhole)
            : new DistributedParameter(name, distribution.Contains("log", StringComparison.Ordinal) ? ParameterLaw.LogNormal : ParameterLaw.Normal, Number("mu", 0), Number("sigma", 1), step, isWhole);

        double Number(string key, double otherwise) => keys.TryGetValue(key, out var value) ? value.Number(key) : otherwise;

        // W&B rounds to integers only where q is written as one; its default is 1.0.
        double? Step(out bool whole)
        {
            whole = keys.TryGetValue("q", out var q) && q.Scalar() is { Kind: ParamKind.Int };
            return distribution[0] == 'q' ? Number("q", 1) : null;
        }

        Parameter Rounded(double min, double max, bool log)
        {
            var q = Step(out var whole)!.Value;
            if (!(q > 0))
                throw yaml.Error(FormattableString.Invariant($"q is more than 0; got {q}."));
            var (first, last) = (Math.Round(min / q), Math.Round(max / q));
            if (Math.Abs(first) > 1L << 52 || Math.Abs(last) > 1L << 52)
                throw yaml.Error("has more rounded values than can be counted.");
            if (log && first == 0)
                throw yaml.Error(FormattableString.Invariant($"{distribution} rounds its smallest values to 0, which has no place on a logarithmic scale."), FormattableString.Invariant($"Raise the smallest value to {q / 2 * 1.01} or more, or lower q."));
            notes.Add($"{name}: {distribution} takes the same values as in W&B; the two at its ends are {(log ? "a little likelier" : "as likely as the others, there half as likely or so")}.");
            return whole
                ? new IntParameter(name, (long)(first * q), (long)(last * q), log, (long)q)
                : new FloatParameter(name, Multiple(first, q), Multiple(last, q), log, q);
        }

        Parameter Categorical()
        {
            var values = keys["values"].List("values");
            if (values.Count == 0)
                throw keys["values"].Error("needs at least one value.");
            var weights = Enumerable.Repeat(1.0, values.Count).ToList();
            if (distribution == "categorical_w_probabilities")
            {
                weights = [.. keys["probabilities"].List("probabilities").Select(item => item.Number("a probability"))];
                if (weights.Count != values.Count || !weights.TrueForAll(weight => weight >= 0) || Math.Abs(weights.Sum() - 1) > 1e-5)
                    throw keys["probabilities"].Error($"wanted {values.Count} probabilities, one a value, that add up to 1; got {weights.Count} that add up to {ValueText.Plain(weights.Sum())}.");
            }
            // A value that stands twice is twice as likely.
            var choices = new List<ParamValue>();
            var sums = new List<double>();
            for (var i = 0; i < values.Count; i++)
            {
                var choice = Choice(values[i]);
                if (choices.IndexOf(choice) is >= 0 and var at)
                    sums[at] += weights[i];
                else
                    (choices, sums) = ([.. choices, choice], [.. sums, weights[i]]);
            }
            if (keys["values"].List("values").Any(item => !item.IsScalar || item.IsNull) && values.Any(item => item.Scalar() is { Kind: ParamKind.Text }))
                throw keys["values"].Error("mixes texts with lists, mappings or null.", "Write them all as texts, which the program reads.");
            return new CategoricalParameter(name, choices) { Weights = sums.Distinct().Count() > 1 ? sums : null };
        }

        ParamValue Choice(YamlValue value)
        {
            if (value.IsScalar && !value.IsNull)
                return value.Scalar()!.Value;
            if (!json.Contains(name))
                json.Add(name);
            return value.Json() is { } node ? ValueText.Line(node) : "null";
        }
    }

    // In decimals, where q is a short one: 3 · 0.1 is 0.3.
    private static double Multiple(double count, double q) =>
        Math.Abs(q) is > 1e-12 and < 1e12 && Math.Abs(count) < 1e12 && (double)(decimal)q == q ? (double)((decimal)count * (decimal)q) : count * q;
}
