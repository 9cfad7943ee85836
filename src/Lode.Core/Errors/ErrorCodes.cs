using System.Text;

namespace Lode.Core;

/// <summary>The wire name of each <see cref="ErrorCode"/>: snake case, as in <c>{"error":{"code":"not_found"}}</c>.</summary>
public static class ErrorCodes
{
    private static readonly Dictionary<ErrorCode, string> s_names =
        Enum.GetValues<ErrorCode>().ToDictionary(code => code, code => SnakeCase(code.ToString()));

    private static readonly Dictionary<string, ErrorCode> s_codes = s_names.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>The name sent on the wire, for example <c>not_found</c>.</summary>
    public static string WireName(this ErrorCode code) => s_names[code];

    /// <summary>The code of a wire name; <see cref="ErrorCode.Internal"/> for a name this build does not know.</summary>
    public static ErrorCode Parse(string wireName) => s_codes.GetValueOrDefault(wireName, ErrorCode.Internal);

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(letter));
        }
        return text.ToString();
    }
}
