using System.Globalization;
using System.Text.Json;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Bench.Tuning;

/// <summary>A black-box task of a specification. Smaller is better.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Space">Its domain.</param>
/// <param name="Noise">The standard deviation of what is observed around the value.</param>
/// <param name="Evaluate">The value without noise.</param>
public sealed record BenchTask(string Name, SearchSpace Space, double Noise, Func<Params, double> Evaluate);

/// <summary>Reads tasks: a specification in JSON, tables in CSV (the format of the benchmark's definition, sections 1 and 3).</summary>
public static class Tasks
{
    public static List<BenchTask> Read(string specification, string tables, string names)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(specification));
        var wanted = names == "all" ? null : names.Split(',').ToHashSet();
        var tasks = new List<BenchTask>();
        foreach (var task in json.RootElement.EnumerateObject())
        {
            if (wanted?.Remove(task.Name) == false || !task.Value.TryGetProperty("params", out var parameters) || task.Value.TryGetProperty("hv_ref", out _))
                continue;
            var space = new SearchSpace(parameters.EnumerateArray().Select(Parameter));
            var table = task.Value.TryGetProperty("table", out var file) ? file.GetString() : null;
            var evaluate = table is not null ? Table(Path.Combine(tables, table), parameters) : Functions.Find(task.Name, space);
            tasks.Add(new BenchTask(task.Name, space, task.Value.TryGetProperty("noise", out var noise) ? noise.GetDouble() : 0, evaluate));
        }
        return wanted is { Count: > 0 }
            ? throw new LodeException(ErrorCode.NotFound, $"The specification {specification} has no black-box task {string.Join(", ", wanted)}.")
            : tasks;
    }

    private static Parameter Parameter(JsonElement p)
    {
        var name = p.GetProperty("name").GetString()!;
        double Number(string key) => p.GetProperty(key).GetDouble();
        var log = p.TryGetProperty("log", out var scale) && scale.GetBoolean();
        double? step = p.TryGetProperty("step", out var spacing) && spacing.ValueKind == JsonValueKind.Number ? spacing.GetDouble() : null;
        Condition? when = null;
        if (p.TryGetProperty("cond", out var condition) && condition.ValueKind == JsonValueKind.Array)
            when = new Condition(condition[0].GetString()!, [.. condition[1].EnumerateArray().Select(Value)]);
        return p.GetProperty("type").GetString() switch
        {
            "float" => new FloatParameter(name, Number("lo"), Number("hi"), log, step) { When = when },
            "int" => new IntParameter(name, (long)Number("lo"), (long)Number("hi"), log, (long)(step ?? 1)) { When = when },
            "cat" => new CategoricalParameter(name, [.. p.GetProperty("choices").EnumerateArray().Select(Value)]) { When = when },
            var kind => throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{name}' is of kind '{kind}'; there are float, int and cat."),
        };
    }

    private static ParamValue Value(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetInt64();

    // The row of a configuration is found by the key of section 3; its value is the loss of the highest fidelity.
    private static Func<Params, double> Table(string file, JsonElement parameters)
    {
        var names = parameters.EnumerateArray().Select(p => (Name: p.GetProperty("name").GetString()!, Text: p.GetProperty("type").GetString() == "cat")).ToArray();
        var lines = File.ReadAllLines(file);
        var header = lines[0].Split(',');
        var places = Array.ConvertAll(names, name => Array.IndexOf(header, name.Name));
        var loss = Enumerable.Range(0, header.Length).Where(i => header[i].StartsWith("loss_", StringComparison.Ordinal)).MaxBy(i => int.Parse(header[i][5..], CultureInfo.InvariantCulture));
        static string Key(double value) => Math.Round(1000 * value).ToString(CultureInfo.InvariantCulture);
        var rows = new Dictionary<string, double>();
        foreach (var line in lines.Skip(1).Where(line => line.Length > 0))
        {
            var cells = line.Split(',');
            var key = string.Join('|', names.Select((name, i) => cells[places[i]] is var cell && (name.Text || cell.Length == 0) ? cell : Key(double.Parse(cell, CultureInfo.InvariantCulture))));
            rows[key] = double.Parse(cells[loss], CultureInfo.InvariantCulture);
        }
        return p => rows[string.Join('|', names.Select(name => !p.Contains(name.Name) ? "" : name.Text ? p.Text(name.Name) : Key(p.Float(name.Name))))];
    }
}
