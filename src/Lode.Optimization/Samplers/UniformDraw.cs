using Lode.Core;

namespace Lode.Optimization;

/// <summary>Uniform points of the unit cube that keep to a space's constraints.</summary>
internal static class UniformDraw
{
    private const int Attempts = 100;

    /// <summary>A uniform point; redrawn while it breaks a constraint or is one of those known, up to 100 times.</summary>
    public static double[] Feasible(SearchSpace space, Rng rng, KnownPoints? known = null)
    {
        var unit = new double[space.Count];
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            foreach (ref var coordinate in unit.AsSpan())
                coordinate = rng.NextDouble();
            if (space.IsFeasible(unit) && known?.Contains(WithoutInactive(space, unit)) != true)
                break;
        }
        return unit;
    }

    private static double[] WithoutInactive(SearchSpace space, double[] unit)
    {
        double[] known = [.. unit];
        foreach (var dim in space.ParentsFirstOrder)
            if (!space.IsActive(dim, known))
                known[dim] = double.NaN;
        return known;
    }
}
