using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Lode.Core;

namespace Lode.Learning;

/// <summary>A split or a leaf of a boosted tree. A leaf leads to itself, so that rows can walk in step without asking where they are.</summary>
/// <param name="Threshold">A row whose feature is at most this goes left. For categories: the number of the set of bins that go left.</param>
/// <param name="Next">The left child's index, the right one's is next to it; a leaf's own.</param>
/// <param name="Code">The column, and two flags above it.</param>
internal readonly record struct BoostNode(double Threshold, int Next, int Code)
{
    private const int MissingRightFlag = 1 << 30;
    private const int CategoryFlag = 1 << 29;
    public const int ColumnMask = CategoryFlag - 1;

    public static BoostNode Leaf(int index) => new(double.PositiveInfinity, index, 0);

    public static BoostNode Split(double threshold, int next, int column, bool missingLeft, bool category) =>
        new(threshold, next, column | (missingLeft ? 0 : MissingRightFlag) | (category ? CategoryFlag : 0));

    public int Column => Code & ColumnMask;

    public bool IsCategory => (Code & CategoryFlag) != 0;

    public bool MissingRight => (Code & MissingRightFlag) != 0;
}

/// <summary>One tree of a boosted model. Node 0 is the root; children stand behind their parent.</summary>
/// <param name="nodes">Splits and leaves.</param>
/// <param name="values">By node, what a leaf adds; 0 for splits.</param>
/// <param name="sets">Four words a set: the bins that go left.</param>
internal sealed class BoostedTree(BoostNode[] nodes, double[] values, ulong[] sets)
{
    private readonly int _depth = Depth(nodes);
    private TreeTop? _top;

    public ReadOnlySpan<BoostNode> Nodes => nodes;

    public ReadOnlySpan<double> Values => values;

    public void Write(BundleWriter writer)
    {
        writer.WriteInt32(nodes.Length);
        foreach (var node in nodes)
        {
            writer.WriteDouble(node.Threshold);
            writer.WriteInt32(node.Next);
            writer.WriteInt32(node.Code);
        }
        writer.WriteDoubles(values);
        writer.WriteBytes(MemoryMarshal.AsBytes<ulong>(sets));
    }

    /// <param name="reader">Where the tree begins.</param>
    /// <param name="categorical">By column, whether it is categorical.</param>
    /// <exception cref="LodeException">InvalidArgument: it would not be a tree.</exception>
    public static BoostedTree Read(BundleReader reader, ReadOnlySpan<bool> categorical)
    {
        var nodes = new BoostNode[reader.ReadInt32(1, reader.Left / 16)];
        for (var i = 0; i < nodes.Length; i++)
            nodes[i] = new BoostNode(reader.ReadDouble(), reader.ReadInt32(), reader.ReadInt32());
        var values = reader.ReadDoubles(nodes.Length);
        var bytes = reader.ReadBytes();
        if (bytes.Length % 32 != 0)
            throw BundleReader.Broken("a tree's sets are cut off");
        var sets = MemoryMarshal.Cast<byte, ulong>(bytes).ToArray();
        for (var i = 0; i < nodes.Length; i++)
        {
            var node = nodes[i];
            if (node == BoostNode.Leaf(i))
                continue;
            var valid = node.Next > i && node.Next <= nodes.Length - 2 && node.Column < categorical.Length && node.Code >= 0
                && categorical[node.Column] == node.IsCategory
                && (!node.IsCategory || (node.Threshold >= 0 && node.Threshold < sets.Length / 4 && node.Threshold == Math.Floor(node.Threshold)));
            if (!valid)
                throw BundleReader.Broken($"node {i} of a tree leads to {node.Next}");
        }
        return new BoostedTree(nodes, values, sets);
    }

    /// <summary>Adds the tree's value to a number of each row.</summary>
    /// <param name="rows">Shape [n, columns], row-major; categories as bins, a missing number as NaN.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="sums">The number of row i is at i · <paramref name="stride"/>.</param>
    /// <param name="stride">Numbers a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<double> rows, int columns, Span<double> sums, int stride)
    {
        var count = (sums.Length + stride - 1) / stride;
        for (var row = 0; row < count; row++)
            sums[row * stride] += values[Walk(rows.Slice(row * columns, columns))];
    }

    /// <summary>The same for at most <see cref="RowTiles.Width"/> rows of which no number is missing and no column categorical.</summary>
    /// <param name="tile">The rows as <see cref="RowTiles"/> has them; at least one column.</param>
    /// <param name="sums">The number of row i is at i · <paramref name="stride"/>.</param>
    /// <param name="stride">Numbers a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTile(ReadOnlySpan<double> tile, Span<double> sums, int stride)
    {
        var count = (sums.Length + stride - 1) / stride;
        Span<int> at = stackalloc int[TreeTop.Side];
        for (var start = 0; start < count; start += TreeTop.Side)
        {
            WalkSideBySide(tile[start..], at);
            var side = Math.Min(TreeTop.Side, count - start);
            for (var lane = 0; lane < side; lane++)
                sums[(start + lane) * stride] += values[at[lane]];
        }
    }

    // Rows that walk side by side do not wait for each other's loads.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WalkSideBySide(ReadOnlySpan<double> tile, Span<int> at)
    {
        var level = 0;
        if (TreeTop.IsFast)
        {
            // Two threads may both make it: the same.
            (_top ??= new TreeTop(nodes)).Descend(tile, at);
            level = TreeTop.Levels;
        }
        else
        {
            at.Clear();
        }
        ref var node = ref MemoryMarshal.GetArrayDataReference(nodes);
        ref var value = ref MemoryMarshal.GetReference(tile);
        ref var position = ref MemoryMarshal.GetReference(at);
        for (; level < _depth; level++)
        {
            for (var lane = 0; lane < TreeTop.Side; lane++)
            {
                ref var here = ref Unsafe.Add(ref position, lane);
                ref var current = ref Unsafe.Add(ref node, here);
                here = current.Next + (Unsafe.Add(ref value, ((current.Code & BoostNode.ColumnMask) * RowTiles.Width) + lane) > current.Threshold ? 1 : 0);
            }
        }
    }

    private int Walk(ReadOnlySpan<double> row)
    {
        var index = 0;
        while (nodes[index].Next != index)
        {
            var node = nodes[index];
            var value = row[node.Column];
            bool right;
            if (node.IsCategory)
                right = ((sets[((int)node.Threshold * 4) + ((int)value >> 6)] >> ((int)value & 63)) & 1) == 0;
            else
                right = double.IsNaN(value) ? node.MissingRight : value > node.Threshold;
            index = node.Next + (right ? 1 : 0);
        }
        return index;
    }

    private static int Depth(BoostNode[] nodes)
    {
        var depths = new int[nodes.Length];
        var deepest = 0;
        for (var i = 0; i < nodes.Length; i++)
        {
            deepest = Math.Max(deepest, depths[i]);
            if (nodes[i].Next > i && nodes[i].Next + 1 < nodes.Length)
                depths[nodes[i].Next] = depths[nodes[i].Next + 1] = depths[i] + 1;
        }
        return deepest;
    }
}
