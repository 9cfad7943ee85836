using Lode.Core;

namespace Lode.Optimization;

/// <summary>Uniform points of the unit cube that keep to a space's constraints.</summary>
internal static class UniformDraw
{
    private const int Attempts = 100;

    /// <summary>A uniform point; redrawn while it breaks a constraint, up to 100 times.</summary>
    public static double[] Feasible(SearchSpace space, Rng rng)
    {
        var unit = new double[space.Count];
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            foreach (ref var coordinate in unit.AsSpan())
                coordinate = rng.NextDouble();
            if (space.IsFeasible(unit))
                break;
        }
        return unit;
    }
}
