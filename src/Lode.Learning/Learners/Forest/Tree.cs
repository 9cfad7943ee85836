using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lode.Learning;

/// <summary>A split or a leaf.</summary>
/// <param name="Threshold">A row whose feature is at most this goes left. In a leaf of a tree with one number a leaf: that number.</param>
/// <param name="Code">The column and a flag above it; -1: a leaf.</param>
/// <param name="Next">The left child's index, the right one's is next to it; in a leaf, where its numbers begin in the tree's values.</param>
internal readonly record struct TreeNode(double Threshold, int Code, int Next)
{
    /// <summary>By how many bits the flag stands above the column.</summary>
    public const int MissingRightShift = 30;

    public const int ColumnMask = (1 << MissingRightShift) - 1;

    public static TreeNode Leaf(double value, int next) => new(value, -1, next);

    public static TreeNode Split(double threshold, int feature, bool missingRight, int next) =>
        new(threshold, feature | (missingRight ? 1 << MissingRightShift : 0), next);

    /// <summary>The column, or -1 of a leaf.</summary>
    public int Feature => Code < 0 ? -1 : Code & ColumnMask;

    /// <summary>Whether a row that misses the feature goes right.</summary>
    public bool MissingRight => Code >> MissingRightShift == 1;
}

/// <summary>A grown tree. Node 0 is the root. A leaf of a regression tree holds its mean, one of two classes the second one's share: both in
/// the node. Leaves of more classes hold all shares, and pure ones share theirs.</summary>
internal sealed class Tree
{
    // Rows that walk side by side: their loads do not wait for each other.
    private const int Side = 16;

    // Without the flags, which would slow rows down that miss nothing.
    private readonly TreeNode[] _nodes;
    private readonly ulong[] _missingRight;
    private readonly double[] _values;

    /// <param name="nodes">Splits and leaves. The tree keeps the array and takes the flags out.</param>
    /// <param name="values">What leaves of more than two classes predict, one after the other.</param>
    public Tree(TreeNode[] nodes, double[] values)
    {
        (_nodes, _values, _missingRight) = (nodes, values, new ulong[(nodes.Length + 63) / 64]);
        for (var i = 0; i < nodes.Length; i++)
        {
            if (!nodes[i].MissingRight)
                continue;
            _missingRight[i >> 6] |= 1UL << i;
            nodes[i] = nodes[i] with { Code = nodes[i].Feature };
        }
    }

    public int NodeCount => _nodes.Length;

    public TreeNode Node(int index) => MissingRight(index) == 0 ? _nodes[index] : _nodes[index] with { Code = _nodes[index].Code | (1 << TreeNode.MissingRightShift) };

    /// <summary>What leaves of more than two classes predict, one after the other.</summary>
    public ReadOnlySpan<double> Values => _values;

    // A shift by more than 63 is one by the lower six bits.
    private int MissingRight(int index) => (int)(_missingRight[index >> 6] >> index) & 1;

    public void Write(BundleWriter writer)
    {
        writer.WriteInt32(_nodes.Length);
        for (var i = 0; i < _nodes.Length; i++)
        {
            var node = Node(i);
            writer.WriteDouble(node.Threshold);
            writer.WriteInt32(node.Code);
            writer.WriteInt32(node.Next);
        }
        writer.WriteDoubles(_values);
    }

    /// <param name="reader">Where the tree begins.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="outputs">Numbers in a leaf.</param>
    /// <param name="missing">Whether splits say where missing values go.</param>
    /// <exception cref="Lode.Core.LodeException">InvalidArgument: it would not be a tree.</exception>
    public static Tree Read(BundleReader reader, int columns, int outputs, bool missing)
    {
        var nodes = new TreeNode[reader.ReadInt32(1, reader.Left / 16)];
        for (var i = 0; i < nodes.Length; i++)
        {
            nodes[i] = new TreeNode(reader.ReadDouble(), reader.ReadInt32(-1, missing ? int.MaxValue : columns - 1), reader.ReadInt32(0, int.MaxValue));
            if (nodes[i].Feature >= columns)
                throw BundleReader.Broken($"node {i} of a tree looks at column {nodes[i].Feature} of {columns}");
        }
        var values = reader.ReadDoubles();
        for (var i = 0; i < nodes.Length; i++)
        {
            var (leaf, next) = (nodes[i].Feature < 0, nodes[i].Next);
            // Children stand behind their parent, so every walk ends.
            if (leaf ? outputs > 2 && next > values.Length - outputs : next <= i || next > nodes.Length - 2)
                throw BundleReader.Broken($"node {i} of a tree leads to {next}");
        }
        return new Tree(nodes, values);
    }

    /// <summary>Adds what the tree predicts for each row.</summary>
    /// <param name="rows">Shape [n, columns], row-major.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="sums">Shape [n, outputs].</param>
    /// <param name="outputs">Numbers a row.</param>
    /// <param name="missing">Whether a value may be missing.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<double> rows, int columns, Span<double> sums, int outputs, bool missing)
    {
        var count = sums.Length / outputs;
        Span<int> leaves = stackalloc int[Side];
        for (var start = 0; start < count; start += Side)
        {
            var side = Math.Min(Side, count - start);
            if (missing)
                Walk<Incomplete>(rows[(start * columns)..], columns, leaves[..side]);
            else
                Walk<Complete>(rows[(start * columns)..], columns, leaves[..side]);
            for (var lane = 0; lane < side; lane++)
                AddLeaf(leaves[lane], sums.Slice((start + lane) * outputs, outputs));
        }
    }

    private void AddLeaf(int leaf, Span<double> sums)
    {
        var node = _nodes[leaf];
        if (sums.Length == 1)
        {
            sums[0] += node.Threshold;
            return;
        }
        if (sums.Length == 2)
        {
            sums[0] += 1 - node.Threshold;
            sums[1] += node.Threshold;
            return;
        }
        var shares = _values.AsSpan(node.Next, sums.Length);
        for (var i = 0; i < sums.Length; i++)
            sums[i] += shares[i];
    }

    /// <summary>The leaves of rows that walk side by side; who arrives gives up its place to the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk<TRows>(ReadOnlySpan<double> rows, int columns, Span<int> leaves) where TRows : struct
    {
        Span<int> at = stackalloc int[Side];
        Span<int> rowOf = stackalloc int[Side];
        for (var lane = 0; lane < leaves.Length; lane++)
            (at[lane], rowOf[lane]) = (0, lane);
        var walking = leaves.Length;
        ref var all = ref MemoryMarshal.GetArrayDataReference(_nodes);
        ref var row = ref MemoryMarshal.GetReference(rows);
        while (walking > 0)
        {
            for (var lane = 0; lane < walking; lane++)
            {
                ref var node = ref Unsafe.Add(ref all, at[lane]);
                if (node.Code < 0)
                {
                    leaves[rowOf[lane]] = at[lane];
                    walking--;
                    (at[lane], rowOf[lane]) = (at[walking], rowOf[walking]);
                    lane--;
                    continue;
                }
                var value = Unsafe.Add(ref row, (rowOf[lane] * columns) + node.Code);
                var right = value > node.Threshold ? 1 : 0;
                if (typeof(TRows) == typeof(Incomplete) && double.IsNaN(value))
                    right = MissingRight(at[lane]);
                at[lane] = node.Next + right;
            }
        }
    }

    /// <summary>Rows that miss nothing: whoever walks them asks no more than where the value lies.</summary>
    private readonly struct Complete;

    private readonly struct Incomplete;
}
