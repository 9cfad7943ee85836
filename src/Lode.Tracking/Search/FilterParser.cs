using System.Globalization;
using System.Text;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>
/// Reads Lode's filter language, the same in dashboard, command line and REST:
/// <c>status:running name~forest params.lr&lt;1e-3 metrics.loss.min&lt;=0.31 -tags.team:"old crew"</c>.
/// Clauses stand side by side and must all hold; <c>-</c> before one turns it around; a bare word means: the name holds it.
/// </summary>
public static class FilterParser
{
    private static readonly string[] s_attributes = ["id", "name", "user", "status", "started", "ended", "duration", "artifact_uri", "created", "updated"];

    private static readonly string[] s_datasetKeys = ["name", "digest", "context"];

    private static readonly (string Symbol, FilterOperator Operator)[] s_symbols =
    [
        ("!=", FilterOperator.NotEqual), ("<=", FilterOperator.LessOrEqual), (">=", FilterOperator.GreaterOrEqual),
        ("<", FilterOperator.Less), (">", FilterOperator.Greater), ("=", FilterOperator.Equal), (":", FilterOperator.Equal), ("~", FilterOperator.Contains),
    ];

    /// <summary>Attributes that hold numbers.</summary>
    public static bool IsNumericAttribute(string key) => key is "started" or "ended" or "duration" or "created" or "updated" or "version";

    /// <summary>The filter written as <paramref name="text"/>; null and blank let everything pass.</summary>
    /// <exception cref="LodeException">InvalidArgument: names the place and what was expected there.</exception>
    public static RunFilter Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return RunFilter.All;
        var clauses = new List<FilterClause>();
        var scanner = new Scanner(text);
        while (scanner.SkipBlanks())
        {
            if (clauses.Count > 0 && scanner.TakeWord("and") && !scanner.SkipBlanks())
                throw scanner.Error("a clause after 'and'");
            clauses.Add(ParseClause(ref scanner));
        }
        return new RunFilter(clauses);
    }

    internal static RunOrder ParseOrder(string text)
    {
        var scanner = new Scanner(text);
        if (!scanner.SkipBlanks())
            throw scanner.Error("a field to sort by");
        var field = ParseField(ref scanner, out var bare) ?? throw Scanner.ErrorAt(0, bare ?? "", $"a field ({string.Join(", ", s_attributes)}, params.K, metrics.K, tags.K)");
        scanner.SkipBlanks();
        var descending = scanner.TakeWord("desc");
        if (!descending)
            scanner.TakeWord("asc");
        scanner.SkipBlanks();
        var asText = scanner.TakeWord("text");
        if (scanner.SkipBlanks())
            throw scanner.Error("'asc', 'desc', 'text' or the end");
        return new RunOrder(field, descending, asText);
    }

    internal static string Symbol(FilterOperator op) => Array.Find(s_symbols, symbol => symbol.Operator == op).Symbol;

    internal static bool NeedsQuotes(string key) => key.Any(letter => !IsKeyLetter(letter));

    internal static bool EndsInAggregate(string key) => SplitAggregate(key).Aggregate is not null;

    private static bool IsKeyLetter(char letter) => char.IsLetterOrDigit(letter) || letter is '_' or '-' or '.' or '/';

    private static FilterClause ParseClause(ref Scanner scanner)
    {
        var negated = scanner.Take("-");
        var start = scanner.Position;
        var field = ParseField(ref scanner, out var bare);
        if (field is null && bare is null)
            throw scanner.Error("a field or a word");
        var before = scanner.Position;
        scanner.SkipBlanks();
        foreach (var (symbol, op) in s_symbols)
        {
            if (!scanner.Take(symbol))
                continue;
            var known = field ?? throw Scanner.ErrorAt(start, bare!, $"a field ({string.Join(", ", s_attributes)}, params.K, metrics.K, tags.K)");
            scanner.SkipBlanks();
            var isText = known.Kind is FieldKind.Tag or FieldKind.Dataset || (known.Kind == FieldKind.Attribute && !IsNumericAttribute(known.Key));
            var value = ParseValue(ref scanner, isText);
            return Check(new FilterClause(known, op, value, negated), start);
        }
        if (field is { } named)
        {
            if (scanner.TakeWord("is"))
            {
                scanner.SkipBlanks();
                var not = scanner.TakeWord("not");
                scanner.SkipBlanks();
                if (!scanner.TakeWord("null"))
                    throw scanner.Error("'null' or 'not null' after 'is'");
                return new FilterClause(named, not ? FilterOperator.IsNotNull : FilterOperator.IsNull, Array.Empty<FilterValue>(), negated);
            }
            if (scanner.TakeWord("like") || scanner.TakeWord("LIKE"))
                return new FilterClause(named, FilterOperator.Like, ParseText(ref scanner), negated);
            if (scanner.TakeWord("ilike"))
                return new FilterClause(named, FilterOperator.ILike, ParseText(ref scanner), negated);
            if (scanner.TakeWord("in"))
                return new FilterClause(named, FilterOperator.In, ParseList(ref scanner), negated);
            var position = scanner.Position;
            if (scanner.TakeWord("not"))
            {
                scanner.SkipBlanks();
                if (scanner.TakeWord("in"))
                    return new FilterClause(named, FilterOperator.NotIn, ParseList(ref scanner), negated);
                scanner.Position = position;
            }
            if (named.Kind != FieldKind.Attribute || bare is null)
                throw scanner.Error("an operator (: = != < <= > >= ~ like ilike in is)");
        }
        scanner.Position = before;
        return new FilterClause(new RunField(FieldKind.Attribute, "name"), FilterOperator.Contains, FilterValue.Of(bare!), negated);
    }

    private static FilterClause Check(FilterClause clause, int start)
    {
        var field = clause.Field;
        if (field.Kind == FieldKind.Attribute && field.Key == "status")
        {
            var text = clause.Value.Text ?? clause.Value.ToString();
            if (clause.Operator != FilterOperator.Contains && !Enum.TryParse<RunStatus>(text, ignoreCase: true, out _))
                throw Scanner.ErrorAt(start, $"status '{text}'", string.Join(", ", Enum.GetNames<RunStatus>()).ToLowerInvariant());
            return clause with { Values = [FilterValue.Of(text.ToLowerInvariant())] };
        }
        var numeric = field.Kind == FieldKind.Metric || (field.Kind == FieldKind.Attribute && IsNumericAttribute(field.Key));
        if (numeric && (clause.Value.Text is not null || clause.Operator == FilterOperator.Contains))
            throw Scanner.ErrorAt(start, $"{field}{Symbol(clause.Operator)}{clause.Value}", "a comparison with a number");
        var ordered = clause.Operator is FilterOperator.Less or FilterOperator.LessOrEqual or FilterOperator.Greater or FilterOperator.GreaterOrEqual;
        if (!numeric && ordered && (field.Kind != FieldKind.Param || clause.Value.Text is not null))
            throw Scanner.ErrorAt(start, $"{field}{Symbol(clause.Operator)}{clause.Value}", field.Kind == FieldKind.Param ? "a number on the right" : "one of : = != ~ (text has no order)");
        return clause;
    }

    private static RunField? ParseField(ref Scanner scanner, out string? bare)
    {
        bare = null;
        if (scanner.Peek is '"')
        {
            bare = ParseText(ref scanner).Text;
            return null;
        }
        var word = scanner.TakeKey();
        if (word.Length == 0)
            return null;
        bare = word;
        var dot = word.IndexOf('.', StringComparison.Ordinal);
        var kind = (dot < 0 ? "" : word[..dot]) switch
        {
            "params" or "param" or "config" => FieldKind.Param,
            "metrics" or "metric" => FieldKind.Metric,
            "tags" or "tag" => FieldKind.Tag,
            "datasets" or "dataset" => FieldKind.Dataset,
            _ => FieldKind.Attribute,
        };
        if (kind == FieldKind.Attribute)
            return Array.IndexOf(s_attributes, word) >= 0 ? new RunField(kind, word) : null;
        var key = word[(dot + 1)..];
        var aggregate = MetricAggregate.Last;
        if (key.Length == 0)
        {
            key = scanner.TakeQuoted('`') ?? throw scanner.Error($"a key after '{word}'");
            bare = null;
            if (kind == FieldKind.Metric && scanner.Take("."))
            {
                var name = scanner.TakeKey();
                if (!Enum.TryParse(name, ignoreCase: true, out aggregate))
                    throw scanner.Error("last, min, max, mean or count");
            }
        }
        else if (kind == FieldKind.Metric && SplitAggregate(key) is { Aggregate: { } named } split)
        {
            (key, aggregate) = (split.Key, named);
        }
        return kind != FieldKind.Dataset || Array.IndexOf(s_datasetKeys, key) >= 0 ? new RunField(kind, key, aggregate) : throw scanner.Error("datasets.name, datasets.digest or datasets.context");
    }

    private static (string Key, MetricAggregate? Aggregate) SplitAggregate(string key)
    {
        foreach (var aggregate in Enum.GetValues<MetricAggregate>())
        {
            var suffix = "." + aggregate.ToString().ToLowerInvariant();
            if (key.Length > suffix.Length && key.EndsWith(suffix, StringComparison.Ordinal))
                return (key[..^suffix.Length], aggregate);
        }
        return (key, null);
    }

    private static FilterValue ParseValue(ref Scanner scanner, bool isText = false)
    {
        if (scanner.Peek is '"' or '\'')
            return ParseText(ref scanner);
        var word = scanner.TakeValue();
        if (word.Length == 0)
            throw scanner.Error("a value");
        return !isText && double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? FilterValue.Of(number) : FilterValue.Of(word);
    }

    private static FilterValue ParseText(ref Scanner scanner)
    {
        scanner.SkipBlanks();
        return FilterValue.Of(scanner.TakeQuoted('"') ?? scanner.TakeQuoted('\'') ?? throw scanner.Error("a quoted text"));
    }

    private static List<FilterValue> ParseList(ref Scanner scanner)
    {
        scanner.SkipBlanks();
        if (!scanner.Take("("))
            throw scanner.Error("'(' and a list");
        var values = new List<FilterValue>();
        do
        {
            scanner.SkipBlanks();
            values.Add(ParseValue(ref scanner));
            scanner.SkipBlanks();
        }
        while (scanner.Take(","));
        if (!scanner.Take(")"))
            throw scanner.Error("',' or ')'");
        return values;
    }

    private ref struct Scanner(string text)
    {
        public int Position;

        public readonly char Peek => Position < text.Length ? text[Position] : '\0';

        public bool SkipBlanks()
        {
            while (Position < text.Length && char.IsWhiteSpace(text[Position]))
                Position++;
            return Position < text.Length;
        }

        public bool Take(string symbol)
        {
            if (!text.AsSpan(Position).StartsWith(symbol, StringComparison.Ordinal))
                return false;
            Position += symbol.Length;
            return true;
        }

        public bool TakeWord(string word)
        {
            var end = Position + word.Length;
            if (!text.AsSpan(Position).StartsWith(word, StringComparison.OrdinalIgnoreCase) || (end < text.Length && (IsKeyLetter(text[end]) || text[end] is ':' or '=')))
                return false;
            Position = end;
            return true;
        }

        public string TakeKey()
        {
            var start = Position;
            while (Position < text.Length && IsKeyLetter(text[Position]))
                Position++;
            return text[start..Position];
        }

        public string TakeValue()
        {
            var start = Position;
            while (Position < text.Length && !char.IsWhiteSpace(text[Position]) && text[Position] is not (')' or ',' or '"'))
                Position++;
            return text[start..Position];
        }

        public string? TakeQuoted(char quote)
        {
            if (Peek != quote)
                return null;
            var value = new StringBuilder();
            for (var i = Position + 1; i < text.Length; i++)
            {
                if (text[i] == '\\' && quote != '`' && i + 1 < text.Length)
                    value.Append(text[++i]);
                else if (text[i] == quote)
                {
                    Position = i + 1;
                    return value.ToString();
                }
                else
                    value.Append(text[i]);
            }
            throw Error($"a closing {quote}");
        }

        public readonly LodeException Error(string expected) => ErrorAt(Position, Position < text.Length ? text[Position..Math.Min(text.Length, Position + 20)] : "the end", expected);

        public static LodeException ErrorAt(int position, string got, string expected) => new(ErrorCode.InvalidArgument,
            $"filter, at {position + 1}: expected {expected}; got {got}", "Example: status:finished metrics.loss<0.3 name~forest");
    }
}
