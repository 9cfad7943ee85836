using Lode.Core;

namespace Lode.Learning;

/// <summary>Which levels of a column are frequent enough to stand for themselves.</summary>
internal sealed class FrequentLevels
{
    private readonly double _minFrequency;
    private readonly int _maxCategories;

    /// <param name="minFrequency">Below 1: a share of the rows that have a level; else a number of rows (their weight). 0: any.</param>
    /// <param name="maxCategories">At most so many, the group of rare ones counted too; 0: any number.</param>
    /// <exception cref="LodeException">InvalidArgument: a number is negative or, for the categories, 1.</exception>
    public FrequentLevels(double minFrequency, int maxCategories)
    {
        if (!(minFrequency >= 0) || maxCategories < 0 || maxCategories == 1)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"min_frequency must be at least 0 and max_categories 0 or at least 2; got {minFrequency} and {maxCategories}.");
        }
        (_minFrequency, _maxCategories) = (minFrequency, maxCategories);
    }

    public static FrequentLevels Create(ParameterReader reader, double minFrequency) =>
        new(reader.DoubleIn("min_frequency", minFrequency, 0), reader.Int32In("max_categories", 0, 0));

    /// <summary>The frequent levels in ordinal order, and whether a training row has another.</summary>
    public (string[] Levels, bool AreRare) Of(CategoricalColumn column, ReadOnlySpan<double> weights)
    {
        var counts = ColumnMap.Count(column, weights);
        var total = counts.Sum();
        var bound = _minFrequency < 1 ? _minFrequency * total : _minFrequency;
        int[] seen = [.. Enumerable.Range(0, counts.Length).Where(level => counts[level] > 0)];
        int[] kept = [.. seen.Where(level => counts[level] >= bound)];
        if (_maxCategories > 0 && (kept.Length > _maxCategories || (kept.Length == _maxCategories && kept.Length < seen.Length)))
        {
            Array.Sort(kept, (a, b) => counts[a] != counts[b] ? counts[b].CompareTo(counts[a]) : string.CompareOrdinal(column.Levels[a], column.Levels[b]));
            Array.Resize(ref kept, _maxCategories - 1);
        }
        return ([.. kept.Select(level => column.Levels[level]).Order(StringComparer.Ordinal)], kept.Length < seen.Length);
    }
}

/// <summary>Makes one level of all that few training rows have.</summary>
/// <remarks>Where there are such levels, a level unknown from training becomes that one too; else it stays. Missing values stay missing.</remarks>
public sealed class RareLevelGrouper : ITransform
{
    /// <summary>The usual name of the level that stands for all rare ones.</summary>
    public const string RareLevel = "<rare>";

    private readonly FrequentLevels _frequent;
    private readonly string _label;

    /// <param name="minFrequency">Below 1: a share of the rows that have a level; else a number of rows (their weight). Default: 0.01.</param>
    /// <param name="maxCategories">At most so many levels are left, the rare one counted; 0: any number.</param>
    /// <param name="label">The level for the rare ones.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public RareLevelGrouper(double minFrequency = 0.01, int maxCategories = 0, string label = RareLevel)
        : this(new FrequentLevels(minFrequency, maxCategories), label)
    {
    }

    private RareLevelGrouper(FrequentLevels frequent, string label) => (_frequent, _label) = (frequent, label);

    internal static ITransform Create(ParameterReader reader) => new RareLevelGrouper(FrequentLevels.Create(reader, 0.01), reader.Text("label", RareLevel));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var weights = rows.Weights.ToArray();
        return new FittedGrouper(_label, ColumnMap.Categorical(rows.Features, column => _frequent.Of(column, weights)));
    }

    internal sealed class FittedGrouper(string label, Dictionary<string, (string[] Levels, bool AreRare)> learned) : IFittedTransform
    {
        public const string KindName = "group_rare";

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteString(label);
            writer.WriteByName(learned, column =>
            {
                writer.WriteStrings(column.Levels);
                writer.WriteBoolean(column.AreRare);
            });
        }

        public static FittedGrouper Read(BundleReader reader) => new(reader.ReadString(), reader.ReadByName(() => (reader.ReadStrings(), reader.ReadBoolean())));

        public Table Apply(Table table) => ColumnMap.ApplyCategorical(table, learned, (frequent, column, columns) =>
        {
            if (!frequent.AreRare)
            {
                columns.Add(column);
                return;
            }
            string[] levels = frequent.Levels.Contains(label, StringComparer.Ordinal) ? frequent.Levels : [.. frequent.Levels, label];
            var index = new Dictionary<string, int>(levels.Length, StringComparer.Ordinal);
            for (var i = 0; i < levels.Length; i++)
                index[levels[i]] = i;
            var codeOf = column.Levels.Select(level => index.TryGetValue(level, out var code) ? code : index[label]).ToArray();
            var codes = column.Codes.ToArray();
            foreach (ref var code in codes.AsSpan())
                code = code < 0 ? -1 : codeOf[code];
            columns.Add(new CategoricalColumn(column.Name, codes, levels));
        });
    }
}
