namespace Lode.Tracking;

/// <summary>One observation of one metric.</summary>
/// <param name="Key">The metric's name, 1 to 250 characters.</param>
/// <param name="Value">Any double; NaN and infinities are data.</param>
/// <param name="Time">Milliseconds since 1970 UTC, at least 0.</param>
/// <param name="Step">The program's own counter; may be negative, repeat or go back.</param>
public readonly record struct MetricPoint(string Key, double Value, long Time, long Step);

/// <summary>What is known of a metric without reading its history.</summary>
public sealed record MetricSummary
{
    /// <summary>The value at the greatest (step, time, value), NaN counting as 0: MLflow's latest value.</summary>
    public double Last { get; init; }

    /// <summary>The step of <see cref="Last"/>.</summary>
    public long LastStep { get; init; }

    /// <summary>The time of <see cref="Last"/>, milliseconds since 1970 UTC.</summary>
    public long LastTime { get; init; }

    /// <summary>Smallest value that is a number; NaN where none is.</summary>
    public double Min { get; init; }

    /// <summary>Greatest value that is a number; NaN where none is.</summary>
    public double Max { get; init; }

    /// <summary>Mean of the values that are numbers; NaN where none is.</summary>
    public double Mean { get; init; }

    /// <summary>Points stored, NaN included.</summary>
    public long Count { get; init; }
}

/// <summary>A metric's history for a chart: every point, or one entry a bucket that keeps the extremes.</summary>
public sealed record MetricSeries
{
    /// <summary>The run.</summary>
    public required Lode.Core.RunId Run { get; init; }

    /// <summary>The metric.</summary>
    public required string Key { get; init; }

    /// <summary>Points in the range asked for.</summary>
    public long Count { get; init; }

    /// <summary>False: each entry is a point. True: each entry is a bucket's last point, with the bucket's extremes beside it.</summary>
    public bool Bucketed { get; init; }

    /// <summary>Steps, ascending.</summary>
    public required IReadOnlyList<long> Steps { get; init; }

    /// <summary>Times, milliseconds since 1970 UTC.</summary>
    public required IReadOnlyList<long> Times { get; init; }

    /// <summary>Values.</summary>
    public required IReadOnlyList<double> Values { get; init; }

    /// <summary>Smallest number in each bucket, NaN where there is none; null unless <see cref="Bucketed"/>.</summary>
    public IReadOnlyList<double>? Min { get; init; }

    /// <summary>Greatest number in each bucket, NaN where there is none; null unless <see cref="Bucketed"/>.</summary>
    public IReadOnlyList<double>? Max { get; init; }
}
