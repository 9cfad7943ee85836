using Lode.Core;

namespace Lode.Learning;

/// <summary>k folds in each of which a class has its share of rows: per fold and class the counts differ by at most one.</summary>
/// <remarks>Rows sorted by class are dealt to the folds in turn, as scikit-learn's StratifiedKFold does, and without shuffling
/// the folds equal its. A target without classes is split as by <see cref="KFold"/>.</remarks>
public sealed class StratifiedKFold : ISplitter
{
    private readonly int _folds;
    private readonly bool _shuffle;

    /// <param name="folds">At least 2. Default: 5.</param>
    /// <param name="shuffle">Whether rows are shuffled by the seed within their class. Default: yes.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2 folds.</exception>
    public StratifiedKFold(int folds = 5, bool shuffle = true)
    {
        Folds.RequireCount(folds);
        (_folds, _shuffle) = (folds, shuffle);
    }

    /// <inheritdoc/>
    public bool CoversAllRows => true;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        var target = dataset.Target;
        if (target.Task == TaskKind.Regression)
            return new KFold(_folds, _shuffle).Split(dataset, seed);
        Folds.RequireRows(target.Rows, _folds);
        var counts = target.CountClasses();
        if (counts.Max() < _folds)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"{_folds} folds need a class with at least {_folds} rows; the largest of '{target.Name}' has {counts.Max()}.");
        }

        // Classes are taken in the order of their first row, which fixes who gets the odd rows.
        var order = FirstSeen(target.Labels, counts.Length);
        var next = new int[counts.Length][];
        var start = 0;
        for (var rank = 0; rank < order.Length; rank++)
        {
            var label = order[rank];
            var folds = new int[counts[label]];
            for (var i = 0; i < folds.Length; i++)
                folds[i] = (start + i) % _folds;
            start += folds.Length;
            Array.Sort(folds);
            if (_shuffle)
                new Rng(seed, (ulong)rank).Shuffle<int>(folds);
            next[label] = folds;
        }
        var foldOf = new int[target.Rows];
        var used = new int[counts.Length];
        for (var row = 0; row < foldOf.Length; row++)
        {
            var label = target.Labels[row];
            foldOf[row] = next[label][used[label]++];
        }
        return Folds.Splits(foldOf, _folds);
    }

    private static int[] FirstSeen(ReadOnlySpan<int> labels, int classes)
    {
        var seen = new bool[classes];
        var order = new List<int>(classes);
        foreach (var label in labels)
        {
            if (!seen[label])
                order.Add(label);
            seen[label] = true;
        }
        return [.. order];
    }
}
