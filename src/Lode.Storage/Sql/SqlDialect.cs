using System.Buffers;
using System.Text;
using Lode.Core;

namespace Lode.Storage;

/// <summary>
/// What the databases spell differently. Statements are written once, in what SQLite 3.35 and PostgreSQL 15 share, and with these
/// forms, which a dialect translates when a statement is first prepared:
/// <list type="bullet">
/// <item><c>@0</c>, <c>@1</c>, …: parameters, each used at least once.</item>
/// <item><c>x = ANY(@0)</c>: x is one of a list of numbers; the value is a <c>long[]</c>.</item>
/// <item><c>x LIKE @0</c>: by exact case, <c>%</c> and <c>_</c>, no escape character.</item>
/// <item><c>instr(text, part)</c>: where the part begins, from 1; 0 = nowhere.</item>
/// </list>
/// Names that PostgreSQL reserves are quoted (<c>"user"</c>). Sorts say <c>NULLS LAST</c>. A parameter that is only asked whether it
/// is null is cast: <c>CAST(@0 AS BIGINT) IS NULL</c>.
/// </summary>
public abstract class SqlDialect
{
    private static readonly SearchValues<char> s_surrogates = SearchValues.Create([.. Enumerable.Range(0xD800, 0x800).Select(code => (char)code)]);

    /// <summary>Whether a text can be stored: it has no character NUL, which PostgreSQL does not take.</summary>
    internal static bool IsStorable(string? text) => text is null || !text.Contains('\0', StringComparison.Ordinal);

    /// <summary>The statement in this database's words.</summary>
    internal abstract string Translate(string sql);

    /// <summary>How the parameter of that number is named in the translated statement.</summary>
    internal abstract string? ParameterName(int number);

    /// <summary>A value as this database's driver takes it.</summary>
    /// <exception cref="LodeException">InvalidArgument: a text that is not <see cref="IsStorable"/>.</exception>
    internal object Bind(object? value) => value switch
    {
        null => DBNull.Value,
        string text => Check(text),
        long[] numbers => BindList(numbers),
        _ => value,
    };

    /// <summary>Makes the database give ids greater than those in a table; null where it does so anyway.</summary>
    internal abstract string? SkipIds(string table);

    /// <summary>Milliseconds since 1970 UTC, as an expression: the database's own clock where several servers share it, else what a parameter says.</summary>
    internal virtual string Clock(string parameter) => $"CAST({parameter} AS BIGINT)";

    /// <summary>A list of numbers as one parameter.</summary>
    protected abstract object BindList(long[] numbers);

    private static string Check(string text)
    {
        if (!IsStorable(text))
        {
            var start = text.Length > 40 ? text[..40] + "…" : text;
            throw new LodeException(ErrorCode.InvalidArgument, $"Text must not hold the character NUL (U+0000); got '{start.Replace("\0", "\\0", StringComparison.Ordinal)}'.");
        }
        // Half a surrogate pair is no text in UTF-8; both databases store the replacement character for it.
        return text.AsSpan().ContainsAny(s_surrogates) ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;
    }
}
