using System.CommandLine;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode plot</c></summary>
internal static class PlotCommand
{
    public static Command Create(Terminal terminal)
    {
        var metric = new Argument<string>("METRIC") { Description = "Which metric." };
        var runs = new Argument<string[]>("RUN…") { Description = "Of which runs (default: @last), at most 26.", Arity = ArgumentArity.ZeroOrMore };
        var project = new Option<string?>("--project", "-p") { Description = "Look only in this project.", HelpName = "NAME" };
        var axis = new Option<string>("--x") { Description = "What runs across: step (default) or time, in seconds.", HelpName = "AXIS", DefaultValueFactory = _ => "step" };
        var log = new Option<bool>("--log-y") { Description = "A logarithmic scale upwards." };
        var height = new Option<int>("--height") { Description = "Lines of the chart (default 16).", HelpName = "N", DefaultValueFactory = _ => 16 };
        var ascii = new Option<bool>("--ascii") { Description = "Draw with letters, one a run." };
        var command = Help.WithExamples(new Command("plot", "Draw a metric of one or several runs, here in the terminal.") { metric, runs, project, axis, log, height, ascii },
            "lode plot loss", "lode plot val/loss @last @last~1 --log-y", "lode plot system/cpu @last --x time");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(metric)!, parsed.GetValue(runs)!, parsed.GetValue(project), parsed.GetValue(axis)!, parsed.GetValue(log), parsed.GetValue(height), parsed.GetValue(ascii), ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, string metric, string[] references, string? project, string axis, bool log, int height, bool ascii, CancellationToken ct)
    {
        if (axis is not ("step" or "time"))
            throw new LodeException(ErrorCode.InvalidArgument, $"--x is step or time; got '{axis}'.");
        if (height is < 1 or > 200)
            throw new LodeException(ErrorCode.InvalidArgument, $"--height is 1 to 200; got {height}.");
        if (references.Length > 26)
            throw new LodeException(ErrorCode.InvalidArgument, $"lode plot draws at most 26 runs; got {references.Length}.");
        await using var access = await context.OpenStoreAsync(ct);
        var projects = await CommandContext.ProjectsAsync(access.Store, project, ct);
        var runs = new List<Run>();
        foreach (var reference in references.Length == 0 ? ["@last"] : references)
            runs.Add(await RunReference.ResolveAsync(access.Store, projects, reference, ct));
        runs = [.. runs.DistinctBy(run => run.Id)];
        var series = await access.Store.GetSeriesAsync(new SeriesQuery { Runs = [.. runs.Select(run => run.Id)], Keys = [metric], Buckets = 2000 }, ct);
        if (series.Count == 0)
            throw new LodeException(ErrorCode.NotFound, $"{(runs.Count == 1 ? $"run '{runs[0].Name}' has" : "these runs have")} no metric '{metric}'", DidYouMean.Hint(metric, runs.SelectMany(run => run.Metrics.Keys).Distinct()));
        if (context.Json)
        {
            context.Terminal.Json(new SeriesPage(series), TrackingJson.Default.SeriesPage);
            return ExitCodes.Ok;
        }
        var width = Math.Min(context.Terminal.OutIsTerminal ? context.Terminal.Width : 80, 160) - 14;
        // Braille signs overlap where lines do, so several runs are told apart by letters.
        var letters = ascii || series.Count > 1 || context.Terminal.Out.Encoding is not System.Text.UTF8Encoding && context.Terminal.OutIsTerminal;
        var chart = new BrailleChart(Math.Max(10, width), height);
        foreach (var line in series)
        {
            var began = line.Times.Count > 0 ? line.Times.Min() : 0;
            chart.Add([.. axis == "step" ? line.Steps.Select(step => (double)step) : line.Times.Select(time => (time - began) / 1000.0)], line.Values);
        }
        var drawn = chart.Draw(log, letters);
        if (drawn.Count == 0)
            throw new LodeException(ErrorCode.NotFound, $"no value of '{metric}' can be drawn{(log ? " on a logarithmic scale" : "")}");
        context.Terminal.Out.WriteLine($"{metric} by {(axis == "step" ? "step" : "seconds")}");
        foreach (var text in drawn)
            context.Terminal.Out.WriteLine(text);
        for (var i = 0; i < series.Count; i++)
        {
            var run = runs.First(run => run.Id == series[i].Run);
            var summary = run.Metrics[metric];
            context.Terminal.Out.WriteLine($"{(letters ? (char)('a' + i) : '·')} {run.Name}: last {Format.Number(summary.Last)}, min {Format.Number(summary.Min)}, max {Format.Number(summary.Max)}, {summary.Count} points");
        }
        return ExitCodes.Ok;
    }
}
