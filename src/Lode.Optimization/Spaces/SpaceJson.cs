using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>Spaces and values as JSON: the part of <see cref="StudyFile"/>'s format that speaks of them.</summary>
public static class SpaceJson
{
    /// <summary>Writes a value. A float always has a point or an exponent, so that it comes back as a float; one that is not finite is <c>{"float":"NaN"}</c>.</summary>
    public static void Write(Utf8JsonWriter json, ParamValue value)
    {
        switch (value.Kind)
        {
            case ParamKind.Int:
                json.WriteNumberValue(value.AsInt());
                break;
            case ParamKind.Bool:
                json.WriteBooleanValue(value.AsBool());
                break;
            case ParamKind.Text:
                json.WriteStringValue(value.AsText());
                break;
            case ParamKind.Float when double.IsFinite(value.AsDouble()):
                var digits = value.ToString();
                json.WriteRawValue(digits.AsSpan().IndexOfAny('.', 'E') < 0 ? digits + ".0" : digits, skipInputValidation: true);
                break;
            default:
                json.WriteStartObject();
                json.WriteString("float", value.ToString());
                json.WriteEndObject();
                break;
        }
    }

    /// <summary>Reads a value.</summary>
    /// <param name="json">The value.</param>
    /// <param name="parameter">Its parameter, null when unknown: a float whose point another tool dropped is a float all the same.</param>
    public static ParamValue ReadValue(JsonElement json, Parameter? parameter = null) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString()!,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Object => double.Parse(json.GetProperty("float").GetString()!, CultureInfo.InvariantCulture),
        JsonValueKind.Number when parameter is FloatParameter => json.GetDouble(),
        JsonValueKind.Number when parameter is IntParameter && json.TryGetInt64(out var whole) => whole,
        JsonValueKind.Number when json.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') >= 0 => json.GetDouble(),
        JsonValueKind.Number => json.GetInt64(),
        _ => throw new LodeException(ErrorCode.InvalidArgument, $"A value is a string, a number or a bool; got {json.GetRawText()}."),
    };

    /// <summary>The space as an object.</summary>
    public static string Write(SearchSpace space)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartArray("parameters");
        foreach (var parameter in space)
            Write(json, parameter);
        json.WriteEndArray();
        if (space.Constraints.Count > 0)
        {
            json.WriteStartArray("constraints");
            foreach (var constraint in space.Constraints)
                Write(json, constraint);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The space; a predicate cannot be written, so it is left out.</summary>
    /// <exception cref="LodeException">InvalidArgument: a kind that there is not, or a space that makes no sense.</exception>
    public static SearchSpace ReadSpace(JsonElement json) => new(
        [.. json.GetProperty("parameters").EnumerateArray().Select(ReadParameter)],
        json.TryGetProperty("constraints", out var constraints) ? [.. constraints.EnumerateArray().Where(constraint => constraint.TryGetProperty("terms", out _)).Select(ReadLinear)] : null);

    private static void Write(Utf8JsonWriter json, Parameter parameter)
    {
        json.WriteStartObject();
        json.WriteString("name", parameter.Name);
        switch (parameter)
        {
            case FloatParameter number:
                WriteNumber("float", number.Low, number.High, number.Log, number.Step);
                break;
            case IntParameter number:
                WriteNumber("int", number.Low, number.High, number.Log, number.Step == 1 ? null : number.Step);
                break;
            case ChoiceParameter choice:
                json.WriteString("type", choice is OrdinalParameter ? "ordinal" : "categorical");
                WriteValues("choices", choice.Choices);
                if (choice is CategoricalParameter { Weights: { } weights })
                    WriteValues("weights", [.. weights.Select(weight => (ParamValue)weight)]);
                break;
            case DistributedParameter number:
                json.WriteString("type", number.Law switch { ParameterLaw.Normal => "normal", ParameterLaw.LogNormal => "log_normal", _ => "beta" });
                json.WritePropertyName(number.Law == ParameterLaw.Beta ? "a" : "mean");
                Write(json, number.First);
                json.WritePropertyName(number.Law == ParameterLaw.Beta ? "b" : "deviation");
                Write(json, number.Second);
                if (number.Step is { } multiple)
                {
                    json.WritePropertyName("step");
                    Write(json, number.IsWhole ? ParamValue.Of((long)multiple) : multiple);
                }
                break;
        }
        if (parameter.Default is { } value)
        {
            json.WritePropertyName("default");
            Write(json, value);
        }
        if (parameter.When is { } when)
        {
            json.WriteStartObject("when");
            json.WriteString("parent", when.Parent);
            WriteValues("values", when.Values);
            json.WriteEndObject();
        }
        json.WriteEndObject();

        void WriteNumber(string type, ParamValue low, ParamValue high, bool log, ParamValue? step)
        {
            json.WriteString("type", type);
            json.WritePropertyName("low");
            Write(json, low);
            json.WritePropertyName("high");
            Write(json, high);
            if (log)
                json.WriteBoolean("log", true);
            if (step is { } spacing)
            {
                json.WritePropertyName("step");
                Write(json, spacing);
            }
        }

        void WriteValues(string name, IReadOnlyList<ParamValue> values)
        {
            json.WriteStartArray(name);
            foreach (var item in values)
                Write(json, item);
            json.WriteEndArray();
        }
    }

    private static Parameter ReadParameter(JsonElement json)
    {
        var name = json.GetProperty("name").GetString()!;
        var log = json.TryGetProperty("log", out var scale) && scale.GetBoolean();
        JsonElement? step = json.TryGetProperty("step", out var spacing) ? spacing : null;
        Parameter parameter = json.GetProperty("type").GetString() switch
        {
            "float" => new FloatParameter(name, json.GetProperty("low").GetDouble(), json.GetProperty("high").GetDouble(), log, step?.GetDouble()),
            "int" => new IntParameter(name, json.GetProperty("low").GetInt64(), json.GetProperty("high").GetInt64(), log, step?.GetInt64() ?? 1),
            "categorical" => new CategoricalParameter(name, ReadValues(json.GetProperty("choices"))) { Weights = json.TryGetProperty("weights", out var weights) ? [.. weights.EnumerateArray().Select(weight => weight.GetDouble())] : null },
            "ordinal" => new OrdinalParameter(name, ReadValues(json.GetProperty("choices"))),
            "normal" => Distributed(ParameterLaw.Normal, "mean", "deviation"),
            "log_normal" => Distributed(ParameterLaw.LogNormal, "mean", "deviation"),
            "beta" => Distributed(ParameterLaw.Beta, "a", "b"),
            var type => throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{name}' has the type '{type}'; there are: float, int, categorical, ordinal, normal, log_normal, beta."),
        };

        // A step without a point or an exponent means integers, as it is written.
        DistributedParameter Distributed(ParameterLaw law, string first, string second) =>
            new(name, law, json.GetProperty(first).GetDouble(), json.GetProperty(second).GetDouble(), step?.GetDouble(), step is { } digits && digits.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0);

        return parameter with
        {
            Default = json.TryGetProperty("default", out var value) ? ReadValue(value, parameter) : (ParamValue?)null,
            When = json.TryGetProperty("when", out var when) ? new Condition(when.GetProperty("parent").GetString()!, ReadValues(when.GetProperty("values"))) : null,
        };
    }

    private static ParamValue[] ReadValues(JsonElement json) => [.. json.EnumerateArray().Select(value => ReadValue(value))];

    private static void Write(Utf8JsonWriter json, SpaceConstraint constraint)
    {
        json.WriteStartObject();
        json.WriteString("name", constraint.Name);
        if (constraint is LinearConstraint linear)
        {
            json.WriteStartArray("terms");
            foreach (var term in linear.Terms)
            {
                json.WriteStartArray();
                json.WriteStringValue(term.Parameter);
                json.WriteNumberValue(term.Coefficient);
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteString("relation", linear.Relation == Relation.AtMost ? "at_most" : "at_least");
            json.WriteNumber("bound", linear.Bound);
        }
        else
        {
            json.WriteStartArray("predicate_reads");
            foreach (var name in constraint.Reads)
                json.WriteStringValue(name);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static LinearConstraint ReadLinear(JsonElement json) => new(
        [.. json.GetProperty("terms").EnumerateArray().Select(term => new LinearTerm(term[0].GetString()!, term[1].GetDouble()))],
        json.GetProperty("relation").GetString() switch
        {
            "at_most" => Relation.AtMost,
            "at_least" => Relation.AtLeast,
            var relation => throw new LodeException(ErrorCode.InvalidArgument, $"A constraint has the relation '{relation}'; there are: at_most, at_least."),
        },
        json.GetProperty("bound").GetDouble(),
        json.GetProperty("name").GetString());
}
