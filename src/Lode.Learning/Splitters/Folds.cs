using Lode.Core;

namespace Lode.Learning;

/// <summary>What the k-fold splitters share.</summary>
internal static class Folds
{
    public static void RequireCount(int folds)
    {
        if (folds < 2)
            throw new LodeException(ErrorCode.InvalidArgument, $"Cross-validation needs at least 2 folds; got {folds}.");
    }

    public static void RequireRows(int rows, int folds)
    {
        if (rows < folds)
            throw new LodeException(ErrorCode.InvalidArgument, $"{folds} folds need at least {folds} rows; got {rows}.");
    }

    /// <param name="foldOf">The fold that tests each row, in [0, folds).</param>
    /// <param name="folds">Number of folds.</param>
    public static Split[] Splits(ReadOnlySpan<int> foldOf, int folds)
    {
        var splits = new Split[folds];
        for (var fold = 0; fold < folds; fold++)
            splits[fold] = Of(foldOf, fold);
        return splits;
    }

    /// <summary>The split whose test rows are those with <paramref name="mark"/>.</summary>
    public static Split Of(ReadOnlySpan<int> marks, int mark)
    {
        var tested = marks.Count(mark);
        var (train, test) = (new int[marks.Length - tested], new int[tested]);
        var (trains, tests) = (0, 0);
        for (var row = 0; row < marks.Length; row++)
        {
            if (marks[row] == mark)
                test[tests++] = row;
            else
                train[trains++] = row;
        }
        return new Split(train, test);
    }
}
