namespace Lode.Optimization;

/// <summary>
/// Divides a space into groups of parameters that are always present together, so that each group can be modelled jointly
/// from the trials that have it: the branches of a conditional space, and, where an objective asks for parameters as it runs,
/// the branches that its trials show. The coarsest such division, as Optuna's "group".
/// </summary>
internal static class Groups
{
    /// <returns>Groups of dimensions; every group after the one that holds its parent.</returns>
    public static List<int[]> Of(SearchSpace space, double[][] points)
    {
        var group = new int[space.Count];
        var count = 0;
        var declared = new Dictionary<Condition, int>();
        var root = -1;
        foreach (var dim in space.ParentsFirstOrder)
        {
            if (space[dim].When is { } when)
            {
                if (!declared.TryGetValue(when, out group[dim]))
                    declared[when] = group[dim] = count++;
            }
            else
            {
                group[dim] = root < 0 ? root = count++ : root;
            }
        }
        var present = new bool[space.Count * 2];
        foreach (var point in points)
            Refine(point, group, ref count, present);

        var groups = new List<int>[count];
        var order = new List<int[]>(count);
        foreach (var dim in space.ParentsFirstOrder)
            (groups[group[dim]] ??= []).Add(dim);
        var placed = new bool[count];
        foreach (var dim in space.ParentsFirstOrder)
        {
            if (!placed[group[dim]])
                order.Add([.. groups[group[dim]]]);
            placed[group[dim]] = true;
        }
        return order;
    }

    // Splits every group of which the point has some parameters but not all.
    private static void Refine(double[] point, int[] group, ref int count, bool[] seen)
    {
        if (!point.AsSpan().Contains(double.NaN))
            return;
        Array.Clear(seen);
        var half = seen.Length / 2;
        for (var dim = 0; dim < point.Length; dim++)
            seen[group[dim] + (double.IsNaN(point[dim]) ? half : 0)] = true;
        var before = count;
        for (var g = 0; g < before; g++)
        {
            if (!seen[g] || !seen[g + half])
                continue;
            for (var dim = 0; dim < point.Length; dim++)
                if (group[dim] == g && double.IsNaN(point[dim]))
                    group[dim] = count;
            count++;
        }
    }
}
