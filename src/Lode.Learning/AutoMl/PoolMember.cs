namespace Lode.Learning;

/// <summary>A candidate with what its cross-validation left: predictions of every tested row, and the fold models while they are kept.</summary>
internal sealed class PoolMember
{
    private readonly double[] _sum;
    private readonly List<IPredictor> _models;
    private readonly Dataset _data;
    private readonly Metric _metric;
    private readonly int[] _tested;
    private readonly int _threads;
    private readonly TimeProvider _time;
    private readonly Evaluator _evaluator;

    public PoolMember(Candidate candidate, Evaluation evaluation, Evaluator evaluator)
    {
        candidate = candidate with { ModelBytes = BundleWriter.Measure(evaluation.Models[0]) };
        (Seconds, _threads, _time, _evaluator) = (evaluation.Seconds, evaluator.Threads, evaluator.Time, evaluator);
        (Candidate, _sum, _models) = (candidate, evaluation.OutOfFold, [.. evaluation.Models]);
        (_data, _metric, _tested) = (evaluator.Data, evaluator.Metric, evaluator.Tested);
        Settle(evaluation.FoldLosses);
    }

    public Candidate Candidate { get; set; }

    /// <summary>What its first cross-validation took, by the clock.</summary>
    public double Seconds { get; }

    /// <summary>What it takes to score its predictions once.</summary>
    public double ScoreSeconds { get; private set; }

    /// <summary>Lower is better; over all tested rows, calibrated where that is done.</summary>
    public double Loss { get; private set; }

    /// <summary>Predictions of the tested rows, in their order.</summary>
    public Predictions Tested { get; private set; } = null!;

    public ProbabilityCalibration? Calibration { get; private set; }

    public bool HasModels => _models.Count > 0;

    public void DropModels() => _models.Clear();

    /// <summary>Whether predictions differ so little that one of the two says all.</summary>
    public bool IsLike(PoolMember other)
    {
        var one = Tested.Values;
        var two = other.Tested.Values;
        var (sum, squares, difference) = (0.0, 0.0, 0.0);
        for (var i = 0; i < one.Length; i++)
        {
            sum += one[i];
            squares += one[i] * one[i];
            difference += (one[i] - two[i]) * (one[i] - two[i]);
        }
        var variance = (squares / one.Length) - (sum / one.Length * (sum / one.Length));
        return difference / one.Length <= 1e-4 * variance;
    }

    /// <summary>Takes another cross-validation of the same settings, with other folds.</summary>
    public void Add(Evaluation evaluation)
    {
        for (var i = 0; i < _sum.Length; i++)
            _sum[i] += evaluation.OutOfFold[i];
        _models.AddRange(evaluation.Models);
        Candidate = Candidate with { Repeats = Candidate.Repeats + 1, FitSeconds = Candidate.FitSeconds + evaluation.FitSeconds };
        Settle(null);
    }

    /// <summary>What predicts: the mean of the fold models, or models fitted on all rows in their place.</summary>
    public IPredictor Predictor(IPredictor? refit = null)
    {
        var bag = refit ?? (_models.Count == 1 ? _models[0] : WeightedEnsemble.Bag(_models));
        return Calibration is null ? bag : new CalibratedPredictor(bag, Calibration);
    }

    /// <summary>What predicts by the model of one fold of the first cross-validation alone.</summary>
    public IPredictor OfFold(int fold) => Calibration is null ? _models[fold] : new CalibratedPredictor(_models[fold], Calibration);

    private void Settle(double[]? foldLosses)
    {
        var outputs = _evaluator.Outputs;
        var values = new double[_tested.Length * outputs];
        for (var i = 0; i < _tested.Length; i++)
        {
            for (var j = 0; j < outputs; j++)
                values[(i * outputs) + j] = _sum[(_tested[i] * outputs) + j] / Candidate.Repeats;
        }
        var rows = _data.Target.Select(_tested);
        double[] weights = _data.Weights.IsEmpty ? [] : [.. _tested.Select(row => _data.Weights[row])];
        // Only scores of probabilities gain by honest ones.
        if (_metric.Name is "log_loss" or "brier")
        {
            Calibration = ProbabilityCalibration.Fit(rows, new Predictions(values, _data.Target.Classes), weights, _threads);
            Calibration.Apply(values);
        }
        Tested = _evaluator.Say(values);
        var begun = _time.GetTimestamp();
        var score = _metric.Score(rows, Tested, weights);
        ScoreSeconds = _time.GetElapsedTime(begun).TotalSeconds;
        Loss = double.IsNaN(score) ? double.PositiveInfinity : _metric.HigherIsBetter ? -score : score;
        Candidate = Candidate with { Score = score, Calibration = Calibration };
        if (foldLosses is null)
            return;
        var mean = foldLosses.Average();
        Candidate = Candidate with
        {
            Error = foldLosses.Length < 2 ? double.NaN : Math.Sqrt(foldLosses.Sum(loss => (loss - mean) * (loss - mean)) / (foldLosses.Length - 1) / foldLosses.Length),
            Folds = [.. foldLosses.Select(loss => _metric.HigherIsBetter ? -loss : loss)],
        };
    }
}
