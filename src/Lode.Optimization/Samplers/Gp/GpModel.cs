using Lode.Core;

namespace Lode.Optimization;

/// <summary>The posterior of a Gaussian process given parameters and data. Immutable once made.</summary>
/// <remarks>Rasmussen and Williams (2006), algorithm 2.1. Predictions are of the function, without noise.
/// <b>Threads.</b> Predictions use working memory that the caller brings.</remarks>
internal sealed class GpModel
{
    private readonly Embedding _embedding;
    private readonly double[] _features;
    private readonly double[] _alpha;
    private readonly double _signal;

    private GpModel(Embedding embedding, double[] parameters, double[] raw, double[] y, double[] features, double[] factor)
    {
        (_embedding, Parameters, Raw, Y, _features, Factor) = (embedding, parameters, raw, y, features, factor);
        _signal = Math.Exp(parameters[embedding.Dims.Length]);
        _alpha = (double[])y.Clone();
        Cholesky.Solve(factor, _alpha);
    }

    /// <summary>The number of data n.</summary>
    public int Count => Y.Length;

    /// <summary>The parameters, logarithms.</summary>
    public double[] Parameters { get; }

    /// <summary>The points, shape [n, D].</summary>
    public double[] Raw { get; }

    /// <summary>The targets, shape [n].</summary>
    public double[] Y { get; }

    /// <summary>L, shape [n, n].</summary>
    public double[] Factor { get; }

    /// <summary>The variance of the noise.</summary>
    public double Noise => Math.Exp(Parameters[_embedding.Dims.Length + 1]);

    /// <summary>How points are seen.</summary>
    public Embedding Embedding => _embedding;

    /// <summary>A model of these data.</summary>
    /// <param name="embedding">How points are seen.</param>
    /// <param name="parameters">Logarithms; the noise grows if need be until the covariance is positive definite.</param>
    /// <param name="raw">Points, shape [n, D].</param>
    /// <param name="y">Targets, shape [n].</param>
    /// <param name="known">A model with the same parameters whose points are the first of these: only the rest is worked out. The result is the same.</param>
    public static GpModel Fit(Embedding embedding, double[] parameters, double[] raw, double[] y, GpModel? known = null)
    {
        var (n, d) = (y.Length, embedding.Dims.Length);
        var features = new double[embedding.Kinds.Length * n];
        var factor = new double[n * n];
        while (true)
        {
            for (var i = 0; i < n; i++)
                embedding.Features(raw.AsSpan(i * d, d), parameters, features.AsSpan(i), n);
            var (signal, noise) = (Math.Exp(parameters[d]), Math.Exp(parameters[d + 1]));
            var done = known?.Count ?? 0;
            for (var i = 0; i < done; i++)
                known!.Factor.AsSpan(i * done, i + 1).CopyTo(factor.AsSpan(i * n));
            for (var i = done; i < n; i++)
            {
                var row = factor.AsSpan(i * n, i + 1);
                Matern.Squares(embedding, parameters, features.AsSpan(i), n, features, n, row);
                Matern.Covariances(signal, row, []);
                foreach (ref var covariance in row)
                    covariance += MarginalLikelihood.MeanVariance;
                row[i] += noise;
            }
            if (Cholesky.TryExtend(factor, n, done))
                return new GpModel(embedding, parameters, raw, y, features, factor);
            parameters = (double[])parameters.Clone();
            parameters[d + 1] += Math.Log(10);
            known = null;
        }
    }

    /// <summary>The same points with other targets.</summary>
    public GpModel With(double[] y) => new(_embedding, Parameters, Raw, y, _features, Factor);

    /// <summary>This model with more points.</summary>
    public GpModel Add(double[] raw, double[] y) => Fit(_embedding, Parameters, [.. Raw, .. raw], [.. Y, .. y], this);

    /// <summary>The posterior means at the model's own points: the targets less what is taken for noise.</summary>
    public double[] FittedMeans()
    {
        var means = new double[Count];
        for (var i = 0; i < means.Length; i++)
            means[i] = Y[i] - (Noise * _alpha[i]);
        return means;
    }

    /// <summary>Predicts many points at once.</summary>
    /// <param name="raw">Shape [m, D].</param>
    /// <param name="means">Receives shape [m].</param>
    /// <param name="variances">Receives shape [m], ≥ 1e-20.</param>
    /// <param name="rows">Working memory, shape [m, n]; holds L⁻¹k afterwards.</param>
    public void Predict(ReadOnlySpan<double> raw, Span<double> means, Span<double> variances, Span<double> rows)
    {
        var (n, d, m) = (Count, _embedding.Dims.Length, means.Length);
        Span<double> features = stackalloc double[_embedding.Kinds.Length];
        rows = rows[..(m * n)];
        for (var i = 0; i < m; i++)
        {
            var row = rows.Slice(i * n, n);
            _embedding.Features(raw.Slice(i * d, d), Parameters, features, 1);
            Matern.Squares(_embedding, Parameters, features, 1, _features, n, row);
            Matern.Covariances(_signal, row, []);
            foreach (ref var covariance in row)
                covariance += MarginalLikelihood.MeanVariance;
            means[i] = Vectors.Dot(row, _alpha);
        }
        Cholesky.SolveLower(Factor, n, rows);
        for (var i = 0; i < m; i++)
        {
            var row = rows.Slice(i * n, n);
            variances[i] = Math.Max(_signal + MarginalLikelihood.MeanVariance - Vectors.Dot(row, row), 1e-20);
        }
    }

    /// <summary>The covariance of two points before anything was seen.</summary>
    public double Prior(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var f = _embedding.Kinds.Length;
        Span<double> features = stackalloc double[2 * f];
        _embedding.Features(a, Parameters, features, 1);
        _embedding.Features(b, Parameters, features[f..], 1);
        Span<double> one = stackalloc double[1];
        Matern.Squares(_embedding, Parameters, features, 1, features[f..], 1, one);
        Matern.Covariances(_signal, one, []);
        return one[0] + MarginalLikelihood.MeanVariance;
    }

    /// <summary>Predicts one point.</summary>
    /// <param name="raw">Shape [D].</param>
    /// <param name="meanSlopes">Receives the slopes of the mean by the raw coordinates, shape [D]; 0 for choices.</param>
    /// <param name="varianceSlopes">Receives those of the variance.</param>
    /// <param name="memory">Working memory, shape [3n].</param>
    public (double Mean, double Variance) PredictOne(ReadOnlySpan<double> raw, Span<double> meanSlopes, Span<double> varianceSlopes, Span<double> memory)
    {
        var (n, d) = (Count, _embedding.Dims.Length);
        Span<double> features = stackalloc double[_embedding.Kinds.Length];
        var row = memory[..n];
        var slopes = memory.Slice(n, n);
        var solved = memory.Slice(2 * n, n);
        _embedding.Features(raw, Parameters, features, 1);
        Matern.Squares(_embedding, Parameters, features, 1, _features, n, row);
        Matern.Covariances(_signal, row, slopes);
        foreach (ref var covariance in row)
            covariance += MarginalLikelihood.MeanVariance;
        var mean = Vectors.Dot(row, _alpha);
        row.CopyTo(solved);
        Cholesky.SolveLower(Factor, n, solved);
        var variance = _signal + MarginalLikelihood.MeanVariance - Vectors.Dot(solved, solved);
        Cholesky.SolveUpper(Factor, solved);
        // From here on row holds the weights of the variance's slopes, slopes those of the mean's.
        var (meanSum, varianceSum) = (0.0, 0.0);
        for (var j = 0; j < n; j++)
        {
            row[j] = -2 * solved[j] * slopes[j];
            slopes[j] *= _alpha[j];
            meanSum += slopes[j];
            varianceSum += row[j];
        }
        meanSlopes.Clear();
        varianceSlopes.Clear();
        for (var f = 0; f < features.Length; f++)
        {
            if (_embedding.Kinds[f] == Embedding.Kind.Choice)
                continue;
            var dim = _embedding.Owners[f];
            var others = _features.AsSpan(f * n, n);
            var chain = 2 * _embedding.Slope(f, _embedding.Warp(dim, raw[dim], Parameters)) * _embedding.WarpSlopes(dim, raw[dim], Parameters).X * Math.Exp(-Parameters[dim]);
            meanSlopes[dim] += chain * ((features[f] * meanSum) - Vectors.Dot(slopes, others));
            varianceSlopes[dim] += chain * ((features[f] * varianceSum) - Vectors.Dot(row, others));
        }
        return (mean, Math.Max(variance, 1e-20));
    }
}
