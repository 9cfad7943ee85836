using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

/// <summary>Histories long enough to be stored in more than one form, held against a list that is sorted.</summary>
public abstract partial class RunStoreContract
{
    /// <summary>The same store, its database closed and opened again where it can be.</summary>
    protected virtual Task<IRunStore> ReopenAsync() => Task.FromResult(Store);

    private static List<MetricPoint> Sorted(IEnumerable<MetricPoint> points, bool byStep = false) =>
    [
        .. points.DistinctBy(point => (point.Step, point.Time, point.Value))
            .OrderBy(point => byStep ? point.Step : point.Time).ThenBy(point => byStep ? point.Time : point.Step)
            .ThenBy(point => double.IsNaN(point.Value) ? 0 : point.Value).ThenBy(point => double.IsNaN(point.Value)),
    ];

    /// <summary>Points in pieces of all sizes, in the order in which a program might send them.</summary>
    private static List<MetricPoint[]> Pieces(Rng rng, int style, int count)
    {
        var points = new MetricPoint[count];
        for (var i = 0; i < count; i++)
        {
            var step = style switch { 0 => i, 1 => i / 3, 2 => i % 500, _ => rng.NextInt32(2000) - 1000L };
            var value = rng.NextInt32(50) switch { 0 => double.NaN, 1 => 1e6 * rng.NextGaussian(), _ => rng.NextGaussian() };
            points[i] = new MetricPoint("m", value, 1000 + (style == 3 ? rng.NextInt32(1000) : i * 7L), step);
        }
        if (style == 3)
            rng.Shuffle<MetricPoint>(points);
        var pieces = new List<MetricPoint[]>();
        for (var start = 0; start < count;)
        {
            var length = Math.Min(count - start, rng.NextInt32(4) switch { 0 => 1 + rng.NextInt32(3), 1 => 1 + rng.NextInt32(40), 2 => 1 + rng.NextInt32(400), _ => 1 + rng.NextInt32(5000) });
            pieces.Add(points[start..(start + length)]);
            start += length;
        }
        return pieces;
    }

    private async Task SendAsync(Run run, params IEnumerable<MetricPoint[]> pieces)
    {
        foreach (var piece in pieces)
            await Store.LogAsync(run.Id, new RunBatch { Metrics = piece }, Ct);
    }

    private async Task HoldsAsync(Run run, List<MetricPoint> sorted)
    {
        Assert.Equal(sorted, await Store.GetHistoryAsync(run.Id, "m", 0, 1_000_000, Ct));
        var offset = sorted.Count / 3;
        Assert.Equal(sorted.Skip(offset).Take(777), await Store.GetHistoryAsync(run.Id, "m", offset, 777, Ct));
        Assert.Empty(await Store.GetHistoryAsync(run.Id, "m", sorted.Count, 10, Ct));
        var summary = (await Store.GetRunAsync(run.Id, Ct)).Metrics["m"];
        var numbers = sorted.ConvertAll(point => point.Value).FindAll(value => !double.IsNaN(value));
        var last = Sorted(sorted, byStep: true)[^1];
        Assert.Equal((sorted.Count, numbers.Min(), numbers.Max()), (summary.Count, summary.Min, summary.Max));
        Assert.Equal((last.Step, last.Time, last.Value), (summary.LastStep, summary.LastTime, summary.Last));
        Assert.InRange(Math.Abs(summary.Mean - numbers.Average()), 0, 1e-9 * numbers.Max(Math.Abs));
    }

    [Theory]
    [InlineData(0, 9000)] // in order
    [InlineData(1, 5000)] // steps that repeat
    [InlineData(2, 5000)] // steps that begin anew
    [InlineData(3, 5000)] // in no order
    public async Task History_OfAnyOrderAndPieces_IsWhole_AndSentAgainIsTheSame(int style, int count)
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        var rng = new Rng(11, (ulong)style);
        var pieces = Pieces(rng, style, count);
        var half = pieces.Count / 2;
        await SendAsync(run, pieces[..half]);
        Store = await ReopenAsync();
        await SendAsync(run, pieces[(half - 1)..]);
        var sorted = Sorted(pieces.SelectMany(piece => piece));
        await HoldsAsync(run, sorted);
        var version = (await Store.GetRunAsync(run.Id, Ct)).Metrics["m"];
        await SendAsync(run, pieces.OrderBy(_ => rng.NextUInt32()), [.. pieces[0], .. pieces[^1]]);
        Assert.Equal(version, (await Store.GetRunAsync(run.Id, Ct)).Metrics["m"]);
        await HoldsAsync(run, sorted);
    }

    private async Task SendAsync(Run run, IEnumerable<MetricPoint[]> pieces, MetricPoint[] together)
    {
        await SendAsync(run, pieces);
        await Store.LogAsync(run.Id, new RunBatch { Metrics = together }, Ct);
    }

    [Fact]
    public async Task History_PointByPointFromManyClients_IsWhole()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        var points = Enumerable.Range(0, 1200).Select(i => new MetricPoint("m", i * 0.1, 5000 + i, i)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async client =>
        {
            for (var i = client; i < points.Length; i += 4)
                await Store.LogAsync(run.Id, new RunBatch { Metrics = [points[i], points[Math.Max(0, i - 300)]] }, Ct);
        }));
        await HoldsAsync(run, [.. points]);
    }

    [Fact]
    public async Task Log_Infinities_HaveTheMeanThatIsTheirs()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await LogAsync(run, ("up", 1, 0), ("up", double.PositiveInfinity, 1), ("up", 3, 2), ("both", double.PositiveInfinity, 0), ("both", double.NegativeInfinity, 1), ("both", 1, 2));
        await LogAsync(run, ("up", 4, 3), ("both", 2, 3));
        var summary = (await Store.GetRunAsync(run.Id, Ct)).Metrics;
        Assert.Equal((double.PositiveInfinity, double.NaN), (summary["up"].Mean, summary["both"].Mean));
        Assert.Equal((1, double.PositiveInfinity, double.NegativeInfinity), (summary["up"].Min, summary["up"].Max, summary["both"].Min));
    }

    [Theory]
    [InlineData(0, 20_000)]
    [InlineData(1, 5000)]
    [InlineData(2, 5000)]
    [InlineData(3, 5000)]
    public async Task GetSeries_OfAnyHistory_IsWhatItsPointsSay(int style, int count)
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        var rng = new Rng(13, (ulong)style);
        var pieces = Pieces(rng, style, count);
        await SendAsync(run, pieces);
        var all = Sorted(pieces.SelectMany(piece => piece), byStep: true);
        for (var round = 0; round < 12; round++)
        {
            var buckets = round == 0 ? 10_000 : 1 + rng.NextInt32(round < 6 ? 20 : 1000);
            long? from = round % 3 == 0 ? null : all[rng.NextInt32(all.Count)].Step;
            long? to = round % 3 != 2 ? null : from + rng.NextInt32(3000);
            var points = all.FindAll(point => point.Step >= (from ?? long.MinValue) && point.Step <= (to ?? long.MaxValue));
            var series = Assert.Single(await Store.GetSeriesAsync(new SeriesQuery { Runs = [run.Id], Keys = ["m"], Buckets = buckets, From = from, To = to }, Ct));
            Assert.Equal((points.Count, points.Count > buckets), (series.Count, series.Bucketed));
            if (!series.Bucketed)
            {
                Assert.Equal(points.Select(point => (point.Step, point.Time, point.Value)), series.Steps.Select((step, i) => (step, series.Times[i], series.Values[i])));
                continue;
            }
            var width = ((double)points[^1].Step - points[0].Step + 1) / buckets;
            var expected = points.GroupBy(point => Math.Min(buckets - 1, (long)((point.Step - (double)points[0].Step) / width))).Select(bucket =>
            {
                var numbers = bucket.Select(point => point.Value).Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).ToList();
                return (bucket.Last().Step, bucket.Last().Time, bucket.Last().Value, numbers.Min(), numbers.Max());
            });
            Assert.Equal(expected, series.Steps.Select((step, i) => (step, series.Times[i], series.Values[i], series.Min![i], series.Max![i])));
        }
    }
}
