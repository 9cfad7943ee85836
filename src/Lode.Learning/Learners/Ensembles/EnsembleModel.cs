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
        var predicted = new double[output.Length];
        var total = _members.Sum(member => member.Weight);
        if (_rule == EnsembleRule.Median)
        {
            PredictMedian(features, output, threads, total);
            return;
        }
        output.Clear();
        foreach (var member in _members)
        {
            member.Model.Predict(Columns(features, member.Columns), predicted, threads);
            if (_rule == EnsembleRule.Vote)
                Vote(predicted);
            for (var i = 0; i < output.Length; i++)
                output[i] += member.Weight / total * predicted[i];
        }
    }

    /// <summary>The columns that a member sees.</summary>
    internal static FeatureMatrix Columns(FeatureMatrix features, int[] columns)
    {
        if (columns.Length == 0)
            return features;
        var values = new double[features.Rows * columns.Length];
        for (var row = 0; row < features.Rows; row++)
        {
            var all = features.Row(row);
            for (var i = 0; i < columns.Length; i++)
                values[(row * columns.Length) + i] = all[columns[i]];
        }
        var names = new string[columns.Length];
        var levels = new int[columns.Length];
        for (var i = 0; i < columns.Length; i++)
            (names[i], levels[i]) = (features.Names[columns[i]], features.Levels[columns[i]]);
        return new FeatureMatrix(values, features.Rows, names, levels);
    }

    private void PredictMedian(FeatureMatrix features, Span<double> output, int threads, double total)
    {
        var all = new double[_members.Length][];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = new double[output.Length];
            _members[i].Model.Predict(Columns(features, _members[i].Columns), all[i], threads);
        }
        var (values, weights) = (new double[all.Length], new double[all.Length]);
        for (var row = 0; row < output.Length; row++)
        {
            for (var i = 0; i < all.Length; i++)
                (values[i], weights[i]) = (all[i][row], _members[i].Weight);
            Array.Sort(values, weights);
            var (sum, at) = (weights[0], 0);
            while (sum < total / 2 && at < values.Length - 1)
                sum += weights[++at];
            output[row] = values[at];
        }
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
