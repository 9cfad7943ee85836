namespace Lode.Learning;

/// <summary>Turns every categorical column into a column of 0 and 1 for each level that a training row has.</summary>
/// <remarks>The columns are called <c>name=level</c>, levels in ordinal order. A level unknown from training and a missing value
/// are 0 in all of them.</remarks>
public sealed class OneHotEncoder : ITransform
{
    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var levels = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var column in rows.Features.Columns)
        {
            if (column is CategoricalColumn categorical)
                levels.Add(column.Name, Present(categorical));
        }
        return new FittedEncoder(levels);
    }

    private static string[] Present(CategoricalColumn column)
    {
        var present = new bool[column.Levels.Count];
        foreach (var code in column.Codes)
        {
            if (code >= 0)
                present[code] = true;
        }
        return [.. column.Levels.Where((_, level) => present[level]).Order(StringComparer.Ordinal)];
    }

    internal sealed class FittedEncoder(Dictionary<string, string[]> levels) : IFittedTransform
    {
        public const string KindName = "one_hot";

        public string Kind => KindName;

        public void Write(BundleWriter writer) => writer.WriteByName(levels, writer.WriteStrings);

        public static FittedEncoder Read(BundleReader reader) => new(reader.ReadByName(reader.ReadStrings));

        public Table Apply(Table table)
        {
            var columns = new List<Column>(table.Columns.Count);
            foreach (var column in table.Columns)
            {
                if (column is CategoricalColumn categorical)
                    Encode(categorical, levels[column.Name], columns);
                else
                    columns.Add(column);
            }
            return new Table(columns);
        }

        private static void Encode(CategoricalColumn column, string[] known, List<Column> columns)
        {
            var slots = column.Levels.Select(level => Array.BinarySearch(known, level, StringComparer.Ordinal)).ToArray();
            var indicators = known.Select(_ => new double[column.Count]).ToArray();
            for (var row = 0; row < column.Count; row++)
            {
                var code = column.Codes[row];
                if (code >= 0 && slots[code] >= 0)
                    indicators[slots[code]][row] = 1;
            }
            for (var i = 0; i < known.Length; i++)
                columns.Add(new NumericColumn($"{column.Name}={known[i]}", indicators[i]));
        }
    }
}
