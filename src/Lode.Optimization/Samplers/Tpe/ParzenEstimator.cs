using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// A density over some dimensions of the unit cube: a weighted sum of product kernels, one around each observation, and the prior
/// (Watanabe 2023). The kernel of a number is a normal distribution truncated to [0, 1], integrated over the cell of
/// a grid; that of a choice is Aitchison and Aitken's. All kernels share their bandwidth, so a squared distance is one
/// multiplication and addition per number; everything else about a kernel is one constant.
/// </summary>
internal sealed class ParzenEstimator
{
    private const double LogSqrt2Pi = 0.91893853320467274178;

    // Where the prior's deviation is the whole width, so it is nearly flat (Watanabe 2023).
    private static readonly double s_priorMass = SpecialFunctions.NormalMass(-0.5, 0.5);
    private static readonly double s_logPriorMass = Math.Log(s_priorMass);

    private readonly SearchSpace _space;
    private readonly int[] _dims;
    private readonly int _kernels;
    private readonly int _padded;
    private readonly double _sigma;
    private readonly double[][] _points;
    private readonly double[] _weights;
    private readonly int[] _smooth;
    private readonly double[] _means;
    private readonly Lattice[] _lattices;
    private readonly double[] _logConstants;
    private readonly double _logPriorWeight;
    private readonly double[] _terms;

    /// <param name="space">The space.</param>
    /// <param name="dims">The dimensions covered, at least one.</param>
    /// <param name="points">Observations, shape [n][d] of the space; n may be 0.</param>
    /// <param name="weights">Shape [n], each &gt; 0, in units of which the prior has <see cref="TpeOptions.PriorWeight"/>.</param>
    /// <param name="options">Settings, valid.</param>
    public ParzenEstimator(SearchSpace space, int[] dims, double[][] points, double[] weights, TpeOptions options)
    {
        (_space, _dims, _points, _weights, _kernels) = (space, dims, points, weights, points.Length);
        _padded = (_kernels + 3) & ~3;
        _sigma = Math.Max(options.MinBandwidth, options.Bandwidth * Math.Pow(Math.Max(_kernels, 1), -1.0 / (dims.Length + 4)));
        var total = options.PriorWeight;
        foreach (var weight in weights)
            total += weight;
        _logPriorWeight = Math.Log(options.PriorWeight / total);

        // A cell much narrower than the kernel is as good as a point; a wide one must be integrated.
        var smooth = new List<int>();
        var lattices = new List<Lattice>();
        foreach (var dim in dims)
        {
            if (space.Dimensions[dim].Kind != DimensionKind.Nominal && space.Cell(dim, 0) is var widest && widest.High - widest.Low <= 0.5 * _sigma)
                smooth.Add(dim);
            else
                lattices.Add(new Lattice(space.Dimensions[dim], dim, points, _sigma));
        }
        _smooth = [.. smooth];
        _lattices = [.. lattices];
        _means = new double[_smooth.Length * _padded];
        for (var s = 0; s < _smooth.Length; s++)
            for (var k = 0; k < _kernels; k++)
                _means[(s * _padded) + k] = points[k][_smooth[s]];
        _logConstants = LogConstants(total);
        _terms = new double[_padded];
    }

    /// <summary>Draws a point; only this estimator's dimensions of <paramref name="unit"/> are written, each at the centre of its cell.</summary>
    public void Sample(Rng rng, Span<double> unit)
    {
        var kernel = PickKernel(rng);
        foreach (var dim in _dims)
        {
            var (kind, levels) = _space.Dimensions[dim];
            if (kind == DimensionKind.Nominal)
            {
                var u = rng.NextDouble();
                unit[dim] = kernel < 0 ? u : Lattice.Mutate(_points[kernel][dim], (int)levels, u, Lattice.MissChance(levels, _kernels));
            }
            else
            {
                unit[dim] = kernel < 0
                    ? SpecialFunctions.TruncatedNormalQuantile(rng.NextDouble(), 0.5, 1, 0, 1)
                    : SpecialFunctions.TruncatedNormalQuantile(rng.NextDouble(), _points[kernel][dim], _sigma, 0, 1);
            }
            unit[dim] = _space.Cell(dim, unit[dim]).Center;
        }
    }

    /// <summary>The logarithm of the density (on grids and choices: of the chance) at a point.</summary>
    public double LogDensity(ReadOnlySpan<double> unit)
    {
        // Smooth grid dimensions: density times the width of the cell is the chance of the cell.
        var logWidths = 0.0;
        var logPrior = _logPriorWeight;
        foreach (var dim in _smooth)
        {
            var cell = _space.Cell(dim, unit[dim]);
            if (cell.High > cell.Low)
                logWidths += Math.Log(cell.High - cell.Low);
            var z = unit[dim] - 0.5;
            logPrior += (-0.5 * z * z) - LogSqrt2Pi - s_logPriorMass;
        }
        logPrior += logWidths;
        foreach (var lattice in _lattices)
            logPrior += lattice.LogPrior(_space.Cell(lattice.Dim, unit[lattice.Dim]), s_priorMass);
        if (_kernels == 0)
            return logPrior;

        var terms = _terms.AsSpan();
        _logConstants.CopyTo(terms);
        foreach (var lattice in _lattices)
            lattice.AddTo(terms[.._kernels], _space.Cell(lattice.Dim, unit[lattice.Dim]));
        SubtractDistances(unit, terms);
        return LogSumExp(terms, logWidths, logPrior);
    }

    // Optimised at once, since most studies are over before the runtime would find out that this is hot.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SubtractDistances(ReadOnlySpan<double> unit, Span<double> terms)
    {
        var scale = Vector256.Create(0.5 / (_sigma * _sigma));
        ref var means = ref MemoryMarshal.GetArrayDataReference(_means);
        ref var term = ref MemoryMarshal.GetReference(terms);
        Span<double> at = _smooth.Length <= 128 ? stackalloc double[_smooth.Length] : new double[_smooth.Length];
        for (var s = 0; s < at.Length; s++)
            at[s] = unit[_smooth[s]];
        for (var k = 0; k < _padded; k += 4)
        {
            var sum = Vector256<double>.Zero;
            for (var s = 0; s < at.Length; s++)
            {
                var difference = Vector256.LoadUnsafe(ref means, (nuint)((s * _padded) + k)) - Vector256.Create(at[s]);
                sum += difference * difference;
            }
            (Vector256.LoadUnsafe(ref term, (nuint)k) - (sum * scale)).StoreUnsafe(ref term, (nuint)k);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double LogSumExp(ReadOnlySpan<double> terms, double shift, double last)
    {
        ref var term = ref MemoryMarshal.GetReference(terms);
        var largest = Vector256.Create(double.NegativeInfinity);
        for (var k = 0; k < terms.Length; k += 4)
            largest = Vector256.Max(largest, Vector256.LoadUnsafe(ref term, (nuint)k));
        var top = Math.Max(last - shift, Math.Max(Math.Max(largest[0], largest[1]), Math.Max(largest[2], largest[3])));
        var tops = Vector256.Create(top);
        var sum = Vector256<double>.Zero;
        for (var k = 0; k < terms.Length; k += 4)
            sum += Vector256.Exp(Vector256.LoadUnsafe(ref term, (nuint)k) - tops);
        return top + shift + Math.Log(Vector256.Sum(sum) + Math.Exp(last - shift - top));
    }

    // log of weight over normaliser; padding gets -∞, which adds nothing to a sum of exponentials.
    private double[] LogConstants(double total)
    {
        var masses = _smooth.Length > 0 ? new TruncationTable(_sigma) : null;
        var constants = new double[_padded];
        var common = -Math.Log(total) - (_smooth.Length * (LogSqrt2Pi + Math.Log(_sigma)));
        for (var k = 0; k < _padded; k++)
        {
            if (k >= _kernels)
            {
                constants[k] = double.NegativeInfinity;
                continue;
            }
            // One logarithm for many masses: each is at least 0.3, so 64 of them are far from underflow.
            var (log, product) = (0.0, _weights[k]);
            for (var s = 0; s < _smooth.Length; s++)
            {
                product /= masses!.Mass(_means[(s * _padded) + k]);
                if ((s & 63) == 63)
                    (log, product) = (log + Math.Log(product), 1);
            }
            constants[k] = common + log + Math.Log(product);
        }
        return constants;
    }

    // -1 is the prior.
    private int PickKernel(Rng rng)
    {
        var left = rng.NextDouble();
        var prior = Math.Exp(_logPriorWeight);
        left -= prior;
        if (left < 0 || _kernels == 0)
            return -1;
        var sum = 0.0;
        foreach (var weight in _weights)
            sum += weight;
        left *= sum / (1 - prior);
        for (var k = 0; k < _kernels - 1; k++)
        {
            left -= _weights[k];
            if (left < 0)
                return k;
        }
        return _kernels - 1;
    }
}
