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
/// <param name="evaluator">The folds.</param>
/// <param name="pool">The candidates, best first.</param>
/// <param name="options">What was asked for.</param>
/// <param name="rng">For draws and refits.</param>
/// <param name="clock">What time there is.</param>
/// <param name="refitting">Seconds of it that fits on all rows take, where they are asked for.</param>
/// <param name="after">Seconds of it that others need when this is done.</param>
internal sealed class WinnerMaker(Evaluator evaluator, IReadOnlyList<PoolMember> pool, AutoMlOptions options, Rng rng, SearchClock clock, double refitting, double after)
{
    // How the time is shared: between choosing weights, the second layer, and correcting the score.
    private const double GreedyShare = 0.4;
    private const double StackShare = 0.3;
    private const int FewestRounds = 6;
    private const int FewestMembers = 4;

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
    private readonly int _threads = evaluator.Threads;
    private readonly double _begun = clock.Elapsed;
    private readonly double _seconds = clock.IsBound ? Math.Max(0, Math.Max(clock.Budget - clock.Elapsed - refitting - after, 0.01 * clock.Budget)) : double.PositiveInfinity;
    private readonly List<string> _notes = [];
    private Dictionary<int, IPredictor> _refits = [];
    private bool _refit = options.Refit;

    /// <summary>What a careful colleague would point out.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Chooses and builds; with little time less is tried.</summary>
    public Winner Make()
    {
        var members = Members();
        var choices = members.Select(member => member.Tested).ToList();
        var best = Best(members);
        var (chosen, kind) = (best, WinnerKind.OneModel);
        double[] weights = [.. members.Select((_, i) => i == best ? 1.0 : 0)];
        Layer? stack = null;
        if (members.Length > 1 && (options.Ensemble ?? options.Preset != AutoMlPreset.Interpretable) && _seconds > 0.02)
        {
            var rounds = RoundsFor(ref members, ref best);
            choices = [.. members.Select(member => member.Tested)];
            chosen = best;
            var greedy = CrossFit(rows => Average(members, Greedy(members, rows, rounds)));
            choices.Add(greedy);
            var greedyAt = choices.Count - 1;
            // Of equals, a mean of several is the safer.
            if (IsBetter(greedy, choices[best], margin: -0.25))
                (chosen, kind) = (greedyAt, WinnerKind.Ensemble);
            weights = Greedy(members, null, rounds);
            // A second layer says one number a row.
            if (options.Preset != AutoMlPreset.Fast && _truth.Rows >= 60 && evaluator.Quantiles.Count == 0)
                stack = TryStack(members, weights, greedyAt, choices, ref chosen, ref kind);
        }
        var left = Math.Max(0.25 * _seconds, _begun + _seconds - clock.Elapsed);
        var used = kind == WinnerKind.OneModel ? [.. members.Select((_, i) => i == best ? 1.0 : 0)] : weights;
        if (_refit && !RefitAll(members, Shares(members, kind, used, stack)))
            Reduce(members, used, choices, ref chosen, ref kind, ref used);
        var until = clock.Elapsed + left;
        var score = BiasCorrection.Correct(_metric, _truth, _weights, choices, chosen, rng.Child(1), _threads, () => clock.Elapsed < until);
        var predictor = Build(members, kind, used, stack);
        var threshold = options.Threshold is { } goal ? ThresholdOf(goal, choices[chosen]) : null;
        return new Winner(threshold is null ? predictor : new ThresholdPredictor(predictor, threshold.Value), kind, score, Spread(choices[chosen], threshold?.Value),
            Shares(members, kind, used, stack), Simpler(members, choices[chosen], kind == WinnerKind.OneModel ? members[Array.IndexOf(used, used.Max())] : null))
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

    /// <summary>As many rounds of choosing as there is time for; where even few of them take too long, fewer members, the best of each family first.</summary>
    private int RoundsFor(ref PoolMember[] members, ref int best)
    {
        if (!clock.IsBound)
            return Rounds;
        var losses = new EnsembleLoss(_metric, _truth, _weights, [members[0].Tested]);
        var at = clock.Elapsed;
        losses.Start().With(0);
        // Choosing on the rows of all folds but one, for each, and on all, comes to as many passes over the rows as there are folds.
        var pass = Math.Max(1e-7, clock.Elapsed - at) * evaluator.Splits.Count / Math.Min(_threads, members.Length);
        var affordable = GreedyShare * _seconds / pass;
        var most = Math.Max(FewestMembers, (int)Math.Min(MostMembers, affordable / FewestRounds));
        if (most < members.Length)
        {
            var leaders = members.DistinctBy(member => member.Candidate.Family).ToArray();
            members = [.. leaders.Concat(members.Except(leaders)).Take(most).OrderBy(member => member.Loss).ThenBy(member => member.Candidate.Number)];
            best = Best(members);
        }
        return Math.Clamp((int)Math.Min(Rounds, affordable / members.Length), FewestRounds, Rounds);
    }

    /// <summary>The threshold that is best on all tested rows; its score comes from thresholds that have not seen the row.</summary>
    private DecisionThreshold ThresholdOf(ThresholdGoal goal, Predictions predicted)
    {
        // What is taken for a class, as certainties, so that each fold can have a threshold of its own.
        var taken = new double[2 * _truth.Rows];
        foreach (var (others, own) in Parts())
        {
            var threshold = goal.Choose(_truth.Select(others), predicted.Select(others), Select(_weights, others));
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

    private static long BytesOf(PoolMember member) => BundleWriter.Measure(member.Predictor());

    private static int Best(PoolMember[] members) => Array.IndexOf(members, members.MinBy(member => member.Loss));

    private double[] Greedy(PoolMember[] members, int[]? rows, int rounds)
    {
        var losses = rows is null
            ? new EnsembleLoss(_metric, _truth, _weights, [.. members.Select(member => member.Tested)])
            : new EnsembleLoss(_metric, _truth.Select(rows), Select(_weights, rows), [.. members.Select(member => member.Tested.Select(rows))]);
        return EnsembleSelection.Choose(losses, rounds, threads: _threads).Weights;
    }

    private Layer? TryStack(PoolMember[] members, double[] weights, int greedyAt, List<Predictions> choices, ref int chosen, ref WinnerKind kind)
    {
        using var deadline = clock.IsBound ? new CancellationTokenSource(TimeSpan.FromSeconds(Math.Max(0.001, StackShare * (_begun + _seconds - clock.Elapsed))), evaluator.Time) : new CancellationTokenSource();
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
                predicted = CrossFit(rows => layer.Pipeline.Fit(new Dataset(features.Select(rows), _truth.Select(rows), _weights.Length == 0 ? null : Select(_weights, rows)), 1, _threads, deadline.Token), features);
            }
            catch (Exception error) when (error is LodeException or OperationCanceledException)
            {
                // The second layer cannot take these predictions, or there is no time for it; an ensemble can.
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
        return best with { Fitted = best.Pipeline.Fit(new Dataset(features, _truth, _weights.Length == 0 ? null : _weights), 1, _threads) };
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
        var k = evaluator.Outputs;
        var values = new double[_truth.Rows * k];
        foreach (var (others, own) in Parts())
        {
            var all = average(others);
            foreach (var row in own)
                all[row].CopyTo(values, row * k);
        }
        return evaluator.Say(values);
    }

    private Predictions CrossFit(Func<int[], FittedPipeline> fit, Table features)
    {
        var k = evaluator.Outputs;
        var values = new double[_truth.Rows * k];
        foreach (var (others, own) in Parts())
        {
            var predicted = fit(others).Predict(features.Select(own), _threads);
            for (var i = 0; i < own.Length; i++)
                predicted.Row(i).CopyTo(values.AsSpan(own[i] * k));
        }
        return evaluator.Say(values);
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
        var k = evaluator.Outputs;
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
        return one.With(values);
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
            var difference = _metric.Score(rows, one.Select(own), weights) - _metric.Score(rows, other.Select(own), weights);
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

    private IPredictor Build(PoolMember[] members, WinnerKind kind, double[] weights, Layer? stack) =>
        Build(kind, weights, stack, member => members[member].Predictor(_refit ? _refits[members[member].Candidate.Number] : null));

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

    /// <summary>Fits on all rows what has a part in the winner, the weightiest first, while there is time; whether all were.</summary>
    private bool RefitAll(PoolMember[] members, Dictionary<int, double> shares)
    {
        var (at, end) = (clock.Elapsed, clock.Budget - after);
        using var deadline = clock.IsBound ? new CancellationTokenSource(TimeSpan.FromSeconds(Math.Max(0.001, end - at)), evaluator.Time) : new CancellationTokenSource();
        _refits = [];
        try
        {
            foreach (var member in members.Where(member => shares.ContainsKey(member.Candidate.Number)).OrderByDescending(member => shares[member.Candidate.Number]))
            {
                if (clock.Elapsed >= end)
                    return false;
                _refits.Add(member.Candidate.Number, member.Candidate.Spec.Create().Fit(evaluator.Data, rng.DeriveSeed((ulong)member.Candidate.Number), _threads, deadline.Token));
            }
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            clock.Models += clock.Elapsed - at;
        }
    }

    /// <summary>Makes do with the members that could be fitted on all rows; where none could, with the folds' models.</summary>
    private void Reduce(PoolMember[] members, double[] weights, List<Predictions> choices, ref int chosen, ref WinnerKind kind, ref double[] used)
    {
        int[] fitted = [.. Enumerable.Range(0, members.Length).Where(i => _refits.ContainsKey(members[i].Candidate.Number))];
        if (fitted.Length == 0)
        {
            _refit = false;
            _notes.Add("There was no time to fit the winner on all rows: it is the mean of the folds' models. Give it more time.");
            return;
        }
        _notes.Add($"There was time to fit only {fitted.Length} of the winner's members on all rows: it is made of these. Give it more time.");
        var total = fitted.Sum(i => weights[i]);
        used = [.. members.Select((_, i) => !fitted.Contains(i) ? 0 : total > 0 ? weights[i] / total : 1.0 / fitted.Length)];
        var rows = Average(members, used);
        var values = new double[rows.Length * rows[0].Length];
        for (var row = 0; row < rows.Length; row++)
            rows[row].CopyTo(values, row * rows[0].Length);
        choices.Add(evaluator.Say(values));
        (chosen, kind) = (choices.Count - 1, used.Count(weight => weight > 0) > 1 ? WinnerKind.Ensemble : WinnerKind.OneModel);
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
        return tested.Quantiles.Count > 0 ? tested.With(values) : new Predictions(values, tested.Classes, threshold);
    }

    private static double[] Select(double[] weights, int[] rows) => weights.Length == 0 ? [] : Array.ConvertAll(rows, row => weights[row]);

    private sealed record Layer(int[] Used, Pipeline Pipeline, double Strength)
    {
        public FittedPipeline? Fitted { get; init; }
    }
}
