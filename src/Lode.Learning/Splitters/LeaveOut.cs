using Lode.Core;

namespace Lode.Learning;

/// <summary>As many splits as rows, each of which tests one row.</summary>
public sealed class LeaveOneOut : ISplitter
{
    private const int MaxRows = 20_000;

    /// <inheritdoc/>
    public bool CoversAllRows => true;

    /// <inheritdoc/>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2 rows, or more than 20,000, of which the splits alone would fill gigabytes.</exception>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        if (dataset.Rows > MaxRows)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"Leaving one row out makes {dataset.Rows} fits; at most {MaxRows} rows are taken.",
                "Use k folds.");
        }
        return dataset.Rows < 2
            ? throw new LodeException(ErrorCode.InvalidArgument, $"Leaving one row out needs at least 2 rows; got {dataset.Rows}.")
            : new KFold(dataset.Rows, shuffle: false).Split(dataset, seed);
    }
}

/// <summary>As many splits as groups, each of which tests one group, in ascending order of the groups.</summary>
public sealed class LeaveOneGroupOut : ISplitter
{
    /// <inheritdoc/>
    public bool CoversAllRows => true;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        var groupOf = Folds.GroupOf(dataset, 2, out var sizes);
        return Folds.Splits(groupOf, sizes.Length);
    }
}
