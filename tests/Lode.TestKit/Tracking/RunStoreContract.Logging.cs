using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

public abstract partial class RunStoreContract
{
    [Fact]
    public async Task Log_KeepsEveryKindOfValue()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        double[] values = [0.1, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue];
        await LogAsync(run, [.. values.Select((value, step) => ("m", value, (long)step))]);
        var read = await Store.GetHistoryAsync(run.Id, "m", 0, 100, Ct);
        Assert.Equal(values, read.Select(point => point.Value));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], read.Select(point => point.Step));
    }

    [Fact]
    public async Task Log_AnEqualPointAgain_IsStoredOnce_AnotherValueIsAdded()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await LogAsync(run, ("m", 1, 3), ("n", double.NaN, 3));
        await LogAsync(run, ("m", 1, 3), ("n", double.NaN, 3), ("m", 2, 3), ("n", 0, 3));
        var summary = (await Store.GetRunAsync(run.Id, Ct)).Metrics;
        Assert.Equal((2, 2), (summary["m"].Count, summary["n"].Count));
        Assert.Equal([1, 2], (await Store.GetHistoryAsync(run.Id, "m", 0, 100, Ct)).Select(point => point.Value));
    }

    [Fact]
    public async Task Log_SummaryFollowsStepNotArrival()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await LogAsync(run, ("m", 5, 10));
        await LogAsync(run, ("m", 9, 2), ("m", double.NaN, 4), ("m", 1, -7));
        var summary = (await Store.GetRunAsync(run.Id, Ct)).Metrics["m"];
        Assert.Equal((5, 10, 1, 9, 5, 4), (summary.Last, summary.LastStep, summary.Min, summary.Max, summary.Mean, summary.Count));
    }

    [Fact]
    public async Task Log_OnlyNaN_HasNaNSummary()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await LogAsync(run, ("m", double.NaN, 0));
        var summary = (await Store.GetRunAsync(run.Id, Ct)).Metrics["m"];
        Assert.Equal((double.NaN, double.NaN, double.NaN, double.NaN, 1), (summary.Last, summary.Min, summary.Max, summary.Mean, summary.Count));
    }

    [Fact]
    public async Task Log_ParamsAreWrittenOnce()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.LogAsync(run.Id, new RunBatch { Params = [new("lr", "0.1")] }, Ct);
        await Store.LogAsync(run.Id, new RunBatch { Params = [new("lr", "0.1")] }, Ct);
        var error = await RefusesAsync(ErrorCode.InvalidArgument, () => Store.LogAsync(run.Id, new RunBatch { Params = [new("a", "1"), new("lr", "0.2")], Tags = [new("t", "x")] }, Ct));
        Assert.Contains("'lr'", error.Message, StringComparison.Ordinal);
        var read = await Store.GetRunAsync(run.Id, Ct);
        Assert.Equal([new("lr", "0.1")], read.Params);
        Assert.Empty(read.Tags);
    }

    [Fact]
    public async Task Log_TagsAreRewrittenAndRemoved()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.LogAsync(run.Id, new RunBatch { Tags = [new("a", "1"), new("b", "1"), new("a", "2")] }, Ct);
        await Store.LogAsync(run.Id, new RunBatch { Tags = [new("b", null), new("never", null)] }, Ct);
        Assert.Equal([new("a", "2")], (await Store.GetRunAsync(run.Id, Ct)).Tags);
    }

    [Fact]
    public async Task Log_TextIsKeptAsItIs_NulIsRefused_HalfPairsAreReplaced()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        const string Odd = "' \" \\ % _ \t\r\n \u0001 ä 中 \U0001F600 \u00A0";
        await Store.LogAsync(run.Id, new RunBatch { Params = [new("odd", Odd)], Tags = [new("half", "a\uD83Db")] }, Ct);
        var error = await RefusesAsync(ErrorCode.InvalidArgument, () => Store.LogAsync(run.Id, new RunBatch { Params = [new("a", "1")], Tags = [new("nul", "x\0y")] }, Ct));
        Assert.Contains("NUL", error.Message, StringComparison.Ordinal);
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.LogAsync(run.Id, new RunBatch { Params = [new("nul", "x\0y")] }, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => NewProjectAsync("x\0y"));
        var read = await Store.GetRunAsync(run.Id, Ct);
        Assert.Equal([new("odd", Odd)], read.Params);
        Assert.Equal([new("half", "a\uFFFDb")], read.Tags);
    }

    [Fact]
    public async Task Log_LongValues_AreCutBetweenCharacters()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.LogAsync(run.Id, new RunBatch { Params = [new("long", "x" + string.Concat(Enumerable.Repeat("\U0001F600", NameRules.MaxParamLength)))] }, Ct);
        Assert.Equal("x" + string.Concat(Enumerable.Repeat("\U0001F600", (NameRules.MaxParamLength / 2) - 1)), (await Store.GetRunAsync(run.Id, Ct)).Params["long"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/abs")]
    [InlineData("a//b")]
    [InlineData("../up")]
    [InlineData("end/")]
    [InlineData("bad;key")]
    public async Task Log_BadKey_IsRefused_AndNothingIsWritten(string key)
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        var time = Time.Milliseconds;
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.LogAsync(run.Id, new RunBatch { Metrics = [new("good", 1, time, 0), new(key, 1, time, 0)] }, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.LogAsync(run.Id, new RunBatch { Params = [new(key, "1")] }, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.LogAsync(run.Id, new RunBatch { Tags = [new(key, "1")] }, Ct));
        Assert.Empty((await Store.GetRunAsync(run.Id, Ct)).Metrics);
    }

    [Fact]
    public async Task Log_ManyAtOnce_LosesNone()
    {
        var project = (await NewProjectAsync()).Id;
        var runs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => NewRunAsync(project)));
        await Task.WhenAll(runs.SelectMany(run => Enumerable.Range(0, 25).Select(step => LogAsync(run, ("m", step, step), ("n", -step, step)))));
        foreach (var run in runs)
            Assert.Equal((25, 24, 0), ((await Store.GetRunAsync(run.Id, Ct)).Metrics["m"] is var m ? (m.Count, m.Max, m.Min) : default));
    }

    [Fact]
    public async Task GetHistory_IsOrderedByTimeThenStep_AndPaged()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.LogAsync(run.Id, new RunBatch { Metrics = [new("m", 1, 20, 0), new("m", 2, 10, 5), new("m", 3, 10, 4), new("m", 0, 10, 4)] }, Ct);
        Assert.Equal([0, 3, 2, 1], (await Store.GetHistoryAsync(run.Id, "m", 0, 100, Ct)).Select(point => point.Value));
        Assert.Equal([3, 2], (await Store.GetHistoryAsync(run.Id, "m", 1, 2, Ct)).Select(point => point.Value));
        Assert.Empty(await Store.GetHistoryAsync(run.Id, "other", 0, 100, Ct));
    }

    [Fact]
    public async Task GetSeries_FewPoints_AreGivenAsTheyAre()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await LogAsync(run, ("m", 3, 2), ("m", 1, 0), ("m", double.NaN, 1));
        var series = Assert.Single(await Store.GetSeriesAsync(new SeriesQuery { Runs = [run.Id], Keys = ["m", "none"] }, Ct));
        Assert.Equal(("m", 3, false), (series.Key, series.Count, series.Bucketed));
        Assert.Equal([0, 1, 2], series.Steps);
        Assert.Equal([1, double.NaN, 3], series.Values);
        Assert.Null(series.Min);
    }

    [Fact]
    public async Task GetSeries_ManyPoints_KeepsEveryExtreme()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        var points = Enumerable.Range(0, 1000).Select(step => ("m", step == 333 ? 1e6 : step == 777 ? -1e6 : Math.Sin(step), (long)step)).ToArray();
        await LogAsync(run, points);
        var series = Assert.Single(await Store.GetSeriesAsync(new SeriesQuery { Runs = [run.Id], Keys = ["m"], Buckets = 50 }, Ct));
        Assert.True(series.Bucketed);
        Assert.Equal(50, series.Steps.Count);
        Assert.Equal((1e6, -1e6, 999), (series.Max!.Max(), series.Min!.Min(), series.Steps[^1]));
        for (var i = 0; i < 50; i++)
            Assert.InRange(series.Values[i], series.Min![i], series.Max![i]);
        var zoom = Assert.Single(await Store.GetSeriesAsync(new SeriesQuery { Runs = [run.Id], Keys = ["m"], Buckets = 50, From = 330, To = 340 }, Ct));
        Assert.Equal((11, false), (zoom.Count, zoom.Bucketed));
    }

    [Fact]
    public async Task GetSeries_SenselessQuery_IsRefused()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.GetSeriesAsync(new SeriesQuery { Runs = [run.Id], Keys = ["m"], Buckets = 0 }, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.GetSeriesAsync(new SeriesQuery { Runs = [], Keys = ["m"] }, Ct));
    }

    private static byte[] Lines(params string[] lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));

    private const string StartLine = """{"e":"start","t":1000,"project":"journal","name":"j","user":"bob"}""";

    [Fact]
    public async Task Journal_MakesProjectAndRun()
    {
        var id = RunId.New();
        var bytes = Lines(StartLine,
            """{"e":"params","t":1001,"params":{"lr":"0.1"}}""",
            """{"e":"metrics","t":1002,"step":1,"metrics":{"loss":0.5,"odd":"NaN"}}""",
            """{"e":"tags","t":1003,"tags":{"a":"b"}}""",
            """{"e":"from-the-future","t":1004,"x":[1,{"y":2}]}""",
            """{"e":"finish","t":1005,"status":"failed"}""");
        var receipt = await Store.AppendJournalAsync(id, 0, bytes, Ct);
        Assert.Equal(new JournalReceipt(bytes.Length, 0), receipt);
        var run = await Store.GetRunAsync(id, Ct);
        Assert.Equal(("j", "bob", 1000L, 1005L, RunStatus.Failed), (run.Name, run.User, run.StartedAt, run.EndedAt, run.Status));
        Assert.Equal(("0.1", "b", 0.5, 1), (run.Params["lr"], run.Tags["a"], run.Metrics["loss"].Last, run.Metrics["odd"].Count));
        Assert.Equal("journal", (await Store.GetProjectAsync(run.ProjectId, Ct)).Name);
    }

    [Fact]
    public async Task Journal_AnyCut_AnyRepeat_GivesTheSameRun()
    {
        var bytes = Lines([StartLine, .. Enumerable.Range(0, 20).Select(step => FormattableString.Invariant($"{{\"e\":\"metrics\",\"t\":{1000 + step},\"step\":{step},\"metrics\":{{\"loss\":{step * 0.5}}}}}"))]);
        var rng = new Rng(5);
        for (var round = 0; round < 10; round++)
        {
            var id = RunId.New();
            long taken = 0;
            while (taken < bytes.Length)
            {
                var from = Math.Max(0, (int)taken - rng.NextInt32(200)); // sends some again
                var to = Math.Min(bytes.Length, (int)taken + 1 + rng.NextInt32(300)); // cuts anywhere
                taken = (await Store.AppendJournalAsync(id, from == 0 || taken > 0 ? from : 0, bytes.AsMemory(from, to - from), Ct)).Offset;
            }
            var summary = (await Store.GetRunAsync(id, Ct)).Metrics["loss"];
            Assert.Equal((20, 9.5, 4.75), (summary.Count, summary.Last, summary.Mean));
        }
    }

    [Fact]
    public async Task Journal_Gap_IsNotTaken()
    {
        var id = RunId.New();
        var bytes = Lines(StartLine, """{"e":"heartbeat","t":1}""");
        Assert.Equal(0, (await Store.AppendJournalAsync(id, 0, default, Ct)).Offset);
        Assert.Equal(0, (await Store.AppendJournalAsync(id, 500, bytes, Ct)).Offset);
        await RefusesAsync(ErrorCode.NotFound, () => Store.GetRunAsync(id, Ct));
        await Store.AppendJournalAsync(id, 0, bytes, Ct);
        Assert.Equal(bytes.Length, (await Store.AppendJournalAsync(id, bytes.Length + 7, bytes, Ct)).Offset);
    }

    [Fact]
    public async Task Journal_BadLinesAndKeys_ArePassedOverAndCounted()
    {
        var id = RunId.New();
        var receipt = await Store.AppendJournalAsync(id, 0, Lines(StartLine, "not json", """{"e":"metrics","t":1,"step":0,"metrics":{"a":1,"bad;key":2}}""", """{"e":"metrics","t":1,"step":0,"metrics":{"b":1,"c":"x"}}""", """{"e":"tags","t":1,"tags":{"nul":"x\u0000y"}}"""), Ct);
        Assert.Equal(4, receipt.SkippedLines);
        Assert.Equal(["a"], (await Store.GetRunAsync(id, Ct)).Metrics.Keys);
    }

    [Fact]
    public async Task Journal_WithoutStart_IsRefused() =>
        await RefusesAsync(ErrorCode.NotFound, () => Store.AppendJournalAsync(RunId.New(), 0, Lines("""{"e":"heartbeat","t":1}"""), Ct));

    [Fact]
    public async Task Journal_NewDataRevivesAStaleRun()
    {
        var id = RunId.New();
        var bytes = Lines(StartLine);
        await Store.AppendJournalAsync(id, 0, bytes, Ct);
        await Store.UpdateRunAsync(id, new RunChange { Status = RunStatus.Stale }, Ct);
        await Store.AppendJournalAsync(id, bytes.Length, Lines("""{"e":"heartbeat","t":1}"""), Ct);
        Assert.Equal(RunStatus.Running, (await Store.GetRunAsync(id, Ct)).Status);
    }

    [Fact]
    public async Task Revisions_AreWrittenOnlyWhereTheTagIsAsItWasRead()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        async Task<string?> TagAsync() => (await Store.GetRunAsync(run.Id, Ct)).Tags.GetValueOrDefault("list");
        await Store.LogAsync(run.Id, new RunBatch { Revisions = [new("list", null, "a")] }, Ct);
        await Store.LogAsync(run.Id, new RunBatch { Revisions = [new("list", "a", "a\"b\u00e9")] }, Ct);
        Assert.Equal("a\"b\u00e9", await TagAsync());
        foreach (var old in new[] { null, "a", "" })
            await RefusesAsync(ErrorCode.Conflict, () => Store.LogAsync(run.Id, new RunBatch { Params = [new("p", "1")], Tags = [new("other", "1")], Metrics = [new("m", 1, 1, 1)], Revisions = [new("list", old, "x")] }, Ct));
        var now = await Store.GetRunAsync(run.Id, Ct);
        Assert.Equal(("a\"b\u00e9", 0, 0, false), (await TagAsync(), now.Params.Count, now.Metrics.Count, now.Tags.ContainsKey("other")));

        // Whoever adds to what he read, and reads again when that failed, loses nothing of the others.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            for (var done = 0; done < 5;)
            {
                var before = await TagAsync();
                try
                {
                    await Store.LogAsync(run.Id, new RunBatch { Revisions = [new("list", before, $"{before} {writer}.{done}")] }, Ct);
                    done++;
                }
                catch (LodeException error) when (error.Code == ErrorCode.Conflict)
                {
                    // Again.
                }
            }
        }));
        Assert.Equal(41, (await TagAsync())!.Split(' ').Distinct().Count());
    }
}
