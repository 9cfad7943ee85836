using System.CommandLine;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode ls</c></summary>
internal static class LsCommand
{
    public static Command Create(Terminal terminal)
    {
        var filter = new Argument<string[]>("FILTER") { Description = "Which runs: words, and clauses as status:finished metrics.loss<0.3 params.lr>=1e-3 tags.team:a", Arity = ArgumentArity.ZeroOrMore };
        var project = new Option<string?>("--project", "-p") { Description = "Only this project's runs.", HelpName = "NAME" };
        var sort = new Option<string?>("--sort") { Description = "For example 'metrics.loss asc'; default: newest first.", HelpName = "FIELD" };
        var limit = new Option<int>("--limit", "-n") { Description = "Runs to list at most (default 20).", HelpName = "N", DefaultValueFactory = _ => 20 };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Ids only." };
        var projects = new Option<bool>("--projects") { Description = "List the projects instead." };
        var command = Help.WithExamples(new Command("ls", "List runs, newest first.") { filter, project, sort, limit, quiet, projects },
            "lode ls",
            "lode ls -p demo 'status:finished metrics.cv_log_loss<0.2' --sort 'metrics.cv_log_loss asc'",
            "lode ls --projects --json");
        command.SetAction((parsed, ct) => parsed.GetValue(projects)
            ? ListProjectsAsync(CommandContext.Of(parsed, terminal), ct)
            : ListRunsAsync(CommandContext.Of(parsed, terminal), string.Join(' ', parsed.GetValue(filter)!), parsed.GetValue(project), parsed.GetValue(sort), parsed.GetValue(limit), parsed.GetValue(quiet), ct));
        return command;
    }

    internal static async Task<int> ListRunsAsync(CommandContext context, string filter, string? project, string? sort, int limit, bool quiet, CancellationToken ct)
    {
        if (limit < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"--limit is at least 1; got {limit}.");
        var query = new RunQuery { Projects = [], Filter = FilterParser.Parse(filter), Order = sort is null ? [] : [RunOrder.Parse(sort)], Limit = limit, Counts = true };
        await using var access = await context.OpenStoreAsync(ct);
        var projects = await CommandContext.ProjectsAsync(access.Store, project, ct);
        var page = await access.Store.SearchRunsAsync(query with { Projects = [.. projects.Select(found => found.Id)] }, ct);
        if (context.Json)
            context.Terminal.Json(page, TrackingJson.Default.RunPage);
        else if (quiet)
            foreach (var run in page.Runs)
                context.Terminal.Out.WriteLine(run.Id);
        else
            WriteRuns(context, page, projects.ToDictionary(found => found.Id));
        return ExitCodes.Ok;
    }

    internal static async Task<int> ListProjectsAsync(CommandContext context, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        var page = await access.Store.SearchProjectsAsync(new ProjectQuery { Limit = 50_000 }, ct);
        if (context.Json)
        {
            context.Terminal.Json(page, TrackingJson.Default.ProjectPage);
            return ExitCodes.Ok;
        }
        var table = new TextTable("ID", "PROJECT", "RUNS", "RUNNING", "FAILED", "LAST").Numeric(0, 2, 3, 4);
        foreach (var project in page.Projects)
        {
            table.Add(project.Id.ToString(), project.Name, Format.Number(project.Runs.Total), Format.Number(project.Runs.Running), Format.Number(project.Runs.Failed + project.Runs.Stale),
                project.LastRunAt is { } at ? Format.Age(context.Time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(at)) : "");
        }
        table.Write(context.Terminal);
        return ExitCodes.Ok;
    }

    private static void WriteRuns(CommandContext context, RunPage page, Dictionary<ProjectId, Project> projects)
    {
        var now = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var table = new TextTable("RUN", "NAME", "STATUS", "PROJECT", "DUR", "AGE", "METRICS").Numeric(4, 5);
        foreach (var run in page.Runs)
        {
            var project = projects[run.ProjectId];
            var metrics = run.Metrics.OrderByDescending(metric => metric.Key == project.Tags.GetValueOrDefault(ProjectGoal.MetricTag)).ThenBy(metric => metric.Key, StringComparer.Ordinal);
            table.Add(run.Id.ToString()[..8], run.Name, run.Status.ToString().ToLowerInvariant(), project.Name,
                run.StartedAt is { } start && (run.EndedAt ?? (run.Status == RunStatus.Running ? now : null)) is { } end ? Format.Duration(TimeSpan.FromMilliseconds(end - start)) : "",
                run.StartedAt is { } at ? Format.Age(TimeSpan.FromMilliseconds(now - at)) : "",
                string.Join("  ", metrics.Take(2).Select(metric => $"{metric.Key}={Format.Number(metric.Value.Last)}")));
        }
        table.Write(context.Terminal);
        if (page.All == 0)
            context.Terminal.Note("no runs yet; `lode demo` makes some");
        else if (page.Runs.Count < page.Total || page.Total < page.All)
            context.Terminal.Note($"{page.Runs.Count} of {page.Total} runs{(page.Total < page.All ? $" that match, of {page.All}" : "")} (--limit N for more)");
    }
}
