using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Turns every categorical column into numbers: the rank of its level among the training rows' levels in ordinal order.</summary>
/// <remarks>A level unknown from training and a missing value are missing.</remarks>
public sealed class OrdinalEncoder : ITransform
{
    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedLevels(ColumnMap.Categorical(rows.Features, column =>
    {
        var levels = ColumnMap.Present(column);
        return new LevelNumbers(levels, [.. Enumerable.Range(0, levels.Length)], double.NaN, double.NaN);
    }), []);
}

/// <summary>Turns every categorical column into numbers: how frequent its level is among the training rows, by their weights.</summary>
/// <remarks>A level unknown from training is 0; a missing value stays missing.</remarks>
/// <param name="normalize">Whether the share of the rows that have a level is meant, in [0, 1]; else their number.</param>
public sealed class FrequencyEncoder(bool normalize = true) : ITransform
{
    internal static ITransform Create(ParameterReader reader) => new FrequencyEncoder(reader.Boolean("normalize", true));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var weights = rows.Weights.ToArray();
        return new FittedLevels(ColumnMap.Categorical(rows.Features, column =>
        {
            var counts = ColumnMap.Count(column, weights);
            var total = counts.Sum();
            int[] seen = [.. Enumerable.Range(0, counts.Length).Where(level => counts[level] > 0).OrderBy(level => column.Levels[level], StringComparer.Ordinal)];
            return new LevelNumbers([.. seen.Select(level => column.Levels[level])], [.. seen.Select(level => normalize ? counts[level] / total : counts[level])], 0, double.NaN);
        }), []);
    }
}

/// <summary>Numbers for levels.</summary>
/// <param name="Levels">Different.</param>
/// <param name="Numbers">Shape [levels, outputs], row-major.</param>
/// <param name="Unknown">For a level that is not among them; where there are several outputs, see <see cref="FittedLevels"/>.</param>
/// <param name="Missing">For a missing value.</param>
internal sealed record LevelNumbers(string[] Levels, double[] Numbers, double Unknown, double Missing)
{
    private readonly Lazy<Dictionary<string, int>> _index = new(() =>
    {
        var index = new Dictionary<string, int>(Levels.Length, StringComparer.Ordinal);
        for (var i = 0; i < Levels.Length; i++)
            index[Levels[i]] = i;
        return index;
    });

    /// <summary>Where a level stands; -1 where it is unknown.</summary>
    public int IndexOf(string level) => _index.Value.TryGetValue(level, out var i) ? i : -1;
}

/// <summary>What ordinal, frequency and target encoders learn: one or more numbers for each level of each categorical column.</summary>
/// <param name="learned">By column.</param>
/// <param name="outputs">The classes, where a column becomes one column for each, called <c>name~class</c>; their numbers for unknown levels and missing values
/// then stand in the last row. Empty: one output of the column's own name.</param>
internal sealed class FittedLevels(Dictionary<string, LevelNumbers> learned, string[] outputs) : IFittedTransform
{
    public const string KindName = "level_numbers";

    public string Kind => KindName;

    public void Write(BundleWriter writer)
    {
        writer.WriteStrings(outputs);
        writer.WriteByName(learned, column =>
        {
            writer.WriteStrings(column.Levels);
            writer.WriteDoubles(column.Numbers);
            writer.WriteDouble(column.Unknown);
            writer.WriteDouble(column.Missing);
        });
    }

    public static FittedLevels Read(BundleReader reader)
    {
        var outputs = reader.ReadStrings();
        return new(reader.ReadByName(() =>
        {
            var levels = reader.ReadStrings();
            var count = outputs.Length == 0 ? levels.Length : (levels.Length + 1L) * outputs.Length;
            var numbers = reader.ReadDoubles();
            if (numbers.Length != count)
                throw BundleReader.Broken($"{numbers.Length} numbers stand where {count} belong");
            return new LevelNumbers(levels, numbers, reader.ReadDouble(), reader.ReadDouble());
        }), outputs);
    }

    public Table Apply(Table table) => ColumnMap.ApplyCategorical(table, learned, (numbers, column, columns) =>
    {
        for (var output = 0; output < Math.Max(1, outputs.Length); output++)
        {
            var ofLevel = new double[column.Levels.Count];
            for (var code = 0; code < ofLevel.Length; code++)
                ofLevel[code] = NumberOf(numbers, numbers.IndexOf(column.Levels[code]), output);
            var missing = outputs.Length == 0 ? numbers.Missing : NumberOf(numbers, -1, output);
            columns.Add(ColumnMap.Spread(column, ofLevel, missing, NameOf(column.Name, output)));
        }
    });

    public string NameOf(string column, int output) => outputs.Length == 0 ? column : $"{column}~{outputs[output]}";

    private double NumberOf(LevelNumbers numbers, int index, int output) => outputs.Length == 0
        ? (index < 0 ? numbers.Unknown : numbers.Numbers[index])
        : numbers.Numbers[((index < 0 ? numbers.Levels.Length : index) * outputs.Length) + output];
}

/// <summary>Turns every categorical column into a fixed number of columns, <c>name#0</c> and on: a hash of the level chooses one, which is 1 or -1.</summary>
/// <remarks>Nothing is learned, so any number of levels costs the same and unknown levels are like others. A missing value is 0 in all. The hash is
/// FNV-1a (64 bits) of the UTF-8 bytes. Weinberger et al., "Feature hashing for large scale multitask learning" (ICML 2009).</remarks>
public sealed class HashingEncoder : ITransform
{
    private readonly int _features;

    /// <param name="features">Columns for each column, 1 … 65536. Default: 16.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public HashingEncoder(int features = 16) => _features = features is >= 1 and <= 65536 ? features
        : throw new LodeException(ErrorCode.InvalidArgument, $"Hashing makes 1 … 65536 columns of one; got {features}.");

    internal static ITransform Create(ParameterReader reader) => new HashingEncoder(reader.Int32In("n_features", 16, 1, 65536));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedHashing(_features);

    internal sealed class FittedHashing(int features) : IFittedTransform
    {
        public const string KindName = "hash";

        public string Kind => KindName;

        public void Write(BundleWriter writer) => writer.WriteInt32(features);

        public static FittedHashing Read(BundleReader reader) => new(reader.ReadInt32(1, 65536));

        public Table Apply(Table table)
        {
            var columns = new List<Column>();
            foreach (var column in table.Columns)
            {
                if (column is CategoricalColumn categorical)
                    Encode(categorical, columns);
                else
                    columns.Add(column);
            }
            return new Table(columns, table.Rows);
        }

        private void Encode(CategoricalColumn column, List<Column> columns)
        {
            var hashes = column.Levels.Select(Hash).ToArray();
            var values = new double[features][];
            for (var i = 0; i < features; i++)
                columns.Add(new NumericColumn($"{column.Name}#{i}", values[i] = new double[column.Count]));
            for (var row = 0; row < column.Count; row++)
            {
                if (column.Codes[row] >= 0)
                {
                    var hash = hashes[column.Codes[row]];
                    values[(int)((hash >> 1) % (ulong)features)][row] = (hash & 1) == 0 ? 1 : -1;
                }
            }
        }

        private static ulong Hash(string level)
        {
            var hash = 14695981039346656037UL;
            foreach (var part in Encoding.UTF8.GetBytes(level))
                hash = (hash ^ part) * 1099511628211UL;
            // The lowest bits of FNV-1a mix least; the fold brings the upper ones in.
            return hash ^ (hash >> 32);
        }
    }
}
