using Lode.Core;

namespace Lode.Learning;

/// <summary>A predictor with its weight in an ensemble.</summary>
/// <param name="Predictor">Of the same target as the others.</param>
/// <param name="Weight">Greater than 0.</param>
public sealed record WeightedMember(IPredictor Predictor, double Weight);

/// <summary>The weighted mean of what several predictors say; with equal weights over the fold models of cross-validation, bagging.</summary>
public sealed class WeightedEnsemble : IPredictor
{
    internal const string KindName = "weighted_mean";

    private readonly WeightedMember[] _members;

    /// <param name="members">At least one, of the same target, classes and columns. Weights are divided by their sum.</param>
    /// <exception cref="LodeException">InvalidArgument: no member, a weight that is not above 0, or members of different targets.</exception>
    public WeightedEnsemble(IReadOnlyList<WeightedMember> members)
    {
        if (members.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "An ensemble needs at least one member.");
        var (first, total) = (members[0].Predictor, members.Sum(member => member.Weight));
        foreach (var (predictor, weight) in members)
        {
            if (!(weight > 0 && double.IsFinite(weight)))
                throw new LodeException(ErrorCode.InvalidArgument, $"A member's weight must be above 0; got {weight}.");
            if (predictor.TargetName != first.TargetName || !predictor.Classes.SequenceEqual(first.Classes) || !predictor.Quantiles.SequenceEqual(first.Quantiles) || !predictor.Schema.Columns.SequenceEqual(first.Schema.Columns))
                throw new LodeException(ErrorCode.InvalidArgument, "The members of an ensemble must predict the same target from the same columns.");
        }
        _members = [.. members.Select(member => member with { Weight = member.Weight / total })];
    }

    /// <summary>The members; their weights sum to 1.</summary>
    public IReadOnlyList<WeightedMember> Members => _members;

    /// <inheritdoc/>
    public TableSchema Schema => _members[0].Predictor.Schema;

    /// <inheritdoc/>
    public string TargetName => _members[0].Predictor.TargetName;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => _members[0].Predictor.Classes;

    /// <inheritdoc/>
    public IReadOnlyList<double> Quantiles => _members[0].Predictor.Quantiles;

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <summary>All predictors with the same weight.</summary>
    public static WeightedEnsemble Bag(IEnumerable<IPredictor> predictors) => new([.. predictors.Select(predictor => new WeightedMember(predictor, 1))]);

    /// <inheritdoc/>
    public Predictions Predict(Table table, int threads = 0)
    {
        double[]? sum = null;
        Predictions? first = null;
        foreach (var (predictor, weight) in _members)
        {
            var predicted = predictor.Predict(table, threads);
            first ??= predicted;
            var values = predicted.Values;
            sum ??= new double[values.Length];
            for (var i = 0; i < sum.Length; i++)
                sum[i] += weight * values[i];
        }
        return first!.Quantiles.Count > 0 ? first.With(sum!) : new Predictions(sum!, Classes);
    }

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteInt32(_members.Length);
        foreach (var (predictor, weight) in _members)
        {
            writer.WriteDouble(weight);
            writer.WriteThing(predictor);
        }
    }

    internal static WeightedEnsemble Read(BundleReader reader)
    {
        var members = new WeightedMember[reader.ReadInt32(1, reader.Left)];
        for (var i = 0; i < members.Length; i++)
        {
            var weight = reader.ReadDouble();
            members[i] = new WeightedMember(reader.ReadThing<IPredictor>(), weight);
        }
        return new WeightedEnsemble(members);
    }
}
