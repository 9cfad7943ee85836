using Lode.Core;

namespace Lode.Learning;

/// <summary>The mean of many models of one kind, each fitted on a sample of rows, of columns, or of both.</summary>
/// <remarks>Breiman, "Bagging predictors" (Machine Learning 24, 1996); Ho, "The random subspace method" (IEEE PAMI 20, 1998). A row drawn twice
/// counts twice: samples are weights.</remarks>
public sealed class Bagging : ILearner
{
    private readonly ILearner _base;
    private readonly int _count;
    private readonly double _maxSamples;
    private readonly double _maxFeatures;
    private readonly bool _bootstrap;

    /// <param name="learner">What is fitted again and again.</param>
    /// <param name="count">How often, ≥ 1. Default: 10.</param>
    /// <param name="maxSamples">Rows drawn for each, as a share of all, in (0, 1]. Default: 1.</param>
    /// <param name="maxFeatures">Columns drawn for each, as a share of all, in (0, 1], without repeats. Default: 1.</param>
    /// <param name="bootstrap">Whether rows are drawn with repeats. Default: yes.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public Bagging(ILearner learner, int count = 10, double maxSamples = 1, double maxFeatures = 1, bool bootstrap = true)
    {
        if (count < 1 || maxSamples is not (> 0 and <= 1) || maxFeatures is not (> 0 and <= 1))
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"bagging needs n_estimators ≥ 1, and max_samples and max_features in (0, 1]; got {count}, {maxSamples} and {maxFeatures}.");
        }
        (_base, _count, _maxSamples, _maxFeatures, _bootstrap) = (learner, count, maxSamples, maxFeatures, bootstrap);
    }

    internal static Bagging Create(ParameterReader read) => new(read.Learner("estimator", "decision_tree"), read.Int32("n_estimators", 10),
        read.Double("max_samples", 1), read.Double("max_features", 1), read.Boolean("bootstrap", true));

    /// <inheritdoc/>
    public string Name => "bagging";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => _base.Supports(task);

    /// <inheritdoc/>
    public LearnerTags Tags => _base.Tags with { Deterministic = false, MonotoneInvariant = false };

    /// <inheritdoc/>
    public IModel Fit(TrainingData data, FitContext context)
    {
        data.RequireFor(this);
        context.Cancellation.ThrowIfCancellationRequested();
        var members = new EnsembleMember[_count];
        var fit = _maxFeatures == 1 ? _base.FitsOf(data, context) : null;
        Parallel.For(0, _count, context.Parallel, i =>
        {
            var rng = context.Rng.Child((ulong)i);
            var weights = DrawRows(data, rng);
            var columns = DrawColumns(data.Features.Columns, rng);
            var one = new FitContext(rng.Child(0), 1, context.Cancellation);
            var model = fit is null ? _base.Fit(new TrainingData(EnsembleModel.Columns(data.Features, columns), data.Target, weights), one) : fit(weights, one);
            members[i] = new EnsembleMember(model, 1, columns);
        });
        return new EnsembleModel(members, EnsembleRule.Mean, data.Features.Columns, Math.Max(1, data.Target.Classes.Count));
    }

    private double[] DrawRows(TrainingData data, Rng rng)
    {
        var rows = data.Target.Rows;
        var draws = Math.Max(1, (int)Math.Round(_maxSamples * rows));
        var weights = new double[rows];
        if (_bootstrap)
        {
            for (var draw = 0; draw < draws; draw++)
                weights[rng.NextInt32(rows)]++;
        }
        else
        {
            int[] order = [.. Enumerable.Range(0, rows)];
            rng.Shuffle<int>(order);
            foreach (var row in order.AsSpan(0, draws))
                weights[row] = 1;
        }
        for (var row = 0; row < rows; row++)
            weights[row] *= data.Weight(row);
        // Only rows without weight were drawn: the model sees everything rather than nothing.
        return weights.AsSpan().ContainsAnyExcept(0.0) ? weights : [.. Enumerable.Range(0, rows).Select(data.Weight)];
    }

    private int[] DrawColumns(int columns, Rng rng)
    {
        if (_maxFeatures == 1 || columns == 0)
            return [];
        int[] order = [.. Enumerable.Range(0, columns)];
        rng.Shuffle<int>(order);
        return [.. order.Take(Math.Max(1, (int)(_maxFeatures * columns))).Order()];
    }
}
