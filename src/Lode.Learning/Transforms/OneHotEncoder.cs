using Lode.Core;

namespace Lode.Learning;

/// <summary>Which of a column's indicators is left out, because the others tell it.</summary>
public enum OneHotDrop
{
    /// <summary>None.</summary>
    None = 1,

    /// <summary>The first of every column.</summary>
    First = 2,

    /// <summary>The first of a column with two levels.</summary>
    IfBinary = 3,
}

/// <summary>How levels become indicators.</summary>
public sealed record OneHotOptions
{
    /// <summary>Default: none.</summary>
    public OneHotDrop Drop { get; init; } = OneHotDrop.None;

    /// <summary>Levels of fewer rows share one indicator, <c>name=&lt;rare&gt;</c>. Below 1: a share of the rows that have a level; else a number of
    /// rows (their weight). Default: 0, none do.</summary>
    public double MinFrequency { get; init; }

    /// <summary>At most so many indicators a column, that of the rare levels counted; 0: as many as there are levels. Default: 0.</summary>
    public int MaxCategories { get; init; }
}

/// <summary>Turns every categorical column into a column of 0 and 1 for each level that a training row has.</summary>
/// <remarks>The columns are called <c>name=level</c>, levels in ordinal order, the rare ones last. A level unknown from training is rare where there are
/// rare ones; else it is 0 in all of them, and so is a missing value.</remarks>
public sealed class OneHotEncoder : ITransform
{
    /// <summary>More indicators of one column than this are refused.</summary>
    public const int MostIndicators = 10_000;

    private readonly OneHotDrop _drop;
    private readonly FrequentLevels _frequent;

    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public OneHotEncoder(OneHotOptions? options = null)
        : this(options?.Drop ?? OneHotDrop.None, new FrequentLevels(options?.MinFrequency ?? 0, options?.MaxCategories ?? 0))
    {
    }

    private OneHotEncoder(OneHotDrop drop, FrequentLevels frequent) => (_drop, _frequent) = (drop, frequent);

    internal static ITransform Create(ParameterReader reader) => new OneHotEncoder(
        reader.Choice("drop", "none", "none", "first", "if_binary") switch { "none" => OneHotDrop.None, "first" => OneHotDrop.First, _ => OneHotDrop.IfBinary },
        FrequentLevels.Create(reader, 0));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var weights = rows.Weights.ToArray();
        return new FittedEncoder(ColumnMap.Categorical(rows.Features, column =>
        {
            var (levels, areRare) = _frequent.Of(column, weights);
            if (levels.Length > MostIndicators)
            {
                throw new LodeException(ErrorCode.InvalidArgument, $"Column '{column.Name}' has {levels.Length} levels; one-hot encoding makes at most {MostIndicators} columns of one.",
                    "Set max_categories, or use target_encode, frequency or hash for it.");
            }
            // The level of that name and the rare ones share an indicator.
            areRare = areRare && Array.BinarySearch(levels, RareLevelGrouper.RareLevel, StringComparer.Ordinal) < 0;
            var indicators = levels.Length + (areRare ? 1 : 0);
            return new OneHotColumn(levels, areRare, _drop == OneHotDrop.First || (_drop == OneHotDrop.IfBinary && indicators == 2));
        }));
    }

    /// <summary>The indicators of a column.</summary>
    /// <param name="Levels">In ordinal order.</param>
    /// <param name="AreRare">Whether there is one more for all other levels.</param>
    /// <param name="DropFirst">Whether the first is left out.</param>
    internal sealed record OneHotColumn(string[] Levels, bool AreRare, bool DropFirst);

    internal sealed class FittedEncoder(Dictionary<string, OneHotColumn> learned) : IFittedTransform
    {
        public const string KindName = "one_hot";

        public string Kind => KindName;

        public void Write(BundleWriter writer) => writer.WriteByName(learned, column =>
        {
            writer.WriteStrings(column.Levels);
            writer.WriteBoolean(column.AreRare);
            writer.WriteBoolean(column.DropFirst);
        });

        public static FittedEncoder Read(BundleReader reader) =>
            new(reader.ReadByName(() => new OneHotColumn(reader.ReadStrings(), reader.ReadBoolean(), reader.ReadBoolean())));

        public Table Apply(Table table) => ColumnMap.ApplyCategorical(table, learned, Encode);

        private static void Encode(OneHotColumn known, CategoricalColumn column, List<Column> columns)
        {
            var unknown = known.AreRare ? known.Levels.Length : -1;
            var slots = column.Levels.Select(level => Array.BinarySearch(known.Levels, level, StringComparer.Ordinal) is >= 0 and var slot ? slot : unknown).ToArray();
            var indicators = new double[known.Levels.Length + (known.AreRare ? 1 : 0)][];
            for (var i = known.DropFirst ? 1 : 0; i < indicators.Length; i++)
            {
                indicators[i] = new double[column.Count];
                columns.Add(new NumericColumn($"{column.Name}={(i < known.Levels.Length ? known.Levels[i] : RareLevelGrouper.RareLevel)}", indicators[i]));
            }
            var codes = column.Codes;
            for (var row = 0; row < codes.Length; row++)
            {
                if (codes[row] >= 0 && slots[codes[row]] >= 0 && indicators[slots[codes[row]]] is { } indicator)
                    indicator[row] = 1;
            }
        }
    }
}
