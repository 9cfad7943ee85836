using Lode.Core;

namespace Lode.Learning;

/// <summary>What a missing number is replaced by.</summary>
public enum NumericFill
{
    /// <summary>The mean of the training rows' values, by their weights.</summary>
    Mean = 1,

    /// <summary>Their median: half the weight on either side; the mean of the middle two where it falls between them.</summary>
    Median = 2,

    /// <summary>The most frequent of them, by weight; of several, the smallest.</summary>
    MostFrequent = 3,

    /// <summary>A number given, <see cref="ImputerOptions.Number"/>.</summary>
    Constant = 4,
}

/// <summary>What a missing level is replaced by.</summary>
public enum CategoricalFill
{
    /// <summary>The most frequent level of the training rows, by weight; of several, the first in ordinal order.</summary>
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

    /// <summary>The number for <see cref="NumericFill.Constant"/>, finite. Default: 0.</summary>
    public double Number { get; init; }

    /// <summary>The level for <see cref="CategoricalFill.Constant"/>; also where a column had no value to learn from. Default: "missing".</summary>
    public string Constant { get; init; } = "missing";

    /// <summary>Whether each column that is missing in a training row gets another beside it, <c>name.missing</c>, 1 where it was missing, else 0.
    /// Default: no.</summary>
    public bool Indicator { get; init; }
}

/// <summary>Fills missing values of every numeric and categorical column; dates stay as they are.</summary>
/// <remarks>As scikit-learn's SimpleImputer with keep_empty_features: a numeric column without any value is filled with 0.</remarks>
public sealed class Imputer : ITransform
{
    private readonly ImputerOptions _options;

    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: the number is not finite.</exception>
    public Imputer(ImputerOptions? options = null)
    {
        _options = options ?? new ImputerOptions();
        if (!double.IsFinite(_options.Number))
            throw new LodeException(ErrorCode.InvalidArgument, $"Missing numbers cannot be filled with {_options.Number}; it must be finite.");
    }

    internal static ITransform Create(ParameterReader reader) => new Imputer(new ImputerOptions
    {
        Numeric = reader.Choice("numeric", "median", "mean", "median", "most_frequent", "constant") switch
        {
            "mean" => NumericFill.Mean,
            "median" => NumericFill.Median,
            "most_frequent" => NumericFill.MostFrequent,
            _ => NumericFill.Constant,
        },
        Categorical = reader.Choice("categorical", "most_frequent", "most_frequent", "constant") == "constant" ? CategoricalFill.Constant : CategoricalFill.MostFrequent,
        Number = reader.Double("fill_number", 0),
        Constant = reader.Text("fill_level", "missing"),
        Indicator = reader.Boolean("add_indicator", false),
    });

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var weights = rows.Weights.ToArray();
        return new FittedImputer(
            ColumnMap.Numeric(rows.Features, column => NumberFor(column.Values, weights)),
            ColumnMap.Categorical(rows.Features, column => LevelFor(column, weights)),
            [.. rows.Features.Columns.Where(column => _options.Indicator && column is not DateColumn && column.CountMissing() > 0).Select(column => column.Name)]);
    }

    private double NumberFor(ReadOnlySpan<double> values, double[] weights)
    {
        if (_options.Numeric == NumericFill.Constant)
            return _options.Number;
        if (_options.Numeric == NumericFill.Mean)
            return Moments.Of(values, weights).Mean;
        var (sorted, heavy) = Moments.Sorted(values, weights);
        if (sorted.Length == 0)
            return 0;
        return _options.Numeric == NumericFill.Median ? Moments.Median(sorted, heavy) : MostFrequent(sorted, heavy);
    }

    private static double MostFrequent(double[] sorted, double[] weights)
    {
        var (best, heaviest) = (sorted[0], 0.0);
        for (var start = 0; start < sorted.Length;)
        {
            var (end, weight) = (start, 0.0);
            for (; end < sorted.Length && sorted[end] == sorted[start]; end++)
                weight += weights[end];
            if (weight > heaviest)
                (best, heaviest) = (sorted[start], weight);
            start = end;
        }
        return best;
    }

    private string LevelFor(CategoricalColumn column, double[] weights)
    {
        if (_options.Categorical == CategoricalFill.Constant)
            return _options.Constant;
        var counts = ColumnMap.Count(column, weights);
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

    internal sealed class FittedImputer(Dictionary<string, double> numbers, Dictionary<string, string> levels, string[] indicated) : IFittedTransform
    {
        public const string KindName = "impute";

        private readonly HashSet<string> _indicated = new(indicated, StringComparer.Ordinal);

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteByName(numbers, writer.WriteDouble);
            writer.WriteByName(levels, writer.WriteString);
            writer.WriteStrings(indicated);
        }

        public static FittedImputer Read(BundleReader reader) =>
            new(reader.ReadByName(reader.ReadDouble), reader.ReadByName(reader.ReadString), reader.ReadStrings());

        public Table Apply(Table table)
        {
            var columns = new List<Column>(table.Columns.Count);
            foreach (var column in table.Columns)
            {
                if (column is DateColumn || column.CountMissing() == 0)
                    columns.Add(column);
                else if (column is NumericColumn numeric)
                    columns.Add(Fill(numeric, ColumnMap.Of(numbers, column.Name)));
                else
                    columns.Add(Fill((CategoricalColumn)column, ColumnMap.Of(levels, column.Name)));
                if (_indicated.Contains(column.Name))
                    columns.Add(Indicate(column));
            }
            return new Table(columns, table.Rows);
        }

        private static NumericColumn Indicate(Column column)
        {
            var values = new double[column.Count];
            for (var row = 0; row < values.Length; row++)
                values[row] = column.IsMissing(row) ? 1 : 0;
            return new NumericColumn($"{column.Name}.missing", values);
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
