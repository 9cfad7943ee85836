using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Lode.Core;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode sweep</c>: searches of parameters.</summary>
internal static class SweepCommand
{
    private const string StartName = "start";

    private static readonly Option<int?> s_trials = new("--trials") { Description = "Trials in all, in place of the file's budget.", HelpName = "N" };
    private static readonly Option<int?> s_parallel = new("--parallel") { Description = "Trials at once, in place of the file's, whatever processors they ask for.", HelpName = "N" };
    private static readonly Option<string?> s_project = new("--project", "-p") { Description = "The project, in place of the file's (default: this folder's name).", HelpName = "NAME" };
    private static readonly Option<string?> s_name = new("--name", "-n") { Description = "The sweep's name, in place of the file's.", HelpName = "NAME" };
    private static readonly Option<string[]> s_server = new("--server") { Description = "Make it on this server and run its trials here (default: the data folder's).", HelpName = "URL", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> s_detach = new("--detach") { Description = "Run the trials in the background, and return at once." };
    private static readonly Option<bool> s_quiet = new("--quiet", "-q") { Description = "No line for each trial." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("sweep", "Search for the best parameters of any program.") { Start(terminal) };
        foreach (var verb in SweepVerbs.All(terminal))
            command.Add(verb);
        return Help.WithExamples(command, "lode sweep start sweep.yaml", "lode sweep start sweep.yaml --parallel 4 --trials 50", "lode sweep status @last", "lode sweep best @last --json", "lode agent @last   # more trials at once, here or on another machine");
    }

    /// <summary>Whether this is the command that runs trials.</summary>
    public static bool IsStart(Command command) => command.Name == StartName && command.Parents.Any(parent => parent.Name == "sweep");

    private static Command Start(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "A sweep file: Lode's (docs/sweep-file.md, `lode sweep schema`) or W&B's." };
        var command = Help.WithExamples(new Command(StartName, "Make a sweep of a file, and run its trials here until it is over; the best is the answer.") { file, s_trials, s_parallel, s_project, s_name, s_server, s_detach, s_quiet },
            "lode sweep start sweep.yaml", "lode sweep start sweep.yaml --parallel 4 --trials 50", "lode sweep start wandb.yaml --detach", "lode sweep start sweep.yaml --server http://node1:5633");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed, parsed.GetValue(file)!, ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, ParseResult parsed, string file, CancellationToken ct)
    {
        var spec = SweepFile.Read(file);
        var (trials, parallel) = (AgentCommand.Count("--trials", parsed.GetValue(s_trials)), AgentCommand.Count("--parallel", parsed.GetValue(s_parallel)));
        return await StartAsync(context, spec with
        {
            Project = parsed.GetValue(s_project) ?? spec.Project,
            Name = parsed.GetValue(s_name) ?? spec.Name,
            Study = spec.Study with { Budget = spec.Study.Budget with { Trials = trials ?? spec.Study.Budget.Trials, Parallel = parallel ?? spec.Study.Budget.Parallel } },
        }, parsed.GetValue(s_server)!, parsed.GetValue(s_detach), new SweepJobOptions { Slots = parallel, Quiet = parsed.GetValue(s_quiet) }, ct);
    }

    /// <summary>Makes a sweep and runs it.</summary>
    internal static async Task<int> StartAsync(CommandContext context, SweepSpec spec, IReadOnlyList<string> servers, bool detach, SweepJobOptions options, CancellationToken ct)
    {
        var project = spec.Project ?? Path.GetFileName(spec.Program.Folder ?? Environment.CurrentDirectory);
        NameRules.CheckProjectName(project = project.Length == 0 ? "default" : project);
        spec.Study.Check();
        var here = Environment.CurrentDirectory;
        if (spec.Program.Folder is { } folder)
        {
            if (!Directory.Exists(folder))
                throw new LodeException(ErrorCode.NotFound, $"The sweep's folder '{folder}' is not there.", "`folder:` counts from the sweep file's own folder.");
            Environment.CurrentDirectory = folder;
        }
        // With Slurm the command is on the nodes, perhaps not here.
        if (spec.Program.Launcher == "process")
            SweepAgent.CheckCommand(spec.Program);
        Environment.CurrentDirectory = here;
        StudyInfo study;
        await using (var host = await SweepHost.OpenAsync(context, servers, ct))
        {
            var job = new SweepJob(context, host, options);
            study = await job.CreateAsync(spec with { Project = project }, ct);
            if (!detach)
                return await job.RunAsync(study);
        }
        Detach(context, study, servers, options);
        if (context.Json)
            context.Terminal.Json(study, TrackingJson.Default.StudyInfo);
        else
            context.Terminal.Out.WriteLine(study.Id);
        return ExitCodes.Ok;
    }

    // It outlives this process and its terminal.
    private static void Detach(CommandContext context, StudyInfo study, IReadOnlyList<string> servers, SweepJobOptions options)
    {
        var home = DataFolder.Resolve(context.Home).Path;
        var log = Path.Combine(Directory.CreateDirectory(Path.Combine(home, "agents")).FullName, $"{study.Project}-{study.Name}.log".Replace('/', '_'));
        List<string> words = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "lode.dll")] : [Environment.ProcessPath ?? "lode"];
        words.AddRange(["agent", study.Id.ToString(), "--home", home]);
        if (context.Address is { } store)
            words.AddRange(["--store", store]);
        foreach (var server in servers)
            words.AddRange(["--server", server]);
        if (options.Slots is { } slots)
            words.AddRange(["--slots", slots.ToString(CultureInfo.InvariantCulture)]);
        var command = $"exec {CommandWords.Join(words)} >> {CommandWords.Join([log])} 2>&1 < /dev/null";
        var process = Process.Start(new ProcessStartInfo("setsid", ["sh", "-c", command])) ?? throw new LodeException(ErrorCode.Internal, "The background agent could not be started.");
        context.Terminal.Note($"lode: process {process.Id} runs it and writes to {log}; `lode sweep status {study.Id}` shows how far it is, `lode sweep stop {study.Id}` ends it");
    }
}
