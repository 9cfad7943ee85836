namespace Lode.Learning;

/// <summary>What the winner is made of. Persisted; append only.</summary>
public enum WinnerKind
{
    /// <summary>One candidate: the mean of its fold models, or its refit.</summary>
    OneModel = 1,

    /// <summary>A weighted mean of candidates.</summary>
    Ensemble = 2,

    /// <summary>A linear model over the candidates' predictions.</summary>
    Stack = 3,

    /// <summary>The mean of an ensemble and a stack.</summary>
    Blend = 4,
}

/// <summary>A score that knows how it was found.</summary>
/// <param name="CrossValidated">Of the winner's out-of-fold predictions as they are: too good, since it was chosen by them.</param>
/// <param name="Corrected">The same, corrected for choosing among all candidates.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="High">Upper end.</param>
public sealed record HonestScore(double CrossValidated, double Corrected, double Low, double High);

/// <summary>What AutoML found.</summary>
public sealed record AutoMlResult
{
    /// <summary>Predicts.</summary>
    public required IPredictor Predictor { get; init; }

    /// <summary>What it is made of.</summary>
    public required WinnerKind Kind { get; init; }

    /// <summary>What was optimised.</summary>
    public required Metric Metric { get; init; }

    /// <summary>The winner's score.</summary>
    public required HonestScore Score { get; init; }

    /// <summary>All candidates, best first, those without a full score last.</summary>
    public required IReadOnlyList<Candidate> Leaderboard { get; init; }

    /// <summary>The simplest candidate that is as good as the winner within its noise; null where that is the winner.</summary>
    public Candidate? Simpler { get; init; }

    /// <summary>The winner's out-of-fold predictions; NaN for rows that no fold tested.</summary>
    public required Predictions OutOfFold { get; init; }

    /// <summary>The threshold that <see cref="Predictor"/> goes by; null where none was asked for.</summary>
    public DecisionThreshold? Threshold { get; init; }

    /// <summary>The winner made of the models of one fold alone, with the rows (of the training data) that those have not seen; one a fold.</summary>
    public IReadOnlyList<(IPredictor Predictor, int[] Rows)> Unseen { get; init; } = [];

    /// <summary>How the winner was put together.</summary>
    public required WinnerRecipe Recipe { get; init; }

    /// <summary>Folds of cross-validation.</summary>
    public required int Folds { get; init; }

    /// <summary>Why the search ended: <c>budget</c>, <c>trials</c>, <c>exhausted</c>, <c>interrupted</c>.</summary>
    public required string Stopped { get; init; }

    /// <summary>How good the search is as a whole, on rows that no part of it has seen; null where it was not asked for.</summary>
    public NestedScore? Nested { get; init; }

    /// <summary>Seconds in all.</summary>
    public required double Seconds { get; init; }

    /// <summary>What they went into.</summary>
    public AutoMlTimes Times { get; init; } = new(0, 0, 0);

    /// <summary>Seconds that predicting the caller's rows and writing the file are expected to take.</summary>
    internal double AfterSeconds { get; init; }

    /// <summary>What a careful colleague would point out about the search.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
