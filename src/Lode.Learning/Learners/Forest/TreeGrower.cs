using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Lode.Core;

namespace Lode.Learning;

/// <param name="MaxDepth">Splits from root to leaf.</param>
/// <param name="MinSamplesSplit">Rows that a node needs to be split.</param>
/// <param name="MinSamplesLeaf">Rows that each side must keep.</param>
/// <param name="MaxFeatures">Features that vary in the node and are looked at for a split.</param>
/// <param name="DrawThresholds">Whether each feature has one threshold, drawn between its smallest and largest value in the node.</param>
/// <param name="PruningAlpha">What a leaf costs in pruning, as a share of the weight of all rows; 0: no pruning.</param>
/// <param name="NearNumbers">Where thresholds are drawn: numbers that are copied to be near, see <see cref="NearRows"/>.</param>
internal sealed record TreeLimits(int MaxDepth, int MinSamplesSplit, int MinSamplesLeaf, int MaxFeatures, bool DrawThresholds = false, double PruningAlpha = 0,
    int NearNumbers = NearRows.UsualNumbers);

/// <summary>
/// Grows exact trees, depth first. A node's rows are sorted by the rank of each feature that is looked at, and every cut between
/// different values is scored; or one threshold a feature is drawn. Rows that miss the feature go to the side where they gain more. One grower serves one thread; all buffers are made once and reused
/// for tree after tree.
/// </summary>
internal sealed partial class TreeGrower<TCriterion> where TCriterion : struct, ICriterion
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
    private double[] _numbers;
    private double[] _bestNumbers;
    private readonly int[] _pure;
    private readonly List<double> _risks = [];
    private readonly List<TreeNode> _asLeaf = [];
    private readonly NearRows _near;
    private TCriterion _criterion;

    public TreeGrower(RankedFeatures features, TCriterion criterion, TreeLimits limits)
    {
        (_features, _criterion, _limits) = (features, criterion, limits);
        Weights = new double[features.Rows];
        _rows = new int[features.Rows];
        _moved = new int[features.Rows];
        _draw = new int[features.Columns];
        _sorter = new RankSorter(limits.DrawThresholds ? 0 : features.Rows);
        _numbers = new double[limits.DrawThresholds ? features.Rows : 0];
        _bestNumbers = new double[_numbers.Length];
        _leaf = new double[criterion.Outputs];
        _pure = new int[criterion.Outputs];
        _near = new NearRows(features.Rows, features.Columns, limits);
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
        _risks.Clear();
        _asLeaf.Clear();
        Array.Fill(_pure, -1);
        _nodes.Add(default);
        _open.Push(new Part(0, 0, seen == 0 ? Weights.Length : seen, 0));
        _near.MoveTo(int.MaxValue);
        while (_open.TryPop(out var part))
            GrowNode(part, rng);
        if (_limits.PruningAlpha > 0)
        {
            var pruned = TreePruning.Prune(_nodes, _risks, _asLeaf, _limits.PruningAlpha * Weights.Sum());
            return new Tree(pruned, [.. _values]);
        }
        return new Tree([.. _nodes], [.. _values]);
    }

    private void GrowNode(Part part, Rng rng)
    {
        var rows = _rows.AsSpan(part.Start, part.Count);
        _near.MoveTo(part.Start);
        if (!_near.Active && _near.Suits(part.Count))
        {
            _criterion.Copy(rows);
            _near.Copy(_features.Matrix, rows, Weights, part.Start + part.Count);
        }
        var mixed = _criterion.Load(rows, _near.Active ? _near.Weights : Weights, _near.Active);
        var cut = mixed && part.Depth < _limits.MaxDepth && rows.Length >= _limits.MinSamplesSplit && rows.Length >= 2 * _limits.MinSamplesLeaf
            ? _limits.DrawThresholds ? DrawCut(rows, rng) : FindCut(rows, rng)
            : Cut.None;
        if (_limits.PruningAlpha > 0)
        {
            CollectionsMarshal.SetCount(_risks, Math.Max(_risks.Count, part.Node + 1));
            CollectionsMarshal.SetCount(_asLeaf, Math.Max(_asLeaf.Count, part.Node + 1));
            (_risks[part.Node], _asLeaf[part.Node]) = (_criterion.Risk(), Leaf());
        }
        if (cut.Feature < 0)
        {
            _nodes[part.Node] = Leaf();
            return;
        }
        var left = _limits.DrawThresholds ? DivideNumbers(rows, cut)
            : !cut.MissingRight && _features.HasMissing(cut.Feature) ? DivideMissingLeft(rows, cut)
            : Divide(rows, cut);
        _nodes[part.Node] = TreeNode.Split(cut.Threshold, cut.Feature, cut.MissingRight, _nodes.Count);
        _open.Push(new Part(_nodes.Count + 1, part.Start + left, part.Count - left, part.Depth + 1));
        _open.Push(new Part(_nodes.Count, part.Start, left, part.Depth + 1));
        _nodes.Add(default);
        _nodes.Add(default);
    }

    private TreeNode Leaf()
    {
        _criterion.WriteLeaf(_leaf);
        if (_leaf.Length <= 2)
            return TreeNode.Leaf(_leaf[^1], 0);
        var pure = Array.IndexOf(_leaf, 1.0);
        if (pure >= 0 && _pure[pure] >= 0)
            return TreeNode.Leaf(0, _pure[pure]);
        if (pure >= 0)
            _pure[pure] = _values.Count;
        _values.AddRange(_leaf);
        return TreeNode.Leaf(0, _values.Count - _leaf.Length);
    }

    /// <summary>Brings the next feature to the front; where all are looked at their order is left alone: then nothing in the tree is random.</summary>
    private int DrawFeature(int position, Rng rng)
    {
        if (_limits.MaxFeatures < _draw.Length)
        {
            var other = position + rng.NextInt32(_draw.Length - position);
            (_draw[position], _draw[other]) = (_draw[other], _draw[position]);
        }
        return _draw[position];
    }

    /// <remarks>Geurts, Ernst and Wehenkel, "Extremely randomized trees" (Machine Learning 63, 2006).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Cut DrawCut(ReadOnlySpan<int> rows, Rng rng)
    {
        var best = Cut.None;
        var looked = 0;
        for (var i = 0; i < _draw.Length && looked < _limits.MaxFeatures; i++)
        {
            var feature = DrawFeature(i, rng);
            if (_features.HasMissing(feature))
            {
                looked += DrawAmongPresent(feature, rows, rng, ref best) ? 1 : 0;
                continue;
            }
            var numbers = _numbers.AsSpan(0, rows.Length);
            var (low, high) = Fetch(feature, rows, numbers, out var rounded);
            if (low == high)
                continue;
            looked++;
            var threshold = DrawThreshold(low, high, rounded, rng);
            var score = _criterion.ScoreAt(numbers, threshold, out var left, out var leftWeight);
            if (left < _limits.MinSamplesLeaf || rows.Length - left < _limits.MinSamplesLeaf || !(score > best.Score))
                continue;
            best = new Cut(feature, 0, threshold, score, !(leftWeight > _criterion.Weight - leftWeight));
            (_numbers, _bestNumbers) = (_bestNumbers, _numbers);
        }
        return best;
    }

    private static double DrawThreshold(double low, double high, bool rounded, Rng rng)
    {
        var threshold = low + (rng.NextDouble() * (high - low));
        // Rounding, or a range beyond the largest double.
        if (!(threshold < high))
            threshold = low;
        return rounded ? Singles.Border(threshold) : threshold;
    }

    /// <summary>Fetches a column's values of some rows, or where there are too many to be near, the values rounded to single precision: as long
    /// as these differ, they do.</summary>
    private (double Low, double High) Fetch(int feature, ReadOnlySpan<int> rows, Span<double> numbers, out bool rounded)
    {
        rounded = false;
        if (_near.Active)
            return SideSums.Gather(_near.Column(feature), rows, numbers);
        if (_features.Singles.Length == 0)
            return SideSums.Gather(_features.Numbers[feature], rows, numbers);
        var (low, high) = SideSums.Gather(_features.Singles[feature], rows, numbers);
        rounded = low < high && double.IsFinite(low) && double.IsFinite(high);
        return rounded ? (low, high) : SideSums.Gather(_features.Matrix, feature, _features.Columns, rows, numbers);
    }

    private Cut FindCut(ReadOnlySpan<int> rows, Rng rng)
    {
        var best = Cut.None;
        var looked = 0;
        for (var i = 0; i < _draw.Length && looked < _limits.MaxFeatures; i++)
        {
            var feature = DrawFeature(i, rng);
            var keys = _sorter.Sort(_features.Ranks[feature], rows, out var lowest);
            if (keys.IsEmpty)
                continue;
            looked++;
            // Missing values, if any, come last.
            if (_features.HasMissing(feature) && lowest + (int)(keys[^1] >> 32) == _features.Values[feature].Length)
                ScoreCutsOfPresent(keys, feature, lowest, ref best);
            else
                ScoreCuts(keys, feature, lowest, ref best);
        }
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
            if (!(score > best.Score))
                continue;
            var (rank, values) = (lowest + (int)(key >> 32), _features.Values[feature]);
            best = new Cut(feature, rank, Midpoint.Between(values[rank], values[lowest + (int)(keys[i] >> 32)]), score, !(criterion.LeftWeight > criterion.Weight - criterion.LeftWeight));
        }
    }

    /// <summary>Puts the rows of the left side first, each side in the order it was; gives their number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Divide(Span<int> rows, Cut cut)
    {
        var ranks = _features.Ranks[cut.Feature];
        var (left, right) = (0, 0);
        foreach (var row in rows)
        {
            // Both are written, one of them is kept: no branch that the processor would guess wrong.
            var isLeft = ranks[row] <= cut.Rank ? 1 : 0;
            (rows[left], _moved[right]) = (row, row);
            left += isLeft;
            right += 1 - isLeft;
        }
        _moved.AsSpan(0, right).CopyTo(rows[left..]);
        return left;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int DivideNumbers(Span<int> rows, Cut cut)
    {
        var numbers = _bestNumbers.AsSpan(0, rows.Length);
        var (left, right) = (0, 0);
        for (var i = 0; i < rows.Length; i++)
        {
            // Both are written, one of them is kept: no branch that the processor would guess wrong.
            var isLeft = numbers[i] <= cut.Threshold ? 1 : 0;
            (rows[left], _moved[right]) = (rows[i], rows[i]);
            left += isLeft;
            right += 1 - isLeft;
        }
        _moved.AsSpan(0, right).CopyTo(rows[left..]);
        return left;
    }

    private readonly record struct Part(int Node, int Start, int Count, int Depth);

    private readonly record struct Cut(int Feature, int Rank, double Threshold, double Score, bool MissingRight)
    {
        public static Cut None => new(-1, 0, 0, double.NegativeInfinity, false);
    }
}
