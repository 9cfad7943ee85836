using Lode.Core;

namespace Lode.Learning;

/// <summary>How held-out rows are chosen.</summary>
public enum HoldoutKind
{
    /// <summary>At random.</summary>
    Plain = 1,

    /// <summary>At random, with every class in its share within one row.</summary>
    Stratified = 2,

    /// <summary>Whole groups at random.</summary>
    Group = 3,

    /// <summary>The latest rows.</summary>
    Time = 4,
}

/// <summary>One split: a share of the rows is held out.</summary>
/// <remarks>The held-out rows are ⌈fraction·rows⌉, as in scikit-learn. Stratified, they are shared among the classes by largest
/// remainders; of equal remainders the earlier class comes first; a target without classes is drawn from as a whole. Of groups, in random
/// order, each is held out that brings the number of rows nearer. By time, rows as old as the first that is held out are not trained on.</remarks>
public sealed class Holdout : ISplitter
{
    private readonly double _fraction;
    private readonly HoldoutKind _kind;

    /// <param name="fraction">The share of rows to test on, in (0, 1). Default: 0.25.</param>
    /// <param name="kind">Which rows. Default: stratified.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public Holdout(double fraction = 0.25, HoldoutKind kind = HoldoutKind.Stratified)
    {
        if (!(fraction > 0 && fraction < 1))
            throw new LodeException(ErrorCode.InvalidArgument, $"The held-out share must be in (0, 1); got {fraction}.");
        (_fraction, _kind) = (fraction, kind);
    }

    /// <inheritdoc/>
    public bool CoversAllRows => false;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        var rows = dataset.Rows;
        var tested = CountTested(rows);
        return _kind switch
        {
            HoldoutKind.Time => [new TimeOrder(dataset).Split(0, rows - tested, rows - tested, rows)],
            HoldoutKind.Group => [Groups(dataset, tested, seed)],
            _ => [Rows(dataset.Target, tested, seed, _kind == HoldoutKind.Stratified && dataset.Target.Task == TaskKind.Classification)],
        };
    }

    /// <summary>Rows at random, classes in their shares, where there is no table beside the target.</summary>
    internal Split Stratify(Target target, ulong seed) => Rows(target, CountTested(target.Rows), seed, target.Task == TaskKind.Classification);

    private int CountTested(int rows)
    {
        var tested = (int)Math.Ceiling((_fraction * rows) - 1e-9);
        return tested >= 1 && tested < rows ? tested : throw new LodeException(ErrorCode.InvalidArgument,
            $"Holding out {_fraction} of {rows} rows leaves {rows - tested} to train on and {tested} to test on; each needs one.");
    }

    private static Split Rows(Target target, int tested, ulong seed, bool byClass)
    {
        var counts = byClass ? target.CountClasses() : [target.Rows];
        var quotas = Quotas(counts, tested);
        var rows = RowsByClass(target, counts, byClass);
        var isTest = new int[target.Rows];
        for (var label = 0; label < counts.Length; label++)
        {
            new Rng(seed, (ulong)label).Shuffle<int>(rows[label]);
            foreach (var row in rows[label].AsSpan(0, quotas[label]))
                isTest[row] = 1;
        }
        return Folds.Of(isTest, 1);
    }

    private static Split Groups(Dataset dataset, int tested, ulong seed)
    {
        var groupOf = Folds.GroupOf(dataset, 2, out var sizes);
        int[] order = [.. Enumerable.Range(0, sizes.Length)];
        new Rng(seed).Shuffle<int>(order);
        var isHeld = new int[sizes.Length];
        var (held, rows) = (0, 0);
        foreach (var group in order)
        {
            if (held == sizes.Length - 1 || Math.Abs(rows + sizes[group] - tested) >= Math.Abs(rows - tested))
                continue;
            isHeld[group] = 1;
            (held, rows) = (held + 1, rows + sizes[group]);
        }
        // Where every group is far too large, the smallest is held out.
        if (held == 0)
            isHeld[order.MinBy(group => sizes[group])] = 1;
        return Folds.Of([.. groupOf.Select(group => isHeld[group])], 1);
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

    private static int[][] RowsByClass(Target target, int[] counts, bool byClass)
    {
        var rows = counts.Select(count => new int[count]).ToArray();
        var used = new int[counts.Length];
        for (var row = 0; row < target.Rows; row++)
        {
            var label = byClass ? target.Labels[row] : 0;
            rows[label][used[label]++] = row;
        }
        return rows;
    }
}
