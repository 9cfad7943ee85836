namespace Lode.Storage;

/// <summary>A point of one metric.</summary>
/// <param name="Step">The program's own counter.</param>
/// <param name="Time">Milliseconds since 1970 UTC.</param>
/// <param name="Value">Any double.</param>
internal readonly record struct Sample(long Step, long Time, double Value)
{
    /// <summary><see cref="ByStep"/> for searching.</summary>
    public static IComparer<Sample> StepOrder { get; } = Comparer<Sample>.Create(ByStep);

    /// <summary>By step, time, value: the order in chunks and charts, and of what counts as a metric's last point.</summary>
    public static int ByStep(Sample a, Sample b) =>
        a.Step != b.Step ? a.Step.CompareTo(b.Step) : a.Time != b.Time ? a.Time.CompareTo(b.Time) : CompareValues(a.Value, b.Value);

    /// <summary>By time, step, value: the order of histories.</summary>
    public static int ByTime(Sample a, Sample b) =>
        a.Time != b.Time ? a.Time.CompareTo(b.Time) : a.Step != b.Step ? a.Step.CompareTo(b.Step) : CompareValues(a.Value, b.Value);

    /// <summary>Sorts by step, time, value and leaves equal points out.</summary>
    /// <param name="points">Sorted in place.</param>
    /// <returns>How many different points stand at its beginning.</returns>
    public static int SortDistinct(Span<Sample> points)
    {
        var sorted = true;
        for (var i = 1; i < points.Length && sorted; i++)
            sorted = ByStep(points[i - 1], points[i]) < 0;
        if (sorted)
            return points.Length;
        points.Sort(ByStep);
        var kept = 1;
        for (var i = 1; i < points.Length; i++)
        {
            if (ByStep(points[kept - 1], points[i]) != 0)
                points[kept++] = points[i];
        }
        return kept;
    }

    // NaN counts as 0, as in MLflow, and stands behind it; 0 and -0 are equal.
    private static int CompareValues(double a, double b)
    {
        var order = (double.IsNaN(a) ? 0 : a).CompareTo(double.IsNaN(b) ? 0 : b);
        return order != 0 ? order : double.IsNaN(a).CompareTo(double.IsNaN(b));
    }
}
