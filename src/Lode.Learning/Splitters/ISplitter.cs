namespace Lode.Learning;

/// <summary>Rows to fit on and rows to score on.</summary>
/// <param name="Train">Row numbers, ascending, different, at least one.</param>
/// <param name="Test">Row numbers, ascending, different, at least one; none is in <paramref name="Train"/>.</param>
public sealed record Split(int[] Train, int[] Test);

/// <summary>A way to part rows for fitting and scoring.</summary>
/// <remarks><b>Pure.</b> The splits depend on the target and the seed alone. <b>Threads.</b> One instance serves many.
/// <b>Check.</b> Every implementation passes <c>SplitterContract</c>.</remarks>
public interface ISplitter
{
    /// <summary>How many splits there are.</summary>
    int Count { get; }

    /// <summary>Whether the test rows of all splits together are all rows, each once.</summary>
    bool CoversAllRows { get; }

    /// <summary>The splits, <see cref="Count"/> of them.</summary>
    /// <param name="target">What is predicted; its classes may be used to keep their shares equal.</param>
    /// <param name="seed">Any value; read only where the rows are shuffled.</param>
    /// <exception cref="Lode.Core.LodeException">InvalidArgument: there are too few rows, or too few of every class.</exception>
    IReadOnlyList<Split> Split(Target target, ulong seed);
}
