using Lode.Core;

namespace Lode.Learning;

/// <summary>k folds whose sizes differ by at most one.</summary>
/// <remarks>Without shuffling the folds are consecutive rows, as scikit-learn's KFold gives them.</remarks>
public sealed class KFold : ISplitter
{
    private readonly bool _shuffle;

    /// <param name="folds">At least 2. Default: 5.</param>
    /// <param name="shuffle">Whether rows are shuffled by the seed. Default: yes.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2 folds.</exception>
    public KFold(int folds = 5, bool shuffle = true)
    {
        Folds.RequireCount(folds);
        (Count, _shuffle) = (folds, shuffle);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public bool CoversAllRows => true;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Target target, ulong seed)
    {
        Folds.RequireRows(target.Rows, Count);
        var foldOf = new int[target.Rows];
        var (size, larger) = Math.DivRem(target.Rows, Count);
        var row = 0;
        for (var fold = 0; fold < Count; fold++)
        {
            for (var end = row + size + (fold < larger ? 1 : 0); row < end; row++)
                foldOf[row] = fold;
        }
        if (_shuffle)
            new Rng(seed).Shuffle<int>(foldOf);
        return Folds.Splits(foldOf, Count);
    }
}
