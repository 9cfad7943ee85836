using Lode.Core;
using Lode.Tracking;

namespace Lode.Server.Mlflow;

/// <summary>
/// Reads MLflow's search language: clauses joined by AND, each <c>[type.]key operator value</c>, for example
/// <c>metrics.loss &lt; 0.3 AND params.`batch size` = '32' AND tags.team IS NOT NULL</c>; and its sort keys, <c>metrics.loss DESC</c>.
/// </summary>
internal static class MlflowFilterParser
{
    // A filter becomes one SQL statement, and databases bound the size of those.
    private const int MaxClauses = 200;
    private const int MaxPattern = 10_000;
    private const int MaxOrders = 30;

    private static readonly FilterOperator[] s_comparisons =
        [FilterOperator.Greater, FilterOperator.GreaterOrEqual, FilterOperator.Less, FilterOperator.LessOrEqual, FilterOperator.Equal, FilterOperator.NotEqual];

    private static readonly FilterOperator[] s_textOperators = [FilterOperator.Equal, FilterOperator.NotEqual, FilterOperator.Like, FilterOperator.ILike];
    private static readonly FilterOperator[] s_idOperators = [.. s_textOperators, FilterOperator.In, FilterOperator.NotIn];
    private static readonly FilterOperator[] s_runOperators = [.. s_textOperators, FilterOperator.In];
    private static readonly FilterOperator[] s_keyedOperators = [.. s_textOperators, FilterOperator.IsNull, FilterOperator.IsNotNull];

    /// <summary>The filter written as <paramref name="text"/>; null and blank let everything pass.</summary>
    /// <exception cref="LodeException">InvalidArgument: says what is wrong with which clause.</exception>
    public static RunFilter Parse(string? text, MlflowVocabulary vocabulary)
    {
        if (string.IsNullOrWhiteSpace(text))
            return RunFilter.All;
        var clauses = new List<FilterClause>();
        var scanner = new MlflowScanner(text);
        do
        {
            if (clauses.Count == MaxClauses)
                throw new LodeException(ErrorCode.InvalidArgument, $"A filter has at most {MaxClauses} clauses.");
            clauses.Add(ParseClause(ref scanner, vocabulary, listed: clauses.Sum(clause => clause.Values.Count)));
        }
        while (scanner.TakeWord("AND"));
        return scanner.AtEnd ? new RunFilter(clauses) : throw scanner.BadClause();
    }

    /// <summary>The sort keys written as <paramref name="texts"/>: <c>key</c>, <c>key ASC</c> or <c>key DESC</c> each.</summary>
    /// <exception cref="LodeException">InvalidArgument: says what is wrong with which key, or that one comes twice.</exception>
    public static List<RunOrder> ParseOrder(IReadOnlyList<string> texts, MlflowVocabulary vocabulary)
    {
        if (texts.Count > MaxOrders)
            throw new LodeException(ErrorCode.InvalidArgument, $"`order_by` has at most {MaxOrders} fields; got {texts.Count}.");
        var orders = new List<RunOrder>();
        foreach (var text in texts)
        {
            var scanner = new MlflowScanner(text);
            var field = vocabulary.Stored(ParseField(ref scanner, vocabulary, forOrder: true, out _));
            var descending = scanner.TakeWord("DESC");
            if (!descending)
                scanner.TakeWord("ASC");
            if (!scanner.AtEnd)
                throw new LodeException(ErrorCode.InvalidArgument, $"Invalid order_by clause '{text}'. Expected a key, then ASC, DESC or nothing.");
            if (orders.Exists(order => order.Field == field))
            {
                // Of experiments MLflow takes them: the first counts, as the second has nothing left to decide.
                if (ReferenceEquals(vocabulary, MlflowVocabulary.Experiments))
                    continue;
                throw new LodeException(ErrorCode.InvalidArgument, $"`order_by` contains duplicate fields: [{string.Join(", ", texts.Select(one => $"'{one}'"))}]");
            }
            orders.Add(new RunOrder(field, descending, AsText: field.Kind == FieldKind.Param || IsStatus(field)));
        }
        return orders;
    }

    private static RunField ParseField(ref MlflowScanner scanner, MlflowVocabulary vocabulary, bool forOrder, out string key)
    {
        (var type, key) = scanner.TakeIdentifier();
        return vocabulary.Field(type, key, forOrder);
    }

    private static FilterClause ParseClause(ref MlflowScanner scanner, MlflowVocabulary vocabulary, int listed)
    {
        scanner.BeginClause();
        var field = ParseField(ref scanner, vocabulary, forOrder: false, out var key);
        var what = $"{(field.Kind == FieldKind.Param ? "parameter" : field.Kind.ToString().ToLowerInvariant())} '{key}'";
        var (op, symbol) = scanner.TakeOperator();
        var numeric = field.Kind == FieldKind.Metric || (field.Kind == FieldKind.Attribute && FilterParser.IsNumericAttribute(field.Key));
        var allowed = Allowed(field, numeric, vocabulary);
        if (!allowed.Contains(op))
            throw new LodeException(ErrorCode.InvalidArgument, $"Invalid comparator '{symbol}' for {what}: not one of [{string.Join(", ", allowed.Select(one => $"'{Symbol(one)}'"))}]");
        List<FilterValue> values = op switch
        {
            FilterOperator.IsNull or FilterOperator.IsNotNull => [],
            FilterOperator.In or FilterOperator.NotIn => scanner.TakeList(listed),
            _ => [numeric ? scanner.TakeNumber(what, quoted: IsVersion(field)) : scanner.TakeText(what)],
        };
        if (op is FilterOperator.Like or FilterOperator.ILike && values[0].Text!.Length > MaxPattern)
            throw new LodeException(ErrorCode.InvalidArgument, $"A pattern has at most {MaxPattern} characters; got {values[0].Text!.Length}.");
        return IsStatus(field) ? StatusClause(field, op, values[0].Text!) : new FilterClause(vocabulary.Stored(field), op, values);
    }

    private static FilterOperator[] Allowed(RunField field, bool numeric, MlflowVocabulary vocabulary) => field switch
    {
        _ when numeric => s_comparisons,
        { Kind: FieldKind.Attribute, Key: "run" } => s_runOperators,
        { Kind: FieldKind.Attribute, Key: "id" } or { Kind: FieldKind.Dataset } => s_idOperators,
        { Kind: FieldKind.Attribute } => vocabulary == MlflowVocabulary.LoggedModels ? s_idOperators : s_textOperators,
        _ when !vocabulary.TagsMayBeNull => s_textOperators,
        _ => s_keyedOperators,
    };

    /// <summary>The statuses whose name in MLflow passes, as a list: so RUNNING holds for stale runs too.</summary>
    private static FilterClause StatusClause(RunField field, FilterOperator op, string text)
    {
        var passing = Array.FindAll(Enum.GetValues<RunStatus>(), status => Holds(MlflowNames.Of(status), op, text));
        // No status is called none: nothing passes.
        IReadOnlyList<FilterValue> values = passing.Length == 0 ? [FilterValue.Of("none")] : [.. passing.Select(status => FilterValue.Of(status.ToString().ToLowerInvariant()))];
        return new FilterClause(field, FilterOperator.In, values);
    }

    private static bool Holds(string name, FilterOperator op, string text) => op switch
    {
        FilterOperator.Equal => name == text,
        FilterOperator.NotEqual => name != text,
        FilterOperator.Like => IsLike(name, text),
        _ => IsLike(name, text.ToUpperInvariant()),
    };

    private static bool IsLike(ReadOnlySpan<char> text, ReadOnlySpan<char> pattern)
    {
        // Where the last % stood: on a mismatch it takes one letter more.
        var (at, on, percent, taken) = (0, 0, -1, 0);
        while (at < text.Length)
        {
            if (on < pattern.Length && pattern[on] == '%')
                (percent, taken, on) = (on, at, on + 1);
            else if (on < pattern.Length && (pattern[on] == '_' || pattern[on] == text[at]))
                (at, on) = (at + 1, on + 1);
            else if (percent >= 0)
                (at, on, taken) = (taken + 1, percent + 1, taken + 1);
            else
                return false;
        }
        return pattern[on..].TrimStart('%').IsEmpty;
    }

    // MLflow takes a version only as text, for which others write numbers.
    private static bool IsVersion(RunField field) => field is { Kind: FieldKind.Attribute, Key: "version" };

    private static bool IsStatus(RunField field) => field is { Kind: FieldKind.Attribute, Key: "status" };

    private static string Symbol(FilterOperator op) => op switch
    {
        FilterOperator.Equal => "=",
        FilterOperator.NotEqual => "!=",
        FilterOperator.Less => "<",
        FilterOperator.LessOrEqual => "<=",
        FilterOperator.Greater => ">",
        FilterOperator.GreaterOrEqual => ">=",
        FilterOperator.In => "IN",
        FilterOperator.NotIn => "NOT IN",
        FilterOperator.IsNull => "IS NULL",
        FilterOperator.IsNotNull => "IS NOT NULL",
        _ => op.ToString().ToUpperInvariant(),
    };
}
