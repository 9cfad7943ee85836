using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Learning rates of mean and covariance that keep their signal-to-noise ratios constant: Nomura, Akimoto, Ono, "CMA-ES with
/// learning rate adaptation" (GECCO 2023, arXiv 2304.03473), algorithm 1 with its constants.
/// </summary>
internal sealed class CmaRates
{
    private const double Alpha = 1.4;
    private const double BetaMean = 0.1;
    private const double BetaCovariance = 0.03;
    private const double Gamma = 0.1;
    private readonly Average _mean;
    private readonly Average _covariance;

    public CmaRates(int n) => (_mean, _covariance) = (new Average(n, BetaMean), new Average(n * n, BetaCovariance));

    private CmaRates(CmaRates other) => (_mean, _covariance) = (other._mean.Clone(), other._covariance.Clone());

    public CmaRates Clone() => new(this);

    /// <summary>Shortens the step from one state to the next, both of full covariance; the next is changed.</summary>
    public void Shorten(CmaState before, CmaState after)
    {
        var n = before.Mean.Length;
        var inverseRoot = InverseRoot(before);
        var move = new double[n];
        for (var j = 0; j < n; j++)
            move[j] = after.Mean[j] - before.Mean[j];
        var old = Scaled(before.Covariance, before.Step * before.Step);
        var change = Scaled(after.Covariance, after.Step * after.Step);
        for (var k = 0; k < change.Length; k++)
            change[k] -= old[k];

        var localMove = new double[n];
        for (var j = 0; j < n; j++)
            localMove[j] = Vectors.Dot(inverseRoot.AsSpan(j * n, n), move);
        var localChange = Scaled(Product(Product(inverseRoot, change, n), inverseRoot, n), 1 / Math.Sqrt(2));
        var meanRate = _mean.Rate;
        _mean.Learn(localMove);
        _covariance.Learn(localChange);

        for (var j = 0; j < n; j++)
            after.Mean[j] = before.Mean[j] + (_mean.Rate * move[j]);
        for (var k = 0; k < change.Length; k++)
            old[k] += _covariance.Rate * change[k];
        // Back to σ and C with det C = 1.
        after.Step = 1;
        after.Covariance = old;
        after.Normalize(after.Factorize());
        after.Step *= meanRate / _mean.Rate;
    }

    private static double[] InverseRoot(CmaState state)
    {
        var n = state.Mean.Length;
        var (axes, squares) = state.Axes();
        var root = new double[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                for (var k = 0; k < n; k++)
                    root[(i * n) + j] += axes[(i * n) + k] * axes[(j * n) + k] / (Math.Sqrt(squares[k]) * state.Step);
        return root;
    }

    private static double[] Product(double[] a, double[] b, int n)
    {
        var product = new double[n * n];
        for (var i = 0; i < n; i++)
            for (var k = 0; k < n; k++)
                Vectors.AddScaled(a[(i * n) + k], b.AsSpan(k * n, n), product.AsSpan(i * n, n));
        return product;
    }

    private static double[] Scaled(double[] values, double factor) => Array.ConvertAll(values, value => factor * value);

    // The moving averages of a step and of its squared length, and the rate that follows from them.
    private sealed class Average(int size, double beta)
    {
        private double[] _step = new double[size];
        private double _square;

        public double Rate { get; private set; } = 1;

        public Average Clone() => new(_step.Length, beta) { _step = (double[])_step.Clone(), _square = _square, Rate = Rate };

        public void Learn(double[] step)
        {
            for (var k = 0; k < step.Length; k++)
                _step[k] = ((1 - beta) * _step[k]) + (beta * step[k]);
            _square = ((1 - beta) * _square) + (beta * Vectors.Dot(step, step));
            var signal = Vectors.Dot(_step, _step);
            if (!(_square > signal))
                return;
            var ratio = (signal - (beta / (2 - beta) * _square)) / (_square - signal);
            var excess = Math.Clamp((ratio / Alpha / Rate) - 1, -1, 1);
            Rate = Math.Min(1, Rate * Math.Exp(Math.Min(Gamma * Rate, beta) * excess));
        }
    }
}
