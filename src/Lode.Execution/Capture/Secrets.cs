using System.Buffers;
using System.Text.RegularExpressions;

namespace Lode.Execution;

/// <summary>Keeps secrets out of what is recorded.</summary>
public static partial class Secrets
{
    /// <summary>What stands in a secret's place.</summary>
    public const string Mask = "***";

    private static readonly SearchValues<char> s_special = SearchValues.Create(" \t\n'\"\\$`&|;<>()#?[]!*");

    /// <summary>Whether a variable or option of that name holds a secret, as its words say: token, password, key and the like.</summary>
    public static bool IsSecretName(string name) => SecretWord().IsMatch(name);

    /// <summary>A text with the passwords of addresses (<c>scheme://user:password@host</c>) masked.</summary>
    public static string MaskAddresses(string text) => Login().Replace(text, $"$1{Mask}@");

    /// <summary>A command line for people to read, quoted where a shell needs it, with the values of secret options masked.</summary>
    public static string CommandLine(IReadOnlyList<string> command)
    {
        var words = new string[command.Count];
        for (var i = 0; i < words.Length; i++)
        {
            var word = command[i];
            var sign = word.IndexOf('=', StringComparison.Ordinal);
            if (i > 0 && sign < 0 && command[i - 1].StartsWith('-') && !command[i - 1].Contains('=', StringComparison.Ordinal) && !word.StartsWith('-') && IsSecretName(command[i - 1]))
                word = Mask;
            else if (sign > 0 && IsSecretName(word[..sign]))
                word = $"{word[..sign]}={Mask}";
            words[i] = Quote(MaskAddresses(word));
        }
        return string.Join(' ', words);
    }

    private static string Quote(string word) => word.Length > 0 && !word.AsSpan().ContainsAny(s_special) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex("(^|[^a-z])(api_?-?key|key|pat)([^a-z]|$)|token|secret|passw|credential|private|auth(?!or)|cookie|session|dsn|connection_?string|signature", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretWord();

    [GeneratedRegex(@"(\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^/@\s]+@", RegexOptions.CultureInvariant)]
    private static partial Regex Login();
}
