using Lode.Core;

namespace Lode.Learning;

/// <summary>What was chosen in the end.</summary>
/// <param name="Predictor">Predicts.</param>
/// <param name="Kind">What it is made of.</param>
/// <param name="Score">Its score.</param>
/// <param name="OutOfFold">Its predictions of all rows, each by models that had not seen it; NaN for rows never tested.</param>
/// <param name="Weights">The weights of candidates in it, by number.</param>
/// <param name="Simpler">The number of a simpler candidate that is as good within noise.</param>
internal sealed record Winner(IPredictor Predictor, WinnerKind Kind, HonestScore Score, Predictions OutOfFold, IReadOnlyDictionary<int, double> Weights, int? Simpler)
{
    /// <summary>What the predictor decides by.</summary>
    public DecisionThreshold? Threshold { get; init; }

    /// <summary>The same made of the models of one fold alone, with the rows that they have not seen; one a fold.</summary>
    public required IReadOnlyList<(IPredictor Predictor, int[] Rows)> Unseen { get; init; }

    /// <summary>How it was put together.</summary>
    public required WinnerRecipe Recipe { get; init; }
}

/// <summary>
/// Puts candidates together by their out-of-fold predictions. A single candidate, a weighted ensemble, a stack and the mean of both
/// compete by predictions in which even the second layer has not seen the row: it is fitted on the rows of the other folds. So
/// a stack that only fits the out-of-fold predictions better does not win.
/// </summary>
internal sealed class WinnerMaker(Evaluator evaluator, IReadOnlyList<PoolMember> pool, AutoMlOptions options, Rng rng, int threads)
{
    private const int MostMembers = 30;
    private const int MostOfAFamily = 10;
    private const int Rounds = 40;
    private const int MostStackColumns = 120;
    private const int MostStacked = 10;
    private const int FewRows = 1500;

    private static readonly double[] s_strengths = [0.003, 0.03, 0.3];

    private readonly Target _truth = evaluator.Data.Target.Select(evaluator.Tested);
    private readonly double[] _weights = evaluator.Data.Weights.IsEmpty ? [] : [.. evaluator.Tested.Select(row => evaluator.Data.Weights[row])];
    private readonly Metric _metric = evaluator.Metric;
    private bool _refit = options.Refit;

    /// <param name="seconds">What is left of the budget; with little, less is tried.</param>
    public Winner Make(double seconds)
    {
        var members = Members();
        var choices = members.Select(member => member.Tested).ToList();
        var best = Best(members);
        var (chosen, kind) = (best, WinnerKind.OneModel);
        double[] weights = [.. members.Select((_, i) => i == best ? 1.0 : 0)];
        Layer? stack = null;
        if (members.Length > 1 && (options.Ensemble ?? options.Preset != AutoMlPreset.Interpretable) && seconds > 0.05)
        {
            var rounds = seconds < 1 ? 8 : Rounds;
            var greedy = CrossFit(rows => Average(members, Greedy(members, rows, rounds)));
            choices.Add(greedy);
            var greedyAt = choices.Count - 1;
            // Of equals, a mean of several is the safer.
            if (IsBetter(greedy, choices[best], margin: -0.25))
                (chosen, kind) = (greedyAt, WinnerKind.Ensemble);
            weights = Greedy(members, null, rounds);
            if (options.Preset != AutoMlPreset.Fast && seconds > 1 && _truth.Rows >= 60)
                stack = TryStack(members, weights, greedyAt, choices, ref chosen, ref kind);
        }
        var score = BiasCorrection.Correct(_metric, _truth, _weights, choices, chosen, rng.Child(1));
        var singleWeights = members.Select((_, i) => i == best ? 1.0 : 0).ToArray();
        var used = kind == WinnerKind.OneModel ? singleWeights : weights;
        var predictor = Build(members, kind, used, stack);
        var threshold = options.Threshold is { } goal ? ThresholdOf(goal, choices[chosen]) : null;
        return new Winner(threshold is null ? predictor : new ThresholdPredictor(predictor, threshold.Value), kind, score, Spread(choices[chosen], threshold?.Value),
            Shares(members, kind, used, stack), Simpler(members, choices[chosen], kind == WinnerKind.OneModel ? members[best] : null)) 
        {
            Threshold = threshold,
            Unseen = [.. Enumerable.Range(0, evaluator.Splits.Count).Select(fold => (Build(kind, used, stack, i => members[i].OfFold(fold)), evaluator.Splits[fold].Test))],
            Recipe = new WinnerRecipe(
                kind is WinnerKind.Stack ? [] : [.. Enumerable.Range(0, members.Length).Where(i => used[i] > 0).Select(i => (members[i].Candidate.Number, used[i]))],
                kind is WinnerKind.Stack or WinnerKind.Blend ? [.. stack!.Used.Select(i => members[i].Candidate.Number)] : [],
                kind is WinnerKind.Stack or WinnerKind.Blend ? stack!.Strength : null,
                members[best].Candidate.Repeats,
                _refit),
        };
    }

    /// <summary>The threshold that is best on all tested rows; its score comes from thresholds that have not seen the row.</summary>
    private DecisionThreshold ThresholdOf(ThresholdGoal goal, Predictions predicted)
    {
        // What is taken for a class, as certainties, so that each fold can have a threshold of its own.
        var taken = new double[2 * _truth.Rows];
        foreach (var (others, own) in Parts())
        {
            var threshold = goal.Choose(_truth.Select(others), Select(predicted, others), Select(_weights, others));
            foreach (var row in own)
                taken[(2 * row) + (predicted.Row(row)[1] >= threshold ? 1 : 0)] = 1;
        }
        return new DecisionThreshold(goal, goal.Choose(_truth, predicted, _weights), _truth.Classes[1],
            goal.Score(_truth, new Predictions(taken, _truth.Classes), _weights), goal.Score(_truth, new Predictions(predicted.Values.ToArray(), _truth.Classes, 0.5), _weights));
    }

    private PoolMember[] Members()
    {
        var most = pool.Where(member => member.HasModels).Max(member => member.Candidate.Repeats);
        var able = pool.Where(member => member.HasModels && member.Candidate.Repeats == most).ToArray();
        PoolMember[] best = [.. able.GroupBy(member => member.Candidate.Family).SelectMany(family => family.Take(MostOfAFamily)).OrderBy(member => member.Loss).ThenBy(member => member.Candidate.Number)];
        if (!IsLimited)
            return [.. best.Take(MostMembers)];
        // Where the folds' models are too much, one of all rows may not be; where that is too, what was not repeated, the baseline at least.
        var within = Within(best);
        if (!_refit && within.TrueForAll(member => member.Candidate.Family == "dummy"))
        {
            _refit = true;
            within = Within(best);
        }
        if (within.Count == 0)
            within = [.. Within([.. pool.Where(member => member.HasModels)]).Take(1)];
        return within.Count > 0 ? [.. within] : [.. best.OrderBy(member => member.Candidate.ModelBytes).ThenBy(member => member.Candidate.PredictSecondsPerRow).Take(1)];
    }

    /// <summary>The best that together keep to the limits, whatever is made of them.</summary>
    private List<PoolMember> Within(PoolMember[] best)
    {
        var within = new List<PoolMember>();
        var (seconds, bytes) = (options.MaxPredictSecondsPerRow ?? double.PositiveInfinity, (options.MaxModelBytes ?? long.MaxValue) - FileOverhead(best[0]));
        foreach (var member in best)
        {
            var models = _refit ? 1 : evaluator.Splits.Count * member.Candidate.Repeats;
            // A model of all rows is not there yet, and somewhat larger than that of a fold.
            var (slower, larger) = (models * member.Candidate.PredictSecondsPerRow, options.MaxModelBytes is null ? 0 : _refit ? member.Candidate.ModelBytes * 5 / 4 : BytesOf(member));
            if (slower > seconds || larger > bytes || within.Count >= MostMembers)
                continue;
            (seconds, bytes) = (seconds - slower, bytes - larger);
            within.Add(member);
        }
        return within;
    }

    private bool IsLimited => options.MaxPredictSecondsPerRow is not null || options.MaxModelBytes is not null;

    // What a file holds beside its models: the header that names the columns, and a second layer.
    private static long FileOverhead(PoolMember member) => 8192 + new ModelBundle(member.Predictor(), "").ToBytes().LongLength - BytesOf(member);

    private static long BytesOf(PoolMember member)
    {
        var writer = new BundleWriter();
        writer.WriteThing(member.Predictor());
        return writer.Written.Length;
    }

    private static int Best(PoolMember[] members) => Array.IndexOf(members, members.MinBy(member => member.Loss));

    private double[] Greedy(PoolMember[] members, int[]? rows, int rounds)
    {
        var losses = rows is null
            ? new EnsembleLoss(_metric, _truth, _weights, [.. members.Select(member => member.Tested)])
            : new EnsembleLoss(_metric, _truth.Select(rows), Select(_weights, rows), [.. members.Select(member => Select(member.Tested, rows))]);
        return EnsembleSelection.Choose(losses, rounds).Weights;
    }

    private Layer? TryStack(PoolMember[] members, double[] weights, int greedyAt, List<Predictions> choices, ref int chosen, ref WinnerKind kind)
    {
        var columns = _truth.Classes.Count switch { 0 or 2 => 1, var k => k };
        int[] used = [.. Enumerable.Range(0, members.Length).OrderByDescending(i => weights[i]).ThenBy(i => members[i].Loss).Take(Math.Clamp(MostStackColumns / columns, 1, MostStacked))];
        var features = StackPredictor.Features([.. used.Select(i => members[i].Tested)]);
        Layer? best = null;
        Predictions? bestPredictions = null;
        foreach (var strength in s_strengths)
        {
            var layer = new Layer(used, Second(strength), strength);
            Predictions predicted;
            try
            {
                predicted = CrossFit(rows => layer.Pipeline.Fit(new Dataset(features.Select(rows), _truth.Select(rows), _weights.Length == 0 ? null : Select(_weights, rows)), 1, threads), features);
            }
            catch (LodeException)
            {
                // The second layer cannot take these predictions; an ensemble can.
                continue;
            }
            if (bestPredictions is null || IsBetter(predicted, bestPredictions, margin: 0))
                (best, bestPredictions) = (layer, predicted);
        }
        if (best is null)
            return null;
        choices.Add(bestPredictions!);
        var blend = Mean(choices[greedyAt], bestPredictions!);
        choices.Add(blend);
        // A blend asks its members twice.
        if (!IsLimited && IsBetter(blend, choices[chosen], margin: 0.25))
            (chosen, kind) = (choices.Count - 1, WinnerKind.Blend);
        // Which members and which strength it takes was seen from all rows: on few rows it must be clearly better.
        if (IsBetter(bestPredictions!, choices[chosen], margin: _truth.Rows < FewRows ? 1 : 0.5))
            (chosen, kind) = (choices.Count - 2, WinnerKind.Stack);
        return best with { Fitted = best.Pipeline.Fit(new Dataset(features, _truth, _weights.Length == 0 ? null : _weights), 1, threads) };
    }

    private Pipeline Second(double strength) => new PipelineSpec
    {
        Transforms = [FamilySteps.Step("standard")],
        Learner = _truth.Task == TaskKind.Classification
            ? FamilySteps.Step("logistic", ("C", strength))
            : FamilySteps.Step("ridge", ("alpha", 1 / strength)),
    }.Create();

    /// <summary>Predictions of every tested row by a second layer made from the rows of the other folds.</summary>
    private Predictions CrossFit(Func<int[], double[][]> average)
    {
        var k = Math.Max(1, _truth.Classes.Count);
        var values = new double[_truth.Rows * k];
        foreach (var (others, own) in Parts())
        {
            var all = average(others);
            foreach (var row in own)
                all[row].CopyTo(values, row * k);
        }
        return new Predictions(values, _truth.Classes);
    }

    private Predictions CrossFit(Func<int[], FittedPipeline> fit, Table features)
    {
        var k = Math.Max(1, _truth.Classes.Count);
        var values = new double[_truth.Rows * k];
        foreach (var (others, own) in Parts())
        {
            var predicted = fit(others).Predict(features.Select(own), threads);
            for (var i = 0; i < own.Length; i++)
                predicted.Row(i).CopyTo(values.AsSpan(own[i] * k));
        }
        return new Predictions(values, _truth.Classes);
    }

    // Rows as positions among the tested ones.
    private IEnumerable<(int[] Others, int[] Own)> Parts()
    {
        var position = new Dictionary<int, int>();
        foreach (var row in evaluator.Tested)
            position[row] = position.Count;
        var fold = new int[_truth.Rows];
        for (var i = 0; i < evaluator.Splits.Count; i++)
        {
            foreach (var row in evaluator.Splits[i].Test)
                fold[position[row]] = i;
        }
        for (var i = 0; i < evaluator.Splits.Count; i++)
        {
            int[] own = [.. Enumerable.Range(0, fold.Length).Where(row => fold[row] == i)];
            int[] others = [.. Enumerable.Range(0, fold.Length).Where(row => fold[row] != i)];
            if (others.Length > 0 && own.Length > 0)
                yield return (others, own);
        }
    }

    private double[][] Average(PoolMember[] members, double[] weights)
    {
        var k = Math.Max(1, _truth.Classes.Count);
        var rows = new double[_truth.Rows][];
        for (var row = 0; row < rows.Length; row++)
        {
            rows[row] = new double[k];
            for (var member = 0; member < members.Length; member++)
            {
                for (var j = 0; j < k && weights[member] > 0; j++)
                    rows[row][j] += weights[member] * members[member].Tested.Row(row)[j];
            }
        }
        return rows;
    }

    private static Predictions Mean(Predictions one, Predictions other)
    {
        var values = one.Values.ToArray();
        for (var i = 0; i < values.Length; i++)
            values[i] = (values[i] + other.Values[i]) / 2;
        return new Predictions(values, one.Classes);
    }

    /// <summary>Whether predictions are better by more than a share of the standard error of the difference.</summary>
    private bool IsBetter(Predictions one, Predictions other, double margin)
    {
        var (mean, error) = Difference(one, other);
        return mean < -margin * error;
    }

    /// <summary>The first's loss less the second's, with its standard error; over rows where the metric is a mean over rows, else over folds.</summary>
    private (double Mean, double Error) Difference(Predictions one, Predictions other)
    {
        if (BiasCorrection.RowLosses(_metric, _truth, one) is { } first && BiasCorrection.RowLosses(_metric, _truth, other) is { } second)
            return MeanAndError([.. first.Select((loss, row) => (_weights.Length == 0 ? 1 : _weights[row]) * (loss - second[row]))]);
        var differences = new List<double>();
        foreach (var (_, own) in Parts())
        {
            var rows = _truth.Select(own);
            var weights = Select(_weights, own);
            var difference = _metric.Score(rows, Select(one, own), weights) - _metric.Score(rows, Select(other, own), weights);
            if (double.IsFinite(difference))
                differences.Add(_metric.HigherIsBetter ? -difference : difference);
        }
        return MeanAndError(differences);
    }

    private static (double Mean, double Error) MeanAndError(List<double> values)
    {
        if (values.Count == 0)
            return (0, 0);
        var mean = values.Average();
        return (mean, values.Count < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count));
    }

    private IPredictor Build(PoolMember[] members, WinnerKind kind, double[] weights, Layer? stack)
    {
        var refits = new Dictionary<int, IPredictor>();
        return Build(kind, weights, stack, member => members[member].Predictor(_refit ? Refit(members[member], refits) : null));
    }

    private static IPredictor Build(WinnerKind kind, double[] weights, Layer? stack, Func<int, IPredictor> of)
    {
        IPredictor Weighted()
        {
            var used = Enumerable.Range(0, weights.Length).Where(i => weights[i] > 0).ToArray();
            return used.Length == 1 ? of(used[0]) : new WeightedEnsemble([.. used.Select(i => new WeightedMember(of(i), weights[i]))]);
        }
        return kind switch
        {
            WinnerKind.Stack => new StackPredictor([.. stack!.Used.Select(of)], stack.Fitted!),
            WinnerKind.Blend => WeightedEnsemble.Bag([Weighted(), new StackPredictor([.. stack!.Used.Select(of)], stack.Fitted!)]),
            _ => Weighted(),
        };
    }

    private IPredictor Refit(PoolMember member, Dictionary<int, IPredictor> refits)
    {
        if (!refits.TryGetValue(member.Candidate.Number, out var fitted))
        {
            fitted = member.Candidate.Spec.Create().Fit(evaluator.Data, rng.DeriveSeed((ulong)member.Candidate.Number), threads);
            refits.Add(member.Candidate.Number, fitted);
        }
        return fitted;
    }

    private static Dictionary<int, double> Shares(PoolMember[] members, WinnerKind kind, double[] weights, Layer? stack)
    {
        var shares = new Dictionary<int, double>();
        for (var i = 0; i < members.Length; i++)
        {
            // A stack has no weights of its own that sum to 1: its members count alike.
            var share = kind switch
            {
                WinnerKind.Stack => stack!.Used.Contains(i) ? 1.0 / stack.Used.Length : 0,
                WinnerKind.Blend => (weights[i] / 2) + (stack!.Used.Contains(i) ? 0.5 / stack.Used.Length : 0),
                _ => weights[i],
            };
            if (share > 0)
                shares[members[i].Candidate.Number] = share;
        }
        return shares;
    }

    private int? Simpler(PoolMember[] members, Predictions winner, PoolMember? single)
    {
        var most = single is null ? int.MaxValue : FamilyCatalog.Get(single.Candidate.Family).Complexity;
        return members
            .Where(member => FamilyCatalog.Get(member.Candidate.Family).Complexity < most)
            .Where(member =>
            {
                var (mean, error) = Difference(member.Tested, winner);
                return mean <= error;
            })
            .OrderBy(member => FamilyCatalog.Get(member.Candidate.Family).Complexity).ThenBy(member => member.Loss)
            .Select(member => (int?)member.Candidate.Number)
            .FirstOrDefault();
    }

    private Predictions Spread(Predictions tested, double? threshold)
    {
        var k = tested.Outputs;
        var values = new double[evaluator.Data.Rows * k];
        Array.Fill(values, double.NaN);
        for (var i = 0; i < evaluator.Tested.Length; i++)
            tested.Row(i).CopyTo(values.AsSpan(evaluator.Tested[i] * k));
        return new Predictions(values, tested.Classes, threshold);
    }

    private static double[] Select(double[] weights, int[] rows) => weights.Length == 0 ? [] : Array.ConvertAll(rows, row => weights[row]);

    private static Predictions Select(Predictions predicted, int[] rows)
    {
        var values = new double[rows.Length * predicted.Outputs];
        for (var i = 0; i < rows.Length; i++)
            predicted.Row(rows[i]).CopyTo(values.AsSpan(i * predicted.Outputs));
        return new Predictions(values, predicted.Classes);
    }

    private sealed record Layer(int[] Used, Pipeline Pipeline, double Strength)
    {
        public FittedPipeline? Fitted { get; init; }
    }
}
