namespace Lode.Learning;

/// <summary>
/// The loss (lower is better) of weighted means of candidates' predictions of the same rows. Log loss and squared errors look at one
/// number a row and candidate; other metrics are asked as they are.
/// </summary>
internal sealed class EnsembleLoss
{
    private readonly double[][] _values;
    private readonly Target _truth;
    private readonly double[] _weights;
    private readonly Metric _metric;
    private readonly Form _form;
    private readonly double _total;
    private readonly Predictions _shape;

    /// <param name="metric">Of the target's task.</param>
    /// <param name="truth">Shape [rows].</param>
    /// <param name="weights">Shape [rows], or empty: each 1.</param>
    /// <param name="candidates">Predictions of these rows, all present.</param>
    public EnsembleLoss(Metric metric, Target truth, double[] weights, IReadOnlyList<Predictions> candidates)
    {
        (_metric, _truth, _weights, _shape) = (metric, truth, weights, candidates[0]);
        _form = metric.Name switch
        {
            "log_loss" => Form.LogLoss,
            "mse" or "rmse" or "r2" => Form.Squared,
            _ => Form.Any,
        };
        _values = [.. candidates.Select(Reduce)];
        _total = weights.Length == 0 ? truth.Rows : weights.Sum();
    }

    private enum Form
    {
        Any,
        LogLoss,
        Squared,
    }

    public int Candidates => _values.Length;

    public State Start() => new(this);

    private double[] Reduce(Predictions predicted)
    {
        if (_form != Form.LogLoss)
            return predicted.Values.ToArray();
        var own = new double[_truth.Rows];
        for (var row = 0; row < own.Length; row++)
            own[row] = predicted.Row(row)[_truth.Labels[row]];
        return own;
    }

    // The loss of (sum + added) / count.
    private double Loss(ReadOnlySpan<double> sum, ReadOnlySpan<double> added, double count)
    {
        var loss = 0.0;
        switch (_form)
        {
            case Form.LogLoss:
                for (var i = 0; i < sum.Length; i++)
                    loss -= Weight(i) * Math.Log(Math.Max(1e-15, (sum[i] + (added.IsEmpty ? 0 : added[i])) / count));
                return loss / _total;
            case Form.Squared:
                for (var i = 0; i < sum.Length; i++)
                {
                    var error = _truth.Values[i] - ((sum[i] + (added.IsEmpty ? 0 : added[i])) / count);
                    loss += Weight(i) * error * error;
                }
                return loss / _total;
            default:
                var mean = new double[sum.Length];
                for (var i = 0; i < mean.Length; i++)
                    mean[i] = (sum[i] + (added.IsEmpty ? 0 : added[i])) / count;
                var score = _metric.Score(_truth, _shape.With(mean), _weights);
                return double.IsNaN(score) ? double.PositiveInfinity : _metric.HigherIsBetter ? -score : score;
        }
    }

    private double Weight(int row) => _weights.Length == 0 ? 1 : _weights[row];

    /// <summary>An ensemble that grows by equal shares.</summary>
    internal sealed class State(EnsembleLoss losses)
    {
        private readonly double[] _sum = new double[losses._values[0].Length];
        private int _count;

        public double With(int candidate) => losses.Loss(_sum, losses._values[candidate], _count + 1);

        public void Add(int candidate)
        {
            var values = losses._values[candidate];
            for (var i = 0; i < _sum.Length; i++)
                _sum[i] += values[i];
            _count++;
        }
    }
}
