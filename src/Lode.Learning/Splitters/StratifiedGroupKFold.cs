using Lode.Core;

namespace Lode.Learning;

/// <summary>k folds that part no group, with shares of the classes as even as the groups allow.</summary>
/// <remarks>Groups whose classes are the most uneven come first; each goes to the fold where it leaves the smallest mean, over the classes, of
/// the standard deviation of their shares over the folds; of equal ones, to that with fewer rows: the greedy rule of scikit-learn's
/// StratifiedGroupKFold. A target without classes is split as by <see cref="GroupKFold"/>. O(groups·folds²·classes).</remarks>
public sealed class StratifiedGroupKFold : ISplitter
{
    private readonly int _folds;
    private readonly bool _shuffle;

    /// <param name="folds">At least 2. Default: 5.</param>
    /// <param name="shuffle">Whether groups that are equally uneven come in random order. Default: yes.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2 folds.</exception>
    public StratifiedGroupKFold(int folds = 5, bool shuffle = true)
    {
        Folds.RequireCount(folds);
        (_folds, _shuffle) = (folds, shuffle);
    }

    /// <inheritdoc/>
    public bool CoversAllRows => true;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        if (dataset.Target.Task == TaskKind.Regression)
            return new GroupKFold(_folds, _shuffle).Split(dataset, seed);
        var groupOf = Folds.GroupOf(dataset, _folds, out var sizes);
        var totals = dataset.Target.CountClasses();
        if (totals.Max() < _folds)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"{_folds} folds need a class with at least {_folds} rows; the largest of '{dataset.Target.Name}' has {totals.Max()}.");
        }
        var counts = new int[sizes.Length][];
        for (var group = 0; group < counts.Length; group++)
            counts[group] = new int[totals.Length];
        for (var row = 0; row < groupOf.Length; row++)
            counts[groupOf[row]][dataset.Target.Labels[row]]++;
        int[] order = [.. Enumerable.Range(0, sizes.Length)];
        if (_shuffle)
            new Rng(seed).Shuffle<int>(order);

        var foldOf = new int[sizes.Length];
        var held = new int[_folds * totals.Length];
        var rows = new int[_folds];
        foreach (var group in order.OrderByDescending(group => Spread(counts[group])))
        {
            var (best, least) = (-1, double.PositiveInfinity);
            for (var fold = 0; fold < _folds; fold++)
            {
                var unevenness = Unevenness(held, counts[group], fold, totals);
                var equal = Math.Abs(unevenness - least) <= 1e-8 + (1e-5 * least);
                if (unevenness < least && !equal || best < 0 || (equal && rows[fold] < rows[best]))
                    (best, least) = (fold, unevenness);
            }
            foldOf[group] = best;
            rows[best] += sizes[group];
            for (var label = 0; label < totals.Length; label++)
                held[(best * totals.Length) + label] += counts[group][label];
        }
        return rows.Contains(0)
            ? throw new LodeException(ErrorCode.InvalidArgument, $"The groups are too uneven for {_folds} folds: one would have no row.", "Use fewer folds.")
            : Folds.Splits([.. groupOf.Select(group => foldOf[group])], _folds);
    }

    private static double Spread(int[] counts)
    {
        var mean = counts.Average();
        return Math.Sqrt(counts.Average(count => (count - mean) * (count - mean)));
    }

    private double Unevenness(int[] held, int[] added, int to, int[] totals)
    {
        var sum = 0.0;
        var present = 0;
        for (var label = 0; label < totals.Length; label++)
        {
            if (totals[label] == 0)
                continue;
            var (first, second) = (0.0, 0.0);
            for (var fold = 0; fold < _folds; fold++)
                first += Share(fold, label);
            for (var fold = 0; fold < _folds; fold++)
                second += Math.Pow(Share(fold, label) - (first / _folds), 2);
            sum += Math.Sqrt(second / _folds);
            present++;
        }
        return sum / present;

        double Share(int fold, int label) => (held[(fold * totals.Length) + label] + (fold == to ? added[label] : 0)) / (double)totals[label];
    }
}
