using System.Text;
using Lode.Core;

namespace Lode.Execution;

/// <summary>A command's text, split into the program and its arguments.</summary>
public static class CommandWords
{
    private const string ShellSigns = "|&;<>`";

    /// <summary>
    /// Splits as a shell does, without being one: blanks part words; <c>'…'</c> is kept as it is; in <c>"…"</c> and outside of quotes a backslash
    /// takes the next sign as it is (in double quotes only before <c>"</c> and <c>\</c>). No variables, patterns, pipes or redirections.
    /// </summary>
    /// <exception cref="LodeException">InvalidArgument: an open quote, or a sign that only a shell understands; the message has its place.</exception>
    public static IReadOnlyList<string> Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var inside = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsWhiteSpace(c))
            {
                if (inside)
                    words.Add(word.ToString());
                word.Clear();
                inside = false;
                continue;
            }
            inside = true;
            switch (c)
            {
                case '\'' or '"':
                    var start = i;
                    for (i++; i < text.Length && text[i] != c; i++)
                    {
                        if (c == '"' && text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '"' or '\\')
                            i++;
                        word.Append(text[i]);
                    }
                    if (i >= text.Length)
                        throw new LodeException(ErrorCode.InvalidArgument, $"The command has a quote that is not closed, at sign {start + 1}: {text[start..]}");
                    break;
                case '\\' when i + 1 < text.Length:
                    word.Append(text[++i]);
                    break;
                case '$' when i + 1 < text.Length && text[i + 1] == '(':
                case var _ when ShellSigns.Contains(c, StringComparison.Ordinal):
                    throw new LodeException(ErrorCode.InvalidArgument, $"The command has '{c}' at sign {i + 1}, which only a shell understands: commands are run without one.", $"Quote it, or run a shell: [sh, -c, '{text.Replace("'", "''", StringComparison.Ordinal)}']");
                default:
                    word.Append(c);
                    break;
            }
        }
        if (inside)
            words.Add(word.ToString());
        return words;
    }

    /// <summary>The text that <see cref="Split"/> reads as these words.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    private static string Quote(string word) =>
        word.Length > 0 && !word.Any(c => char.IsWhiteSpace(c) || c is '\'' or '"' or '\\' or '$' || ShellSigns.Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
