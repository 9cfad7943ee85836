using System.Text.Json;
using System.Text.Json.Serialization;
using Lode.Core;

namespace Lode.Learning;

/// <summary>One part of a pipeline: a transform, a resampler or a learner by its catalogue's name.</summary>
public sealed record StepSpec
{
    /// <summary>The name in its catalogue.</summary>
    public required string Name { get; init; }

    /// <summary>Options by name: numbers, texts, booleans, null, and lists and objects of them. Default: none.</summary>
    [JsonConverter(typeof(ParametersConverter))]
    public IReadOnlyDictionary<string, object?> Parameters { get; init => field = value ?? new Dictionary<string, object?>(); } = new Dictionary<string, object?>();

    /// <summary>For a transform: which columns it is for. Null: all that it has to do with.</summary>
    public ColumnSelection? Columns { get; init; }
}

/// <summary>A pipeline as data: what a search varies, a file keeps and a bundle says about itself.</summary>
public sealed record PipelineSpec
{
    /// <summary>In the order in which they are applied; names of the <see cref="TransformCatalog"/>. Default: none.</summary>
    public IReadOnlyList<StepSpec> Transforms { get; init => field = value ?? []; } = [];

    /// <summary>A name of the <see cref="ResamplerCatalog"/>. Null: training rows are taken as they are.</summary>
    public StepSpec? Resampler { get; init; }

    /// <summary>A name of the <see cref="LearnerCatalog"/>.</summary>
    public required StepSpec Learner { get; init; }

    /// <summary>Levels of quantiles, ascending, each between 0 and 1: the learner is fitted for each, with its option <c>quantile</c> set to it. Null: one number a row.</summary>
    public IReadOnlyList<double>? Quantiles { get; init; }

    /// <summary>The pipeline that it describes.</summary>
    /// <exception cref="LodeException">InvalidArgument: a name or an option does not exist or is out of range.</exception>
    public Pipeline Create()
    {
        if (Quantiles is { } levels)
            QuantileModel.RequireLevels(levels);
        return new Pipeline([.. Transforms.Select(step => TransformCatalog.Create(step.Name, step.Parameters, step.Columns))],
            LearnerCatalog.Create(Learner.Name, Learner.Parameters),
            Resampler is null ? null : ResamplerCatalog.Create(Resampler.Name, Resampler.Parameters))
        {
            Spec = this,
            Quantiles = [.. (Quantiles ?? []).Select(level => (level, LearnerCatalog.Create(Learner.Name, new Dictionary<string, object?>(Learner.Parameters) { ["quantile"] = level })))],
        };
    }

    /// <summary>As JSON, names in snake case; the same description gives the same text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PipelineJson.Default.PipelineSpec);

    /// <summary>The description that JSON holds; whether it can be made is seen by <see cref="Create"/>.</summary>
    /// <exception cref="LodeException">InvalidArgument: it is not such JSON.</exception>
    public static PipelineSpec FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PipelineJson.Default.PipelineSpec) ?? throw new JsonException("it is null");
        }
        catch (JsonException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"This describes no pipeline: {error.Message}", "Say {\"learner\": {\"name\": …}} at least.", error);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(PipelineSpec))]
internal sealed partial class PipelineJson : JsonSerializerContext;

/// <summary>Options as JSON, in ordinal order of their names; whole numbers come back as <see cref="long"/>, others as <see cref="double"/>.</summary>
internal sealed class ParametersConverter : JsonConverter<IReadOnlyDictionary<string, object?>>
{
    public override IReadOnlyDictionary<string, object?> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return document.RootElement.ValueKind == JsonValueKind.Object ? (Dictionary<string, object?>)Value(document.RootElement)!
            : throw new JsonException("parameters must be an object");
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, object?> value, JsonSerializerOptions options) => Write(writer, value);

    private static object? Value(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new Dictionary<string, object?>(StringComparer.Ordinal);
                foreach (var member in element.EnumerateObject())
                    members[member.Name] = Value(member.Value);
                return members;
            case JsonValueKind.Array:
                return element.EnumerateArray().Select(Value).ToList();
            case JsonValueKind.String:
                return element.GetString();
            case JsonValueKind.Number:
                return element.TryGetInt64(out var whole) ? whole : element.GetDouble();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            default:
                return null;
        }
    }

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case double number when !double.IsFinite(number):
                writer.WriteStringValue(number.ToString(System.Globalization.CultureInfo.InvariantCulture));
                break;
            case double number when number == Math.Floor(number) && Math.Abs(number) < 1e15:
                writer.WriteNumberValue((long)number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case float or decimal:
                writer.WriteNumberValue(Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case int or long or short or byte or uint:
                writer.WriteNumberValue(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case IReadOnlyDictionary<string, object?> members:
                writer.WriteStartObject();
                foreach (var name in members.Keys.Order(StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(writer, members[name]);
                }
                writer.WriteEndObject();
                break;
            case System.Collections.IEnumerable items:
                writer.WriteStartArray();
                foreach (var item in items)
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            default:
                throw new LodeException(ErrorCode.InvalidArgument, $"A parameter cannot be a {value.GetType().Name}; it is a number, a text or a boolean.");
        }
    }
}
