using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Lode.Core;

namespace Lode.Server.Mlflow;

/// <summary>Protobuf's JSON mapping, as far as MLflow's messages need it.</summary>
internal static class ProtoJson
{
    /// <summary>A field by its snake case name or its lower camel case one; null counts as absent.</summary>
    public static bool Find(JsonElement message, string name, out JsonElement value)
    {
        try
        {
            if (!message.TryGetProperty(name, out value) && (!name.Contains('_', StringComparison.Ordinal) || !message.TryGetProperty(CamelCase(name), out value)))
                return false;
        }
        catch (InvalidOperationException)
        {
            throw NameIsNoText();
        }
        if (value.ValueKind != JsonValueKind.Null)
            return true;
        value = default;
        return false;
    }

    /// <summary>Whether a field has that name, which is one word.</summary>
    public static bool IsNamed(JsonProperty field, ReadOnlySpan<byte> name)
    {
        try
        {
            return field.NameEquals(name);
        }
        catch (InvalidOperationException)
        {
            throw NameIsNoText();
        }
    }

    public static bool TryText(JsonElement value, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (value.ValueKind != JsonValueKind.String)
            return false;
        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: no text.
            return false;
        }
    }

    public static bool TryInteger(JsonElement value, out long number)
    {
        number = 0;
        return value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetInt64(out number) || (value.TryGetDouble(out var real) && TryWhole(real, out number)),
            JsonValueKind.String => TryText(value, out var text) && TryInteger(text, out number),
            _ => false,
        };
    }

    public static bool TryInteger(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
        || (double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var real) && TryWhole(real, out number));

    public static bool TryDouble(JsonElement value, out double number)
    {
        number = 0;
        return value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetDouble(out number),
            JsonValueKind.String => TryText(value, out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number),
            _ => false,
        };
    }

    // Half a surrogate pair, again.
    private static LodeException NameIsNoText() => new(ErrorCode.InvalidArgument, "Bad Request. The name of a field is not valid text.");

    private static bool TryWhole(double real, out long number)
    {
        // 2^63 itself is no long.
        var whole = Math.Floor(real) == real && real >= -9223372036854775808.0 && real < 9223372036854775808.0;
        number = whole ? (long)real : 0;
        return whole;
    }

    private static string CamelCase(string name) => string.Create(name.Length - name.Count(letter => letter == '_'), name, (camel, snake) =>
    {
        var length = 0;
        for (var i = 0; i < snake.Length; i++)
            camel[length++] = snake[i] == '_' ? char.ToUpperInvariant(snake[++i]) : snake[i];
    });
}
