using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>What a study's rows hold as JSON.</summary>
internal static class StudyJson
{
    public static string Write(StudySpec spec) => JsonSerializer.Serialize(spec, TrackingJson.Default.StudySpec);

    public static StudySpec ReadSpec(string text) => JsonSerializer.Deserialize(text, TrackingJson.Default.StudySpec)!;

    public static string Write(Params values)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in values)
            {
                json.WritePropertyName(name);
                SpaceJson.Write(json, value);
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static Params ReadParams(string text)
    {
        using var json = JsonDocument.Parse(text);
        return new Params(json.RootElement.EnumerateObject().Select(item => new KeyValuePair<string, ParamValue>(item.Name, SpaceJson.ReadValue(item.Value))));
    }

    public static string Write(ImmutableArray<double> numbers)
    {
        if (numbers.IsDefaultOrEmpty)
            return "";
        var text = new StringBuilder("[");
        foreach (var number in numbers)
        {
            if (text.Length > 1)
                text.Append(',');
            if (double.IsFinite(number))
                text.Append(number.ToString("R", CultureInfo.InvariantCulture));
            else
                text.Append('"').Append(number.ToString(CultureInfo.InvariantCulture)).Append('"');
        }
        return text.Append(']').ToString();
    }

    public static ImmutableArray<double> ReadNumbers(string text)
    {
        if (text.Length == 0)
            return [];
        using var json = JsonDocument.Parse(text);
        return [.. json.RootElement.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? double.Parse(item.GetString()!, CultureInfo.InvariantCulture) : item.GetDouble())];
    }
}
