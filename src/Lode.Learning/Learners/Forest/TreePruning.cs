namespace Lode.Learning;

/// <summary>Minimal cost-complexity pruning.</summary>
/// <remarks>Breiman et al., Classification and Regression Trees (1984), section 3.3: of all subtrees the smallest that makes risk plus
/// alpha times leaves least. It is found from the leaves upward: a split goes when as a leaf it costs no more than all below it.</remarks>
internal static class TreePruning
{
    /// <param name="nodes">The grown tree; children stand behind their parent.</param>
    /// <param name="risks">By node, its impurity times its weight.</param>
    /// <param name="asLeaf">By node, the leaf that it would be.</param>
    /// <param name="alpha">What a leaf costs.</param>
    public static TreeNode[] Prune(List<TreeNode> nodes, List<double> risks, List<TreeNode> asLeaf, double alpha)
    {
        var cost = new double[nodes.Count];
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            cost[i] = risks[i] + alpha;
            if (nodes[i].Feature < 0)
                continue;
            var below = cost[nodes[i].Next] + cost[nodes[i].Next + 1];
            // Sums in another order differ by rounding.
            if (cost[i] <= below + (1e-12 * Math.Abs(below)))
                nodes[i] = asLeaf[i];
            else
                cost[i] = below;
        }
        var kept = new List<TreeNode> { nodes[0] };
        for (var i = 0; i < kept.Count; i++)
        {
            var node = kept[i];
            if (node.Feature < 0)
                continue;
            kept[i] = node with { Next = kept.Count };
            kept.Add(nodes[node.Next]);
            kept.Add(nodes[node.Next + 1]);
        }
        return [.. kept];
    }
}
