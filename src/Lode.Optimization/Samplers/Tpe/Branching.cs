namespace Lode.Optimization;

/// <summary>
/// Which branch of a conditional space the next trial takes. A density of good trials goes where good ones came easily; a branch with
/// more parameters needs more trials before it shows what it can do. So every other trial on average goes to the branch with the fewest
/// trials among those that may still overtake the best one, the others go by density.
/// </summary>
/// <remarks>
/// Rising bandits: Li, Jiang, Gao, Shao, Zhang, Cui, "Efficient automatic CASH via rising bandits" (AAAI 2020, arXiv 2012.04371): the
/// best loss of a branch falls ever more slowly, so a line through its latest improvement bounds what it can reach with the trials that
/// are left. Here the line spans the latter half of the branch's trials, at least seven, and where no budget is known as many
/// trials are thought to be left as were made. That only half of the trials are spread is our choice, so that easy spaces lose little.
/// </remarks>
internal static class Branching
{
    private const int Window = 7;

    /// <summary>The dimensions of unordered choices that decide whether other parameters are active.</summary>
    public static bool[] Deciding(SearchSpace space)
    {
        var deciding = new bool[space.Count];
        for (var dim = 0; dim < space.Count; dim++)
            if (space.ParentOf(dim) is >= 0 and var parent && space.Dimensions[parent] is { Kind: DimensionKind.Nominal, Levels: > 1 })
                deciding[parent] = true;
        return deciding;
    }

    /// <summary>The coordinate of the branch that has had the fewest trials of those that may still overtake the best one; NaN when only that one is left.</summary>
    /// <param name="space">The space.</param>
    /// <param name="dim">A deciding dimension.</param>
    /// <param name="members">Those of <paramref name="trials"/> in which it is active.</param>
    /// <param name="trials">Places in the history.</param>
    /// <param name="points">Their coordinates.</param>
    /// <param name="ranking">Their standings.</param>
    /// <param name="left">Trials that are left.</param>
    public static double Neediest(SearchSpace space, int dim, List<int> members, int[] trials, double[][] points, in Ranking ranking, int left)
    {
        var levels = (int)space.Dimensions[dim].Levels;
        var curves = new List<double>[levels];
        for (var level = 0; level < levels; level++)
            curves[level] = [];
        var best = double.PositiveInfinity;
        foreach (var member in members)
        {
            var curve = curves[Math.Min((int)(points[member][dim] * levels), levels - 1)];
            var loss = ranking.Loss(trials[member]);
            var before = curve.Count > 0 ? curve[^1] : double.PositiveInfinity;
            curve.Add(loss < before ? loss : before);
            best = Math.Min(best, curve[^1]);
        }
        var (neediest, hopeful) = (-1, 0);
        for (var level = 0; level < levels; level++)
        {
            if (!MayReach(curves[level], best, left))
                continue;
            hopeful++;
            if (neediest < 0 || curves[level].Count < curves[neediest].Count)
                neediest = level;
        }
        return hopeful > 1 ? (neediest + 0.5) / levels : double.NaN;
    }

    private static bool MayReach(List<double> curve, double best, int left)
    {
        if (curve.Count <= Window || curve[^1] <= best || !double.IsFinite(curve[^1]))
            return true;
        var window = Math.Max(Window, curve.Count / 2);
        var fall = curve[^(window + 1)] - curve[^1];
        return curve[^1] - (fall / window * left) <= best;
    }
}
