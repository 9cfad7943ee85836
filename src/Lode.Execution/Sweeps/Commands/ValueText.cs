using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lode.Optimization;

namespace Lode.Execution;

/// <summary>Parameters' values as programs read them.</summary>
internal static class ValueText
{
    // Quotes and non-ASCII letters stay as they are: this is no HTML.
    private static readonly JsonSerializerOptions s_json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A value on a command line: numbers in the shortest digits that give them back, an exponent as <c>1e-05</c>, floats with a point; <c>true</c>, <c>false</c>; texts as they are.</summary>
    public static string Plain(ParamValue value) => value.Kind == ParamKind.Float ? Number(value.AsDouble()) : value.ToString();

    /// <summary>As Python's <c>str</c> writes a value; inside of lists and mappings as its <c>repr</c>.</summary>
    public static string Python(JsonNode? node, bool inner = false)
    {
        switch (node)
        {
            case null:
                return "None";
            case JsonArray list:
                return $"[{string.Join(", ", list.Select(item => Python(item, inner: true)))}]";
            case JsonObject map:
                return $"{{{string.Join(", ", map.Select(pair => $"{Quoted(pair.Key)}: {Python(pair.Value, inner: true)}"))}}}";
        }
        return node.GetValueKind() switch
        {
            JsonValueKind.True => "True",
            JsonValueKind.False => "False",
            JsonValueKind.String => inner ? Quoted(node.GetValue<string>()) : node.GetValue<string>(),
            _ => Digits(node.ToJsonString()),
        };
    }

    /// <summary>All of them as one JSON object, nested as their paths say.</summary>
    public static JsonObject ToJson(Params values, SweepProgram program)
    {
        var root = new JsonObject();
        foreach (var (name, value) in values)
        {
            var at = root;
            var path = program.Paths.GetValueOrDefault(name) ?? [name];
            foreach (var step in path.SkipLast(1))
            {
                if (at[step] is not JsonObject below)
                    at[step] = below = [];
                at = below;
            }
            at[path[^1]] = ToNode(value, program.JsonParameters.Contains(name));
        }
        return root;
    }

    /// <summary>JSON on one line.</summary>
    public static string Line(JsonNode node) => node.ToJsonString(s_json);

    private static JsonNode? ToNode(ParamValue value, bool isJson) => value.Kind switch
    {
        ParamKind.Int => JsonValue.Create(value.AsInt()),
        ParamKind.Bool => JsonValue.Create(value.AsBool()),
        ParamKind.Float when double.IsFinite(value.AsDouble()) => JsonNode.Parse(Number(value.AsDouble())),
        _ when isJson => JsonNode.Parse(value.AsText()),
        _ => JsonValue.Create(value.ToString()),
    };

    // 1E-05 to 1e-05, 1E+20 to 1e+20; from 1e16 on and below 1e-4 with an exponent, as Python, JavaScript and C read and write them.
    private static string Number(double value)
    {
        var digits = value.ToString("R", CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        var exponent = digits.IndexOf('E', StringComparison.Ordinal);
        if (exponent < 0 && Math.Abs(value) >= 1e16)
        {
            var (sign, whole) = digits[0] == '-' ? ("-", digits[1..]) : ("", digits);
            var rest = whole[1..].TrimEnd('0');
            return $"{sign}{whole[0]}{(rest.Length > 0 ? "." : "")}{rest}e+{whole.Length - 1}";
        }
        if (exponent < 0)
            return digits.Contains('.', StringComparison.Ordinal) ? digits : digits + ".0";
        var power = int.Parse(digits.AsSpan(exponent + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return power is >= 0 and < 16
            ? value.ToString("F1", CultureInfo.InvariantCulture)
            : $"{digits[..exponent]}e{(power < 0 ? '-' : '+')}{Math.Abs(power).ToString("00", CultureInfo.InvariantCulture)}";
    }

    private static string Digits(string json) => json.AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? json : Number(double.Parse(json, CultureInfo.InvariantCulture));

    private static string Quoted(string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var result = new StringBuilder().Append(quote);
        foreach (var c in text)
        {
            result.Append(c switch
            {
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when c == quote => $"\\{c}",
                _ => c.ToString(),
            });
        }
        return result.Append(quote).ToString();
    }
}
