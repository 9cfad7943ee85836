using System.CommandLine;
using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode gc</c></summary>
internal static class GcCommand
{
    public static Command Create(Terminal terminal)
    {
        var olderThan = new Option<string>("--older-than") { Description = "Purge what has been in the trash for longer than this: 90s, 5m, 2h, 7d (default 30d).", HelpName = "TIME", DefaultValueFactory = _ => "30d" };
        var purge = new Option<bool>("--purge") { Description = "Purge all of the trash, however young." };
        var project = new Option<string?>("--project", "-p") { Description = "Only this project.", HelpName = "NAME" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be freed." };
        var command = Help.WithExamples(new Command("gc", "Empty the trash and give the space back to the disk.") { olderThan, purge, project, yes, dryRun },
            "lode gc --dry-run", "lode gc --older-than 7d", "lode gc --purge --yes");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(purge) ? 0 : Format.Seconds("--older-than", parsed.GetValue(olderThan)!), parsed.GetValue(purge), parsed.GetValue(project), parsed.GetValue(yes), parsed.GetValue(dryRun), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, long olderThan, bool purge, string? project, bool yes, bool dryRun, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        var query = new CollectQuery { OlderThan = olderThan, Project = project is null ? null : (await CommandContext.ProjectsAsync(access.Store, project, LifecycleView.All, ct))[0].Id };
        if (dryRun || purge || context.Terminal.InIsTerminal)
        {
            var would = await access.Housekeeping.CollectAsync(query with { DryRun = true }, ct);
            if (dryRun)
            {
                Answer(context, would, "would purge");
                return ExitCodes.Ok;
            }
            if (!yes && would.Runs + would.Projects > 0 && !context.Terminal.Asks($"delete {What(would)}, for good?"))
                throw new LodeException(ErrorCode.InvalidArgument, "nothing was changed", context.Terminal.InIsTerminal ? null : "--yes purges without asking");
        }
        Answer(context, await access.Housekeeping.CollectAsync(query, ct), "purged");
        return ExitCodes.Ok;
    }

    private static void Answer(CommandContext context, CollectReport report, string verb)
    {
        if (context.Json)
        {
            context.Terminal.Json(report, TrackingJson.Default.CollectReport);
            return;
        }
        context.Terminal.Out.WriteLine($"{verb} {What(report)}{(report.FreedBytes > 0 ? $"; {Format.Bytes(report.FreedBytes)} freed on disk" : "")}");
        foreach (var kept in report.Kept)
            context.Terminal.Note($"kept: run {kept.Run} {kept.Reason}");
    }

    private static string What(CollectReport report) => string.Create(CultureInfo.InvariantCulture,
        $"{report.Runs:N0} runs, {report.Projects:N0} projects, {report.Points:N0} points, {report.LoggedModels:N0} logged models, {report.Blobs:N0} artifact contents, {report.Journals:N0} journals ({Format.Bytes(report.Bytes)})");
}
