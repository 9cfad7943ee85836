using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>Makes a chart's series: each point for itself, or buckets of equal width in steps that keep every extreme.</summary>
internal static class SeriesBuilder
{
    /// <summary>The series of a metric's points in a range of steps; null where there are none.</summary>
    public static MetricSeries? Build(SqlSession sql, long metric, RunId run, string key, SeriesQuery query)
    {
        var (from, to) = (query.From ?? long.MinValue, query.To ?? long.MaxValue);
        var (count, first, last) = (0L, long.MaxValue, long.MinValue);
        var chunks = ChunkTable.List(sql, metric);
        SeriesReader.Visit(sql, metric, chunks, from, to,
            summary =>
            {
                (count, first, last) = (count + summary.Count, Math.Min(first, summary.FirstStep), Math.Max(last, summary.Last.Step));
                return true;
            },
            point => (count, first, last) = (count + 1, Math.Min(first, point.Step), Math.Max(last, point.Step)));
        if (count == 0)
            return null;
        return count > query.Buckets ? Bucketed(sql, metric, chunks, run, key, query.Buckets, count, first, last) : Whole(sql, metric, chunks, run, key, count, first, last);
    }

    private static MetricSeries Whole(SqlSession sql, long metric, List<ChunkInfo> chunks, RunId run, string key, long count, long first, long last)
    {
        var points = new List<Sample>((int)count);
        SeriesReader.Visit(sql, metric, chunks, first, last, _ => false, points.Add);
        points.Sort(Sample.ByStep);
        return new MetricSeries
        {
            Run = run,
            Key = key,
            Count = count,
            Steps = points.ConvertAll(point => point.Step),
            Times = points.ConvertAll(point => point.Time),
            Values = points.ConvertAll(point => point.Value),
        };
    }

    private static MetricSeries Bucketed(SqlSession sql, long metric, List<ChunkInfo> chunks, RunId run, string key, int buckets, long count, long first, long last)
    {
        var all = new Bucket[buckets];
        var width = ((double)last - first + 1) / buckets;
        int IndexOf(long step) => (int)Math.Min(buckets - 1, ((double)step - first) / width);
        // Buckets take points in any order, so it does not matter in which chunks they lie.
        SeriesReader.Visit(sql, metric, chunks, first, last,
            summary =>
            {
                var index = IndexOf(summary.FirstStep);
                if (index != IndexOf(summary.Last.Step))
                    return false;
                all[index].Add(summary.Last, summary.Min, summary.Max);
                return true;
            },
            point => all[IndexOf(point.Step)].Add(point, point.Value, point.Value));
        var filled = Array.FindAll(all, bucket => !bucket.IsEmpty);
        return new MetricSeries
        {
            Run = run,
            Key = key,
            Count = count,
            Bucketed = true,
            Steps = Array.ConvertAll(filled, bucket => bucket.Last.Step),
            Times = Array.ConvertAll(filled, bucket => bucket.Last.Time),
            Values = Array.ConvertAll(filled, bucket => bucket.Last.Value),
            Min = Array.ConvertAll(filled, bucket => bucket.Min),
            Max = Array.ConvertAll(filled, bucket => bucket.Max),
        };
    }

    private struct Bucket
    {
        private bool _used;

        public readonly bool IsEmpty => !_used;

        public Sample Last { get; private set; }

        public double Min { get; private set; }

        public double Max { get; private set; }

        public void Add(Sample last, double min, double max)
        {
            (Last, Min, Max) = _used
                ? (Sample.ByStep(last, Last) >= 0 ? last : Last, Extremes.Min(Min, min), Extremes.Max(Max, max))
                : (last, min, max);
            _used = true;
        }
    }
}
