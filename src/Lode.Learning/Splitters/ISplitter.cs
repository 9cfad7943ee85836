namespace Lode.Learning;

/// <summary>Rows to fit on and rows to score on.</summary>
/// <param name="Train">Row numbers, ascending, different, at least one.</param>
/// <param name="Test">Row numbers, ascending, different, at least one; none is in <paramref name="Train"/>.</param>
public sealed record Split(int[] Train, int[] Test);

/// <summary>A way to part rows for fitting and scoring.</summary>
/// <remarks><b>Pure.</b> The splits depend on the target, the groups, the times and the seed alone. <b>Threads.</b> One instance serves many.
/// <b>Check.</b> Every implementation passes <c>SplitterContract</c>.</remarks>
public interface ISplitter
{
    /// <summary>Whether the test rows of all splits together are all rows, each equally often (once, but for repeated splitters).</summary>
    bool CoversAllRows { get; }

    /// <summary>The splits, at least one.</summary>
    /// <param name="dataset">Its classes may be used to keep their shares equal, its groups to keep rows together, its times to
    /// train on the past; the features are not looked at.</param>
    /// <param name="seed">Any value; read only where the rows are shuffled.</param>
    /// <exception cref="Lode.Core.LodeException">InvalidArgument: there are too few rows, too few of every class or too few groups, or groups are needed and not given.</exception>
    IReadOnlyList<Split> Split(Dataset dataset, ulong seed);
}
