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
