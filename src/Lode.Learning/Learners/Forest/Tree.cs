namespace Lode.Learning;

/// <summary>A split, or a leaf where <see cref="Feature"/> is -1.</summary>
/// <param name="Threshold">A row whose feature is at most this goes left.</param>
/// <param name="Feature">The column, or -1.</param>
/// <param name="Next">The left child's index, the right one's is next to it; in a leaf, where its numbers begin in the tree's values.</param>
internal readonly record struct TreeNode(double Threshold, int Feature, int Next);

/// <summary>A grown tree. Node 0 is the root.</summary>
internal sealed class Tree(TreeNode[] nodes, double[] values)
{
    public ReadOnlySpan<TreeNode> Nodes => nodes;

    /// <summary>What leaves predict, one after the other.</summary>
    public ReadOnlySpan<double> Values => values;

    public void Write(BundleWriter writer)
    {
        writer.WriteInt32(nodes.Length);
        foreach (var node in nodes)
        {
            writer.WriteDouble(node.Threshold);
            writer.WriteInt32(node.Feature);
            writer.WriteInt32(node.Next);
        }
        writer.WriteDoubles(values);
    }

    /// <exception cref="Lode.Core.LodeException">InvalidArgument: it would not be a tree.</exception>
    public static Tree Read(BundleReader reader, int columns, int outputs)
    {
        var nodes = new TreeNode[reader.ReadInt32(1, reader.Left / 16)];
        for (var i = 0; i < nodes.Length; i++)
            nodes[i] = new TreeNode(reader.ReadDouble(), reader.ReadInt32(-1, columns - 1), reader.ReadInt32(0, int.MaxValue));
        var values = reader.ReadDoubles();
        for (var i = 0; i < nodes.Length; i++)
        {
            var (leaf, next) = (nodes[i].Feature < 0, nodes[i].Next);
            // Children stand behind their parent, so every walk ends.
            if (leaf ? next > values.Length - outputs : next <= i || next > nodes.Length - 2)
                throw BundleReader.Broken($"node {i} of a tree leads to {next}");
        }
        return new Tree(nodes, values);
    }

    /// <summary>Where the numbers of the leaf begin that a row ends in.</summary>
    public int Find(ReadOnlySpan<double> row)
    {
        var all = nodes;
        var node = all[0];
        while (node.Feature >= 0)
            node = all[node.Next + (row[node.Feature] > node.Threshold ? 1 : 0)];
        return node.Next;
    }
}
