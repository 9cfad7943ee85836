using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// The rows a pipeline is being fitted on. Only a pipeline makes one: that is why a transform cannot be fitted on rows
/// that are later scored.
/// </summary>
public sealed class TrainingRows
{
    private readonly double[] _weights;

    internal TrainingRows(Table features, Target target, Rng rng, double[]? weights = null) =>
        (Features, Target, Rng, _weights) = (features, target, rng, weights ?? []);

    /// <summary>The features, as the transforms before left them.</summary>
    public Table Features { get; }

    /// <summary>What is to be predicted, of the same rows.</summary>
    public Target Target { get; }

    /// <summary>How much each row counts, shape [rows]; empty: each 1.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>This transform's own random stream.</summary>
    public Rng Rng { get; }
}

/// <summary>A step that learns from training rows how to change a table's columns.</summary>
/// <remarks><b>Pure.</b> What is learned depends on the arguments alone. <b>Threads.</b> One instance serves many.
/// Columns it has nothing to do with pass unchanged and in place.</remarks>
public interface ITransform
{
    /// <summary>Learns from the rows.</summary>
    /// <exception cref="LodeException">InvalidArgument: the rows cannot be transformed so.</exception>
    IFittedTransform Fit(TrainingRows rows);

    /// <summary>Learns from the rows and changes them. Differs from applying what was learned only where a row must not see its own
    /// target (target encoding is cross-fitted).</summary>
    /// <exception cref="LodeException">InvalidArgument: the rows cannot be transformed so.</exception>
    (IFittedTransform Fitted, Table Rows) FitApply(TrainingRows rows)
    {
        var fitted = Fit(rows);
        return (fitted, fitted.Apply(rows.Features));
    }
}

/// <summary>What a transform learned. Immutable; all members may be called concurrently.</summary>
public interface IFittedTransform : IBundled
{
    /// <summary>Changes a table of the columns that were fitted on; the number and order of rows stay.</summary>
    Table Apply(Table table);
}
