using System.Buffers;

namespace Lode.Learning;

/// <summary>How members' predictions become one. Persisted; append only.</summary>
internal enum EnsembleRule
{
    /// <summary>The weighted mean of probabilities or numbers.</summary>
    Mean = 1,

    /// <summary>Shares of the weighted votes, one a member for its most probable class.</summary>
    Vote = 2,

    /// <summary>The weighted median of numbers.</summary>
    Median = 3,
}

/// <param name="Model">What was fitted.</param>
/// <param name="Weight">How much it counts, above 0.</param>
/// <param name="Columns">The columns that it sees; empty: all.</param>
internal sealed record EnsembleMember(IModel Model, double Weight, int[] Columns);

/// <summary>Several models that predict together.</summary>
public sealed class EnsembleModel : IModel
{
    internal const string KindName = "ensemble";

    private const int MedianRows = 256;
    private const int MedianNumbers = 1 << 22;

    private readonly EnsembleMember[] _members;
    private readonly EnsembleRule _rule;
    private readonly int _columns;
    private readonly int _outputs;

    internal EnsembleModel(EnsembleMember[] members, EnsembleRule rule, int columns, int outputs) =>
        (_members, _rule, _columns, _outputs) = (members, rule, columns, outputs);

    /// <summary>Number of models.</summary>
    public int Count => _members.Length;

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public void Predict(FeatureMatrix features, Span<double> output, int threads = 1)
    {
        ModelShape.Require(features, _columns, output, _outputs, missing: true);
        var total = 0.0;
        foreach (var member in _members)
            total += member.Weight;
        if (_rule == EnsembleRule.Median)
        {
            // Rows in parts: every member's number of a row is kept until all have said theirs.
            var rows = Math.Max(MedianRows, MedianNumbers / _members.Length);
            for (var first = 0; first < features.Rows; first += rows)
            {
                var count = Math.Min(rows, features.Rows - first);
                PredictMedian(count == features.Rows ? features : features.Slice(first, count), output.Slice(first, count), threads, total);
            }
            return;
        }
        var rented = ArrayPool<double>.Shared.Rent(output.Length);
        var predicted = rented.AsSpan(0, output.Length);
        output.Clear();
        foreach (var member in _members)
        {
            Predict(member, features, predicted, threads);
            if (_rule == EnsembleRule.Vote)
                Vote(predicted);
            for (var i = 0; i < output.Length; i++)
                output[i] += member.Weight / total * predicted[i];
        }
        ArrayPool<double>.Shared.Return(rented);
    }

    private static void Predict(EnsembleMember member, FeatureMatrix features, Span<double> output, int threads)
    {
        if (member.Columns.Length == 0)
        {
            member.Model.Predict(features, output, threads);
            return;
        }
        var rented = ArrayPool<double>.Shared.Rent(features.Rows * member.Columns.Length);
        member.Model.Predict(Columns(features, member.Columns, rented), output, threads);
        ArrayPool<double>.Shared.Return(rented);
    }

    /// <summary>The columns that a member sees.</summary>
    internal static FeatureMatrix Columns(FeatureMatrix features, int[] columns) =>
        columns.Length == 0 ? features : Columns(features, columns, new double[features.Rows * columns.Length]);

    private static FeatureMatrix Columns(FeatureMatrix features, int[] columns, double[] values)
    {
        var missing = false;
        var at = 0;
        for (var row = 0; row < features.Rows; row++)
        {
            var all = features.Row(row);
            foreach (var column in columns)
            {
                missing |= double.IsNaN(all[column]);
                values[at++] = all[column];
            }
        }
        var names = new string[columns.Length];
        var levels = new int[columns.Length];
        for (var i = 0; i < columns.Length; i++)
            (names[i], levels[i]) = (features.Names[columns[i]], features.Levels[columns[i]]);
        return FeatureMatrix.OfRented(values, features.Rows, names, levels, missing);
    }

    private void PredictMedian(FeatureMatrix features, Span<double> output, int threads, double total)
    {
        var (rows, count) = (output.Length, _members.Length);
        var rented = ArrayPool<double>.Shared.Rent((rows + 2) * count);
        for (var i = 0; i < count; i++)
            Predict(_members[i], features, rented.AsSpan(i * rows, rows), threads);
        var values = rented.AsSpan(rows * count, count);
        var weights = rented.AsSpan((rows + 1) * count, count);
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < count; i++)
                (values[i], weights[i]) = (rented[(i * rows) + row], _members[i].Weight);
            values.Sort(weights);
            var (sum, at) = (weights[0], 0);
            while (sum < total / 2 && at < count - 1)
                sum += weights[++at];
            output[row] = values[at];
        }
        ArrayPool<double>.Shared.Return(rented);
    }

    private void Vote(Span<double> shares)
    {
        for (var start = 0; start < shares.Length; start += _outputs)
        {
            var row = shares.Slice(start, _outputs);
            var best = 0;
            for (var label = 1; label < row.Length; label++)
                best = row[label] > row[best] ? label : best;
            row.Clear();
            row[best] = 1;
        }
    }

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteInt32((int)_rule);
        writer.WriteInt32(_columns);
        writer.WriteInt32(_outputs);
        writer.WriteInt32(_members.Length);
        foreach (var member in _members)
        {
            writer.WriteDouble(member.Weight);
            writer.WriteInt32s(member.Columns);
            writer.WriteThing(member.Model);
        }
    }

    internal static EnsembleModel Read(BundleReader reader)
    {
        var rule = (EnsembleRule)reader.ReadInt32((int)EnsembleRule.Mean, (int)EnsembleRule.Median);
        var (columns, outputs) = (reader.ReadInt32(0, int.MaxValue), reader.ReadInt32(1, int.MaxValue));
        if (rule == EnsembleRule.Median && outputs != 1)
            throw BundleReader.Broken("medians are of one number a row");
        var members = new EnsembleMember[reader.ReadInt32(1, reader.Left)];
        for (var i = 0; i < members.Length; i++)
        {
            members[i] = new EnsembleMember(null!, reader.ReadDouble(), reader.ReadInt32s());
            if (!(members[i].Weight > 0) || members[i].Columns.Any(column => column < 0 || column >= columns))
                throw BundleReader.Broken("a member's weight or columns cannot be");
            members[i] = members[i] with { Model = reader.ReadThing<IModel>() };
        }
        return new EnsembleModel(members, rule, columns, outputs);
    }
}
