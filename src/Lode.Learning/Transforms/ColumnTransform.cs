using Lode.Core;

namespace Lode.Learning;

/// <summary>Which columns a step is for. What is given must all hold.</summary>
public sealed record ColumnSelection
{
    /// <summary>By name; each must exist. Null: any.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>All but these. Default: none.</summary>
    public IReadOnlyList<string> Except { get; init => field = value ?? []; } = [];

    /// <summary>By kind. Null: any.</summary>
    public ColumnKind? Kind { get; init; }

    /// <summary>Categorical columns with at least so many levels on the training rows. Null: any.</summary>
    public int? MinLevels { get; init; }

    /// <summary>Categorical columns with at most so many levels on the training rows. Null: any.</summary>
    public int? MaxLevels { get; init; }

    /// <summary>The names of the columns of the training rows that it chooses, in the table's order.</summary>
    /// <exception cref="LodeException">InvalidArgument: a column named does not exist.</exception>
    internal string[] Choose(Table table)
    {
        foreach (var name in Names ?? [])
        {
            if (table.Find(name) is null)
            {
                throw new LodeException(ErrorCode.InvalidArgument, $"There is no column '{name}' for the transform.",
                    DidYouMean.Hint(name, table.Columns.Select(column => column.Name)));
            }
        }
        return [.. table.Columns.Where(Suits).Select(column => column.Name)];
    }

    private bool Suits(Column column)
    {
        if (Names?.Contains(column.Name, StringComparer.Ordinal) == false || Except.Contains(column.Name, StringComparer.Ordinal) || (Kind is { } kind && column.Kind != kind))
            return false;
        if (MinLevels is null && MaxLevels is null)
            return true;
        if (column is not CategoricalColumn categorical)
            return false;
        var levels = ColumnMap.Present(categorical).Length;
        return levels >= (MinLevels ?? 0) && levels <= (MaxLevels ?? int.MaxValue);
    }
}

/// <summary>A transform for some columns; the others pass unchanged.</summary>
/// <remarks>A column that keeps its name keeps its place; new ones come after all others. Which columns are chosen is decided on the training rows; where none is, nothing is done.</remarks>
/// <param name="inner">Sees the chosen columns only.</param>
/// <param name="columns">Which.</param>
public sealed class ColumnTransform(ITransform inner, ColumnSelection columns) : ITransform
{
    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var chosen = columns.Choose(rows.Features);
        return new FittedColumnTransform(chosen, chosen.Length == 0 ? null : inner.Fit(Of(rows, chosen)));
    }

    /// <inheritdoc/>
    public (IFittedTransform Fitted, Table Rows) FitApply(TrainingRows rows)
    {
        var chosen = columns.Choose(rows.Features);
        if (chosen.Length == 0)
            return (new FittedColumnTransform(chosen, null), rows.Features);
        var (fitted, changed) = inner.FitApply(Of(rows, chosen));
        return (new FittedColumnTransform(chosen, fitted), FittedColumnTransform.Merge(rows.Features, chosen, changed));
    }

    private static TrainingRows Of(TrainingRows rows, string[] chosen) =>
        new(FittedColumnTransform.Part(rows.Features, chosen), rows.Target, rows.Rng, rows.Weights.ToArray());

    internal sealed class FittedColumnTransform(string[] chosen, IFittedTransform? inner) : IFittedTransform
    {
        public const string KindName = "columns";

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteStrings(chosen);
            writer.WriteBoolean(inner is not null);
            if (inner is not null)
                writer.WriteThing(inner);
        }

        public static FittedColumnTransform Read(BundleReader reader) => new(reader.ReadStrings(), reader.ReadBoolean() ? reader.ReadThing<IFittedTransform>() : null);

        public Table Apply(Table table) => inner is null ? table : Merge(table, chosen, inner.Apply(Part(table, chosen)));

        public static Table Part(Table table, string[] chosen) => new([.. chosen.Select(name => table[name])], table.Rows);

        public static Table Merge(Table table, string[] chosen, Table changed)
        {
            var replaced = new HashSet<string>(chosen, StringComparer.Ordinal);
            var columns = new List<Column>();
            foreach (var column in table.Columns)
            {
                if (!replaced.Contains(column.Name))
                    columns.Add(column);
                else if (changed.Find(column.Name) is { } kept)
                    columns.Add(kept);
            }
            columns.AddRange(changed.Columns.Where(column => !replaced.Contains(column.Name)));
            return new Table(columns, table.Rows);
        }
    }
}
