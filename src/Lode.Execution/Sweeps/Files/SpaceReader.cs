using Lode.Core;
using Lode.Optimization;

namespace Lode.Execution;

/// <summary>Reads the <c>space:</c> of Lode's own sweep files.</summary>
internal static class SpaceReader
{
    private static readonly string[] s_kinds = ["float", "log", "int", "choice", "ordered", "normal", "log_normal", "beta", "value"];
    private static readonly string[] s_keys = [.. s_kinds, "step", "weights", "default", "if"];

    /// <exception cref="LodeException">InvalidArgument: with the place of what is wrong.</exception>
    public static SearchSpace Read(YamlValue yaml, YamlValue? constraints)
    {
        var entries = yaml.Entries("the space");
        if (entries.Count == 0)
            throw yaml.Error("the space needs at least one parameter.");
        var parameters = entries.Select(entry => entry.Value.Guard(() => Parameter(entry.Key, entry.Value))).ToList();
        for (var i = 0; i < parameters.Count; i++)
        {
            if (!entries[i].Value.IsMap || entries[i].Value.Map("a parameter", s_keys).GetValueOrDefault("if") is not { } condition)
                continue;
            parameters[i] = parameters[i] with { When = condition.Guard(() => ConditionText.Parse(condition.Text("a condition"), name => parameters.Find(parameter => parameter.Name == name), parameters.Select(parameter => parameter.Name))) };
        }
        var bounds = constraints is null ? [] : (constraints.IsList ? constraints.List("constraints") : [constraints]).Select(item => item.Guard(() =>
        {
            var constraint = LinearText.Parse(item.Text("a constraint"));
            if (constraint.Reads.FirstOrDefault(name => !parameters.Exists(parameter => parameter.Name == name)) is { } unknown)
                throw new LodeException(ErrorCode.InvalidArgument, $"'{unknown}' is no parameter of the space.", DidYouMean.Hint(unknown, parameters.Select(parameter => parameter.Name)));
            return constraint;
        })).ToList();
        return yaml.Guard(() => new SearchSpace(parameters, bounds));
    }

    private static Parameter Parameter(string name, YamlValue yaml)
    {
        if (yaml.IsList)
            return new CategoricalParameter(name, Choices(yaml));
        if (!yaml.IsMap)
            return new CategoricalParameter(name, Value(yaml));
        var keys = yaml.Map("a parameter", s_keys);
        var isScale = keys.GetValueOrDefault("log") is { IsScalar: true } && (keys.ContainsKey("int") || keys.ContainsKey("float"));
        var kinds = s_kinds.Where(kind => keys.ContainsKey(kind) && !(kind == "log" && isScale)).ToList();
        if (kinds.Count != 1)
            throw yaml.Error(kinds.Count == 0 ? "says nothing about its values." : $"has {string.Join(" and ", kinds)}, and can have one of them.", $"One of: {string.Join(", ", s_kinds)}. For example {{ log: [1e-5, 1e-1] }} or [relu, gelu].");
        var kind = kinds[0];
        var at = keys[kind];
        var log = kind == "log" || (isScale && keys["log"].Bool("log"));
        var parameter = Kind();
        if (kind is not ("float" or "log" or "int" or "normal" or "log_normal" or "beta") && keys.TryGetValue("step", out var misplaced))
            throw misplaced.Error("belongs to numbers.");
        if (kind != "choice" && keys.TryGetValue("weights", out var weights))
            throw weights.Error("belongs to a choice.");
        return keys.TryGetValue("default", out var given) ? given.Guard(() => parameter with { Default = parameter is FloatParameter or DistributedParameter { IsWhole: false } ? given.Number("a default") : Value(given) }) : parameter;

        Parameter Kind()
        {
            switch (kind)
            {
                case "value":
                    return new CategoricalParameter(name, Value(at));
                case "choice":
                    return new CategoricalParameter(name, Choices(at)) { Weights = keys.TryGetValue("weights", out var list) ? [.. list.List("weights").Select(item => item.Number("a weight"))] : null };
                case "ordered":
                    return new OrdinalParameter(name, Choices(at));
                case "int":
                    var whole = Pair(at);
                    return new IntParameter(name, whole[0].Whole("a bound"), whole[1].Whole("a bound"), log, keys.TryGetValue("step", out var step) ? step.Whole("a step", 1) : 1);
                case "float" or "log":
                    var ends = Pair(at);
                    return new FloatParameter(name, ends[0].Number("a bound"), ends[1].Number("a bound"), log, keys.TryGetValue("step", out step) ? step.Number("a step") : null);
                default:
                    var law = Pair(at);
                    var spacing = keys.TryGetValue("step", out step) ? step : null;
                    return new DistributedParameter(name, kind switch { "normal" => ParameterLaw.Normal, "log_normal" => ParameterLaw.LogNormal, _ => ParameterLaw.Beta }, law[0].Number("a number"), law[1].Number("a number"), spacing?.Number("a step"), spacing?.Scalar() is { Kind: ParamKind.Int });
            }
        }
    }

    private static IReadOnlyList<YamlValue> Pair(YamlValue yaml) => yaml.List("two numbers") is { Count: 2 } pair ? pair : throw yaml.Error($"wanted two numbers, as [low, high]; got {yaml.Shown()}.");

    private static ParamValue[] Choices(YamlValue yaml) => [.. yaml.List("choices").Select(Value)];

    private static ParamValue Value(YamlValue yaml) => yaml.Scalar() ?? throw yaml.Error($"wanted a text, a number or true or false; got {yaml.Shown()}.", "A list or a mapping as one value: write it as a text in quotes, which the program reads.");
}
