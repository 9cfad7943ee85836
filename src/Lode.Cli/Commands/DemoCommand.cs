using System.CommandLine;
using Lode.Core;
using Lode.Server;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode demo</c></summary>
internal static class DemoCommand
{
    public static Command Create(Terminal terminal)
    {
        var usual = new DemoOptions();
        var data = new Option<string?>("--data") { Description = "A CSV file with a header (default: the breast cancer data inside lode).", HelpName = "FILE" };
        var target = new Option<string>("--target") { Description = $"The column to predict (default {usual.Target}).", HelpName = "COLUMN", DefaultValueFactory = _ => usual.Target };
        var project = new Option<string>("--project", "-p") { Description = $"The project its runs land in (default {usual.Project}).", HelpName = "NAME", DefaultValueFactory = _ => usual.Project };
        var trials = new Option<int>("--trials") { Description = $"Trials of the search (default {usual.Trials}).", HelpName = "N", DefaultValueFactory = _ => usual.Trials };
        var folds = new Option<int>("--folds") { Description = $"Folds of the cross-validation (default {usual.Folds}).", HelpName = "N", DefaultValueFactory = _ => usual.Folds };
        var seed = new Option<ulong>("--seed") { Description = $"Same seed, same numbers (default {usual.Seed}).", HelpName = "N", DefaultValueFactory = _ => usual.Seed };
        var port = new Option<int?>("--port") { Description = $"The dashboard's port (default {ServerOptions.DefaultPort}, or a free one where that is taken).", HelpName = "N" };
        var noServe = new Option<bool>("--no-serve") { Description = "Exit after the report instead of keeping the dashboard up." };
        var command = Help.WithExamples(new Command("demo", "Track, tune and judge models on real data, and see it in the dashboard.") { data, target, project, trials, folds, seed, port, noServe },
            "lode demo",
            "lode demo --no-serve --json --seed 7",
            "lode demo --data iris.csv --target species --trials 20");
        command.SetAction((parsed, ct) => ExecuteAsync(
            CommandContext.Of(parsed, terminal),
            new DemoOptions
            {
                Data = parsed.GetValue(data),
                Target = parsed.GetValue(target)!,
                Project = parsed.GetValue(project)!,
                Trials = parsed.GetValue(trials),
                Folds = parsed.GetValue(folds),
                Seed = parsed.GetValue(seed),
            },
            parsed.GetValue(port),
            parsed.GetValue(noServe),
            ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, DemoOptions options, int? port, bool noServe, CancellationToken ct)
    {
        options.Validate();
        var terminal = context.Terminal;
        await using var access = await context.OpenStoreAsync(ct);
        await using var server = access.Local is null ? null : await ServeAsync(context, access, access.Local, port, ct);
        var address = server?.Address ?? new Uri(access.Owner!.Address!);
        terminal.Note($"lode: dashboard at {address}");
        var project = await PrepareProjectAsync(access.Store, options.Project, ct);
        DemoReport report;
        await using (var tracker = new Tracker(access.Store, access.Folder.JournalFolder, context.Time, warning => terminal.Note($"lode: {warning}"), access.Artifacts))
        {
            var source = SourceInfo.Capture(Environment.CurrentDirectory, context.Command);
            report = await Task.Run(() => new DemoJob(options, tracker, source, new DemoProgress(terminal, context.Time), context.Time).Run(ct), CancellationToken.None);
        }
        report = report with { DataFolder = access.Folder.Path, Dashboard = new Uri(address, $"p/{project.Id}").ToString() };
        var stay = server is not null && !noServe && terminal.OutIsTerminal;
        if (context.Json)
            terminal.Json(report, CliJson.Default.DemoReport);
        else
        {
            report.Write(terminal.Out);
            terminal.Out.WriteLine(stay ? $"dashboard: {report.Dashboard}  (Ctrl-C stops)"
                : server is null ? $"dashboard: {report.Dashboard}"
                : $"dashboard: `lode up`, then http://127.0.0.1:{ServerOptions.DefaultPort}/p/{project.Id}");
        }
        if (stay)
            await UpCommand.UntilStoppedAsync(server, ct);
        return ExitCodes.Ok;
    }

    /// <summary>The project, told what its runs are judged by, so that dashboard and command line put that first.</summary>
    private static async Task<Project> PrepareProjectAsync(IRunStore store, string name, CancellationToken ct)
    {
        var project = await store.FindProjectAsync(name, ct) ?? await store.CreateProjectAsync(new NewProject { Name = name }, ct);
        return await store.UpdateProjectAsync(project.Id, new ProjectChange { Tags = new Dictionary<string, string?> { [ProjectGoal.MetricTag] = "cv_log_loss", [ProjectGoal.GoalTag] = "minimize" } }, ct);
    }

    internal static async Task<LodeServer> ServeAsync(CommandContext context, StoreAccess access, Storage.SqlRunStore store, int? port, CancellationToken ct)
    {
        LodeServer server;
        try
        {
            server = await LodeServer.StartAsync(UpCommand.Options(context, access, "127.0.0.1", port ?? ServerOptions.DefaultPort), store, context.Time, ct);
        }
        catch (LodeException error) when (error.Code == ErrorCode.Conflict && port is null)
        {
            server = await LodeServer.StartAsync(UpCommand.Options(context, access, "127.0.0.1", 0), store, context.Time, ct);
        }
        access.Announce(context.Command, server.Address);
        return server;
    }
}
