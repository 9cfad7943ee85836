using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lode.Learning;

/// <summary>Grows one tree after another on the same bins. For one tree at a time; all buffers are made once.</summary>
internal abstract class LeafGrower
{
    /// <summary>A grower whose tables are as small as the bins allow.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="options">How trees are grown.</param>
    /// <param name="directions">By column, the constraint: -1, 0 or 1.</param>
    /// <param name="parallel">Threads for one tree; change nothing.</param>
    public static LeafGrower Of(BinnedFeatures data, BoostingOptions options, int[] directions, ParallelOptions parallel)
    {
        var slots = 0;
        foreach (var column in data.Columns)
            slots = Math.Max(slots, column.Slots);
        return slots <= 16 ? new LeafGrower<SmallTables>(data, options, directions, parallel)
            : slots <= 64 ? new LeafGrower<MiddleTables>(data, options, directions, parallel)
            : new LeafGrower<LargeTables>(data, options, directions, parallel);
    }

    /// <summary>Grows a tree and adds its values to the scores of all rows.</summary>
    /// <param name="loss">Gives derivatives and steps.</param>
    /// <param name="score">Which of its raw scores.</param>
    /// <param name="raw">The raw scores, shape [rows].</param>
    /// <param name="seen">Rows that the tree learns from, ascending.</param>
    /// <param name="unseen">The other rows, ascending.</param>
    /// <param name="columns">By column, whether the tree may use it.</param>
    public abstract BoostedTree Grow(RowLoss loss, int score, double[] raw, ReadOnlySpan<int> seen, ReadOnlySpan<int> unseen, bool[] columns);
}

/// <inheritdoc cref="LeafGrower"/>
/// <remarks>Leaf-wise growth, the smaller child's tables built and the larger one's got by subtraction: Ke et al., "LightGBM"
/// (NeurIPS 2017). Leaves wait in a queue; ties go to the older leaf, so nothing depends on threads.</remarks>
internal sealed class LeafGrower<TStride> : LeafGrower where TStride : struct, ITableStride
{
    // Below so many additions a second thread costs more than it brings.
    private const int ParallelWork = 40_000;
    private const int BlockRows = 4096;
    private const int Group = BinnedFeatures.GroupSize;

    private readonly BinnedFeatures _data;
    private readonly BoostingOptions _options;
    private readonly int[] _directions;
    private readonly ParallelOptions _parallel;
    private readonly SplitSearch _search;
    private readonly RowParts _seen;
    private readonly RowParts _unseen;
    private readonly double[] _gradients;
    private readonly double[] _hessians;
    private readonly double[] _blockSums;
    private readonly SlotBlock _sums;
    private readonly SlotBlock _ordered;
    private readonly List<SlotBlock> _spare = [];
    private readonly BoostSplit[] _small;
    private readonly BoostSplit[] _large;
    private readonly PriorityQueue<int, (double, int)> _open = new();
    private readonly List<BoostLeaf> _leaves = [];
    private readonly List<BoostNode> _nodes = [];
    private readonly List<ulong> _sets = [];
    private readonly Action<int> _runGroup;
    private readonly Action<int> _runBlock;
    private readonly Action<int> _runLeaf;

    private RowLoss _loss = null!;
    private double[] _raw = [];
    private double[] _values = [];
    private bool[] _columns = [];
    private int _score;
    private double _gradientUnits;
    private double _hessianUnits;
    private SumScale _scale;
    private int _smaller;
    private int _larger;
    private bool _gathered;

    public LeafGrower(BinnedFeatures data, BoostingOptions options, int[] directions, ParallelOptions parallel)
    {
        (_data, _options, _directions, _parallel) = (data, options, directions, parallel);
        _search = new SplitSearch(options);
        (_seen, _unseen) = (new RowParts(data.Rows), new RowParts(options.Subsample < 1 ? data.Rows : 0));
        (_gradients, _hessians) = (new double[data.Rows], new double[data.Rows]);
        _blockSums = new double[2 * ((data.Rows + BlockRows - 1) / BlockRows)];
        (_sums, _ordered) = (new SlotBlock(data.Rows), new SlotBlock(data.Rows));
        (_small, _large) = (new BoostSplit[data.Columns.Length], new BoostSplit[data.Columns.Length]);
        (_runGroup, _runBlock, _runLeaf) = (RunGroup, RunBlock, RunLeaf);
    }

    public override BoostedTree Grow(RowLoss loss, int score, double[] raw, ReadOnlySpan<int> seen, ReadOnlySpan<int> unseen, bool[] columns)
    {
        (_loss, _score, _raw, _columns) = (loss, score, raw, columns);
        _seen.Load(seen);
        _unseen.Load(unseen);
        _leaves.Clear();
        _nodes.Clear();
        _sets.Clear();
        _open.Clear();
        var total = Derive(seen);
        _nodes.Add(BoostNode.Leaf(0));
        _leaves.Add(new BoostLeaf(0, 0, seen.Length, 0, unseen.Length, 0, total, Bounds.Free));
        if (CanSplit(_leaves[0]))
        {
            (_smaller, _larger, _gathered) = (0, -1, unseen.Length > 0);
            Search();
        }
        var most = _options.MaxLeafNodes ?? int.MaxValue;
        while (_leaves.Count < most && _open.TryDequeue(out var leaf, out _))
            Split(leaf, _leaves.Count + 1 < most);
        return Finish();
    }

    /// <summary>Derivatives in fixed point, so fine that the sum of all just fits; gives their sum over the rows seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector128<long> Derive(ReadOnlySpan<int> seen)
    {
        var blocks = _blockSums.Length / 2;
        Run(blocks, _data.Rows * 4, _runBlock);
        var (gradients, hessians) = (0.0, 0.0);
        for (var block = 0; block < blocks; block++)
        {
            gradients += _blockSums[2 * block];
            hessians += _blockSums[(2 * block) + 1];
        }
        var countBits = 64 - (int)ulong.LeadingZeroCount((ulong)_data.Rows) + 1;
        // Within 2^50 a sum of two doubles rounds to whole numbers (see Quantise).
        _gradientUnits = Units(gradients, 50);
        _hessianUnits = Units(hessians, Math.Min(50, 62 - countBits));
        _scale = new SumScale(1 / _gradientUnits, 1 / _hessianUnits, countBits);
        var total = Vector128<long>.Zero;
        var slots = _sums.Slice(0, _data.Rows);
        Quantise(slots);
        foreach (var row in seen)
            total += slots[row];
        return total;
    }

    // A power of two, so that scaling itself rounds nothing.
    private static double Units(double sum, int bits) => sum > 0 && double.IsFinite(sum) ? Math.ScaleB(1, Math.Clamp(bits - 2 - Math.ILogB(sum), -1000, 1000)) : 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunBlock(int block)
    {
        var start = block * BlockRows;
        var count = Math.Min(BlockRows, _data.Rows - start);
        var gradients = _gradients.AsSpan(start, count);
        var hessians = _hessians.AsSpan(start, count);
        _loss.Derive(_score, _raw.AsSpan(start, count), start, gradients, hessians);
        var (gradientSum, hessianSum) = (0.0, 0.0);
        for (var i = 0; i < count; i++)
        {
            gradientSum += Math.Abs(gradients[i]);
            hessianSum += hessians[i];
        }
        (_blockSums[2 * block], _blockSums[(2 * block) + 1]) = (gradientSum, hessianSum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Quantise(Span<Vector128<long>> slots)
    {
        // Adding this leaves the whole part in the low bits of the mantissa.
        const double magic = 6755399441055744.0;
        var offset = BitConverter.DoubleToInt64Bits(magic);
        var shift = _scale.CountBits;
        for (var row = 0; row < slots.Length; row++)
        {
            var gradient = BitConverter.DoubleToInt64Bits((_gradients[row] * _gradientUnits) + magic) - offset;
            var hessian = BitConverter.DoubleToInt64Bits((_hessians[row] * _hessianUnits) + magic) - offset;
            slots[row] = Vector128.Create(gradient, (hessian << shift) | 1);
        }
    }

    private bool CanSplit(in BoostLeaf leaf) =>
        leaf.Depth < (_options.MaxDepth ?? int.MaxValue) && _scale.Rows(leaf.Total) >= 2 * Math.Max(1, _options.MinSamplesLeaf)
        && _scale.H(leaf.Total) >= 2 * _options.MinSumHessian;

    /// <summary>Parts a leaf by its best split; its left child takes its place.</summary>
    private void Split(int index, bool goOn)
    {
        var leaf = _leaves[index];
        var split = leaf.Best;
        var bins = _data.Columns[split.Column];
        Span<byte> left = stackalloc byte[256];
        for (var bin = 0; bin <= bins.Count; bin++)
        {
            var goes = split.IsCategory ? ((split.Set.GetElement(bin >> 6) >> (bin & 63)) & 1) != 0 : bin == bins.Count ? split.MissingLeft : bin <= split.Bin;
            left[bin] = goes ? (byte)1 : (byte)0;
        }
        var words = _data.Groups[split.Column / Group];
        var shift = split.Column % Group * 8;
        var seenLeft = _seen.Divide(leaf.Start, leaf.Count, words, shift, left);
        var unseenLeft = _unseen.Divide(leaf.UnseenStart, leaf.UnseenCount, words, shift, left);
        var threshold = split.IsCategory ? _sets.Count / 4 : split.Bin < bins.Cuts.Length ? bins.Cuts[split.Bin] : double.MaxValue;
        if (split.IsCategory)
        {
            for (var word = 0; word < 4; word++)
                _sets.Add(split.Set.GetElement(word));
        }
        var next = _nodes.Count;
        _nodes[leaf.Node] = BoostNode.Split(threshold, next, split.Column, split.MissingLeft, split.IsCategory);
        _nodes.Add(BoostNode.Leaf(next));
        _nodes.Add(BoostNode.Leaf(next + 1));

        var (leftBounds, rightBounds) = ChildBounds(leaf, split);
        var leftLeaf = new BoostLeaf(next, leaf.Start, seenLeft, leaf.UnseenStart, unseenLeft, leaf.Depth + 1, split.Left, leftBounds);
        var rightLeaf = new BoostLeaf(next + 1, leaf.Start + seenLeft, leaf.Count - seenLeft, leaf.UnseenStart + unseenLeft,
            leaf.UnseenCount - unseenLeft, leaf.Depth + 1, leaf.Total - split.Left, rightBounds);
        var other = _leaves.Count;
        var (canLeft, canRight) = (goOn && CanSplit(leftLeaf), goOn && CanSplit(rightLeaf));
        if (!canLeft && !canRight)
        {
            _spare.Add(leaf.Tables!);
            _leaves[index] = leftLeaf;
            _leaves.Add(rightLeaf);
            return;
        }
        var leftIsSmaller = seenLeft <= rightLeaf.Count;
        (leftIsSmaller ? ref rightLeaf : ref leftLeaf).Tables = leaf.Tables;
        _leaves[index] = leftLeaf;
        _leaves.Add(rightLeaf);
        (_smaller, _larger, _gathered) = leftIsSmaller ? (index, other, true) : (other, index, true);
        Search();
    }

    private (Bounds Left, Bounds Right) ChildBounds(in BoostLeaf leaf, in BoostSplit split)
    {
        var direction = _directions[split.Column];
        if (direction == 0)
            return (leaf.Bounds, leaf.Bounds);
        var right = leaf.Total - split.Left;
        var middle = (_search.Value(_scale.G(split.Left), _scale.H(split.Left), leaf.Bounds.Low, leaf.Bounds.High)
            + _search.Value(_scale.G(right), _scale.H(right), leaf.Bounds.Low, leaf.Bounds.High)) / 2;
        var (below, above) = (new Bounds(leaf.Bounds.Low, middle), new Bounds(middle, leaf.Bounds.High));
        return direction > 0 ? (below, above) : (above, below);
    }

    /// <summary>Builds the tables of the smaller child, gets the larger one's by subtraction, and finds the best split of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Search()
    {
        var smaller = _leaves[_smaller];
        smaller.Tables = _spare.Count > 0 ? _spare[^1] : new SlotBlock(_data.Groups.Length * Group * TStride.Slots);
        if (_spare.Count > 0)
            _spare.RemoveAt(_spare.Count - 1);
        _leaves[_smaller] = smaller;
        if (_gathered)
        {
            var rows = _seen.Rows(smaller.Start, smaller.Count);
            var slots = _sums.Slice(0, _data.Rows);
            var ordered = _ordered.Slice(0, smaller.Count);
            for (var i = 0; i < ordered.Length; i++)
                ordered[i] = slots[rows[i]];
        }
        Run(_data.Groups.Length, smaller.Count * (long)_data.Columns.Length, _runGroup);
        Offer(_smaller, _small);
        if (_larger >= 0)
            Offer(_larger, _large);
    }

    private void RunGroup(int group)
    {
        var (first, width) = (group * Group, Math.Min(Group, _data.Columns.Length - (group * Group)));
        var start = first * TStride.Slots;
        var smaller = _leaves[_smaller];
        var tables = smaller.Tables!;
        for (var j = 0; j < width; j++)
            tables.Slice(start + (j * TStride.Slots), _data.Columns[first + j].Slots).Clear();
        // The kernels for two, four and eight columns add bin 0 of columns that are not there: that lies in a table of its own.
        Histograms.Accumulate<TStride>(ref tables.Slice(start, 1)[0], _data.Groups[group], _seen.Rows(smaller.Start, smaller.Count),
            ref (_gathered ? _ordered : _sums).First, width);
        var canSmaller = CanSplit(smaller);
        var larger = _larger >= 0 ? _leaves[_larger] : default;
        var canLarger = _larger >= 0 && CanSplit(larger);
        for (var j = 0; j < width; j++)
        {
            var column = first + j;
            var bins = _data.Columns[column];
            var table = tables.Slice(start + (j * TStride.Slots), bins.Slots);
            if (_larger >= 0)
            {
                var others = larger.Tables!.Slice(start + (j * TStride.Slots), bins.Slots);
                Histograms.Subtract(others, table);
                _large[column] = canLarger && _columns[column]
                    ? _search.Find(others, bins, column, larger.Total, _scale, larger.Bounds, _directions[column]) : BoostSplit.None;
            }
            _small[column] = canSmaller && _columns[column]
                ? _search.Find(table, bins, column, smaller.Total, _scale, smaller.Bounds, _directions[column]) : BoostSplit.None;
        }
    }

    private void Offer(int index, BoostSplit[] splits)
    {
        var best = 0;
        for (var column = 1; column < splits.Length; column++)
        {
            if (splits[column].Column >= 0 && (splits[best].Column < 0 || splits[column].Gain > splits[best].Gain))
                best = column;
        }
        var leaf = _leaves[index];
        if (splits.Length == 0 || splits[best].Column < 0)
        {
            _spare.Add(leaf.Tables!);
            leaf.Tables = null;
            _leaves[index] = leaf;
            return;
        }
        leaf.Best = splits[best];
        _leaves[index] = leaf;
        _open.Enqueue(index, (_options.DepthFirst ? leaf.Depth : -leaf.Best.Gain, leaf.Node));
    }

    private BoostedTree Finish()
    {
        _values = new double[_nodes.Count];
        Run(_leaves.Count, _data.Rows * 2, _runLeaf);
        foreach (ref var leaf in CollectionsMarshal.AsSpan(_leaves))
        {
            if (leaf.Tables is not null)
                _spare.Add(leaf.Tables);
            leaf.Tables = null;
        }
        return new BoostedTree([.. _nodes], _values, [.. _sets]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunLeaf(int index)
    {
        var leaf = _leaves[index];
        var most = _loss.LimitsSteps ? _options.MaxLeafStep : double.PositiveInfinity;
        var (low, high) = (Math.Max(leaf.Bounds.Low, -most), Math.Min(leaf.Bounds.High, most));
        var rows = _seen.Rows(leaf.Start, leaf.Count);
        var step = _loss.HasOwnStep && rows.Length > 0
            ? Math.Clamp(_loss.Step(rows, _raw), low, high)
            : _search.Value(_scale.G(leaf.Total), _scale.H(leaf.Total), low, high);
        var value = _options.LearningRate * step;
        _values[leaf.Node] = value;
        foreach (var row in rows)
            _raw[row] += value;
        foreach (var row in _unseen.Rows(leaf.UnseenStart, leaf.UnseenCount))
            _raw[row] += value;
    }

    private void Run(int jobs, long work, Action<int> job)
    {
        if (_parallel.MaxDegreeOfParallelism > 1 && jobs > 1 && work > ParallelWork)
        {
            Parallel.For(0, jobs, _parallel, job);
            return;
        }
        for (var i = 0; i < jobs; i++)
            job(i);
    }
}

/// <summary>A leaf of the tree that grows.</summary>
internal record struct BoostLeaf(int Node, int Start, int Count, int UnseenStart, int UnseenCount, int Depth, Vector128<long> Total, Bounds Bounds)
{
    public SlotBlock? Tables { get; set; }

    public BoostSplit Best { get; set; }
}
