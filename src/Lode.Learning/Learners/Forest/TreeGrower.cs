using Lode.Core;

namespace Lode.Learning;

/// <param name="MaxDepth">Splits from root to leaf.</param>
/// <param name="MinSamplesSplit">Rows that a node needs to be split.</param>
/// <param name="MinSamplesLeaf">Rows that each side must keep.</param>
/// <param name="MaxFeatures">Features that vary in the node and are looked at for a split.</param>
internal sealed record TreeLimits(int MaxDepth, int MinSamplesSplit, int MinSamplesLeaf, int MaxFeatures);

/// <summary>
/// Grows exact trees, depth first. A node's rows are sorted by the rank of each feature that is looked at, and every cut between
/// different values is scored. One grower serves one thread; all buffers are made once and reused for tree after tree.
/// </summary>
internal sealed class TreeGrower<TCriterion> where TCriterion : struct, ICriterion
{
    private readonly RankedFeatures _features;
    private readonly TreeLimits _limits;
    private readonly int[] _rows;
    private readonly int[] _moved;
    private readonly int[] _draw;
    private readonly RankSorter _sorter;
    private readonly Stack<Part> _open = new();
    private readonly List<TreeNode> _nodes = [];
    private readonly List<double> _values = [];
    private readonly double[] _leaf;
    private TCriterion _criterion;

    public TreeGrower(RankedFeatures features, TCriterion criterion, TreeLimits limits)
    {
        (_features, _criterion, _limits) = (features, criterion, limits);
        Weights = new double[features.Rows];
        _rows = new int[features.Rows];
        _moved = new int[features.Rows];
        _draw = new int[features.Columns];
        _sorter = new RankSorter(features.Rows);
        _leaf = new double[criterion.Outputs];
    }

    /// <summary>How much each row counts in the next tree, shape [rows]; 0: it is not seen.</summary>
    public double[] Weights { get; }

    public Tree Grow(Rng rng)
    {
        var seen = 0;
        for (var row = 0; row < Weights.Length; row++)
        {
            if (Weights[row] > 0)
                _rows[seen++] = row;
        }
        // All weights were drawn or given as 0: the tree sees everything rather than nothing.
        for (var row = 0; row < Weights.Length && seen == 0; row++)
            (Weights[row], _rows[row]) = (1, row);
        for (var i = 0; i < _draw.Length; i++)
            _draw[i] = i;
        _nodes.Clear();
        _values.Clear();
        _nodes.Add(default);
        _open.Push(new Part(0, 0, seen == 0 ? Weights.Length : seen, 0));
        while (_open.TryPop(out var part))
            GrowNode(part, rng);
        return new Tree([.. _nodes], [.. _values]);
    }

    private void GrowNode(Part part, Rng rng)
    {
        var rows = _rows.AsSpan(part.Start, part.Count);
        var mixed = _criterion.Load(rows, Weights);
        var cut = mixed && part.Depth < _limits.MaxDepth && rows.Length >= _limits.MinSamplesSplit && rows.Length >= 2 * _limits.MinSamplesLeaf
            ? FindCut(rows, rng)
            : Cut.None;
        if (cut.Feature < 0)
        {
            _nodes[part.Node] = new TreeNode(0, -1, _values.Count);
            _criterion.WriteLeaf(_leaf);
            _values.AddRange(_leaf);
            return;
        }
        var left = Divide(rows, cut);
        var values = _features.Values[cut.Feature];
        _nodes[part.Node] = new TreeNode(Between(values[cut.Rank], values[cut.NextRank]), cut.Feature, _nodes.Count);
        _open.Push(new Part(_nodes.Count + 1, part.Start + left, part.Count - left, part.Depth + 1));
        _open.Push(new Part(_nodes.Count, part.Start, left, part.Depth + 1));
        _nodes.Add(default);
        _nodes.Add(default);
    }

    private Cut FindCut(ReadOnlySpan<int> rows, Rng rng)
    {
        var best = Cut.None;
        var looked = 0;
        for (var i = 0; i < _draw.Length && looked < _limits.MaxFeatures; i++)
        {
            // Where all features are looked at, their order is left alone: then nothing in the tree is random.
            if (_limits.MaxFeatures < _draw.Length)
            {
                var other = i + rng.NextInt32(_draw.Length - i);
                (_draw[i], _draw[other]) = (_draw[other], _draw[i]);
            }
            var feature = _draw[i];
            var keys = _sorter.Sort(_features.Ranks[feature], rows, out var lowest);
            if (keys.IsEmpty)
                continue;
            looked++;
            ScoreCuts(keys, feature, lowest, ref best);
        }
        return best;
    }

    private void ScoreCuts(ReadOnlySpan<ulong> keys, int feature, int lowest, ref Cut best)
    {
        // A copy in locals: the compiler keeps what it can of it in registers.
        var criterion = _criterion;
        criterion.Reset();
        var (minLeaf, last) = (_limits.MinSamplesLeaf, keys.Length - _limits.MinSamplesLeaf);
        for (var i = 1; i <= last; i++)
        {
            var key = keys[i - 1];
            criterion.Move((int)(uint)key);
            if (i < minLeaf || (key >> 32) == (keys[i] >> 32))
                continue;
            var score = criterion.Score();
            if (score > best.Score)
                best = new Cut(feature, lowest + (int)(key >> 32), lowest + (int)(keys[i] >> 32), score);
        }
    }

    /// <summary>Puts the rows of the left side first, each side in the order it was; gives their number.</summary>
    private int Divide(Span<int> rows, Cut cut)
    {
        var ranks = _features.Ranks[cut.Feature];
        var (left, right) = (0, 0);
        foreach (var row in rows)
        {
            if (ranks[row] <= cut.Rank)
                rows[left++] = row;
            else
                _moved[right++] = row;
        }
        _moved.AsSpan(0, right).CopyTo(rows[left..]);
        return left;
    }

    /// <summary>The middle, but never the upper value itself, to which rounding might lead.</summary>
    private static double Between(double low, double high)
    {
        var middle = (low / 2) + (high / 2);
        return middle < high && middle >= low ? middle : low;
    }

    private readonly record struct Part(int Node, int Start, int Count, int Depth);

    private readonly record struct Cut(int Feature, int Rank, int NextRank, double Score)
    {
        public static Cut None => new(-1, 0, 0, double.NegativeInfinity);
    }
}
