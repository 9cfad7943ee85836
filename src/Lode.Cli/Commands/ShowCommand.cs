using System.CommandLine;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode show</c></summary>
internal static class ShowCommand
{
    public static Command Create(Terminal terminal)
    {
        var reference = new Argument<string>("RUN") { Description = "A name, an id or its first digits, @last, @last~2, @best:METRIC; or a model file." };
        var project = new Option<string?>("--project", "-p") { Description = "Look only in this project.", HelpName = "NAME" };
        var command = Help.WithExamples(new Command("show", "Show one run: status, params, metrics, tags; or what a model file says about itself.") { reference, project },
            "lode show @last", "lode show @best:cv_log_loss -p demo", "lode show 3f2a91c0 --json", "lode show model.lode");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(reference)!, parsed.GetValue(project), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, string reference, string? project, CancellationToken ct)
    {
        if (ModelSource.IsPath(reference))
            return await PredictCommand.DescribeAsync(context, reference, project, ct);
        await using var access = await context.OpenStoreAsync(ct);
        var projects = await CommandContext.ProjectsAsync(access.Store, project, ct);
        var run = await RunReference.ResolveAsync(access.Store, projects, reference, ct);
        if (context.Json)
        {
            context.Terminal.Json(run, TrackingJson.Default.Run);
            return ExitCodes.Ok;
        }
        var output = context.Terminal.Out;
        output.WriteLine($"{run.Name}  {run.Status.ToString().ToLowerInvariant()}{(run.Lifecycle == Lifecycle.Deleted ? "  (in the trash)" : "")}");
        var facts = new TextTable("", "");
        facts.Add("id", run.Id.ToString());
        facts.Add("project", projects.FirstOrDefault(found => found.Id == run.ProjectId)?.Name ?? run.ProjectId.ToString());
        if (run.StartedAt is { } start)
        {
            facts.Add("started", DateTimeOffset.FromUnixTimeMilliseconds(start).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture));
            if (run.EndedAt is { } end)
                facts.Add("took", Format.Duration(TimeSpan.FromMilliseconds(end - start)));
        }
        Section(context.Terminal, null, facts);
        var @params = new TextTable("PARAM", "VALUE");
        foreach (var (key, value) in run.Params.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            @params.Add(key, value);
        Section(context.Terminal, run.Params.Count > 0 ? "params" : null, @params);
        var metrics = new TextTable("METRIC", "LAST", "MIN", "MAX", "MEAN", "POINTS").Numeric(1, 2, 3, 4, 5);
        foreach (var (key, value) in run.Metrics.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            metrics.Add(key, Format.Number(value.Last), Format.Number(value.Min), Format.Number(value.Max), Format.Number(value.Mean), Format.Number(value.Count));
        Section(context.Terminal, run.Metrics.Count > 0 ? "metrics" : null, metrics);
        var tags = new TextTable("TAG", "VALUE");
        foreach (var (key, value) in run.Tags.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            tags.Add(key, value);
        Section(context.Terminal, run.Tags.Count > 0 ? "tags" : null, tags);
        return ExitCodes.Ok;
    }

    private static void Section(Terminal terminal, string? title, TextTable table)
    {
        if (title is not null)
            terminal.Out.WriteLine();
        table.Write(terminal);
    }
}
