using System.CommandLine;
using System.Globalization;
using System.Text;
using Lode.Core;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode log</c></summary>
internal static class LogCommand
{
    public static Command Create(Terminal terminal)
    {
        var values = new Argument<string[]>("KEY=NUMBER…") { Description = "Metrics and their values.", Arity = ArgumentArity.ZeroOrMore };
        var run = new Option<string?>("--run") { Description = "Which run: as in `lode show` (default: $LODE_RUN_ID, which `lode run` sets).", HelpName = "RUN" };
        var project = new Option<string?>("--project", "-p") { Description = "Look only in this project.", HelpName = "NAME" };
        var step = new Option<long?>("--step") { Description = "Their step (default: one more than each metric's last).", HelpName = "N" };
        var param = new Option<string[]>("--param") { Description = "A param; may be repeated.", HelpName = "KEY=VALUE", DefaultValueFactory = _ => [] };
        var tag = new Option<string[]>("--tag", "-t") { Description = "A tag; may be repeated.", HelpName = "KEY=VALUE", DefaultValueFactory = _ => [] };
        var stdin = new Option<bool>("--stdin") { Description = "Read lines from standard input as `lode run` reads what a program prints: JSON objects, key=number, key: number." };
        var command = Help.WithExamples(new Command("log", "Log metrics, params and tags from a shell.") { values, run, project, step, param, tag, stdin },
            "lode log loss=0.31 accuracy=0.9 --step 10", "lode log --run @last --tag checked=yes", "./train.sh | lode log --run baseline --stdin");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(run), parsed.GetValue(project), parsed.GetValue(values)!, parsed.GetValue(step), parsed.GetValue(param)!, parsed.GetValue(tag)!, parsed.GetValue(stdin), ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, string? reference, string? project, string[] values, long? step, string[] parameters, string[] tags, bool stdin, CancellationToken ct)
    {
        reference ??= Environment.GetEnvironmentVariable("LODE_RUN_ID") is { Length: > 0 } set ? set : throw new LodeException(ErrorCode.InvalidArgument, "lode log needs to know which run: LODE_RUN_ID is not set.", "lode log --run @last loss=0.3; programs under `lode run` have LODE_RUN_ID.");
        if (values.Length + parameters.Length + tags.Length == 0 && !stdin)
            throw new LodeException(ErrorCode.InvalidArgument, "there is nothing to log", "lode log loss=0.3, or --param, --tag, --stdin");
        var metrics = values.Select(value =>
        {
            var (key, text) = Pair("a metric", value);
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? (Key: key, Value: number)
                : throw new LodeException(ErrorCode.InvalidArgument, $"a metric is KEY=NUMBER; got '{value}'.", $"A text is a param or a tag: lode log --param '{value}'");
        }).ToList();
        await using var access = await context.OpenStoreAsync(ct);
        var run = await RunReference.ResolveAsync(access.Store, await CommandContext.ProjectsAsync(access.Store, project, ct), reference, ct);
        var now = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var batch = new RunBatch
        {
            Metrics = [.. metrics.Select(metric => new MetricPoint(metric.Key, metric.Value, now, step ?? Next(run, metric.Key)))],
            Params = [.. parameters.Select(text => Pair("--param", text)).Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Text))],
            Tags = [.. tags.Select(text => Pair("--tag", text)).Select(pair => new KeyValuePair<string, string?>(pair.Key, pair.Text))],
        };
        if (metrics.Count + parameters.Length + tags.Length > 0)
            await access.Store.LogAsync(run.Id, batch, ct);
        var count = metrics.Count + (stdin ? await ReadAsync(context, access.Store, run, step, ct) : 0);
        if (context.Json)
            context.Terminal.Json(await access.Store.GetRunAsync(run.Id, ct), TrackingJson.Default.Run);
        else
            context.Terminal.Out.WriteLine($"{run.Name}: {count} value{(count == 1 ? "" : "s")}{(parameters.Length > 0 ? $", {parameters.Length} params" : "")}{(tags.Length > 0 ? $", {tags.Length} tags" : "")}");
        return ExitCodes.Ok;
    }

    // Line by line as they come, so that what was read is kept when the writer dies.
    private static async Task<int> ReadAsync(CommandContext context, IRunStore store, Run run, long? step, CancellationToken ct)
    {
        var found = new List<(string Key, double Value)>();
        var steps = new Dictionary<string, long>(StringComparer.Ordinal);
        var count = 0;
        while (await context.Terminal.In.ReadLineAsync(ct) is { } line)
        {
            found.Clear();
            MetricLine.Read(Encoding.UTF8.GetBytes(line), found);
            var said = found.FindIndex(pair => pair.Key is "step" or "global_step" or "iteration" or "iter" or "epoch");
            long? own = said >= 0 && Math.Abs(found[said].Value) < 1e15 ? (long)found[said].Value : step;
            var now = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
            var points = found.Where((_, i) => i != said).Select(pair =>
            {
                var at = own ?? (steps.TryGetValue(pair.Key, out var last) ? last + 1 : Next(run, pair.Key));
                steps[pair.Key] = at;
                return new MetricPoint(pair.Key, pair.Value, now, at);
            }).ToList();
            if (points.Count > 0)
                await store.LogAsync(run.Id, new RunBatch { Metrics = points }, ct);
            count += points.Count;
        }
        return count;
    }

    private static long Next(Run run, string key) => run.Metrics.TryGetValue(key, out var known) ? known.LastStep + 1 : 0;

    private static (string Key, string Text) Pair(string what, string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        if (sign < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"{what} is KEY=VALUE; got '{text}'.");
        NameRules.CheckKey(text[..sign], what);
        return (text[..sign], text[(sign + 1)..]);
    }
}
