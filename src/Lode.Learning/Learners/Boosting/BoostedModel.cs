using System.Buffers;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Boosted trees and how their sums become predictions.</summary>
public sealed class BoostedModel : IIterativeModel
{
    internal const string KindName = "boosted_trees";

    private readonly byte[][] _levels;
    private readonly int[] _missingBins;
    private readonly int _outputs;
    private readonly bool _hasCategories;
    private readonly BoostingLink _link;
    private readonly double[] _baseline;
    private readonly int[] _scoreOf;
    private readonly BoostedTree[] _trees;

    internal BoostedModel(ColumnBins[] columns, int outputs)
        : this([.. columns.Select(column => column.Levels.ToArray())], [.. columns.Select(column => column.Count)], outputs, BoostingLink.Identity, [], [], [])
    {
    }

    private BoostedModel(byte[][] levels, int[] missingBins, int outputs, BoostingLink link, double[] baseline, int[] scoreOf, BoostedTree[] trees)
    {
        (_levels, _missingBins, _outputs, _link, _baseline, _scoreOf, _trees) = (levels, missingBins, outputs, link, baseline, scoreOf, trees);
        _hasCategories = levels.Any(column => column.Length > 0);
    }

    /// <summary>Number of trees.</summary>
    public int TreeCount => _trees.Length;

    /// <inheritdoc/>
    public int Iterations => _scoreOf.Length == 0 ? 0 : _trees.Length / _scoreOf.Length;

    /// <inheritdoc/>
    public string Kind => KindName;

    internal IReadOnlyList<BoostedTree> Trees => _trees;

    /// <summary>A model that knows one class.</summary>
    internal BoostedModel Sure(int label)
    {
        var baseline = new double[_outputs];
        Array.Fill(baseline, double.NegativeInfinity);
        baseline[label] = 0;
        return new BoostedModel(_levels, _missingBins, _outputs, BoostingLink.Softmax, baseline, [label], []);
    }

    /// <param name="link">Of the loss.</param>
    /// <param name="baseline">Where the loss begins, one a raw score.</param>
    /// <param name="classes">The classes that have rows; empty for regression.</param>
    /// <param name="trees">Round by round, one a raw score.</param>
    internal BoostedModel With(BoostingLink link, double[] baseline, int[] classes, List<BoostedTree> trees)
    {
        if (link != BoostingLink.Softmax && classes.Length != 2)
            return new BoostedModel(_levels, _missingBins, _outputs, link, baseline, [0], [.. trees]);
        if (_outputs == 2)
            return new BoostedModel(_levels, _missingBins, _outputs, BoostingLink.Logistic, baseline, [0], [.. trees]);
        // Two classes of more that are known: the logit is the second one's score, the first one's is 0.
        var full = new double[_outputs];
        Array.Fill(full, double.NegativeInfinity);
        full[classes[0]] = 0;
        for (var i = 0; i < baseline.Length; i++)
            full[classes[^(baseline.Length - i)]] = baseline[i];
        return new BoostedModel(_levels, _missingBins, _outputs, BoostingLink.Softmax, full, classes[^baseline.Length..], [.. trees]);
    }

    /// <summary>Rows as trees read them: categories as bins, those that are missing too.</summary>
    internal double[] Code(FeatureMatrix features, ReadOnlySpan<int> rows)
    {
        var coded = new double[rows.Length * features.Columns];
        for (var i = 0; i < rows.Length; i++)
            Code(features.Row(rows[i]), coded.AsSpan(i * features.Columns, features.Columns));
        return coded;
    }

    /// <inheritdoc/>
    public void Predict(FeatureMatrix features, Span<double> output, int threads = 1)
    {
        threads = FitContext.ThreadCount(threads);
        ModelShape.Require(features, _levels.Length, output, _outputs, missing: true);
        var blocks = RowTiles.CountFor(features.Rows);
        if (threads == 1 || blocks <= 1)
        {
            for (var block = 0; block < blocks; block++)
                PredictBlock(features, block * RowTiles.Width, output);
            return;
        }
        // A span cannot cross threads.
        var buffer = ArrayPool<double>.Shared.Rent(output.Length);
        Parallel.For(0, blocks, new ParallelOptions { MaxDegreeOfParallelism = threads }, block => PredictBlock(features, block * RowTiles.Width, buffer));
        buffer.AsSpan(0, output.Length).CopyTo(output);
        ArrayPool<double>.Shared.Return(buffer);
    }

    // A tile's rows pass all trees while they are in the cache.
    private void PredictBlock(FeatureMatrix features, int first, Span<double> output)
    {
        var rows = Math.Min(RowTiles.Width, features.Rows - first);
        var (columns, scores) = (features.Columns, _baseline.Length);
        var plain = !_hasCategories && !features.HasMissing;
        var values = features.Values.Slice(first * columns, rows * columns);
        var coded = _hasCategories ? ArrayPool<double>.Shared.Rent(values.Length) : [];
        if (_hasCategories)
        {
            for (var row = 0; row < rows; row++)
                Code(features.Row(first + row), coded.AsSpan(row * columns, columns));
            values = coded.AsSpan(0, values.Length);
        }
        Span<double> logits = stackalloc double[RowTiles.Width];
        var sums = _link == BoostingLink.Logistic ? logits[..rows] : output.Slice(first * scores, rows * scores);
        for (var row = 0; row < rows; row++)
            _baseline.CopyTo(sums[(row * scores)..]);
        if (plain && rows >= TreeTop.Side && columns > 0)
        {
            var tile = ArrayPool<double>.Shared.Rent(columns * RowTiles.Width);
            RowTiles.Load(values, columns, rows, tile);
            for (var i = 0; i < _trees.Length; i++)
                _trees[i].AddTile(tile, sums[_scoreOf[i % _scoreOf.Length]..], scores);
            ArrayPool<double>.Shared.Return(tile);
        }
        else
        {
            for (var i = 0; i < _trees.Length; i++)
                _trees[i].Add(values, columns, sums[_scoreOf[i % _scoreOf.Length]..], scores);
        }
        Link(sums, output.Slice(first * _outputs, rows * _outputs));
        if (_hasCategories)
            ArrayPool<double>.Shared.Return(coded);
    }

    private void Link(Span<double> sums, Span<double> output)
    {
        switch (_link)
        {
            case BoostingLink.Logistic:
                VectorMath.Sigmoid(sums);
                for (var row = 0; row < sums.Length; row++)
                    (output[2 * row], output[(2 * row) + 1]) = (1 - sums[row], sums[row]);
                break;
            case BoostingLink.Exponential:
                VectorMath.Exp(sums);
                break;
            case BoostingLink.Softmax:
                for (var row = 0; row < sums.Length; row += _outputs)
                    Softmax(sums.Slice(row, _outputs));
                break;
            default:
                break;
        }
    }

    private static void Softmax(Span<double> scores)
    {
        var top = double.NegativeInfinity;
        foreach (var score in scores)
            top = Math.Max(top, score);
        var sum = 0.0;
        foreach (ref var score in scores)
        {
            score = double.IsNegativeInfinity(score) ? 0 : VectorMath.Exp(score - top);
            sum += score;
        }
        foreach (ref var score in scores)
            score /= sum;
    }

    private void Code(ReadOnlySpan<double> row, Span<double> coded)
    {
        for (var column = 0; column < row.Length; column++)
        {
            var (value, levels) = (row[column], _levels[column]);
            if (levels.Length == 0)
                coded[column] = value;
            else
                coded[column] = value >= 0 && value < levels.Length ? levels[(int)value] : _missingBins[column];
        }
    }

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteInt32(_outputs);
        writer.WriteInt32((int)_link);
        writer.WriteDoubles(_baseline);
        writer.WriteInt32s(_scoreOf);
        writer.WriteInt32s(_missingBins);
        foreach (var levels in _levels)
            writer.WriteBytes(levels);
        writer.WriteInt32(_trees.Length);
        foreach (var tree in _trees)
            tree.Write(writer);
    }

    internal static BoostedModel Read(BundleReader reader)
    {
        var outputs = reader.ReadInt32(1, int.MaxValue);
        var link = (BoostingLink)reader.ReadInt32((int)BoostingLink.Identity, (int)BoostingLink.Exponential);
        var baseline = reader.ReadDoubles();
        if (baseline.Length != (link == BoostingLink.Softmax ? outputs : 1) || (link is BoostingLink.Logistic && outputs != 2)
            || (link is BoostingLink.Identity or BoostingLink.Exponential && outputs != 1))
        {
            throw BundleReader.Broken($"{baseline.Length} beginnings do not make {outputs} outputs");
        }
        var scoreOf = reader.ReadInt32s();
        if (scoreOf.Length == 0 || scoreOf.Any(score => score < 0 || score >= baseline.Length))
            throw BundleReader.Broken("a tree's score is not there");
        var missingBins = reader.ReadInt32s();
        if (missingBins.Any(bin => bin is < 0 or > 255))
            throw BundleReader.Broken("a bin is not a byte");
        var levels = new byte[missingBins.Length][];
        for (var column = 0; column < levels.Length; column++)
            levels[column] = reader.ReadBytes();
        bool[] categorical = [.. levels.Select(column => column.Length > 0)];
        var trees = new BoostedTree[reader.ReadInt32(0, reader.Left)];
        for (var i = 0; i < trees.Length; i++)
            trees[i] = BoostedTree.Read(reader, categorical);
        return new BoostedModel(levels, missingBins, outputs, link, baseline, scoreOf, trees);
    }
}
