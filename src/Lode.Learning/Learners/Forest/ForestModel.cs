using System.Buffers;

namespace Lode.Learning;

/// <summary>A fitted forest.</summary>
public sealed class ForestModel : IModel
{
    // Rows that a tree predicts before the next tree comes, and the numbers predicted: a tree of many leaves is larger than the caches, so it is to
    // serve as many rows as it can while it is there.
    private const int MostRows = 16_384;
    private const int MostNumbers = 2 * MostRows;
    private const int LeastRows = 256;

    private readonly Tree[] _trees;
    private readonly int _columns;
    private readonly int _outputs;
    private readonly bool _takesMissing;

    /// <param name="trees">At least one.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="outputs">Numbers a row.</param>
    /// <param name="takesMissing">Whether the trees' splits say where missing values go.</param>
    internal ForestModel(Tree[] trees, int columns, int outputs, bool takesMissing = true) =>
        (_trees, _columns, _outputs, _takesMissing) = (trees, columns, outputs, takesMissing);

    /// <summary>The first kind, which knows nothing of missing values.</summary>
    internal const string CompleteKindName = "forest";

    internal const string KindName = "forest_missing";

    /// <summary>Number of trees.</summary>
    public int TreeCount => _trees.Length;

    /// <summary>Nodes of all trees, leaves included.</summary>
    public long NodeCount => _trees.Sum(tree => (long)tree.NodeCount);

    internal IReadOnlyList<Tree> Trees => _trees;

    /// <inheritdoc/>
    public string Kind => _takesMissing ? KindName : CompleteKindName;

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteInt32(_columns);
        writer.WriteInt32(_outputs);
        writer.WriteInt32(_trees.Length);
        foreach (var tree in _trees)
            tree.Write(writer);
    }

    internal static ForestModel Read(BundleReader reader) => Read(reader, missing: true);

    internal static ForestModel ReadComplete(BundleReader reader) => Read(reader, missing: false);

    private static ForestModel Read(BundleReader reader, bool missing)
    {
        var (columns, outputs) = (reader.ReadInt32(0, int.MaxValue), reader.ReadInt32(1, int.MaxValue));
        var trees = new Tree[reader.ReadInt32(1, reader.Left)];
        for (var i = 0; i < trees.Length; i++)
            trees[i] = Tree.Read(reader, columns, outputs, missing);
        return new ForestModel(trees, columns, outputs, missing);
    }

    /// <inheritdoc/>
    public void Predict(FeatureMatrix features, Span<double> output, int threads = 1)
    {
        threads = FitContext.ThreadCount(threads);
        ModelShape.Require(features, _columns, output, _outputs, _takesMissing);
        var blockRows = Math.Clamp((features.Rows + threads - 1) / threads, LeastRows, Math.Clamp(MostNumbers / _outputs, LeastRows, MostRows));
        var blocks = (features.Rows + blockRows - 1) / blockRows;
        if (threads == 1 || blocks == 1)
        {
            for (var block = 0; block < blocks; block++)
                PredictBlock(features, block * blockRows, blockRows, output);
            return;
        }
        // A span cannot cross threads.
        var buffer = ArrayPool<double>.Shared.Rent(output.Length);
        Parallel.For(0, blocks, new ParallelOptions { MaxDegreeOfParallelism = threads }, block => PredictBlock(features, block * blockRows, blockRows, buffer));
        buffer.AsSpan(0, output.Length).CopyTo(output);
        ArrayPool<double>.Shared.Return(buffer);
    }

    private void PredictBlock(FeatureMatrix features, int first, int blockRows, Span<double> output)
    {
        var rows = Math.Min(blockRows, features.Rows - first);
        var sums = output.Slice(first * _outputs, rows * _outputs);
        sums.Clear();
        var values = features.Values.Slice(first * _columns, rows * _columns);
        foreach (var tree in _trees)
            tree.Add(values, _columns, sums, _outputs, features.HasMissing);
        foreach (ref var sum in sums)
            sum /= _trees.Length;
    }
}
