using System.Diagnostics.Metrics;

namespace Lode.Storage;

/// <summary>What the stores of this process count of themselves, as instruments of the meter <c>Lode.Storage</c>.</summary>
internal static class StoreMeter
{
    private static readonly Meter s_meter = new("Lode.Storage");

    private static readonly Histogram<int> s_groups = s_meter.CreateHistogram("lode.store.group.size", null, "Writes that shared a commit; the count is that of commits.",
        null, new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000] });

    /// <summary>Counts a commit of so many writes.</summary>
    public static void Committed(int writes) => s_groups.Record(writes);
}
