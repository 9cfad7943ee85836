using Lode.Core;

namespace Lode.Learning;

/// <summary>What logistic regression penalises.</summary>
public enum LogisticPenalty
{
    /// <summary>Half the squares of the weights.</summary>
    L2 = 1,

    /// <summary>Their absolute values: many weights are exactly 0.</summary>
    L1 = 2,

    /// <summary>A mixture of both.</summary>
    ElasticNet = 3,
}

/// <summary>Options of <see cref="LogisticRegression"/>; names are scikit-learn's.</summary>
public sealed record LogisticRegressionOptions
{
    /// <summary>Inverse strength of the penalty, &gt; 0. Default: 1.</summary>
    public double C { get; init; } = 1;

    /// <summary>What is penalised. Default: L2.</summary>
    public LogisticPenalty Penalty { get; init; } = LogisticPenalty.L2;

    /// <summary>The elastic net's share of absolute values, in [0, 1]. Default: 0.5; read for <see cref="LogisticPenalty.ElasticNet"/> alone.</summary>
    public double L1Ratio { get; init; } = 0.5;

    /// <summary>Newton steps at most, ≥ 1. Default: 100.</summary>
    public int MaxIter { get; init; } = 100;

    /// <summary>Ends when no component of the gradient of Σ wᵢ·lossᵢ + penalty/C is larger, ≥ 0. Default: 1e-8. It means what it means for
    /// scikit-learn's lbfgs, whose default is 1e-4.</summary>
    public double Tol { get; init; } = 1e-8;

    /// <summary>What absolute values are multiplied with.</summary>
    internal double Absolute => Penalty switch { LogisticPenalty.L1 => 1, LogisticPenalty.ElasticNet => L1Ratio, _ => 0 };

    internal void Validate()
    {
        if (!(C > 0 && double.IsFinite(C) && MaxIter >= 1 && Tol >= 0))
            throw new LodeException(ErrorCode.InvalidArgument, $"logistic needs C > 0, max_iter ≥ 1 and tol ≥ 0; got C = {C}, max_iter = {MaxIter}, tol = {Tol}.");
        if (!(L1Ratio is >= 0 and <= 1))
            throw new LodeException(ErrorCode.InvalidArgument, $"logistic needs l1_ratio in [0, 1]; got {L1Ratio}.");
    }
}

/// <summary>Logistic regression with a penalty on all weights but the intercepts: binary, or multinomial for k &gt; 2.</summary>
/// <remarks>
/// Minimises C·Σ wᵢ·lossᵢ + ρ‖W‖₁ + ½(1-ρ)‖W‖², scikit-learn's objective. Without absolute values: Newton's method with backtracking, whose steps are solved
/// by Cholesky's factor for two classes of up to 600 columns, else by conjugate gradients preconditioned by the classes' own blocks of the second
/// derivative (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 3.2, 5.3 and 7.1), begun at the optimum of every 16th row where
/// there are many. With them: Newton's method
/// for one class after the other, whose steps coordinate descent solves (Friedman, Hastie and Tibshirani, J. Stat. Software 33, 2010,
/// sections 3 and 4), with backtracking. The penalty keeps separable data finite. A class without a row gets probability 0.
/// Threads change no bit.
/// </remarks>
public sealed class LogisticRegression : ILearner
{
    private const int Thinning = 16;
    private readonly LogisticRegressionOptions _options;

    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public LogisticRegression(LogisticRegressionOptions? options = null)
    {
        _options = options ?? new LogisticRegressionOptions();
        _options.Validate();
    }

    internal static LogisticRegression Create(ParameterReader read)
    {
        var usual = new LogisticRegressionOptions();
        return new LogisticRegression(new LogisticRegressionOptions
        {
            C = read.Double("C", usual.C),
            Penalty = read.Choice("penalty", "l2", "l2", "l1", "elasticnet") switch
            {
                "l1" => LogisticPenalty.L1,
                "elasticnet" => LogisticPenalty.ElasticNet,
                _ => LogisticPenalty.L2,
            },
            L1Ratio = read.Double("l1_ratio", usual.L1Ratio),
            MaxIter = read.Int32("max_iter", usual.MaxIter),
            Tol = read.Double("tol", usual.Tol),
        });
    }

    /// <inheritdoc/>
    public string Name => "logistic";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => task == TaskKind.Classification;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Deterministic = true };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <summary>Learns; there is nothing random in it.</summary>
    /// <param name="data">A classification of complete numbers.</param>
    /// <param name="context">Threads; cancellation is looked at once an iteration.</param>
    /// <exception cref="LodeException">InvalidArgument: the data are not such as it takes, or sums of the features overflow.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public LogisticModel Fit(TrainingData data, FitContext context = default)
    {
        data.RequireFor(this);
        context.Cancellation.ThrowIfCancellationRequested();
        var present = PresentClasses(data);
        var (columns, classes) = (data.Features.Columns, data.Target.Classes.Count);
        if (present.Length < 2)
            return new LogisticModel(columns, classes, present, [], 0, 0, true);
        var problem = new LogisticProblem(data, present, _options.C, 1 - _options.Absolute, context);
        var end = _options.Absolute > 0
            ? SparseLogisticSearch.Minimize(problem, _options, context.Cancellation)
            : LogisticSearch.Minimize(problem, _options, Start(data, present, context), context.Cancellation);
        return new LogisticModel(columns, classes, present, end.Point, end.Value, end.Iterations, end.Converged);
    }

    // Of many rows every 16th says nearly where the optimum is, for a sixteenth of the work.
    private double[] Start(TrainingData data, int[] present, FitContext context)
    {
        var (rows, columns) = (data.Features.Rows / Thinning, data.Features.Columns);
        var size = (columns + 1) * (present.Length > 2 ? present.Length : 1);
        if (rows < 1000 || rows < 10L * size)
            return new double[size];
        var chosen = new int[rows];
        var values = new double[rows * columns];
        var weights = new double[rows];
        var (all, some) = (0.0, 0.0);
        for (var row = 0; row < data.Features.Rows; row++)
            all += data.Weight(row);
        for (var i = 0; i < rows; i++)
        {
            chosen[i] = i * Thinning;
            data.Features.Row(chosen[i]).CopyTo(values.AsSpan(i * columns));
            some += weights[i] = data.Weight(chosen[i]);
        }
        var sample = new TrainingData(new FeatureMatrix(values, rows, data.Features.Names), data.Target.Select(chosen), weights);
        if (!(some > 0) || !PresentClasses(sample).AsSpan().SequenceEqual(present))
            return new double[size];
        var problem = new LogisticProblem(sample, present, _options.C * all / some, 1, context);
        return LogisticSearch.Minimize(problem, _options with { Tol = Math.Max(_options.Tol, 1e-3 * all / Thinning), MaxIter = 20 }, new double[size], context.Cancellation).Point;
    }

    private static int[] PresentClasses(TrainingData data)
    {
        var present = new bool[data.Target.Classes.Count];
        for (var row = 0; row < data.Target.Rows; row++)
            present[data.Target.Labels[row]] |= data.Weight(row) > 0;
        return [.. Enumerable.Range(0, present.Length).Where(label => present[label])];
    }
}
