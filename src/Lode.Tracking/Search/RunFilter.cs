using System.Globalization;
using System.Text;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>Clauses that must all hold. <see cref="ToString"/> writes them in Lode's filter language; <see cref="FilterParser"/> reads that back.</summary>
/// <param name="Clauses">May be empty: everything passes.</param>
public sealed record RunFilter(IReadOnlyList<FilterClause> Clauses)
{
    /// <summary>Lets everything pass.</summary>
    public static RunFilter All { get; } = new([]);

    /// <inheritdoc/>
    public bool Equals(RunFilter? other) => other is not null && Clauses.SequenceEqual(other.Clauses);

    /// <inheritdoc/>
    public override int GetHashCode() => Clauses.Count;

    /// <summary>The filter in Lode's language.</summary>
    public override string ToString() => string.Join(' ', Clauses);
}

/// <summary>What a clause or an order looks at.</summary>
public enum FieldKind
{
    /// <summary>Part of the run itself: id, name, user, status, started, ended, duration, artifact_uri; of a project: name, id, created, updated.</summary>
    Attribute = 1,

    /// <summary>A param's text, compared as a number where the clause gives a number and an order.</summary>
    Param = 2,

    /// <summary>A tag's text.</summary>
    Tag = 3,

    /// <summary>A metric's summary.</summary>
    Metric = 4,

    /// <summary>A dataset that the run read, any one of them: name, digest, context.</summary>
    Dataset = 5,
}

/// <summary>Which number of a metric's summary is meant.</summary>
public enum MetricAggregate
{
    /// <summary>The latest value.</summary>
    Last = 1,

    /// <summary>The smallest.</summary>
    Min = 2,

    /// <summary>The greatest.</summary>
    Max = 3,

    /// <summary>The mean.</summary>
    Mean = 4,

    /// <summary>The number of points.</summary>
    Count = 5,
}

/// <summary>A column of a run.</summary>
/// <param name="Kind">Attribute, param, tag, metric or dataset.</param>
/// <param name="Key">Its name.</param>
/// <param name="Aggregate">For metrics; otherwise Last.</param>
public readonly record struct RunField(FieldKind Kind, string Key, MetricAggregate Aggregate = MetricAggregate.Last)
{
    /// <summary>As written in filters: <c>metrics.loss.min</c>, <c>name</c>; quoted where the key has odd characters.</summary>
    public override string ToString()
    {
        if (Kind == FieldKind.Attribute)
            return Key;
        var prefix = Kind switch { FieldKind.Param => "params", FieldKind.Tag => "tags", FieldKind.Dataset => "datasets", _ => "metrics" };
        var key = FilterParser.NeedsQuotes(Key) || (Kind == FieldKind.Metric && FilterParser.EndsInAggregate(Key)) ? $"`{Key}`" : Key;
        return Aggregate == MetricAggregate.Last ? $"{prefix}.{key}" : $"{prefix}.{key}.{Aggregate.ToString().ToLowerInvariant()}";
    }
}

/// <summary>How a clause compares.</summary>
public enum FilterOperator
{
    /// <summary>Equal; text by exact case.</summary>
    Equal = 1,

    /// <summary>There, and not equal.</summary>
    NotEqual = 2,

    /// <summary>Less.</summary>
    Less = 3,

    /// <summary>Less or equal.</summary>
    LessOrEqual = 4,

    /// <summary>Greater.</summary>
    Greater = 5,

    /// <summary>Greater or equal.</summary>
    GreaterOrEqual = 6,

    /// <summary>SQL's LIKE by exact case: <c>%</c> any run of characters, <c>_</c> one.</summary>
    Like = 7,

    /// <summary>LIKE without regard to case.</summary>
    ILike = 8,

    /// <summary>Holds the text somewhere, without regard to case.</summary>
    Contains = 9,

    /// <summary>One of a list.</summary>
    In = 10,

    /// <summary>There, and none of a list.</summary>
    NotIn = 11,

    /// <summary>Not there.</summary>
    IsNull = 12,

    /// <summary>There.</summary>
    IsNotNull = 13,
}

/// <summary>One comparison.</summary>
/// <param name="Field">What is looked at.</param>
/// <param name="Operator">How it is compared.</param>
/// <param name="Values">One value; several for In and NotIn; none for IsNull and IsNotNull.</param>
/// <param name="Negated">True turns the whole clause around: runs that it does not hold for, those that lack the field included.</param>
public sealed record FilterClause(RunField Field, FilterOperator Operator, IReadOnlyList<FilterValue> Values, bool Negated = false)
{
    /// <summary>A clause of one value.</summary>
    public FilterClause(RunField field, FilterOperator op, FilterValue value, bool negated = false)
        : this(field, op, [value], negated)
    {
    }

    /// <summary>The one value.</summary>
    public FilterValue Value => Values[0];

    /// <inheritdoc/>
    public bool Equals(FilterClause? other) => other is not null && Field == other.Field && Operator == other.Operator && Negated == other.Negated && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Field, Operator, Negated, Values.Count);

    /// <summary>The clause in Lode's language.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Negated ? "-" : "").Append(Field.ToString());
        return (Operator switch
        {
            FilterOperator.IsNull => text.Append(" is null"),
            FilterOperator.IsNotNull => text.Append(" is not null"),
            FilterOperator.In => text.Append(" in (").AppendJoin(", ", Values).Append(')'),
            FilterOperator.NotIn => text.Append(" not in (").AppendJoin(", ", Values).Append(')'),
            FilterOperator.Like => text.Append(" like ").Append(Value),
            FilterOperator.ILike => text.Append(" ilike ").Append(Value),
            _ => text.Append(FilterParser.Symbol(Operator)).Append(Value),
        }).ToString();
    }
}

/// <summary>A text or a number.</summary>
/// <param name="Text">The text; null for a number.</param>
/// <param name="Number">The number; not used for a text.</param>
public readonly record struct FilterValue(string? Text, double Number)
{
    /// <summary>A text.</summary>
    public static FilterValue Of(string text) => new(text, 0);

    /// <summary>A number.</summary>
    public static FilterValue Of(double number) => new(null, number);

    /// <summary>As written in a filter: a text in double quotes, a number bare.</summary>
    public override string ToString() => Text is null
        ? Number.ToString("R", CultureInfo.InvariantCulture)
        : $"\"{Text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

/// <summary>One sort key.</summary>
/// <param name="Field">What to sort by.</param>
/// <param name="Descending">Greatest first; what is missing comes last either way.</param>
/// <param name="AsText">Params as text even where they are numbers (then 10 comes before 9); statuses by name.</param>
public readonly record struct RunOrder(RunField Field, bool Descending, bool AsText = false)
{
    /// <summary>As written: <c>metrics.loss desc</c>.</summary>
    public override string ToString() => $"{Field} {(Descending ? "desc" : "asc")}{(AsText ? " text" : "")}";

    /// <summary>Reads <c>FIELD</c>, <c>FIELD asc</c> or <c>FIELD desc</c>; <c>text</c> may follow.</summary>
    /// <exception cref="LodeException">InvalidArgument: no such field, or something after it.</exception>
    public static RunOrder Parse(string text) => FilterParser.ParseOrder(text);
}
