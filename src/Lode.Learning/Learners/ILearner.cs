using Lode.Core;

namespace Lode.Learning;

/// <summary>What a learner is fitted on.</summary>
public sealed class TrainingData
{
    private readonly double[] _weights;

    /// <param name="features">At least one row.</param>
    /// <param name="target">As many rows.</param>
    /// <param name="weights">One a row, finite, at least 0, not all 0; null or empty: each row counts 1. The object keeps the array.</param>
    /// <exception cref="ArgumentException">The numbers of rows differ.</exception>
    public TrainingData(FeatureMatrix features, Target target, double[]? weights = null)
    {
        _weights = weights ?? [];
        if (features.Rows != target.Rows || (_weights.Length > 0 && _weights.Length != target.Rows))
            throw new ArgumentException($"{features.Rows} rows of features, {target.Rows} of the target and {_weights.Length} weights do not fit.");
        (Features, Target) = (features, target);
    }

    /// <summary>Shape [rows, columns].</summary>
    public FeatureMatrix Features { get; }

    /// <summary>Shape [rows]. Classes without a row are possible: a fold may have missed them.</summary>
    public Target Target { get; }

    /// <summary>Shape [rows]; empty: each 1.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>How much a row counts.</summary>
    public double Weight(int row) => _weights.Length == 0 ? 1 : _weights[row];

    /// <summary>Refuses what a learner cannot take. Every learner's fit begins with it.</summary>
    /// <exception cref="LodeException">InvalidArgument: another task, or features that are missing or categorical where it takes none;
    /// the message names column and row.</exception>
    public void RequireFor(ILearner learner)
    {
        if (!learner.Supports(Target.Task))
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"Learner '{learner.Name}' does not do {Target.Task.ToString().ToLowerInvariant()}, which the target '{Target.Name}' asks for.");
        }
        Features.RequireFor(learner.Name, learner.Tags);
    }
}

/// <summary>A way to learn a model from numbers.</summary>
/// <remarks><b>Pure.</b> The model depends on the arguments and options alone, never on the number of threads.
/// <b>Threads.</b> One instance serves many fits at once. <b>Check.</b> Every implementation passes <c>LearnerContract</c>.</remarks>
public interface ILearner
{
    /// <summary>Its name in the <see cref="LearnerCatalog"/>.</summary>
    string Name { get; }

    /// <summary>Whether it does the task.</summary>
    bool Supports(TaskKind task);

    /// <summary>What it can take.</summary>
    LearnerTags Tags { get; }

    /// <summary>Learns.</summary>
    /// <param name="data">Of a task it supports; at least one row.</param>
    /// <param name="context">Random numbers, threads, cancellation.</param>
    /// <exception cref="LodeException">InvalidArgument: the data are not such as it takes, see <see cref="TrainingData.RequireFor"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    IModel Fit(TrainingData data, FitContext context);
}

/// <summary>What was learned. Immutable; all members may be called concurrently.</summary>
public interface IModel : IBundled
{
    /// <summary>Predicts every row; a row's prediction does not depend on the rows beside it.</summary>
    /// <param name="features">The columns it was fitted on.</param>
    /// <param name="output">Shape [rows, k] class probabilities, each in [0, 1], summing to 1; shape [rows] for regression.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    /// <exception cref="LodeException">InvalidArgument: a feature is missing that it cannot do without.</exception>
    void Predict(FeatureMatrix features, Span<double> output, int threads = 1);
}
