using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// A few randomised regression trees over points of a search space, whose disagreement tells how sure they are: Breiman (2001), and
/// Hutter, Xu, Hoos, Leyton-Brown, "Algorithm runtime prediction" (AIJ 2014) for the variance and for split points drawn uniformly
/// between two neighbours. An inactive parameter has a value of its own (-1, or one more choice), as in SMAC, so conditional
/// spaces need nothing else. Choices are split by the order of their mean targets, which finds the best subset (Fisher 1958).
/// </summary>
internal sealed class RegressionForest
{
    private readonly bool[] _nominal;
    private readonly double[] _inactive;
    private readonly List<Node>[] _trees;

    /// <param name="space">The space.</param>
    /// <param name="points">Coordinates, NaN where inactive, shape [n][d]; n ≥ 1.</param>
    /// <param name="targets">Finite numbers, shape [n].</param>
    /// <param name="trees">How many.</param>
    /// <param name="rng">Bootstraps and split points; tree i takes child i.</param>
    public RegressionForest(SearchSpace space, IReadOnlyList<double[]> points, double[] targets, int trees, Rng rng)
    {
        _nominal = new bool[space.Count];
        _inactive = new double[space.Count];
        for (var dim = 0; dim < space.Count; dim++)
        {
            var (kind, levels) = space.Dimensions[dim];
            // A mask holds 63 choices; more are split by their numbers.
            _nominal[dim] = kind == DimensionKind.Nominal && levels < 63;
            _inactive[dim] = kind == DimensionKind.Nominal ? levels : -1;
        }
        Levels = [.. space.Dimensions.Select(dimension => dimension.Kind == DimensionKind.Nominal ? (int)dimension.Levels : 0)];
        var features = new double[points.Count][];
        for (var i = 0; i < features.Length; i++)
        {
            features[i] = new double[space.Count];
            Encode(points[i], features[i]);
        }
        _trees = new List<Node>[trees];
        for (var t = 0; t < trees; t++)
            _trees[t] = new Growth(this, features, targets, rng.Child((ulong)t)).Nodes;
    }

    // Of unordered dimensions the number of choices, else 0.
    private int[] Levels { get; }

    /// <summary>The mean and the variance over trees at a point: the mean of the leaves' variances and the variance of their means.</summary>
    /// <param name="unit">Coordinates, NaN where inactive.</param>
    public (double Mean, double Variance) Predict(ReadOnlySpan<double> unit)
    {
        Span<double> features = unit.Length <= 128 ? stackalloc double[unit.Length] : new double[unit.Length];
        Encode(unit, features);
        var (sum, squares, within) = (0.0, 0.0, 0.0);
        foreach (var tree in _trees)
        {
            var node = tree[0];
            while (node.Feature >= 0)
                node = tree[GoesLeft(node, features[node.Feature]) ? node.Left : node.Right];
            sum += node.Mean;
            squares += node.Mean * node.Mean;
            within += node.Variance;
        }
        var mean = sum / _trees.Length;
        return (mean, Math.Max(0, (squares / _trees.Length) - (mean * mean)) + (within / _trees.Length));
    }

    private void Encode(ReadOnlySpan<double> unit, Span<double> features)
    {
        for (var dim = 0; dim < unit.Length; dim++)
            features[dim] = double.IsNaN(unit[dim]) ? _inactive[dim]
                : Levels[dim] > 0 ? Math.Min((int)(unit[dim] * Levels[dim]), Levels[dim] - 1)
                : unit[dim];
    }

    private bool GoesLeft(in Node node, double feature) =>
        _nominal[node.Feature] ? (node.Mask >> (int)feature & 1) != 0 : feature <= node.Threshold;

    // A leaf has the feature -1.
    private readonly record struct Node(int Feature, double Threshold, ulong Mask, int Left, int Right, double Mean, double Variance);

    // One tree in the making: rows of a bootstrap sample are partitioned in place.
    private sealed class Growth
    {
        private readonly RegressionForest _forest;
        private readonly double[][] _features;
        private readonly double[] _targets;
        private readonly Rng _rng;
        private readonly int[] _rows;
        private readonly double[] _keys;
        private readonly double[] _sorted;
        private readonly int[] _chosen;

        public Growth(RegressionForest forest, double[][] features, double[] targets, Rng rng)
        {
            (_forest, _features, _targets, _rng) = (forest, features, targets, rng);
            var n = features.Length;
            (_rows, _keys, _sorted) = (new int[n], new double[n], new double[n]);
            for (var i = 0; i < n; i++)
                _rows[i] = rng.NextInt32(n);
            // Five sixths of the features at each node, as in the SMAC of 2011, so that the trees differ.
            _chosen = new int[forest._nominal.Length];
            for (var i = 0; i < _chosen.Length; i++)
                _chosen[i] = i;
            Grow(0, n);
        }

        public List<Node> Nodes { get; } = [];

        private int Grow(int start, int end)
        {
            var at = Nodes.Count;
            var (sum, squares) = (0.0, 0.0);
            for (var i = start; i < end; i++)
                (sum, squares) = (sum + _targets[_rows[i]], squares + (_targets[_rows[i]] * _targets[_rows[i]]));
            var mean = sum / (end - start);
            var variance = Math.Max(0, (squares / (end - start)) - (mean * mean));
            Nodes.Add(new Node(-1, 0, 0, 0, 0, mean, variance));
            if (end - start < 2 || variance <= 1e-14 * (1 + (mean * mean)) || Split(start, end) is not { } split)
                return at;
            var middle = Partition(start, end, split);
            var left = Grow(start, middle);
            var right = Grow(middle, end);
            Nodes[at] = split with { Left = left, Right = right, Mean = mean, Variance = variance };
            return at;
        }

        private Node? Split(int start, int end)
        {
            _rng.Shuffle(_chosen.AsSpan());
            var tried = ((_chosen.Length * 5) + 5) / 6;
            var (best, found) = (double.NegativeInfinity, (Node?)null);
            for (var c = 0; c < _chosen.Length; c++)
            {
                // Constant features do not count as tried once nothing was found.
                if (c >= tried && found is not null)
                    break;
                if (Cut(_chosen[c], start, end) is { } cut && cut.Score > best)
                    (best, found) = (cut.Score, cut.Node);
            }
            return found;
        }

        // The cut of one feature that leaves the least squared error: the highest Σ sum²/count of both sides.
        private (double Score, Node Node)? Cut(int feature, int start, int end)
        {
            var n = end - start;
            Span<double> means = stackalloc double[64];
            var nominal = _forest._nominal[feature];
            if (nominal)
                MeansOf(feature, start, end, means);
            for (var i = 0; i < n; i++)
            {
                var value = _features[_rows[start + i]][feature];
                _keys[i] = nominal ? means[(int)value] : value;
                _sorted[i] = _targets[_rows[start + i]];
            }
            Array.Sort(_keys, _sorted, 0, n);
            var total = 0.0;
            for (var i = 0; i < n; i++)
                total += _sorted[i];
            var (left, best, at) = (0.0, double.NegativeInfinity, -1);
            for (var i = 0; i < n - 1; i++)
            {
                left += _sorted[i];
                if (_keys[i] == _keys[i + 1])
                    continue;
                var score = (left * left / (i + 1)) + ((total - left) * (total - left) / (n - i - 1));
                if (score > best)
                    (best, at) = (score, i);
            }
            if (at < 0)
                return null;
            var threshold = _keys[at] + (_rng.NextDouble() * (_keys[at + 1] - _keys[at]));
            if (!(threshold < _keys[at + 1]))
                threshold = _keys[at]; // rounding must not leave a side empty
            var mask = 0UL;
            for (var level = 0; nominal && level <= _forest.Levels[feature]; level++)
                // A choice that the node has not seen goes to either side.
                if (double.IsNaN(means[level]) ? _rng.NextInt32(2) == 0 : means[level] <= threshold)
                    mask |= 1UL << level;
            return (best, new Node(feature, threshold, mask, 0, 0, 0, 0));
        }

        private void MeansOf(int feature, int start, int end, Span<double> means)
        {
            Span<int> counts = stackalloc int[64];
            counts.Clear();
            means.Clear();
            for (var i = start; i < end; i++)
            {
                var level = (int)_features[_rows[i]][feature];
                means[level] += _targets[_rows[i]];
                counts[level]++;
            }
            for (var level = 0; level < 64; level++)
                means[level] /= counts[level]; // 0/0 is NaN: not seen
        }

        private int Partition(int start, int end, in Node split)
        {
            var low = start;
            for (var i = start; i < end; i++)
                if (_forest.GoesLeft(split, _features[_rows[i]][split.Feature]))
                    (_rows[low], _rows[i], low) = (_rows[i], _rows[low], low + 1);
            return low;
        }
    }
}
