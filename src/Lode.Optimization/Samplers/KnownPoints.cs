namespace Lode.Optimization;

/// <summary>
/// The configurations that were tried before, where all parameters lie on grids or are choices. A configuration tried again tells
/// nothing new of an objective without noise, so samplers pass it over (as SMAC and HEBO do).
/// </summary>
internal sealed class KnownPoints
{
    private readonly SearchSpace _space;
    private readonly HashSet<ulong> _hashes;

    /// <param name="space">A space that <see cref="CanRepeat"/>.</param>
    /// <param name="points">Coordinates of trials, NaN where inactive.</param>
    public KnownPoints(SearchSpace space, IReadOnlyList<double[]> points)
    {
        (_space, _hashes) = (space, new HashSet<ulong>(points.Count));
        foreach (var point in points)
            _hashes.Add(Hash(point));
    }

    /// <summary>Whether a configuration could be proposed twice by chance: no parameter is continuous.</summary>
    public static bool CanRepeat(SearchSpace space)
    {
        foreach (var dimension in space.Dimensions)
            if (dimension.Kind == DimensionKind.Continuous)
                return false;
        return space.Count > 0;
    }

    /// <param name="unit">Coordinates at the centres of cells, NaN where inactive.</param>
    public bool Contains(ReadOnlySpan<double> unit) => _hashes.Contains(Hash(unit));

    // Of 64 bits: among a million configurations a false match has a chance of 1e-7, and costs one configuration.
    private ulong Hash(ReadOnlySpan<double> unit)
    {
        var hash = 14695981039346656037UL;
        for (var dim = 0; dim < unit.Length; dim++)
        {
            var bits = double.IsNaN(unit[dim]) ? 1UL : BitConverter.DoubleToUInt64Bits(_space.Cell(dim, unit[dim]).Center);
            hash = (hash ^ bits) * 1099511628211UL;
            hash ^= hash >> 29; // doubles of few digits differ in their upper bits only
        }
        return hash;
    }
}
