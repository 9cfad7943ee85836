using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

public abstract partial class RunStoreContract
{
    private static string MetricLine(long time, long step, double value) => string.Create(CultureInfo.InvariantCulture, $"{{\"e\":\"metrics\",\"t\":{time},\"step\":{step},\"metrics\":{{\"loss\":{value}}}}}");

    private async Task<(RunStatus Status, long? Started, long? Ended, string Name, string Points)> SeenAsync(RunId id)
    {
        var run = await Store.GetRunAsync(id, Ct);
        var points = run.Metrics.ContainsKey("loss") ? await Store.GetHistoryAsync(id, "loss", 0, 10_000, Ct) : [];
        Assert.Equal(points.Count, run.Metrics.TryGetValue("loss", out var summary) ? summary.Count : 0);
        return (run.Status, run.StartedAt, run.EndedAt, run.Name, string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.Time}:{point.Step}={point.Value}"))));
    }

    /// <summary>Three attempts at one run: the second goes on from step 3, the third from step 5; some points only the cut tells from others.</summary>
    private static (string Segment, byte[] Bytes)[] ThreeAttempts() =>
    [
        ("", Lines([StartLine, .. Enumerable.Range(0, 6).Select(step => MetricLine(1010 + step, step, step)), """{"e":"finish","t":1020,"status":"killed"}"""])),
        ("second", Lines(["""{"e":"start","t":2000,"project":"journal","user":"bob"}""", """{"e":"rewind","t":2001,"step":3}""", .. Enumerable.Range(4, 5).Select(step => MetricLine(2002 + step, step, 10 + step)), """{"e":"finish","t":2020,"status":"failed"}"""])),
        ("third_3", Lines(["""{"e":"start","t":3000,"project":"journal","user":"eve"}""", """{"e":"heartbeat","t":3001}""", """{"e":"rewind","t":3001,"step":5}""", .. Enumerable.Range(6, 2).Select(step => MetricLine(3001, step, 20 + step)), """{"e":"finish","t":3020,"status":"finished"}"""])),
    ];

    [Fact]
    public async Task Journal_Segments_InAnyOrder_AnyCut_AnyRepeat_GiveTheSameRun()
    {
        var segments = ThreeAttempts();
        var rng = new Rng(9);
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        foreach (var order in orders)
        {
            var id = RunId.New();
            var taken = new long[segments.Length];
            // A random walk over the segments, which mostly follows the order and now and then goes astray.
            while (!segments.Select((segment, i) => taken[i] == segment.Bytes.Length).All(done => done))
            {
                var next = rng.NextInt32(4) == 0 ? rng.NextInt32(segments.Length) : order.First(i => taken[i] < segments[i].Bytes.Length);
                var (segment, bytes) = segments[next];
                var from = Math.Max(0, (int)taken[next] - rng.NextInt32(150));
                var to = Math.Min(bytes.Length, (int)taken[next] + 80 + rng.NextInt32(400));
                taken[next] = (await Store.AppendJournalAsync(id, segment, from, bytes.AsMemory(from, to - from), Ct)).Offset;
            }
            Assert.Equal((RunStatus.Finished, 1000, 3020, "j", "1010:0=0 1011:1=1 1012:2=2 1013:3=3 2006:4=14 2007:5=15 3001:6=26 3001:7=27"), await SeenAsync(id));
        }
    }

    [Fact]
    public async Task Journal_Segments_SentTwice_ChangeNothing()
    {
        var id = RunId.New();
        foreach (var (segment, bytes) in ThreeAttempts())
            await Store.AppendJournalAsync(id, segment, 0, bytes, Ct);
        var version = (await Store.GetRunAsync(id, Ct)).Version;
        foreach (var (segment, bytes) in ThreeAttempts())
        {
            Assert.Equal(bytes.Length, (await Store.AppendJournalAsync(id, segment, 0, default, Ct)).Offset);
            Assert.Equal(bytes.Length, (await Store.AppendJournalAsync(id, segment, 0, bytes, Ct)).Offset);
            Assert.Equal(bytes.Length, (await Store.AppendJournalAsync(id, segment, 7, bytes.AsMemory(7), Ct)).Offset);
        }
        Assert.Equal(version, (await Store.GetRunAsync(id, Ct)).Version);
    }

    [Fact]
    public async Task Journal_Segments_WrittenAtOnce_LoseNothing()
    {
        var id = RunId.New();
        await Store.AppendJournalAsync(id, 0, Lines(StartLine), Ct);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async worker =>
        {
            long offset = 0;
            for (var step = 0; step < 20; step++)
                offset = (await Store.AppendJournalAsync(id, $"w{worker}", offset, Lines(MetricLine(1001 + worker, step, worker)), Ct)).Offset;
        }));
        Assert.Equal((120, 5, 0), ((await Store.GetRunAsync(id, Ct)).Metrics["loss"] is var loss ? (loss.Count, loss.Max, loss.Min) : default));
    }

    [Fact]
    public async Task Journal_SegmentOfAnUnknownRun_Waits()
    {
        var id = RunId.New();
        var later = Lines("""{"e":"resume","t":2000}""", MetricLine(2001, 1, 1), """{"e":"finish","t":2002,"status":"finished"}""");
        await RefusesAsync(ErrorCode.NotFound, () => Store.AppendJournalAsync(id, "later", 0, later, Ct));
        await Store.AppendJournalAsync(id, 0, Lines(StartLine, MetricLine(1001, 0, 0), """{"e":"finish","t":1002,"status":"failed"}"""), Ct);
        Assert.Equal(later.Length, (await Store.AppendJournalAsync(id, "later", 0, later, Ct)).Offset);
        Assert.Equal((RunStatus.Finished, 1000, 2002, "j", "1001:0=0 2001:1=1"), await SeenAsync(id));
    }

    [Fact]
    public async Task Journal_Resume_RevivesAnEndedRun()
    {
        var id = RunId.New();
        await Store.AppendJournalAsync(id, 0, Lines(StartLine, """{"e":"finish","t":1002,"status":"failed"}"""), Ct);
        var resumed = Lines("""{"e":"resume","t":2000}""");
        await Store.AppendJournalAsync(id, "b", 0, resumed, Ct);
        Assert.Equal((RunStatus.Running, null), ((await Store.GetRunAsync(id, Ct)) is var run ? (run.Status, run.EndedAt) : default));
        // What the first program still had to say is older.
        await Store.AppendJournalAsync(id, "a", 0, Lines("""{"e":"finish","t":1500,"status":"killed"}"""), Ct);
        Assert.Equal(RunStatus.Running, (await Store.GetRunAsync(id, Ct)).Status);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task Journal_BadSegmentName_IsRefused(string segment) =>
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.AppendJournalAsync(RunId.New(), segment, 0, Lines(StartLine), Ct));

    [Fact]
    public async Task Rewind_DropsWhatIsLater_InRowsAndChunks_AndTheSummariesFollow()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        // Chunks whole, cut and gone; a tail; late points in a later chunk; a metric that goes, one that stays.
        await Store.LogAsync(run.Id, new RunBatch { Metrics = [.. Enumerable.Range(0, 3000).Select(step => new MetricPoint("long", step % 700, 1000 + step, step)), new("late", 1, 5, 900), new("short", 7, 5, 0), new("short", double.NaN, 5, 1)] }, Ct);
        await Store.LogAsync(run.Id, new RunBatch { Metrics = [.. Enumerable.Range(0, 20).Select(step => new MetricPoint("long", -step, 9000 + step, step * 40))] }, Ct);
        for (var step = 395; step < 405; step++)
            await LogAsync(run, ("long", 5000, step), ("tail", step, step));
        var expected = (await Store.GetHistoryAsync(run.Id, "long", 0, 10_000, Ct)).Where(point => point.Step <= 400).ToList();

        var rewound = await Store.RewindAsync(run.Id, 400, Ct);

        Assert.Equal(["long", "short", "tail"], rewound.Metrics.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(expected, await Store.GetHistoryAsync(run.Id, "long", 0, 10_000, Ct));
        var summary = rewound.Metrics["long"];
        Assert.Equal((expected.Count, 5000, -10, 400), (summary.Count, summary.Max, summary.Min, summary.LastStep));
        Assert.Equal(expected.Average(point => point.Value), summary.Mean, 9);
        Assert.Equal((6, 400, 395, 397.5), (rewound.Metrics["tail"].Count, rewound.Metrics["tail"].Last, rewound.Metrics["tail"].Min, rewound.Metrics["tail"].Mean));
        Assert.Equal((2, 7), (rewound.Metrics["short"].Count, rewound.Metrics["short"].Mean));
        Assert.True(rewound.Version > run.Version);
        var series = Assert.Single(await Store.GetSeriesAsync(new SeriesQuery { Runs = [run.Id], Keys = ["long"], Buckets = 10 }, Ct));
        Assert.Equal((expected.Count, 5000, 400), (series.Count, series.Max!.Max(), series.Steps[^1]));

        // What is logged next goes behind it, a dropped point too, and an equal one is known.
        await Store.LogAsync(run.Id, new RunBatch { Metrics = [new("long", 1, 1, 2000), expected[0], new("late", 1, 5, 900)] }, Ct);
        var after = (await Store.GetRunAsync(run.Id, Ct)).Metrics;
        Assert.Equal((expected.Count + 1, 2000, 1), (after["long"].Count, after["long"].LastStep, after["late"].Count));
    }

    [Fact]
    public async Task Rewind_BeforeTheFirstStep_LeavesNoMetric()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await LogAsync(run, ("m", 1, 0), ("m", 2, 1));
        Assert.Empty((await Store.RewindAsync(run.Id, -1, Ct)).Metrics);
        Assert.Empty(await Store.GetHistoryAsync(run.Id, "m", 0, 10, Ct));
        await LogAsync(run, ("m", 3, 0));
        Assert.Equal(1, (await Store.GetRunAsync(run.Id, Ct)).Metrics["m"].Count);
    }

    [Fact]
    public async Task Rewind_HoldsAgainstJournalsThatAreYetToCome()
    {
        var id = RunId.New();
        await Store.AppendJournalAsync(id, "", 0, Lines([StartLine, .. Enumerable.Range(0, 6).Select(step => MetricLine(1010 + step, step, step))]), Ct);
        await Store.RewindAsync(id, 4, Ct);
        await Store.RewindAsync(id, 2, Ct);
        // A tail of the first segment and a whole other one, from before; then what is logged from now on, by a clock that is right.
        var sent = Lines([StartLine, .. Enumerable.Range(0, 6).Select(step => MetricLine(1010 + step, step, step))]);
        await Store.AppendJournalAsync(id, "", sent.Length, Lines(MetricLine(1020, 6, 6)), Ct);
        await Store.AppendJournalAsync(id, "other", 0, Lines(MetricLine(1030, 2, 22), MetricLine(1031, 3, 33)), Ct);
        var later = TimeProvider.System.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds();
        await Store.AppendJournalAsync(id, "resumed", 0, Lines(MetricLine(later, 3, 300)), Ct);
        Assert.Equal([(0, 0.0), (1, 1), (2, 2), (2, 22), (3, 300)], (await Store.GetHistoryAsync(id, "loss", 0, 100, Ct)).Select(point => ((int)point.Step, point.Value)));
        Assert.Equal(5, (await Store.GetRunAsync(id, Ct)).Metrics["loss"].Count);
    }

    [Fact]
    public async Task Rewind_AndFork_OfUnknownAndTrashedRuns_AreRefused()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        await RefusesAsync(ErrorCode.Conflict, () => Store.RewindAsync(run.Id, 0, Ct));
        await RefusesAsync(ErrorCode.Conflict, () => Store.ForkAsync(run.Id, 0, RunId.New(), Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Store.RewindAsync(RunId.New(), 0, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Store.ForkAsync(RunId.New(), 0, RunId.New(), Ct));
    }

    [Fact]
    public async Task Fork_TakesOverParamsTagsAndPoints_AndLeavesItsSourceAlone()
    {
        var source = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.LogAsync(source.Id, new RunBatch { Params = [new("lr", "0.1")], Tags = [new("team", "a"), new(RunOrigin.ExitSignal, "SIGTERM")] }, Ct);
        await LogAsync(source, [.. Enumerable.Range(0, 500).Select(step => ("m", (double)step, (long)step))]);
        await LogAsync(source, ("m", -1, 3), ("m", -2, 600), ("later", 1, 301), ("nan", double.NaN, 2));
        var before = await Store.GetRunAsync(source.Id, Ct);
        var id = RunId.New();

        var fork = await Store.ForkAsync(source.Id, 300, id, Ct);

        Assert.Equal((id, source.ProjectId, RunStatus.Scheduled, "0.1"), (fork.Id, fork.ProjectId, fork.Status, fork.Params["lr"]));
        Assert.Equal([new("lode.fork_step", "300"), new("lode.parent", source.Id.ToString()), new("team", "a")], fork.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal));
        Assert.Equal(["m", "nan"], fork.Metrics.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((302, 300, -1, 300), (fork.Metrics["m"].Count, fork.Metrics["m"].Last, fork.Metrics["m"].Min, fork.Metrics["m"].LastStep));
        Assert.Equal((await Store.GetHistoryAsync(source.Id, "m", 0, 10_000, Ct)).Where(point => point.Step <= 300), await Store.GetHistoryAsync(id, "m", 0, 10_000, Ct));

        // Each goes its own way from there; asked again, the fork is as it is.
        await Store.AppendJournalAsync(id, "a", 0, Lines("""{"e":"resume","t":5000}""", """{"e":"metrics","t":5001,"step":301,"metrics":{"m":99}}"""), Ct);
        var again = await Store.ForkAsync(source.Id, 300, id, Ct);
        Assert.Equal((RunStatus.Running, 303, 99), (again.Status, again.Metrics["m"].Count, again.Metrics["m"].Last));
        var after = await Store.GetRunAsync(source.Id, Ct);
        Assert.Equal((before.Version, before.Metrics["m"]), (after.Version, after.Metrics["m"]));
        await RefusesAsync(ErrorCode.AlreadyExists, () => Store.ForkAsync(id, 300, source.Id, Ct));
    }
}
