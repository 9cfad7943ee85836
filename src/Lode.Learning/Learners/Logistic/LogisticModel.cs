using System.Buffers;
using Lode.Core;

namespace Lode.Learning;

/// <summary>A fitted logistic regression.</summary>
public sealed class LogisticModel : IModel
{
    private readonly int _columns;
    private readonly int _classes;
    private readonly int[] _present;
    private readonly double[] _point;

    internal LogisticModel(int columns, int classes, int[] present, double[] point, double objective, int iterations, bool converged) =>
        (_columns, _classes, _present, _point, Objective, Iterations, Converged) = (columns, classes, present, point, objective, iterations, converged);

    /// <summary>What was minimised, at the end.</summary>
    public double Objective { get; }

    /// <summary>Newton steps made.</summary>
    public int Iterations { get; }

    /// <summary>Whether the tolerance was reached.</summary>
    public bool Converged { get; }

    /// <summary>The weights of score row <paramref name="row"/>, shape [columns]: row 0 is the log-odds of the second class where two
    /// classes had rows, else there is one row for each class that had rows.</summary>
    public ReadOnlySpan<double> Coefficients(int row) => _point.AsSpan(row * (_columns + 1), _columns);

    /// <summary>The intercept of a score row.</summary>
    public double Intercept(int row) => _point[(row * (_columns + 1)) + _columns];

    internal const string KindName = "logistic";

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteInt32(_columns);
        writer.WriteInt32(_classes);
        writer.WriteInt32s(_present);
        writer.WriteDoubles(_point);
        writer.WriteDouble(Objective);
        writer.WriteInt32(Iterations);
        writer.WriteBoolean(Converged);
    }

    internal static LogisticModel Read(BundleReader reader)
    {
        var (columns, classes, present) = (reader.ReadInt32(0, int.MaxValue - 1), reader.ReadInt32(2, int.MaxValue), reader.ReadInt32s());
        foreach (var label in present)
        {
            if (label < 0 || label >= classes)
                throw BundleReader.Broken($"class {label} is not one of {classes}");
        }
        var rows = present.Length < 2 ? 0 : present.Length == 2 ? 1 : present.Length;
        var point = reader.ReadDoubles();
        return point.Length == (long)rows * (columns + 1)
            ? new LogisticModel(columns, classes, present, point, reader.ReadDouble(), reader.ReadInt32(), reader.ReadBoolean())
            : throw BundleReader.Broken($"{point.Length} coefficients are not as many as belong");
    }

    /// <inheritdoc/>
    public void Predict(FeatureMatrix features, Span<double> output, int threads = 1)
    {
        ModelShape.Require(features, _columns, output, _classes);
        if (_present.Length < _classes)
            output.Clear();
        if (_present.Length < 2)
        {
            for (var row = 0; row < features.Rows && _present.Length == 1; row++)
                output[(row * _classes) + _present[0]] = 1;
            return;
        }
        var scoreRows = _present.Length == 2 ? 1 : _present.Length;
        var rented = ArrayPool<double>.Shared.Rent((_columns + 1 + scoreRows + 2) * RowTiles.Width);
        var tile = rented.AsSpan(0, (_columns + 1) * RowTiles.Width);
        var scores = rented.AsSpan(tile.Length, scoreRows * RowTiles.Width);
        var other = rented.AsSpan(tile.Length + scores.Length, RowTiles.Width);
        var logs = rented.AsSpan(tile.Length + scores.Length + RowTiles.Width, RowTiles.Width);
        for (var start = 0; start < features.Rows; start += RowTiles.Width)
        {
            var count = Math.Min(RowTiles.Width, features.Rows - start);
            RowTiles.Load(features.Values.Slice(start * _columns, count * _columns), _columns, count, tile);
            tile[(_columns * RowTiles.Width)..].Fill(1);
            RowTiles.Multiply(_point, scoreRows, tile, scores);
            var rows = output.Slice(start * _classes, count * _classes);
            if (scoreRows == 1)
            {
                LogisticKernels.Pairs(scores, other);
                for (var r = 0; r < count; r++)
                {
                    rows[(r * _classes) + _present[0]] = other[r];
                    rows[(r * _classes) + _present[1]] = scores[r];
                }
                continue;
            }
            LogisticKernels.Probabilities(scores, scores, logs);
            for (var i = 0; i < scoreRows; i++)
                for (var r = 0; r < count; r++)
                    rows[(r * _classes) + _present[i]] = scores[(i * RowTiles.Width) + r];
        }
        ArrayPool<double>.Shared.Return(rented);
    }
}
