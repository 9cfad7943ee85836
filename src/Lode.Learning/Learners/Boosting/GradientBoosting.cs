using System.Collections.Concurrent;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Histogram gradient boosting: trees one after another, each grown on the derivatives of the loss of those before it.</summary>
/// <remarks>Friedman (2001); Chen and Guestrin, "XGBoost" (KDD 2016); Ke et al., "LightGBM" (NeurIPS 2017). Sums are of whole numbers, so
/// the model's bytes do not depend on the number of threads (test: <c>Fit_AnyNumberOfThreads_GivesTheSameBytes</c>). Of early stopping's
/// rounds, those up to the best are kept.</remarks>
public sealed class GradientBoosting : ILearner
{
    private const int RowsForEarlyStopping = 10_000;

    private readonly BoostingOptions _options;

    /// <param name="options">Null: the defaults.</param>
    /// <param name="name">Which entry of the catalogue it is.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public GradientBoosting(BoostingOptions? options = null, string name = "hist_gb")
    {
        (_options, Name) = (options ?? new BoostingOptions(), name);
        _options.Validate(name);
    }

    /// <summary>The options that XGBoost would take by default.</summary>
    public static BoostingOptions XgBoostDefaults { get; } = new()
    {
        LearningRate = 0.3,
        MaxLeafNodes = null,
        MaxDepth = 6,
        DepthFirst = true,
        MinSamplesLeaf = 0,
        MinSumHessian = 1,
        L2Regularization = 1,
        EarlyStopping = false,
    };

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => _options.Loss is null || (_options.Loss == BoostingLoss.LogLoss) == (task == TaskKind.Classification);

    /// <inheritdoc/>
    public LearnerTags Tags => new()
    {
        Missing = true,
        Categories = true,
        MonotoneInvariant = true,
        // min_samples_leaf counts rows, whatever they weigh.
        Deterministic = _options is { Subsample: 1, ColumnSample: 1, EarlyStopping: false, MinSamplesLeaf: <= 1 },
    };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <inheritdoc cref="ILearner.Fit"/>
    public BoostedModel Fit(TrainingData data, FitContext context)
    {
        data.RequireFor(this);
        context.Cancellation.ThrowIfCancellationRequested();
        var directions = Directions(data.Features);
        var (train, held) = HoldOut(data, context.Rng.Child(0));
        var classes = data.Target.Task == TaskKind.Classification ? PresentClasses(data.Target, train) : [];
        if (_options.Loss == BoostingLoss.Poisson)
            PoissonLoss.Require(data.Target);
        var parallel = context.Parallel;
        var bins = BinnedFeatures.Of(data.Features, train, _options.MaxBins, context.Rng.Child(1), parallel);
        var model = new BoostedModel(bins.Columns, Math.Max(1, data.Target.Classes.Count));
        if (classes.Length == 1)
            return model.Sure(classes[0]);
        var loss = MakeLoss(data, train, classes);
        var baseline = loss.Baseline();
        var watch = held.Length > 0 ? new HeldOut(MakeLoss(data, held, classes), model.Code(data.Features, held), data.Features.Columns, baseline, _options) : null;
        var trees = Boost(loss, bins, baseline, directions, watch, context, parallel);
        return model.With(loss.Link, baseline, classes, trees);
    }

    private List<BoostedTree> Boost(RowLoss loss, BinnedFeatures bins, double[] baseline, int[] directions, HeldOut? watch, FitContext context, ParallelOptions parallel)
    {
        var many = loss.Scores > 1;
        var single = new ParallelOptions { MaxDegreeOfParallelism = 1, CancellationToken = context.Cancellation };
        var growers = new ConcurrentBag<LeafGrower>();
        var scores = baseline.Select(value => Enumerable.Repeat(value, bins.Rows).ToArray()).ToArray();
        var trees = new List<BoostedTree>();
        var sample = new RowSample(bins.Rows, _options.Subsample);
        for (var round = 0; round < _options.MaxIter; round++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var stream = context.Rng.Child((ulong)round + 2);
            sample.Draw(stream);
            loss.Begin(scores, parallel);
            var grown = new BoostedTree[loss.Scores];
            void Grow(int score)
            {
                var grower = growers.TryTake(out var free) ? free : LeafGrower.Of(bins, _options, directions, many ? single : parallel);
                grown[score] = grower.Grow(loss, score, scores[score], sample.Seen, sample.Unseen, DrawColumns(bins.Columns.Length, stream.Child((ulong)score)));
                growers.Add(grower);
            }
            if (many && parallel.MaxDegreeOfParallelism > 1)
                Parallel.For(0, grown.Length, parallel, Grow);
            else
                Array.ForEach([.. Enumerable.Range(0, grown.Length)], Grow);
            trees.AddRange(grown);
            if (watch?.IsOver(grown, round) == true)
                break;
            // What did not split once, on all rows and columns, will not split again.
            if (_options is { Subsample: 1, ColumnSample: 1 } && grown.All(tree => tree.Nodes.Length == 1))
                break;
        }
        if (watch is not null)
            trees.RemoveRange(watch.BestRounds * loss.Scores, trees.Count - (watch.BestRounds * loss.Scores));
        return trees;
    }

    private bool[] DrawColumns(int columns, Rng rng)
    {
        var drawn = new bool[columns];
        if (_options.ColumnSample == 1)
        {
            Array.Fill(drawn, true);
            return drawn;
        }
        var order = Enumerable.Range(0, columns).ToArray();
        rng.Shuffle<int>(order);
        foreach (var column in order.AsSpan(0, Math.Min(columns, Math.Max(1, (int)Math.Round(_options.ColumnSample * columns)))))
            drawn[column] = true;
        return drawn;
    }

    private int[] Directions(FeatureMatrix features)
    {
        var directions = new int[features.Columns];
        foreach (var (name, direction) in _options.MonotonicConstraints)
        {
            var column = Enumerable.Range(0, features.Columns).FirstOrDefault(column => features.Names[column] == name, -1);
            if (column < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"There is no column '{name}' to constrain by monotonic_cst.", DidYouMean.Hint(name, features.Names));
            if (direction != 0 && features.Levels[column] > 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"Column '{name}' is categorical: its levels have no order for monotonic_cst to keep.");
            directions[column] = direction;
        }
        return directions;
    }

    /// <summary>Rows that count, and of them those held out for early stopping; both ascending.</summary>
    private (int[] Train, int[] Held) HoldOut(TrainingData data, Rng rng)
    {
        int[] rows = [.. Enumerable.Range(0, data.Target.Rows).Where(row => data.Weight(row) > 0)];
        if (!(_options.EarlyStopping ?? rows.Length > RowsForEarlyStopping) || rows.Length < 3)
            return (rows, []);
        var target = data.Target.Select(rows);
        var split = new Holdout(_options.ValidationFraction).Stratify(target, rng.NextUInt64());
        if (target.Task == TaskKind.Regression)
            return ([.. split.Train.Select(row => rows[row])], [.. split.Test.Select(row => rows[row])]);
        // A class that all went out would be unknown to the model.
        var counts = target.Select(split.Train).CountClasses();
        return ([.. split.Train.Concat(split.Test.Where(row => counts[target.Labels[row]] == 0)).Order().Select(row => rows[row])],
            [.. split.Test.Where(row => counts[target.Labels[row]] > 0).Select(row => rows[row])]);
    }

    private static int[] PresentClasses(Target target, int[] rows)
    {
        var counts = target.Select(rows).CountClasses();
        return [.. Enumerable.Range(0, counts.Length).Where(label => counts[label] > 0)];
    }

    private RowLoss MakeLoss(TrainingData data, int[] rows, int[] classes)
    {
        double[] weights = data.Weights.Length == 0 ? [] : [.. rows.Select(row => data.Weight(row))];
        if (classes.Length > 0)
        {
            var labels = new double[data.Target.Classes.Count];
            for (var i = 0; i < classes.Length; i++)
                labels[classes[i]] = i;
            double[] numbers = [.. rows.Select(row => labels[data.Target.Labels[row]])];
            return classes.Length == 2 ? new BinaryLogLoss(numbers, weights) : new SoftmaxLogLoss(numbers, weights, classes.Length, _options.SoftmaxHessian);
        }
        double[] values = [.. rows.Select(row => data.Target.Values[row])];
        return _options.Loss switch
        {
            BoostingLoss.AbsoluteError => new QuantileLoss(values, weights, 0.5),
            BoostingLoss.Quantile => new QuantileLoss(values, weights, _options.Quantile),
            BoostingLoss.Huber => new HuberLoss(values, weights, _options.Alpha),
            BoostingLoss.Poisson => new PoissonLoss(values, weights),
            _ => new SquaredLoss(values, weights),
        };
    }

    /// <summary>The rows that each round sees: all, or a share drawn anew.</summary>
    private sealed class RowSample(int rows, double share)
    {
        public int[] Seen { get; private set; } = [.. Enumerable.Range(0, rows)];

        public int[] Unseen { get; private set; } = [];

        public void Draw(Rng rng)
        {
            if (share == 1)
                return;
            int[] order = [.. Enumerable.Range(0, rows)];
            rng.Shuffle<int>(order);
            var count = Math.Clamp((int)Math.Round(share * rows), 1, rows);
            (Seen, Unseen) = (order[..count], order[count..]);
            Array.Sort(Seen);
            Array.Sort(Unseen);
        }
    }

    /// <summary>Rows that no tree sees, and the loss on them after each round.</summary>
    private sealed class HeldOut
    {
        private readonly RowLoss _loss;
        private readonly double[] _rows;
        private readonly int _columns;
        private readonly double[][] _scores;
        private readonly double _count;
        private readonly BoostingOptions _options;
        private double _best;

        public HeldOut(RowLoss loss, double[] rows, int columns, double[] baseline, BoostingOptions options)
        {
            (_loss, _rows, _columns, _options) = (loss, rows, columns, options);
            _count = loss.Count;
            _scores = [.. baseline.Select(value => Enumerable.Repeat(value, loss.Rows).ToArray())];
            _best = Loss();
        }

        /// <summary>Rounds up to the best.</summary>
        public int BestRounds { get; private set; }

        public bool IsOver(BoostedTree[] grown, int round)
        {
            for (var score = 0; score < grown.Length; score++)
                grown[score].Add(_rows, _columns, _scores[score], 1);
            var loss = Loss();
            if (loss < _best - _options.Tol)
                (_best, BestRounds) = (loss, round + 1);
            return round + 1 - BestRounds >= _options.NIterNoChange;
        }

        private double Loss()
        {
            _loss.Begin(_scores, new ParallelOptions { MaxDegreeOfParallelism = 1 });
            return _loss.Total(_scores) / _count;
        }
    }
}
