using System.Runtime.CompilerServices;

namespace Lode.Learning;

/// <summary>
/// A copy of the rows of one node with all their columns. All that grows below the node reads the copy, which stays in the second-level cache;
/// in the columns of all rows, the few rows of a small node lie on a cache line each.
/// </summary>
internal sealed class NearRows
{
    /// <summary>Half a megabyte.</summary>
    public const int UsualNumbers = 64 * 1024;

    private const int MinRows = 8;
    private const int Group = 32;

    private readonly int _columns;
    private readonly double[] _numbers;
    private readonly double[] _group;
    private int _end;

    /// <param name="rows">Rows of the training data.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="limits">What the trees are held to.</param>
    public NearRows(int rows, int columns, TreeLimits limits)
    {
        _columns = columns;
        Capacity = CapacityOf(rows, columns, limits);
        _numbers = new double[Capacity * columns];
        _group = new double[Capacity == 0 ? 0 : Group * columns];
        Weights = new double[Capacity];
    }

    /// <summary>Rows that fit.</summary>
    public int Capacity { get; }

    /// <summary>Rows that fit; 0 where a copy does not pay.</summary>
    public static int CapacityOf(int rows, int columns, TreeLimits limits)
    {
        if (!limits.DrawThresholds)
            return 0;
        var capacity = Math.Min(rows, limits.NearNumbers / Math.Max(1, columns));
        // A tree of so many rows has about this many levels; each reads the columns that a split looks at, while the copy reads all.
        var levels = Math.Log2(Math.Max(1, capacity));
        return limits.MaxFeatures * levels * 2 >= columns ? capacity : 0;
    }

    /// <summary>Weights by position in the copy.</summary>
    public double[] Weights { get; }

    /// <summary>Whether a node's rows are meant by their positions in the copy.</summary>
    public bool Active { get; private set; }

    /// <summary>Whether it pays to copy a node of so many rows.</summary>
    public bool Suits(int rows) => rows >= MinRows && rows <= Capacity;

    /// <summary>One column of the rows copied.</summary>
    public ReadOnlySpan<double> Column(int column) => _numbers.AsSpan(column * Capacity, Capacity);

    /// <summary>Says which part of the rows is worked on next; parts come in ascending order.</summary>
    public void MoveTo(int start) => Active &= start < _end;

    /// <summary>Copies rows, and replaces each by its position in the copy.</summary>
    /// <param name="features">Shape [all rows, columns], row-major.</param>
    /// <param name="rows">No more than fit.</param>
    /// <param name="weights">By row.</param>
    /// <param name="end">Where the part of the node ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Copy(ReadOnlySpan<double> features, Span<int> rows, ReadOnlySpan<double> weights, int end)
    {
        (Active, _end) = (true, end);
        // In groups: the rows of a group are fetched together rather than one after the other, and the columns are then filled by whole lines.
        for (var first = 0; first < rows.Length; first += Group)
        {
            var count = Math.Min(Group, rows.Length - first);
            for (var i = 0; i < count; i++)
                features.Slice(rows[first + i] * _columns, _columns).CopyTo(_group.AsSpan(i * _columns));
            for (var column = 0; column < _columns; column++)
            {
                ref var from = ref _group[column];
                var to = _numbers.AsSpan((column * Capacity) + first, count);
                for (var i = 0; i < to.Length; i++)
                    to[i] = Unsafe.Add(ref from, i * _columns);
            }
        }
        for (var i = 0; i < rows.Length; i++)
            (Weights[i], rows[i]) = (weights[rows[i]], i);
    }
}
