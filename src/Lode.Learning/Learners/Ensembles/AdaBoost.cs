using Lode.Core;

namespace Lode.Learning;

/// <summary>Models one after another, each fitted on weights that the errors of those before it have raised.</summary>
/// <remarks>Classification: SAMME, Zhu et al., "Multi-class AdaBoost" (Statistics and Its Interface 2, 2009); probabilities are the shares of
/// the weighted votes. Regression: AdaBoost.R2, Drucker, "Improving regressors using boosting techniques" (ICML 1997), with weights
/// in place of samples, so that nothing is random; predicts the weighted median.</remarks>
public sealed class AdaBoost : ILearner
{
    // A model without an error would count without limit.
    private const double LeastError = 1e-10;

    private readonly ILearner? _base;
    private readonly int _count;
    private readonly double _learningRate;

    /// <param name="learner">What is fitted. Null: trees of depth 1 for classes, of depth 3 for numbers.</param>
    /// <param name="count">Models at most, ≥ 1. Default: 50.</param>
    /// <param name="learningRate">What each model's say is multiplied by, in (0, 1]. Default: 1.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public AdaBoost(ILearner? learner = null, int count = 50, double learningRate = 1)
    {
        if (count < 1 || learningRate is not (> 0 and <= 1))
            throw new LodeException(ErrorCode.InvalidArgument, $"ada_boost needs n_estimators ≥ 1 and learning_rate in (0, 1]; got {count} and {learningRate}.");
        (_base, _count, _learningRate) = (learner, count, learningRate);
    }

    internal static AdaBoost Create(ParameterReader read) =>
        new(read.LearnerOrNull("estimator"), read.Int32("n_estimators", 50), read.Double("learning_rate", 1));

    /// <inheritdoc/>
    public string Name => "ada_boost";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => _base?.Supports(task) ?? true;

    /// <inheritdoc/>
    public LearnerTags Tags => Base(TaskKind.Classification).Tags;

    /// <inheritdoc/>
    public IModel Fit(TrainingData data, FitContext context)
    {
        data.RequireFor(this);
        var classifies = data.Target.Task == TaskKind.Classification;
        var learner = Base(data.Target.Task);
        var fit = learner.FitsOf(data, context);
        var weights = Normalised([.. Enumerable.Range(0, data.Target.Rows).Select(data.Weight)]);
        var predicted = new double[data.Target.Rows * Math.Max(1, data.Target.Classes.Count)];
        var members = new List<EnsembleMember>();
        for (var i = 0; i < _count; i++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var model = fit(weights, context with { Rng = context.Rng.Child((ulong)i) });
            model.Predict(data.Features, predicted, context.Threads);
            var say = classifies ? Reweigh(data.Target, predicted, weights) : ReweighNumbers(data.Target, predicted, weights);
            if (say > 0 || members.Count == 0)
                members.Add(new EnsembleMember(model, say > 0 ? say : 1, []));
            // No better than chance, or nothing left to learn.
            if (say <= 0 || weights.Length == 0)
                break;
            weights = Normalised(weights);
            if (weights.Length == 0)
                break;
        }
        return new EnsembleModel([.. members], classifies ? EnsembleRule.Vote : EnsembleRule.Median, data.Features.Columns, Math.Max(1, data.Target.Classes.Count));
    }

    private ILearner Base(TaskKind task) =>
        _base ?? new RandomForest(RandomForest.SingleTree with { MaxDepth = task == TaskKind.Classification ? 1 : 3 }, "decision_tree");

    /// <summary>Raises the weights of rows of which the class was missed; gives how much the model has to say, 0 when that is nothing.</summary>
    private double Reweigh(Target target, double[] predicted, double[] weights)
    {
        var k = target.Classes.Count;
        var missed = new bool[target.Rows];
        var error = 0.0;
        for (var row = 0; row < missed.Length; row++)
        {
            var shares = predicted.AsSpan(row * k, k);
            var best = 0;
            for (var label = 1; label < k; label++)
                best = shares[label] > shares[best] ? label : best;
            missed[row] = best != target.Labels[row];
            error += missed[row] ? weights[row] : 0;
        }
        if (error >= 1 - (1.0 / k))
            return 0;
        var perfect = error < LeastError;
        error = Math.Max(error, LeastError);
        var say = _learningRate * (Math.Log((1 - error) / error) + Math.Log(k - 1));
        for (var row = 0; row < missed.Length; row++)
            weights[row] *= perfect ? 0 : missed[row] ? Math.Exp(say) : 1;
        return say;
    }

    /// <summary>Lowers the weights of rows with small errors; gives how much the model has to say, 0 when that is nothing.</summary>
    private double ReweighNumbers(Target target, double[] predicted, double[] weights)
    {
        var errors = new double[target.Rows];
        var largest = 0.0;
        for (var row = 0; row < errors.Length; row++)
        {
            errors[row] = Math.Abs(predicted[row] - target.Values[row]);
            largest = weights[row] > 0 ? Math.Max(largest, errors[row]) : largest;
        }
        var error = 0.0;
        for (var row = 0; row < errors.Length && largest > 0; row++)
            error += weights[row] * errors[row] / largest;
        if (error >= 0.5)
            return 0;
        var beta = Math.Max(error, LeastError) / (1 - Math.Max(error, LeastError));
        for (var row = 0; row < errors.Length; row++)
            weights[row] *= error < LeastError ? 0 : Math.Pow(beta, _learningRate * (1 - Math.Min(1, errors[row] / largest)));
        return -_learningRate * Math.Log(beta);
    }

    /// <summary>Weights that sum to 1; none when they are all 0.</summary>
    private static double[] Normalised(double[] weights)
    {
        var sum = weights.Sum();
        return sum > 0 ? [.. weights.Select(weight => weight / sum)] : [];
    }
}
