using Lode.Core;

namespace Lode.Optimization;

/// <summary>What the model of a Gaussian process study said of one point.</summary>
/// <param name="Unit">The point's coordinates, see <see cref="SearchSpace"/>.</param>
/// <param name="Mean">The prediction in the objective's own units: the median, which is the mean wherever losses are not warped.</param>
/// <param name="Deviation">Half the width of the interval that holds 68 %, in the objective's own units; without the noise of an observation.</param>
/// <param name="Acquisition">The score by which the sampler compares points; larger is better; its unit is the acquisition's own (a logarithm for LogEi).</param>
public sealed record GpMapPoint(double[] Unit, double Mean, double Deviation, double Acquisition);

/// <summary>Looks into a Gaussian process study: what its sampler believed, anywhere, at any past trial. Pure: no study is touched.</summary>
public static class GpMap
{
    /// <summary>What the sampler believed when it proposed a trial.</summary>
    /// <param name="space">The domain.</param>
    /// <param name="history">The study; trials numbered <paramref name="trial"/> or more are not looked at, those before count as they stand now.</param>
    /// <param name="trial">The number of the trial to be proposed; that of the next one for the present.</param>
    /// <param name="units">Points, each of shape [d].</param>
    /// <param name="options">The sampler's settings; null for the defaults. Acquisitions that are drawn (Thompson, IntegratedVariance) are given as the logarithm of the deviation.</param>
    /// <returns>One for each point, in order.</returns>
    /// <exception cref="LodeException">Conflict: fewer than two trials had told a value; NotImplemented: several objectives; InvalidArgument: options out of range.</exception>
    public static IReadOnlyList<GpMapPoint> At(SearchSpace space, History history, int trial, IReadOnlyList<double[]> units, GpOptions? options = null)
    {
        options ??= new GpOptions();
        options.Validate();
        if (history.Directions.Count != 1)
            throw new LodeException(ErrorCode.NotImplemented, $"The model of 'gp' takes one objective; the study has {history.Directions.Count}.");
        var before = history with { Trials = [.. history.Trials.Where(known => known.Number < trial)] };
        var (data, region) = GpSampler.Known(space, before, options);
        if (data.Told < 2 || data.Embedding.Dims.Length == 0)
            throw new LodeException(ErrorCode.Conflict, $"Before trial {trial} {data.Told} trials had told a value; a model needs two, and a parameter with more than one value.");
        var posterior = GpPosterior.Of(data, options, new GpCache());
        var scored = options.Acquisition is GpAcquisition.Thompson or GpAcquisition.IntegratedVariance ? options with { Acquisition = GpAcquisition.MaxVariance } : options;
        var search = new GpSearch(space, data, posterior, scored, region);
        var map = new List<GpMapPoint>(units.Count);
        foreach (var unit in units)
        {
            var (score, mean, deviation) = search.Look(unit);
            var (low, middle, high) = (posterior.Warp.Back(mean - deviation), posterior.Warp.Back(mean), posterior.Warp.Back(mean + deviation));
            map.Add(new GpMapPoint(unit, history.Loss(0, middle), (high - low) / 2, score));
        }
        return map;
    }

    /// <summary>A grid over one or two parameters through a point: cells of equal width, each at its middle; of a parameter with fewer values than cells, every value once.</summary>
    /// <param name="space">The domain.</param>
    /// <param name="through">Coordinates of all parameters, shape [d], kept where the grid does not go; NaN is taken as the middle.</param>
    /// <param name="parameters">One or two names; the last varies fastest.</param>
    /// <param name="resolution">The most cells along each. Range: 1 to 1000.</param>
    /// <exception cref="LodeException">InvalidArgument: an unknown name, not one or two, or a resolution out of range.</exception>
    public static IReadOnlyList<double[]> Grid(SearchSpace space, ReadOnlySpan<double> through, IReadOnlyList<string> parameters, int resolution)
    {
        if (parameters.Count is < 1 or > 2 || resolution is < 1 or > 1000)
            throw new LodeException(ErrorCode.InvalidArgument, $"A grid goes over one or two parameters in 1 to 1000 cells; got {parameters.Count} in {resolution}.");
        var axes = new List<int>();
        foreach (var name in parameters)
            axes.Add(space.IndexOf(name) is >= 0 and var i ? i : throw new LodeException(ErrorCode.InvalidArgument, $"There is no parameter '{name}'; the space has: {string.Join(", ", space.Select(p => p.Name))}."));
        var start = through.ToArray();
        foreach (ref var coordinate in start.AsSpan())
            coordinate = double.IsNaN(coordinate) ? 0.5 : coordinate;
        var points = new List<double[]> { start };
        foreach (var axis in axes)
        {
            var levels = space.Dimensions[axis].Levels;
            var cells = levels > 0 ? (int)Math.Min(levels, resolution) : resolution;
            points = [.. points.SelectMany(point => Enumerable.Range(0, cells).Select(cell =>
            {
                var moved = (double[])point.Clone();
                moved[axis] = (cell + 0.5) / cells;
                return moved;
            }))];
        }
        return points;
    }
}
