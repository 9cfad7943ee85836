using Lode.Core;

namespace Lode.Learning;

/// <summary>k folds whose sizes differ by at most one.</summary>
/// <remarks>Without shuffling the folds are consecutive rows, as scikit-learn's KFold gives them.</remarks>
public sealed class KFold : ISplitter
{
    private readonly int _folds;
    private readonly bool _shuffle;

    /// <param name="folds">At least 2. Default: 5.</param>
    /// <param name="shuffle">Whether rows are shuffled by the seed. Default: yes.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2 folds.</exception>
    public KFold(int folds = 5, bool shuffle = true)
    {
        Folds.RequireCount(folds);
        (_folds, _shuffle) = (folds, shuffle);
    }

    /// <inheritdoc/>
    public bool CoversAllRows => true;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        Folds.RequireRows(dataset.Rows, _folds);
        var foldOf = new int[dataset.Rows];
        var (size, larger) = Math.DivRem(dataset.Rows, _folds);
        var row = 0;
        for (var fold = 0; fold < _folds; fold++)
        {
            for (var end = row + size + (fold < larger ? 1 : 0); row < end; row++)
                foldOf[row] = fold;
        }
        if (_shuffle)
            new Rng(seed).Shuffle<int>(foldOf);
        return Folds.Splits(foldOf, _folds);
    }
}
