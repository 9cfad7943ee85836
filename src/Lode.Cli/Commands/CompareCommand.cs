using System.CommandLine;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode compare</c></summary>
internal static class CompareCommand
{
    public static Command Create(Terminal terminal)
    {
        var runs = new Argument<string[]>("FILTER or RUN…") { Description = "Which runs: a filter as in `lode ls`, or run names and ids.", Arity = ArgumentArity.ZeroOrMore };
        var project = new Option<string?>("--project", "-p") { Description = "Only this project's runs (default: the one used last).", HelpName = "NAME" };
        var by = new Option<string?>("--by") { Description = "The metric to rank by (default: the project's lode.metric, else the one most runs have).", HelpName = "METRIC" };
        var min = new Option<bool>("--min") { Description = "Less is better." };
        var max = new Option<bool>("--max") { Description = "More is better." };
        var top = new Option<int>("--top", "-n") { Description = "Runs to show at most (default 10).", HelpName = "N", DefaultValueFactory = _ => 10 };
        var all = new Option<bool>("--all-cols") { Description = "Also the params and metrics that are equal in all of them." };
        var command = Help.WithExamples(new Command("compare", "Rank runs by a metric, best first, with the columns that differ.") { runs, project, by, min, max, top, all },
            "lode compare -p demo --by cv_log_loss --top 5",
            "lode compare random-forest winner",
            "lode compare 'tags.lode.kind:trial params.max_depth>=6' --by cv_roc_auc --max --json");
        command.SetAction((parsed, ct) =>
        {
            var goal = (parsed.GetValue(min), parsed.GetValue(max)) switch
            {
                (true, true) => throw new LodeException(ErrorCode.InvalidArgument, "--min and --max exclude each other."),
                (true, _) => true,
                (_, true) => false,
                _ => (bool?)null,
            };
            return ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(runs)!, parsed.GetValue(project), parsed.GetValue(by), goal, parsed.GetValue(top), parsed.GetValue(all), ct);
        });
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, string[] words, string? projectName, string? by, bool? minimise, int top, bool allColumns, CancellationToken ct)
    {
        if (top < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"--top is at least 1; got {top}.");
        await using var access = await context.OpenStoreAsync(ct);
        var projects = await CommandContext.ProjectsAsync(access.Store, projectName, ct);
        if (projectName is null && words.Length == 0)
            projects = [.. projects.OrderByDescending(project => project.LastRunAt ?? 0).Take(1)];
        var (found, named) = await FindAsync(access.Store, projects, words, ct);
        if (found.Count == 0)
            throw new LodeException(ErrorCode.NotFound, "no run matches", "`lode ls` lists the runs");
        var from = projects.Where(project => found.Any(run => run.ProjectId == project.Id)).ToList();
        var metric = by ?? (ProjectGoal.MetricOf(from) is { } main && found.Any(run => run.Metrics.ContainsKey(main)) ? main : MostCommon(found))
            ?? throw new LodeException(ErrorCode.NotFound, "these runs have no metrics to compare");
        if (by is not null && !found.Any(run => run.Metrics.ContainsKey(by)))
        {
            var near = DidYouMean.Nearest(by, found.SelectMany(run => run.Metrics.Keys).Distinct());
            throw new LodeException(ErrorCode.NotFound, $"no run has a metric '{by}'", near is null ? null : $"did you mean '{near}'?");
        }
        var less = minimise ?? ProjectGoal.IsMinimised(metric, from);
        var ranked = found
            .Where(run => named || run.Metrics.ContainsKey(metric))
            .OrderBy(run => !run.Metrics.TryGetValue(metric, out var m) ? 2 : double.IsNaN(m.Last) ? 1 : 0)
            .ThenBy(run => run.Metrics.TryGetValue(metric, out var m) ? less ? m.Last : -m.Last : 0)
            .ThenBy(run => run.StartedAt)
            .ToList();
        var shown = ranked.Take(top).ToList();
        var columns = Columns(shown, metric, allColumns, out var hidden);
        if (context.Json)
        {
            var rows = shown.Select(run => new CompareRow(run.Id, run.Name, run.Status, columns.ToDictionary(column => column.ToString(), column => Cell(run, column)))).ToList();
            context.Terminal.Json(new CompareAnswer(metric, less ? "minimize" : "maximize", ranked.Count, [.. columns.Select(column => column.ToString())], rows), CliJson.Default.CompareAnswer);
            return ExitCodes.Ok;
        }
        var table = new TextTable(["RUN", "NAME", .. columns.Select(column => column.Key == metric && column.Kind == FieldKind.Metric ? column.Key + (less ? " ↑" : " ↓") : column.Key)]);
        table.Numeric([.. Enumerable.Range(2, columns.Count)]);
        foreach (var run in shown)
            table.Add([run.Id.ToString()[..8], run.Name, .. columns.Select(column => Cell(run, column) is { } cell ? column.Kind == FieldKind.Metric ? Format.Number(run.Metrics[column.Key].Last) : cell : "")]);
        var cut = table.Write(context.Terminal);
        context.Terminal.Note($"{shown.Count} of {ranked.Count} runs, best {metric} first ({(less ? "less" : "more")} is better){(hidden > 0 ? $"; {hidden} equal columns hidden (--all-cols)" : "")}{(cut > 0 ? $"; {cut} columns do not fit (--json has them)" : "")}");
        return ExitCodes.Ok;
    }

    private static string? MostCommon(IReadOnlyList<Run> runs) => runs.SelectMany(run => run.Metrics.Keys).GroupBy(key => key)
        .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).FirstOrDefault()?.Key;

    /// <summary>The runs that were named, when every word names one; else those that pass the filter.</summary>
    private static async Task<(IReadOnlyList<Run> Runs, bool Named)> FindAsync(IRunStore store, IReadOnlyList<Project> projects, string[] words, CancellationToken ct)
    {
        if (words.Length > 0 && words.All(word => word.All(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_' or '.' or '@' or '~' or '/')))
        {
            var runs = new List<Run>();
            try
            {
                foreach (var word in words)
                    runs.Add(await RunReference.ResolveAsync(store, projects, word, ct));
                return (runs, true);
            }
            catch (LodeException error) when (error.Code == ErrorCode.NotFound && words.Length == 1)
            {
                // One word may as well be part of names.
            }
        }
        return ((await store.SearchRunsAsync(new RunQuery { Projects = [.. projects.Select(project => project.Id)], Filter = FilterParser.Parse(string.Join(' ', words)), Limit = 50_000 }, ct)).Runs, false);
    }

    private static List<RunField> Columns(List<Run> runs, string metric, bool all, out int hidden)
    {
        var first = new RunField(FieldKind.Metric, metric);
        var fields = runs.SelectMany(run => run.Params.Keys).Distinct().Order(StringComparer.Ordinal).Select(key => new RunField(FieldKind.Param, key))
            .Concat(runs.SelectMany(run => run.Metrics.Keys).Distinct().Order(StringComparer.Ordinal).Select(key => new RunField(FieldKind.Metric, key)))
            .Where(field => field != first)
            .ToList();
        var differing = all || runs.Count < 2 ? fields : fields.FindAll(field => runs.Select(run => Cell(run, field)).Distinct().Count() > 1);
        hidden = fields.Count - differing.Count;
        return [first, .. differing];
    }

    private static string? Cell(Run run, RunField field) => field.Kind == FieldKind.Param
        ? run.Params.GetValueOrDefault(field.Key)
        : run.Metrics.TryGetValue(field.Key, out var metric) ? metric.Last.ToString("R", System.Globalization.CultureInfo.InvariantCulture) : null;
}

/// <summary>The answer to <c>lode compare --json</c>.</summary>
internal sealed record CompareAnswer(string By, string Goal, int Runs, IReadOnlyList<string> Columns, IReadOnlyList<CompareRow> Rows);

/// <summary>One run of a comparison, best first.</summary>
internal sealed record CompareRow(RunId Id, string Name, RunStatus Status, IReadOnlyDictionary<string, string?> Values);
