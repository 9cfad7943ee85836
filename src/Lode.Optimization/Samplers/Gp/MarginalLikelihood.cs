using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// The logarithm of how well parameters explain the data, plus their prior: what is maximised to fit a model.
/// </summary>
/// <remarks>
/// Rasmussen and Williams (2006), eq. 5.8 and 5.9. Covariance signal·Matérn(r) + <see cref="MeanVariance"/> + noise on the diagonal: the constant
/// mean is not estimated but integrated out (their section 2.7). Priors on the logarithms of the parameters:
/// length scales LogNormal(√2 + ½·ln D, 1.5), Hvarfner, Hellsten, Nardi, "Vanilla Bayesian optimization performs great in high dimensions"
/// (ICML 2024), whose deviation √3 puts the mode at half the length; 1.5 was chosen by measurement (ten tasks of the bench, 5 seeds); noise Gamma(1.1, 30), as in Optuna's sampler: small noise is likely, large noise possible; signal and warps LogNormal around 1.
/// <b>Threads.</b> An instance is the working memory of one fit. <see cref="Evaluate"/> allocates nothing; n³ operations.
/// </remarks>
internal sealed class MarginalLikelihood
{
    /// <summary>The prior variance of the constant mean, in standard deviations of the data squared.</summary>
    public const double MeanVariance = 1;
    private const double LengthDeviation = 1.5;
    private const double SignalDeviation = 1.5;
    private const double WarpDeviation = 0.2;
    private readonly Embedding _embedding;
    private readonly double[] _raw;
    private readonly double[] _y;
    private readonly double _noiseFloor;
    private readonly int _n;
    private readonly double[] _features;
    private readonly double[] _factor;
    private readonly double[] _slopes;
    private readonly double[] _inverse;
    private readonly double[] _scratch;
    private readonly double[] _alpha;
    private readonly double[] _sums;
    private readonly double[] _product;

    /// <param name="embedding">How points are seen.</param>
    /// <param name="raw">Shape [n, D].</param>
    /// <param name="y">Shape [n], standardised.</param>
    /// <param name="noiseFloor">The smallest noise variance.</param>
    public MarginalLikelihood(Embedding embedding, double[] raw, double[] y, double noiseFloor)
    {
        (_embedding, _raw, _y, _noiseFloor, _n) = (embedding, raw, y, noiseFloor, y.Length);
        _features = new double[embedding.Kinds.Length * _n];
        (_factor, _slopes, _inverse, _scratch) = (new double[_n * _n], new double[_n * _n], new double[_n * _n], new double[_n * _n]);
        (_alpha, _sums, _product) = (new double[_n], new double[_n], new double[_n]);
    }

    /// <summary>The box in which parameters are looked for.</summary>
    public void Bounds(Span<double> lower, Span<double> upper)
    {
        var d = _embedding.Dims.Length;
        lower[..d].Fill(Math.Log(0.01));
        upper[..d].Fill(Math.Log(1000));
        (lower[d], upper[d]) = (Math.Log(0.01), Math.Log(1000));
        (lower[d + 1], upper[d + 1]) = (Math.Log(_noiseFloor), Math.Log(2));
        lower[(d + 2)..].Fill(-1.5);
        upper[(d + 2)..].Fill(1.5);
    }

    /// <summary>The centre of the prior of the logarithm of a length scale, where the density by the length scale itself is highest.</summary>
    public static double LengthMode(int dims) => Math.Sqrt(2) + (0.5 * Math.Log(dims)) - (LengthDeviation * LengthDeviation);

    /// <summary>The negative logarithm, up to a constant, and its gradient by the parameters; +∞ where the covariance is not positive definite.</summary>
    public double Evaluate(ReadOnlySpan<double> parameters, Span<double> gradient)
    {
        var (n, d) = (_n, _embedding.Dims.Length);
        var (signal, noise) = (Math.Exp(parameters[d]), Math.Exp(parameters[d + 1]));
        for (var i = 0; i < n; i++)
            _embedding.Features(_raw.AsSpan(i * d, d), parameters, _features.AsSpan(i), n);
        for (var i = 0; i < n; i++)
        {
            var row = _factor.AsSpan(i * n, i + 1);
            Matern.Squares(_embedding, parameters, _features.AsSpan(i), n, _features, n, row);
            Matern.Covariances(signal, row, _slopes.AsSpan(i * n, i + 1));
            foreach (ref var covariance in row)
                covariance += MeanVariance;
            row[i] += noise;
        }
        if (!Cholesky.TryDecompose(_factor, n))
            return double.PositiveInfinity;
        _y.CopyTo(_alpha, 0);
        Cholesky.Solve(_factor, _alpha);
        var fit = Vectors.Dot(_y, _alpha);
        var value = (0.5 * fit) + (0.5 * Cholesky.LogDeterminant(_factor, n)) + (0.5 * n * Math.Log(2 * Math.PI));
        if (!gradient.IsEmpty)
            Gradient(parameters, gradient, fit, noise);
        return value + Prior(parameters, gradient);
    }

    // dL/dθ = ½ Σ (α·αᵀ - K⁻¹)ij dKij/dθ; here for -L. With M the product of the bracket and the slopes by squared distance,
    // Σ Mij (ui - uj)² = 2 (Σ ui² mi - uᵀMu), mi the sums of rows: so all is made of products of M with features.
    private void Gradient(ReadOnlySpan<double> parameters, Span<double> gradient, double fit, double noise)
    {
        var (n, d) = (_n, _embedding.Dims.Length);
        gradient.Clear();
        Cholesky.Inverse(_factor, n, _inverse, _scratch);
        var (trace, total, alphaSum, alphaSquares) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < n; i++)
        {
            trace += _inverse[(i * n) + i];
            alphaSum += _alpha[i];
            alphaSquares += _alpha[i] * _alpha[i];
            var row = _inverse.AsSpan(i * n, n);
            for (var j = 0; j < n; j++)
                total += row[j];
        }
        gradient[d] = -0.5 * (fit - n - (MeanVariance * ((alphaSum * alphaSum) - total)) - (noise * (alphaSquares - trace)));
        gradient[d + 1] = -0.5 * noise * (alphaSquares - trace);

        for (var i = 0; i < n; i++)
        {
            var alpha = _alpha[i];
            for (var j = 0; j < i; j++)
                _inverse[(i * n) + j] = _inverse[(j * n) + i] = ((alpha * _alpha[j]) - _inverse[(i * n) + j]) * _slopes[(i * n) + j];
            _inverse[(i * n) + i] = 0;
        }
        for (var i = 0; i < n; i++)
        {
            var sum = 0.0;
            foreach (var m in _inverse.AsSpan(i * n, n))
                sum += m;
            _sums[i] = sum;
        }
        for (var f = 0; f < _embedding.Kinds.Length; f++)
        {
            var owner = _embedding.Owners[f];
            var u = _features.AsSpan(f * n, n);
            if (_embedding.Kinds[f] == Embedding.Kind.Choice)
            {
                gradient[owner] += Math.Exp(-2 * parameters[owner]) * Apart(u);
                continue;
            }
            for (var i = 0; i < n; i++)
                _product[i] = (u[i] * _sums[i]) - Vectors.Dot(_inverse.AsSpan(i * n, n), u);
            gradient[owner] += 2 * Vectors.Dot(u, _product);
            if (_embedding.Warped[owner] >= 0)
                WarpGradient(f, owner, parameters, gradient);
        }
    }

    private double Apart(ReadOnlySpan<double> choices)
    {
        var sum = 0.0;
        for (var i = 0; i < choices.Length; i++)
            for (var j = 0; j < i; j++)
                sum += choices[i] == choices[j] ? 0 : _inverse[(i * choices.Length) + j];
        return 2 * sum;
    }

    private void WarpGradient(int feature, int dim, ReadOnlySpan<double> parameters, Span<double> gradient)
    {
        var (d, at) = (_embedding.Dims.Length, _embedding.WarpAt(_embedding.Warped[dim]));
        var scale = Math.Exp(-parameters[dim]);
        for (var i = 0; i < _n; i++)
        {
            var raw = _raw[(i * d) + dim];
            var (_, logA, logB) = _embedding.WarpSlopes(dim, raw, parameters);
            var slope = _embedding.Slope(feature, _embedding.Warp(dim, raw, parameters)) * scale;
            gradient[at] -= 2 * slope * logA * _product[i];
            gradient[at + 1] -= 2 * slope * logB * _product[i];
        }
    }

    private double Prior(ReadOnlySpan<double> parameters, Span<double> gradient)
    {
        var d = _embedding.Dims.Length;
        var sum = 0.0;
        for (var i = 0; i < parameters.Length; i++)
        {
            var (penalty, slope) = (0.0, 0.0);
            if (i == d + 1)
            {
                var noise = Math.Exp(parameters[i]);
                (penalty, slope) = ((-0.1 * parameters[i]) + (30 * noise), -0.1 + (30 * noise));
            }
            else
            {
                var (center, deviation) = i < d ? (LengthMode(d), LengthDeviation) : i == d ? (0, SignalDeviation) : (0, WarpDeviation);
                var z = (parameters[i] - center) / deviation;
                (penalty, slope) = (0.5 * z * z, z / deviation);
            }
            sum += penalty;
            if (!gradient.IsEmpty)
                gradient[i] += slope;
        }
        return sum;
    }
}
