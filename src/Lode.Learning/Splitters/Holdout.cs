using Lode.Core;

namespace Lode.Learning;

/// <summary>One split: a random share of the rows is held out, with every class in its share within one row.</summary>
/// <remarks>The held-out rows are ⌈fraction·rows⌉, as in scikit-learn. They are shared among the classes by largest
/// remainders; of equal remainders the earlier class comes first. A target without classes is drawn from as a whole.</remarks>
public sealed class Holdout : ISplitter
{
    private readonly double _fraction;

    /// <param name="fraction">The share of rows to test on, in (0, 1). Default: 0.25.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public Holdout(double fraction = 0.25)
    {
        if (!(fraction > 0 && fraction < 1))
            throw new LodeException(ErrorCode.InvalidArgument, $"The held-out share must be in (0, 1); got {fraction}.");
        _fraction = fraction;
    }

    /// <inheritdoc/>
    public int Count => 1;

    /// <inheritdoc/>
    public bool CoversAllRows => false;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Target target, ulong seed)
    {
        var tested = (int)Math.Ceiling((_fraction * target.Rows) - 1e-9);
        if (tested < 1 || tested >= target.Rows)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"Holding out {_fraction} of {target.Rows} rows leaves {target.Rows - tested} to train on and {tested} to test on; each needs one.");
        }
        var counts = target.Task == TaskKind.Classification ? target.CountClasses() : [target.Rows];
        var quotas = Quotas(counts, tested);
        var rows = RowsByClass(target, counts);
        var isTest = new int[target.Rows];
        for (var label = 0; label < counts.Length; label++)
        {
            new Rng(seed, (ulong)label).Shuffle<int>(rows[label]);
            foreach (var row in rows[label].AsSpan(0, quotas[label]))
                isTest[row] = 1;
        }
        return [Folds.Of(isTest, 1)];
    }

    private static int[] Quotas(int[] counts, int tested)
    {
        var rows = counts.Sum();
        var quotas = new int[counts.Length];
        var remainders = new long[counts.Length];
        for (var label = 0; label < counts.Length; label++)
        {
            var (quota, remainder) = Math.DivRem((long)counts[label] * tested, rows);
            (quotas[label], remainders[label]) = ((int)quota, remainder);
        }
        var left = tested - quotas.Sum();
        foreach (var label in Enumerable.Range(0, counts.Length).OrderByDescending(label => remainders[label]).Take(left))
            quotas[label]++;
        return quotas;
    }

    private static int[][] RowsByClass(Target target, int[] counts)
    {
        var rows = counts.Select(count => new int[count]).ToArray();
        var used = new int[counts.Length];
        for (var row = 0; row < target.Rows; row++)
        {
            var label = target.Task == TaskKind.Classification ? target.Labels[row] : 0;
            rows[label][used[label]++] = row;
        }
        return rows;
    }
}
