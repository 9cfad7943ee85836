using Lode.Core;

namespace Lode.Optimization;

/// <summary>Points of the unit cube that keep to a space's constraints: uniform ones, but for choices that have weights.</summary>
internal static class UniformDraw
{
    private const int Attempts = 100;

    /// <summary>A point; redrawn while it breaks a constraint or is one of those known, up to 100 times.</summary>
    public static double[] Feasible(SearchSpace space, Rng rng, KnownPoints? known = null)
    {
        var unit = new double[space.Count];
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            for (var dim = 0; dim < unit.Length; dim++)
                unit[dim] = space[dim].FromPrior(rng.NextDouble());
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
