using Lode.Optimization;

namespace Lode.Learning;

/// <summary>How far a candidate came. Persisted; append only.</summary>
public enum CandidateState
{
    /// <summary>All folds were run.</summary>
    Complete = 1,

    /// <summary>Its first fold was too bad to go on.</summary>
    Pruned = 2,

    /// <summary>A fit failed; <see cref="Candidate.Reason"/> says why.</summary>
    Failed = 3,

    /// <summary>Time ran out while it was fitted.</summary>
    Cancelled = 4,
}

/// <summary>One pipeline that AutoML tried.</summary>
public sealed record Candidate
{
    /// <summary>From 0, in the order of trying.</summary>
    public required int Number { get; init; }

    /// <summary>Its family.</summary>
    public required string Family { get; init; }

    /// <summary>Where its settings come from: <c>portfolio</c>, <c>search</c>, <c>earlier</c>.</summary>
    public required string Origin { get; init; }

    /// <summary>Values of the family's space.</summary>
    public required Params Settings { get; init; }

    /// <summary>What it is made from.</summary>
    public required PipelineSpec Spec { get; init; }

    /// <summary>How far it came.</summary>
    public required CandidateState State { get; init; }

    /// <summary>The metric over all out-of-fold predictions (of the first fold where pruned); NaN where it failed.</summary>
    public double Score { get; init; } = double.NaN;

    /// <summary>The standard error of <see cref="Score"/>: deviation between folds by the root of their number; NaN for fewer than two.</summary>
    public double Error { get; init; } = double.NaN;

    /// <summary>Scores of the folds that were run.</summary>
    public IReadOnlyList<double> Folds { get; init; } = [];

    /// <summary>How often cross-validation was repeated with other folds, the first time included.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>The share of training rows that it was fitted on, in (0, 1].</summary>
    public double TrainShare { get; init; } = 1;

    /// <summary>Of all folds together.</summary>
    public double FitSeconds { get; init; }

    /// <summary>To predict a row with one fold's model.</summary>
    public double PredictSecondsPerRow { get; init; }

    /// <summary>Bytes of one fold's model in a model file; 0 where no fold was kept.</summary>
    public long ModelBytes { get; init; }

    /// <summary>How its probabilities are made honest; null where they are not.</summary>
    public ProbabilityCalibration? Calibration { get; init; }

    /// <summary>Iterations that early stopping found; null where it does not apply.</summary>
    public int? Iterations { get; init; }

    /// <summary>Its weight in the winner, in [0, 1].</summary>
    public double Weight { get; init; }

    /// <summary>Why it failed or stopped; empty otherwise.</summary>
    public string Reason { get; init; } = "";
}
