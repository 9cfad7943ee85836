namespace Lode.Optimization;

/// <summary>
/// A rising map from losses to numbers that a Gaussian process explains well: identity or logarithm above an offset, then the far bad
/// tail bent to a logarithm, then standardised. Everything is measured in spreads of the data, so units do not matter.
/// </summary>
/// <remarks>
/// A warped Gaussian process (Snelson, Rasmussen, Ghahramani, NeurIPS 2003): which map fits is decided by the evidence, with the map's own
/// slope counted (<see cref="LogSlopes"/>). Losses often span orders of magnitude, where a power or logarithm is what wins (HEBO: Cowen-Rivers
/// et al., JAIR 2022); the offset keeps the logarithm from making a cusp out of a smooth minimum. Bending the bad tail keeps
/// outliers from hiding the differences among good trials, as the half-rank warp of Song et al. ("The Vizier Gaussian process bandit algorithm", 2024), but keeps their order and slope.
/// </remarks>
internal sealed class OutputWarp
{
    /// <summary>The kinds of map: none, or a logarithm above an offset that is below the least loss by a part of the distance from the least to
    /// the middle one, or the natural zero of errors and losses.</summary>
    public enum Kind
    {
        Plain,
        LogWide,
        LogMedium,
        LogNarrow,
        LogZero,
    }

    private const double Knee = 3;
    private readonly double _unit;
    private readonly double _offset;
    private readonly bool _log;
    private readonly double _middle;
    private readonly double _spread;
    private readonly double _mean;
    private readonly double _deviation;

    /// <param name="losses">At least one, all finite.</param>
    /// <param name="kind">Which map.</param>
    public OutputWarp(double[] losses, Kind kind)
    {
        var sorted = (double[])losses.Clone();
        Array.Sort(sorted);
        var (least, half) = (sorted[0], Quantile(sorted, 0.5));
        _unit = Positive(half - least, Positive(sorted[^1] - least, 1));
        _log = kind != Kind.Plain && sorted[^1] > least;
        _offset = kind switch
        {
            Kind.LogZero when least > 0 => 0,
            Kind.LogWide => (least / _unit) - 1,
            Kind.LogMedium => (least / _unit) - 0.1,
            _ => (least / _unit) - 0.01,
        };
        (_spread, _deviation) = (1, 1);
        var values = Array.ConvertAll(losses, Raw);
        Array.Sort(values);
        // The good half says how wide things are: the bad half may hold anything.
        _middle = Quantile(values, 0.5);
        _spread = Positive(2 * (_middle - Quantile(values, 0.1)), values[^1] - values[0]);
        foreach (ref var value in values.AsSpan())
            value = Bend((value - _middle) / _spread);
        var (sum, squares) = (0.0, 0.0);
        foreach (var value in values)
            sum += value;
        _mean = sum / values.Length;
        foreach (var value in values)
            squares += (value - _mean) * (value - _mean);
        _deviation = Positive(Math.Sqrt(squares / values.Length), 1);
    }

    /// <summary>The maps to choose from, the plain one first.</summary>
    /// <param name="losses">At least one, all finite.</param>
    /// <param name="logarithms">Whether logarithms are among them.</param>
    public static Kind[] Choices(double[] losses, bool logarithms)
    {
        var least = double.PositiveInfinity;
        foreach (var loss in losses)
            least = Math.Min(least, loss);
        return !logarithms ? [Kind.Plain]
            : least > 0 ? [Kind.Plain, Kind.LogWide, Kind.LogMedium, Kind.LogNarrow, Kind.LogZero]
            : [Kind.Plain, Kind.LogWide, Kind.LogMedium, Kind.LogNarrow];
    }

    /// <summary>The warped loss.</summary>
    public double Forward(double loss) => (Bend((Raw(loss) - _middle) / _spread) - _mean) / _deviation;

    /// <summary>The loss of a warped value.</summary>
    public double Back(double warped)
    {
        var bent = (warped * _deviation) + _mean;
        var raw = ((bent <= Knee ? bent : Knee + Math.Exp(Math.Min(bent - Knee, 600)) - 1) * _spread) + _middle;
        return _unit * (_log ? Math.Exp(Math.Min(raw, 600)) + _offset : raw);
    }

    /// <summary>Σ log of the slope of the map at the losses, in the losses' own units up to the constant that all maps of these losses share.</summary>
    public double LogSlopes(double[] losses)
    {
        var sum = 0.0;
        foreach (var loss in losses)
        {
            var bent = (Raw(loss) - _middle) / _spread;
            sum -= Math.Log(_spread * _deviation) + (bent > Knee ? Math.Log(1 + bent - Knee) : 0) + (_log ? Raw(loss) : 0);
        }
        return sum;
    }

    private double Raw(double loss) => _log ? Math.Log(Math.Max((loss / _unit) - _offset, 1e-300)) : loss / _unit;

    private static double Bend(double x) => x <= Knee ? x : Knee + Math.Log(1 + x - Knee);

    private static double Quantile(double[] sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        return sorted[below] + ((at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]));
    }

    private static double Positive(double value, double otherwise) => value > 0 && double.IsFinite(value) ? value : otherwise > 0 ? otherwise : 1;
}
