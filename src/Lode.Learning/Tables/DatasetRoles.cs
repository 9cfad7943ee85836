using Lode.Core;

namespace Lode.Learning;

/// <summary>What the columns of a table are for.</summary>
public sealed record DatasetRoles
{
    /// <summary>The column to predict.</summary>
    public required string Target { get; init; }

    /// <summary>What is predicted. Null: seen from the column, see <see cref="Learning.Target.Of"/>.</summary>
    public TaskKind? Task { get; init; }

    /// <summary>The columns to predict from. Null: all that have no other role.</summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>Columns that are left out. Default: none.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>The column that says how much each row counts: numbers of at least 0. Null: each counts 1.</summary>
    public string? Weight { get; init; }

    /// <summary>The column that says which rows belong together. Null: none do.</summary>
    public string? Group { get; init; }

    /// <summary>The column that says when a row happened: numbers or dates. It is a feature only where <see cref="Features"/> names it.
    /// Null: not known.</summary>
    public string? Time { get; init; }

    internal Dataset Apply(Table table)
    {
        var features = FeaturesOf(table);
        var target = Find(table, Target, "target");
        return new Dataset(features, Learning.Target.Of(target, Task), WeightsOf(table), Group is null ? null : RowGroups.From(Find(table, Group, "group")), TimesOf(table));
    }

    private Table FeaturesOf(Table table)
    {
        foreach (var name in Ignored)
            Find(table, name, "ignored");
        var columns = new List<Column>();
        if (Features is not null)
        {
            foreach (var name in Features)
            {
                if (name == Target)
                    throw new LodeException(ErrorCode.InvalidArgument, $"Column '{name}' cannot be the target and a feature.");
                columns.Add(Find(table, name, "feature"));
            }
        }
        else
        {
            string?[] others = [Target, Weight, Group, Time, .. Ignored];
            columns.AddRange(table.Columns.Where(column => !others.Contains(column.Name, StringComparer.Ordinal)));
        }
        return columns.Count > 0 ? new Table(columns) : throw new LodeException(ErrorCode.InvalidArgument, "No column is left to be a feature.");
    }

    private double[]? WeightsOf(Table table)
    {
        if (Weight is null)
            return null;
        var column = Find(table, Weight, "weight") as NumericColumn
            ?? throw new LodeException(ErrorCode.InvalidArgument, $"The weight column '{Weight}' must be numeric.");
        RequirePresent(column, "weight");
        return column.Values.ToArray();
    }

    private double[]? TimesOf(Table table)
    {
        if (Time is null)
            return null;
        var column = Find(table, Time, "time");
        RequirePresent(column, "time");
        return column switch
        {
            NumericColumn numeric => numeric.Values.ToArray(),
            DateColumn dates => Array.ConvertAll(dates.Ticks.ToArray(), DateColumn.Seconds),
            _ => throw new LodeException(ErrorCode.InvalidArgument, $"The time column '{Time}' must be numeric or a date; it is categorical.",
                "If all its cells are dates, say whether the day or the month comes first."),
        };
    }

    private static void RequirePresent(Column column, string role)
    {
        for (var row = 0; row < column.Count; row++)
        {
            if (column.IsMissing(row))
                throw new LodeException(ErrorCode.InvalidArgument, $"The {role} column '{column.Name}' is missing in row {row + 1}.");
        }
    }

    private static Column Find(Table table, string name, string role) => table.Find(name) ?? throw new LodeException(ErrorCode.InvalidArgument,
        $"There is no column '{name}' ({role}).", DidYouMean.Hint(name, table.Columns.Select(other => other.Name)));
}
