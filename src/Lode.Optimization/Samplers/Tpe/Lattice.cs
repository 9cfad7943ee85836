using Lode.Core;

namespace Lode.Optimization;

/// <summary>One dimension of choices or of wide cells: kernels that share a centre share their chances, so these are tabulated per cell asked for.</summary>
internal sealed class Lattice
{
    private readonly UnitDimension _dimension;
    private readonly double _sigma;
    private readonly double _logHit;
    private readonly double _logMiss;
    private readonly int[] _centerOf;
    private readonly List<double> _centers = [];
    private readonly Dictionary<double, double[]> _rows = [];

    public Lattice(UnitDimension dimension, int dim, double[][] points, double sigma)
    {
        (_dimension, Dim, _sigma) = (dimension, dim, sigma);
        _centerOf = new int[points.Length];
        var known = new Dictionary<double, int>();
        for (var k = 0; k < points.Length; k++)
        {
            if (!known.TryGetValue(points[k][dim], out var center))
            {
                known[points[k][dim]] = center = _centers.Count;
                _centers.Add(points[k][dim]);
            }
            _centerOf[k] = center;
        }
        var miss = MissChance(dimension.Levels, points.Length);
        _logMiss = Math.Log(miss);
        _logHit = Math.Log(1 - (miss * (dimension.Levels - 1)));
    }

    public int Dim { get; }

    /// <summary>
    /// The chance of each other choice under the kernel of one: Aitchison and Aitken's kernel (1976) with the bandwidth of
    /// Optuna's, one pseudo-count spread over n kernels: 1/(n + levels), n counting the prior.
    /// </summary>
    public static double MissChance(long levels, int observations) => 1.0 / (observations + 1 + levels);

    /// <summary>A draw from the kernel of a choice: itself, or with the chance of a miss each other one.</summary>
    public static double Mutate(double center, int levels, double u, double missChance)
    {
        var others = missChance * (levels - 1);
        if (levels == 1 || u >= others)
            return center;
        var own = (int)(center * levels);
        var other = Math.Min((int)(u / missChance), levels - 2);
        return ((other >= own ? other + 1 : other) + 0.5) / levels;
    }

    public double LogPrior(UnitCell cell, double priorMass) => _dimension.Kind == DimensionKind.Nominal
        ? -Math.Log(_dimension.Levels)
        : Math.Log(SpecialFunctions.NormalMass(cell.Low - 0.5, cell.High - 0.5) / priorMass);

    /// <summary>Adds to each kernel's term the log of its chance for the cell.</summary>
    public void AddTo(Span<double> terms, UnitCell cell)
    {
        var row = Row(cell);
        for (var k = 0; k < terms.Length; k++)
            terms[k] += row[_centerOf[k]];
    }

    private double[] Row(UnitCell cell)
    {
        if (_rows.TryGetValue(cell.Center, out var row))
            return row;
        row = new double[_centers.Count];
        for (var c = 0; c < row.Length; c++)
        {
            var center = _centers[c];
            row[c] = _dimension.Kind == DimensionKind.Nominal
                ? center == cell.Center ? _logHit : _logMiss
                : Math.Log(Math.Max(double.Epsilon, SpecialFunctions.NormalMass((cell.Low - center) / _sigma, (cell.High - center) / _sigma)))
                    - Math.Log(SpecialFunctions.NormalMass(-center / _sigma, (1 - center) / _sigma));
        }
        return _rows[cell.Center] = row;
    }
}
