using System.CommandLine;
using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode run rm</c>, <c>lode run restore</c>, <c>lode project rm</c>, <c>lode project restore</c></summary>
internal static class TrashCommands
{
    private static readonly Option<bool> s_purge = new("--purge") { Description = "Not into the trash: for good, at once." };
    private static readonly Option<bool> s_yes = new("--yes", "-y") { Description = "Do not ask." };
    private static readonly Option<bool> s_dryRun = new("--dry-run") { Description = "Only say what would be done." };

    /// <summary>The commands on runs that there are: rm and restore.</summary>
    public static IReadOnlyList<Command> OfRuns(Terminal terminal)
    {
        var runs = new Argument<string[]>("RUN") { Description = "Names, ids or first digits, @last, @best:METRIC; - reads ids from standard input", Arity = ArgumentArity.OneOrMore };
        var project = new Option<string?>("--project", "-p") { Description = "Look only in this project.", HelpName = "NAME" };
        var rm = Help.WithExamples(new Command("rm", "Move runs to the trash, from where they can be restored.") { runs, project, s_purge, s_yes, s_dryRun },
            "lode run rm @last", "lode ls 'status:failed' -q | lode run rm - --dry-run", "lode run rm 3f2a91c0 --purge --yes");
        rm.SetAction((parsed, ct) => RemoveAsync(CommandContext.Of(parsed, terminal), LifecycleView.Active, parsed.GetValue(runs)!, parsed.GetValue(project), parsed.GetValue(s_purge), parsed.GetValue(s_yes), parsed.GetValue(s_dryRun), ct));
        var restore = Help.WithExamples(new Command("restore", "Bring runs back from the trash.") { runs, project },
            "lode run restore 3f2a91c0");
        restore.SetAction((parsed, ct) => RestoreAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(runs)!, parsed.GetValue(project), ct));
        return [rm, restore];
    }

    public static Command CreateProject(Terminal terminal)
    {
        var name = new Argument<string>("PROJECT") { Description = "A name or number" };
        var rm = Help.WithExamples(new Command("rm", "Move a project with all its runs to the trash.") { name, s_purge, s_yes, s_dryRun },
            "lode project rm demo", "lode project rm demo --purge --yes");
        rm.SetAction((parsed, ct) => RemoveProjectAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(name)!, parsed.GetValue(s_purge), parsed.GetValue(s_yes), parsed.GetValue(s_dryRun), ct));
        var restore = Help.WithExamples(new Command("restore", "Bring a project back from the trash, with all its runs.") { name },
            "lode project restore demo");
        restore.SetAction((parsed, ct) => RestoreProjectAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(name)!, ct));
        return Help.WithExamples(new Command("project", "Move projects to the trash and back.") { rm, restore }, "lode project rm demo", "lode project restore demo");
    }

    private static async Task<int> RemoveAsync(CommandContext context, LifecycleView view, string[] references, string? project, bool purge, bool yes, bool dryRun, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        // What is purged may lie in the trash already.
        var ids = await ResolveAsync(context, access, references, project, purge ? LifecycleView.All : view, ct);
        var size = await access.Housekeeping.CollectAsync(new CollectQuery { Runs = ids, OlderThan = 0, DryRun = true }, ct);
        if (size.Kept.Count > 0)
            throw new LodeException(ErrorCode.Conflict, $"run {size.Kept[0].Run} must stay: it {size.Kept[0].Reason}{(size.Kept.Count > 1 ? $" ({size.Kept.Count - 1} more must stay too)" : "")}");
        if (!dryRun)
        {
            Confirm(context, purge, yes, $"{Count(ids.Count, "run")}, {Points(size)}");
            foreach (var id in ids)
            {
                if ((await access.Store.GetRunAsync(id, ct)).Lifecycle == Lifecycle.Active)
                    await access.Store.UpdateRunAsync(id, new RunChange { Lifecycle = Lifecycle.Deleted }, ct);
            }
            if (purge)
                size = await access.Housekeeping.CollectAsync(new CollectQuery { Runs = ids, OlderThan = 0 }, ct);
        }
        Answer(context, new TrashAnswer([.. ids], null, size.Points, size.Bytes, size.FreedBytes, purge, dryRun), Count(ids.Count, "run"), "lode run restore RUN");
        return ExitCodes.Ok;
    }

    private static async Task<int> RestoreAsync(CommandContext context, string[] references, string? project, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        var ids = await ResolveAsync(context, access, references, project, LifecycleView.Deleted, ct);
        foreach (var id in ids)
        {
            var run = await access.Store.GetRunAsync(id, ct);
            if ((await access.Store.GetProjectAsync(run.ProjectId, ct)) is { Lifecycle: Lifecycle.Deleted } trashed)
                throw new LodeException(ErrorCode.Conflict, $"run {id} belongs to project '{trashed.Name}', which is in the trash", $"lode project restore {trashed.Name}");
            await access.Store.UpdateRunAsync(id, new RunChange { Lifecycle = Lifecycle.Active }, ct);
        }
        if (context.Json)
            context.Terminal.Json(new RestoreAnswer([.. ids], null), CliJson.Default.RestoreAnswer);
        else
            context.Terminal.Out.WriteLine($"restored {Count(ids.Count, "run")}");
        return ExitCodes.Ok;
    }

    private static async Task<int> RemoveProjectAsync(CommandContext context, string name, bool purge, bool yes, bool dryRun, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        var project = (await CommandContext.ProjectsAsync(access.Store, name, purge ? LifecycleView.All : LifecycleView.Active, ct))[0];
        var use = (await access.Housekeeping.GetUseAsync(ct)).Projects.FirstOrDefault(found => found.Id == project.Id) ?? new ProjectUse { Id = project.Id, Name = project.Name };
        var what = string.Create(CultureInfo.InvariantCulture, $"project '{project.Name}' with {Count(use.Runs + use.Trashed, "run")}");
        var answer = new TrashAnswer([], project.Name, use.Points, use.Bytes, 0, purge, dryRun);
        if (!dryRun)
        {
            Confirm(context, purge, yes, string.Create(CultureInfo.InvariantCulture, $"{what}, {use.Points:N0} points, {Format.Bytes(use.Bytes)}"));
            await access.Store.UpdateProjectAsync(project.Id, new ProjectChange { Lifecycle = Lifecycle.Deleted }, ct);
            if (purge)
            {
                var done = await access.Housekeeping.CollectAsync(new CollectQuery { Project = project.Id, OlderThan = 0 }, ct);
                if (done.Kept.Count > 0)
                    throw new LodeException(ErrorCode.Conflict, $"{Count(done.Kept.Count, "run")} of project '{project.Name}' must stay, in the trash: run {done.Kept[0].Run} {done.Kept[0].Reason}");
                answer = answer with { FreedBytes = done.FreedBytes };
            }
        }
        Answer(context, answer, what, $"lode project restore {project.Name}");
        return ExitCodes.Ok;
    }

    private static async Task<int> RestoreProjectAsync(CommandContext context, string name, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        var project = (await CommandContext.ProjectsAsync(access.Store, name, LifecycleView.Deleted, ct))[0];
        await access.Store.UpdateProjectAsync(project.Id, new ProjectChange { Lifecycle = Lifecycle.Active }, ct);
        project = (await CommandContext.ProjectsAsync(access.Store, project.Name, LifecycleView.Active, ct))[0];
        if (context.Json)
            context.Terminal.Json(new RestoreAnswer([], project.Name), CliJson.Default.RestoreAnswer);
        else
            context.Terminal.Out.WriteLine($"restored project '{project.Name}' with {Count(project.Runs.Total, "run")}");
        return ExitCodes.Ok;
    }

    private static async Task<IReadOnlyList<RunId>> ResolveAsync(CommandContext context, StoreAccess access, string[] references, string? project, LifecycleView view, CancellationToken ct)
    {
        var projects = await CommandContext.ProjectsAsync(access.Store, project, LifecycleView.All, ct);
        var ids = new List<RunId>();
        foreach (var reference in references.SelectMany(word => word == "-" ? context.Terminal.In.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [word]))
        {
            var run = await RunReference.ResolveAsync(access.Store, projects, reference, ct, view);
            if (!ids.Contains(run.Id))
                ids.Add(run.Id);
        }
        return ids;
    }

    private static void Confirm(CommandContext context, bool purge, bool yes, string what)
    {
        if (yes || (!purge && !context.Terminal.InIsTerminal))
            return;
        if (!context.Terminal.Asks(purge ? $"delete {what}, for good?" : $"move {what} to the trash?"))
            throw new LodeException(ErrorCode.InvalidArgument, "nothing was changed", purge && !context.Terminal.InIsTerminal ? "--yes deletes without asking" : null);
    }

    private static void Answer(CommandContext context, TrashAnswer answer, string what, string undo)
    {
        if (context.Json)
        {
            context.Terminal.Json(answer, CliJson.Default.TrashAnswer);
            return;
        }
        var size = string.Create(CultureInfo.InvariantCulture, $"{answer.Points:N0} points, {Format.Bytes(answer.Bytes)}");
        var verb = (answer.DryRun, answer.Purged) switch { (true, true) => "would delete", (true, false) => "would move to the trash:", (_, true) => "deleted", _ => "moved to the trash:" };
        context.Terminal.Out.WriteLine($"{verb} {what} ({size}){(answer is { Purged: true, DryRun: false } ? $"; {Format.Bytes(answer.FreedBytes)} freed on disk" : "")}");
        if (answer is { Purged: false, DryRun: false })
            context.Terminal.Note($"`{undo}` brings back what is in the trash; `lode gc` frees the space after 30 days");
    }

    private static string Points(CollectReport size) => string.Create(CultureInfo.InvariantCulture, $"{size.Points:N0} points, {Format.Bytes(size.Bytes)}");

    private static string Count(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");
}

/// <summary>The answer to <c>lode run rm --json</c> and <c>lode project rm --json</c>.</summary>
internal sealed record TrashAnswer(IReadOnlyList<RunId> Runs, string? Project, long Points, long Bytes, long FreedBytes, bool Purged, bool DryRun);

/// <summary>The answer to <c>lode run restore --json</c> and <c>lode project restore --json</c>.</summary>
internal sealed record RestoreAnswer(IReadOnlyList<RunId> Runs, string? Project);
