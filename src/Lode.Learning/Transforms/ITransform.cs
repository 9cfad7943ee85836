using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// The rows a pipeline is being fitted on. Only a pipeline makes one: that is why a transform cannot be fitted on rows
/// that are later scored.
/// </summary>
public sealed class TrainingRows
{
    internal TrainingRows(Table features, Target target, Rng rng) => (Features, Target, Rng) = (features, target, rng);

    /// <summary>The features, as the transforms before left them.</summary>
    public Table Features { get; }

    /// <summary>What is to be predicted, of the same rows.</summary>
    public Target Target { get; }

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
}

/// <summary>What a transform learned. Immutable; all members may be called concurrently.</summary>
public interface IFittedTransform
{
    /// <summary>Changes a table of the columns that were fitted on; the number and order of rows stay.</summary>
    Table Apply(Table table);
}
