using Lode.Core;

namespace Lode.Learning;

/// <summary>k folds that part no group, of sizes as even as the groups allow.</summary>
/// <remarks>Groups from the largest to the smallest go to the fold with the fewest rows, as in scikit-learn's GroupKFold; shuffled, groups of
/// equal size come in random order.</remarks>
public sealed class GroupKFold : ISplitter
{
    private readonly int _folds;
    private readonly bool _shuffle;

    /// <param name="folds">At least 2. Default: 5.</param>
    /// <param name="shuffle">Whether groups of equal size come in random order. Default: yes.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2 folds.</exception>
    public GroupKFold(int folds = 5, bool shuffle = true)
    {
        Folds.RequireCount(folds);
        (_folds, _shuffle) = (folds, shuffle);
    }

    /// <inheritdoc/>
    public bool CoversAllRows => true;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        var groupOf = Folds.GroupOf(dataset, _folds, out var sizes);
        int[] order = [.. Enumerable.Range(0, sizes.Length).Reverse()];
        if (_shuffle)
            new Rng(seed).Shuffle<int>(order);
        var foldOf = new int[sizes.Length];
        var rows = new int[_folds];
        foreach (var group in order.OrderByDescending(group => sizes[group]))
        {
            var fold = Array.IndexOf(rows, rows.Min());
            foldOf[group] = fold;
            rows[fold] += sizes[group];
        }
        return Folds.Splits([.. groupOf.Select(group => foldOf[group])], _folds);
    }
}
