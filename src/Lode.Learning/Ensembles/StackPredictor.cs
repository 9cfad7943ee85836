using Lode.Core;

namespace Lode.Learning;

/// <summary>A second layer over predictors: a pipeline that sees what they say and nothing else.</summary>
/// <remarks>Wolpert, "Stacked generalization" (Neural Networks 5, 1992). Class probabilities enter as logarithms less their mean over the classes
/// (for two classes, as log-odds), numbers as they are.</remarks>
public sealed class StackPredictor : IPredictor
{
    internal const string KindName = "stack";

    private const double Floor = 1e-6;

    private readonly IPredictor[] _bases;

    /// <param name="bases">The first layer, at least one, of the same target.</param>
    /// <param name="second">Fitted on <see cref="Features"/> of out-of-fold predictions of the same predictors, in the same order.</param>
    /// <exception cref="LodeException">InvalidArgument: no base.</exception>
    public StackPredictor(IReadOnlyList<IPredictor> bases, IPredictor second)
    {
        if (bases.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "A stack needs at least one predictor below.");
        (_bases, Second) = ([.. bases], second);
    }

    /// <summary>The first layer.</summary>
    public IReadOnlyList<IPredictor> Bases => _bases;

    /// <summary>The second layer.</summary>
    public IPredictor Second { get; }

    /// <inheritdoc/>
    public TableSchema Schema => _bases[0].Schema;

    /// <inheritdoc/>
    public string TargetName => _bases[0].TargetName;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => _bases[0].Classes;

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <summary>What the second layer sees.</summary>
    /// <param name="predictions">One a predictor, of the same rows and classes.</param>
    public static Table Features(IReadOnlyList<Predictions> predictions)
    {
        var columns = new List<Column>();
        for (var model = 0; model < predictions.Count; model++)
        {
            var (predicted, k) = (predictions[model], predictions[model].Classes.Count);
            var values = new double[k switch { 0 => 1, 2 => 1, _ => k }][];
            for (var j = 0; j < values.Length; j++)
                values[j] = new double[predicted.Rows];
            for (var row = 0; row < predicted.Rows; row++)
                Spread(predicted.Row(row), values, row);
            for (var j = 0; j < values.Length; j++)
                columns.Add(new NumericColumn($"m{model}_{j}", values[j]));
        }
        return new Table(columns);
    }

    /// <inheritdoc/>
    public Predictions Predict(Table table, int threads = 0) => Second.Predict(Features([.. _bases.Select(predictor => predictor.Predict(table, threads))]), threads);

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteInt32(_bases.Length);
        foreach (var predictor in _bases)
            writer.WriteThing(predictor);
        writer.WriteThing(Second);
    }

    internal static StackPredictor Read(BundleReader reader)
    {
        var bases = new IPredictor[reader.ReadInt32(1, reader.Left)];
        for (var i = 0; i < bases.Length; i++)
            bases[i] = reader.ReadThing<IPredictor>();
        return new StackPredictor(bases, reader.ReadThing<IPredictor>());
    }

    private static void Spread(ReadOnlySpan<double> predicted, double[][] values, int row)
    {
        if (predicted.Length == 1)
        {
            values[0][row] = predicted[0];
            return;
        }
        if (predicted.Length == 2)
        {
            values[0][row] = Math.Log(Math.Max(Floor, predicted[1]) / Math.Max(Floor, predicted[0]));
            return;
        }
        var mean = 0.0;
        foreach (var probability in predicted)
            mean += Math.Log(Math.Max(Floor, probability)) / predicted.Length;
        for (var j = 0; j < predicted.Length; j++)
            values[j][row] = Math.Log(Math.Max(Floor, predicted[j])) - mean;
    }
}
