namespace Lode.Learning;

/// <summary>What a missing number is replaced by.</summary>
public enum NumericFill
{
    /// <summary>The mean of the training rows' values.</summary>
    Mean = 1,

    /// <summary>Their median; the mean of the middle two where their number is even.</summary>
    Median = 2,

    /// <summary>The most frequent of them; of several, the smallest.</summary>
    MostFrequent = 3,
}

/// <summary>What a missing level is replaced by.</summary>
public enum CategoricalFill
{
    /// <summary>The most frequent level of the training rows; of several, the first in ordinal order.</summary>
    MostFrequent = 1,

    /// <summary>A level of its own, <see cref="ImputerOptions.Constant"/>.</summary>
    Constant = 2,
}

/// <summary>How missing values are filled.</summary>
public sealed record ImputerOptions
{
    /// <summary>Default: the median.</summary>
    public NumericFill Numeric { get; init; } = NumericFill.Median;

    /// <summary>Default: the most frequent level.</summary>
    public CategoricalFill Categorical { get; init; } = CategoricalFill.MostFrequent;

    /// <summary>The level for <see cref="CategoricalFill.Constant"/>; also where a column had no value to learn from. Default: "missing".</summary>
    public string Constant { get; init; } = "missing";
}

/// <summary>Fills missing values of every column.</summary>
/// <remarks>As scikit-learn's SimpleImputer with keep_empty_features: a numeric column without any value is filled with 0.</remarks>
/// <param name="options">Null: the defaults.</param>
public sealed class Imputer(ImputerOptions? options = null) : ITransform
{
    private readonly ImputerOptions _options = options ?? new ImputerOptions();

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        var levels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var column in rows.Features.Columns)
        {
            if (column is NumericColumn numeric)
                numbers.Add(column.Name, NumberFor(numeric.Values));
            else
                levels.Add(column.Name, LevelFor((CategoricalColumn)column));
        }
        return new FittedImputer(numbers, levels);
    }

    private double NumberFor(ReadOnlySpan<double> values)
    {
        var present = new double[values.Length];
        var count = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
                present[count++] = value;
        }
        if (count == 0)
            return 0;
        var sorted = present.AsSpan(0, count);
        sorted.Sort();
        return _options.Numeric switch
        {
            NumericFill.Mean => Mean(sorted),
            NumericFill.Median => count % 2 == 1 ? sorted[count / 2] : (sorted[(count / 2) - 1] + sorted[count / 2]) / 2,
            _ => MostFrequent(sorted),
        };
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value;
        return sum / values.Length;
    }

    private static double MostFrequent(ReadOnlySpan<double> sorted)
    {
        var (best, longest) = (sorted[0], 0);
        for (var start = 0; start < sorted.Length;)
        {
            var end = start + 1;
            while (end < sorted.Length && sorted[end] == sorted[start])
                end++;
            if (end - start > longest)
                (best, longest) = (sorted[start], end - start);
            start = end;
        }
        return best;
    }

    private string LevelFor(CategoricalColumn column)
    {
        if (_options.Categorical == CategoricalFill.Constant)
            return _options.Constant;
        var counts = new int[column.Levels.Count];
        foreach (var code in column.Codes)
        {
            if (code >= 0)
                counts[code]++;
        }
        var best = -1;
        for (var level = 0; level < counts.Length; level++)
        {
            if (counts[level] == 0)
                continue;
            var more = best < 0 ? 1 : counts[level].CompareTo(counts[best]);
            if (more > 0 || (more == 0 && string.CompareOrdinal(column.Levels[level], column.Levels[best]) < 0))
                best = level;
        }
        return best < 0 ? _options.Constant : column.Levels[best];
    }

    internal sealed class FittedImputer(Dictionary<string, double> numbers, Dictionary<string, string> levels) : IFittedTransform
    {
        public const string KindName = "impute";

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteByName(numbers, writer.WriteDouble);
            writer.WriteByName(levels, writer.WriteString);
        }

        public static FittedImputer Read(BundleReader reader) => new(reader.ReadByName(reader.ReadDouble), reader.ReadByName(reader.ReadString));

        public Table Apply(Table table)
        {
            var columns = new Column[table.Columns.Count];
            for (var i = 0; i < columns.Length; i++)
            {
                var column = table.Columns[i];
                if (column.CountMissing() == 0)
                    columns[i] = column;
                else if (column is NumericColumn numeric)
                    columns[i] = Fill(numeric, numbers[column.Name]);
                else
                    columns[i] = Fill((CategoricalColumn)column, levels[column.Name]);
            }
            return new Table(columns);
        }

        private static NumericColumn Fill(NumericColumn column, double number)
        {
            var values = column.Values.ToArray();
            foreach (ref var value in values.AsSpan())
                value = double.IsNaN(value) ? number : value;
            return new NumericColumn(column.Name, values);
        }

        private static CategoricalColumn Fill(CategoricalColumn column, string level)
        {
            string[] known = [.. column.Levels];
            var fill = Array.IndexOf(known, level);
            if (fill < 0)
            {
                fill = known.Length;
                known = [.. known, level];
            }
            var codes = column.Codes.ToArray();
            foreach (ref var code in codes.AsSpan())
                code = code < 0 ? fill : code;
            return new CategoricalColumn(column.Name, codes, known);
        }
    }
}
