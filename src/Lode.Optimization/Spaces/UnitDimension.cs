namespace Lode.Optimization;

/// <summary>What the coordinates of one dimension of the unit cube mean.</summary>
public enum DimensionKind
{
    /// <summary>Every coordinate is another value; near coordinates are near values.</summary>
    Continuous = 1,

    /// <summary>Cells of coordinates share a value; near cells are near values.</summary>
    Ordinal = 2,

    /// <summary>Equal cells of coordinates share a value; nearness means nothing.</summary>
    Nominal = 3,
}

/// <summary>How a sampler sees one dimension.</summary>
/// <param name="Kind">What coordinates mean.</param>
/// <param name="Levels">The number of cells; 0 when continuous.</param>
public readonly record struct UnitDimension(DimensionKind Kind, long Levels);

/// <summary>The coordinates that stand for one value.</summary>
/// <param name="Low">Where the cell begins.</param>
/// <param name="Center">The coordinate of the value itself; on a log scale not half-way.</param>
/// <param name="High">Where the cell ends; equal to <paramref name="Low"/> when continuous.</param>
public readonly record struct UnitCell(double Low, double Center, double High);
