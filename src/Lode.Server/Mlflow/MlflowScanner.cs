using System.Globalization;
using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Server.Mlflow;

/// <summary>Takes identifiers, operators and values off the front of a text; blanks before them do not count.</summary>
internal ref struct MlflowScanner(string text)
{
    private static readonly (string Symbol, FilterOperator Operator)[] s_symbols =
    [
        ("!=", FilterOperator.NotEqual), ("<=", FilterOperator.LessOrEqual), (">=", FilterOperator.GreaterOrEqual),
        ("<", FilterOperator.Less), (">", FilterOperator.Greater), ("=", FilterOperator.Equal),
    ];

    // Each is a parameter of one SQL statement, and databases bound the number of those.
    private const int MaxListed = 10_000;

    private int _position;
    private int _clause;

    public bool AtEnd
    {
        get
        {
            SkipBlanks();
            return _position == text.Length;
        }
    }

    /// <summary>A clause begins here; errors quote from here on.</summary>
    public void BeginClause()
    {
        SkipBlanks();
        _clause = _position;
    }

    /// <summary>A keyword, in any case.</summary>
    public bool TakeWord(string word)
    {
        SkipBlanks();
        var end = _position + word.Length;
        if (!text.AsSpan(_position).StartsWith(word, StringComparison.OrdinalIgnoreCase) || (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '_' or '.')))
            return false;
        _position = end;
        return true;
    }

    /// <summary><c>key</c> or <c>type.key</c>; a key may stand in backticks or double quotes.</summary>
    public (string? Type, string Key) TakeIdentifier()
    {
        SkipBlanks();
        if (TakeQuoted('`', '"') is { } quoted)
            return (null, quoted);
        var word = TakePlain();
        var dot = word.IndexOf('.', StringComparison.Ordinal);
        if (word.Length == 0)
            throw BadClause();
        if (dot < 0)
            return (null, word);
        var key = word[(dot + 1)..];
        if (key.Length == 0)
            key = TakeQuoted('`', '"') ?? throw BadClause();
        return key.Length > 0 ? (word[..dot], key) : throw BadClause();
    }

    /// <summary>An operator, and how it was written.</summary>
    public (FilterOperator Operator, string Symbol) TakeOperator()
    {
        SkipBlanks();
        foreach (var (symbol, op) in s_symbols)
        {
            if (!text.AsSpan(_position).StartsWith(symbol, StringComparison.Ordinal))
                continue;
            _position += symbol.Length;
            if (Peek is '=' or '<' or '>' or '!')
                throw new LodeException(ErrorCode.InvalidArgument, $"Invalid comparator '{symbol}{Peek}' in filter string: '{Clause}'");
            return (op, symbol);
        }
        if (TakeWord("LIKE"))
            return (FilterOperator.Like, "LIKE");
        if (TakeWord("ILIKE"))
            return (FilterOperator.ILike, "ILIKE");
        if (TakeWord("IN"))
            return (FilterOperator.In, "IN");
        if (TakeWord("NOT") && TakeWord("IN"))
            return (FilterOperator.NotIn, "NOT IN");
        if (!TakeWord("IS"))
            throw BadClause();
        var (op2, symbol2) = TakeWord("NOT") ? (FilterOperator.IsNotNull, "IS NOT NULL") : (FilterOperator.IsNull, "IS NULL");
        return TakeWord("NULL") ? (op2, symbol2) : throw BadClause();
    }

    /// <summary>A text in single or double quotes.</summary>
    /// <param name="field">What it is compared with, for the message.</param>
    public FilterValue TakeText(string field)
    {
        SkipBlanks();
        return TakeQuoted('\'', '"') is { } quoted
            ? FilterValue.Of(quoted)
            : throw new LodeException(ErrorCode.InvalidArgument, $"Expected a quoted string value for {field} (e.g. 'my-value'). Got value {Got(TakePlain())}");
    }

    /// <summary>A number.</summary>
    /// <param name="field">What it is compared with, for the message.</param>
    /// <param name="quoted">Whether it may stand in quotes.</param>
    public FilterValue TakeNumber(string field, bool quoted = false)
    {
        SkipBlanks();
        var start = _position;
        var word = quoted && TakeQuoted('\'', '"') is { } inner ? inner : TakePlain();
        // The first letter keeps out the names of infinity and NaN.
        if (word.Length > 0 && word[0] is '-' or '.' or (>= '0' and <= '9')
            && double.TryParse(word, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            return FilterValue.Of(number);
        throw new LodeException(ErrorCode.InvalidArgument, $"Expected numeric value type for {field}. Found {Got(word.Length > 0 ? word : text[start..])}");
    }

    /// <summary>Texts in parentheses, at least one.</summary>
    /// <param name="listed">How many values earlier clauses hold; all lists share one bound.</param>
    public List<FilterValue> TakeList(int listed)
    {
        var values = new List<FilterValue>();
        if (!TakeSymbol('('))
            throw BadClause();
        do
        {
            SkipBlanks();
            values.Add(FilterValue.Of(TakeQuoted('\'', '"') ?? throw new LodeException(ErrorCode.InvalidArgument,
                $"While parsing a list in the query, expected a non-empty list of string values: '{Clause}'")));
            if (listed + values.Count > MaxListed)
                throw new LodeException(ErrorCode.InvalidArgument, $"The lists in a filter have at most {MaxListed} values together.");
        }
        while (TakeSymbol(','));
        return TakeSymbol(')') ? values : throw BadClause();
    }

    /// <summary>What is left cannot be read.</summary>
    public LodeException BadClause()
    {
        SkipBlanks();
        return Peek == ';'
            ? new LodeException(ErrorCode.InvalidArgument, $"Search filter contained multiple expression '{text}'. Provide AND-ed expression list.")
            : new LodeException(ErrorCode.InvalidArgument, $"Invalid clause(s) in filter string: '{Clause}'. Expected [type.]key operator value, joined by AND.");
    }

    private readonly char Peek => _position < text.Length ? text[_position] : '\0';

    private readonly string Clause => Shorten(text[_clause..]);

    private static string Got(string found) => found.Length == 0 ? "nothing" : $"'{Shorten(found)}'";

    private static string Shorten(string found) => found.Length <= 200 ? found : found[..200] + "…";

    private void SkipBlanks()
    {
        while (_position < text.Length && char.IsWhiteSpace(text[_position]))
            _position++;
    }

    private bool TakeSymbol(char symbol)
    {
        SkipBlanks();
        if (Peek != symbol || AtEnd)
            return false;
        _position++;
        return true;
    }

    /// <summary>Everything up to a blank, an operator, a quote or a bracket.</summary>
    private string TakePlain()
    {
        var start = _position;
        while (_position < text.Length && !char.IsWhiteSpace(text[_position]) && !"=<>!'\"`(),;".Contains(text[_position], StringComparison.Ordinal))
            _position++;
        return text[start.._position];
    }

    /// <summary>What stands between two equal quotes of these kinds; the quote doubled stands for itself. Null where there is no quote.</summary>
    private string? TakeQuoted(char one, char other)
    {
        var quote = Peek;
        if (AtEnd || (quote != one && quote != other))
            return null;
        var value = new StringBuilder();
        for (var i = _position + 1; i < text.Length; i++)
        {
            if (text[i] != quote)
                value.Append(text[i]);
            else if (i + 1 < text.Length && text[i + 1] == quote)
                value.Append(text[i++]);
            else
            {
                _position = i + 1;
                return value.ToString();
            }
        }
        throw new LodeException(ErrorCode.InvalidArgument, $"Invalid clause(s) in filter string: '{Clause}'. A closing {quote} is missing.");
    }
}
