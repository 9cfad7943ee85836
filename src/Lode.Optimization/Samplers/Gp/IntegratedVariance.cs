using Lode.Core;

namespace Lode.Optimization;

/// <summary>By how much one more observation lowers the variance on average over the space.</summary>
/// <remarks>Cohn, Ghahramani, Jordan, "Active learning with statistical models" (JAIR 1996); for Gaussian processes Seo, Wallat, Graepel, Obermayer
/// (IJCNN 2000): the variance at z falls by cov(x, z)² / (var(x) + noise). The average is over random points of the space.</remarks>
internal sealed class IntegratedVariance
{
    private const int References = 128;
    private readonly GpModel _model;
    private readonly double[] _raw;
    private readonly double[] _rows;

    public IntegratedVariance(SearchSpace space, GpModel model, Rng rng)
    {
        var d = model.Embedding.Dims.Length;
        (_model, _raw, _rows) = (model, new double[References * d], new double[References * model.Count]);
        var unit = new double[space.Count];
        for (var i = 0; i < References; i++)
        {
            // Where constraints leave little of the space, a few points that break them do no harm.
            for (var attempt = 0; attempt < 20; attempt++)
            {
                foreach (ref var coordinate in unit.AsSpan())
                    coordinate = rng.NextDouble();
                if (space.IsFeasible(unit))
                    break;
            }
            GpSearch.Deactivate(space, unit);
            model.Embedding.Encode(unit, _raw.AsSpan(i * d, d));
        }
        model.Predict(_raw, new double[References], new double[References], _rows);
    }

    /// <summary>The logarithm of the sum over the reference points of what the variance falls by.</summary>
    /// <param name="raw">The point, shape [D].</param>
    /// <param name="row">Its L⁻¹k from <see cref="GpModel.Predict(ReadOnlySpan{double}, Span{double}, Span{double}, Span{double})"/>, shape [n].</param>
    /// <param name="variance">Its variance.</param>
    public double Reduction(ReadOnlySpan<double> raw, ReadOnlySpan<double> row, double variance)
    {
        var (n, d) = (row.Length, raw.Length);
        var sum = 0.0;
        for (var i = 0; i < References; i++)
        {
            var covariance = _model.Prior(raw, _raw.AsSpan(i * d, d)) - Vectors.Dot(row, _rows.AsSpan(i * n, n));
            sum += covariance * covariance;
        }
        return Math.Log(Math.Max(sum, 1e-300)) - Math.Log(variance + _model.Noise);
    }
}
