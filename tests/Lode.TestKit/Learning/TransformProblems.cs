using Lode.Core;
using Lode.Learning;

namespace Lode.TestKit.Learning;

/// <summary>Small made tables of all kinds of columns: skewed, constant, repeated, with gaps, with few and many levels, with dates.</summary>
public static class TransformProblems
{
    /// <summary>Rows of every table.</summary>
    public const int Rows = 60;

    /// <summary>Complete and with gaps; two classes, three classes, a regression.</summary>
    public static IReadOnlyList<Dataset> All { get; } = [Make(2, 0, 1), Make(3, 0.2, 2), Make(0, 0, 3), Make(0, 0.2, 4)];

    /// <param name="classes">0: a regression.</param>
    /// <param name="missing">The share of cells that are missing.</param>
    /// <param name="seed">Decides everything.</param>
    public static Dataset Make(int classes, double missing, ulong seed)
    {
        var rng = new Rng(seed);
        double Number(Func<double> draw) => rng.NextDouble() < missing ? double.NaN : draw();
        var normal = Numbers(_ => Number(rng.NextGaussian));
        Column[] columns =
        [
            new NumericColumn("skew", Numbers(_ => Number(() => Math.Exp(rng.NextGaussian())))),
            new NumericColumn("normal", normal),
            new NumericColumn("whole", Numbers(_ => Number(() => rng.NextInt32(5)))),
            new NumericColumn("constant", Numbers(_ => 0.1)),
            new NumericColumn("again", [.. normal]),
            new CategoricalColumn("few", [.. Numbers(_ => Number(() => Math.Min(rng.NextInt32(5), rng.NextInt32(5)))).Select(code => double.IsNaN(code) ? -1 : (int)code)], ["b", "a", "c", "e", "d"]),
            new CategoricalColumn("many", [.. Numbers(_ => rng.NextInt32(30)).Select(code => (int)code)], [.. Enumerable.Range(0, 30).Select(level => $"level {level}")]),
            new DateColumn("date", [.. Numbers(_ => Number(() => rng.NextInt32(4000))).Select(days => double.IsNaN(days) ? DateColumn.Missing : new DateTime(2015, 1, 1).AddDays(days).Ticks)]),
        ];
        var target = classes == 0 ? Target.Regression("y", Numbers(row => (double.IsNaN(normal[row]) ? 0 : normal[row]) + rng.NextGaussian()))
            : Target.Classification("y", [.. Enumerable.Range(0, Rows).Select(_ => rng.NextInt32(classes))], [.. Enumerable.Range(0, classes).Select(label => $"class {label}")]);
        return new Dataset(new Table(columns), target);
    }

    /// <summary>The data with everything changed in rows that are not kept: huge numbers, levels that nobody knows, other dates, other targets.</summary>
    public static Dataset Poison(Dataset data, int[] kept)
    {
        var rng = new Rng(99);
        var poisoned = Enumerable.Range(0, data.Rows).Except(kept).ToHashSet();
        var columns = data.Features.Columns.Select(column => column switch
        {
            NumericColumn numeric => new NumericColumn(column.Name, [.. numeric.Values.ToArray().Select((value, row) => poisoned.Contains(row) ? 1e6 * (rng.NextDouble() + 1) : value)]),
            CategoricalColumn categorical => new CategoricalColumn(column.Name,
                [.. categorical.Codes.ToArray().Select((code, row) => poisoned.Contains(row) ? row % 2 : code < 0 ? -1 : code + 1)], ["<unseen>", .. categorical.Levels, "zz unseen"]),
            DateColumn dates => (Column)new DateColumn(column.Name, [.. dates.Ticks.ToArray().Select((ticks, row) => poisoned.Contains(row) ? new DateTime(1900, 1, 1, 5, 0, 0).AddDays(row).Ticks : ticks)]),
            _ => throw new InvalidOperationException(),
        });
        var target = data.Target.Task == TaskKind.Regression
            ? Target.Regression("y", [.. data.Target.Values.ToArray().Select((value, row) => poisoned.Contains(row) ? -1e6 : value)])
            : Target.Classification("y", [.. data.Target.Labels.ToArray().Select((label, row) => poisoned.Contains(row) ? 0 : label)], data.Target.Classes);
        return new Dataset(new Table([.. columns]), target);
    }

    /// <summary>A row of missing values.</summary>
    public static Table AllMissing(Table table) => new([.. table.Columns.Select(column => column switch
    {
        NumericColumn => (Column)new NumericColumn(column.Name, [double.NaN]),
        CategoricalColumn categorical => new CategoricalColumn(column.Name, [-1], [.. categorical.Levels]),
        _ => new DateColumn(column.Name, [DateColumn.Missing]),
    })]);

    private static double[] Numbers(Func<int, double> draw) => [.. Enumerable.Range(0, Rows).Select(draw)];
}
