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

    /// <exception cref="LodeException">InvalidArgument: the data set has no groups.</exception>
    public static int[] RequireGroups(Dataset dataset)
    {
        return dataset.Groups.IsEmpty
            ? throw new LodeException(ErrorCode.InvalidArgument, "The splitter keeps groups of rows together, and the data set has no groups.",
                "Say which column holds them, or choose a splitter without groups.")
            : dataset.Groups.ToArray();
    }

    /// <summary>Different groups, ascending, and each row's place among them.</summary>
    /// <exception cref="LodeException">InvalidArgument: there are no groups, or fewer than are needed.</exception>
    public static int[] GroupOf(Dataset dataset, int needed, out int[] sizes)
    {
        var groups = RequireGroups(dataset);
        int[] different = [.. groups.Distinct().Order()];
        if (different.Length < needed)
            throw new LodeException(ErrorCode.InvalidArgument, $"{needed} groups of rows are needed, one a fold at least; the data set has {different.Length}.");
        sizes = new int[different.Length];
        for (var row = 0; row < groups.Length; row++)
        {
            groups[row] = Array.BinarySearch(different, groups[row]);
            sizes[groups[row]]++;
        }
        return groups;
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
