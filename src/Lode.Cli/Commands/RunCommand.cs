using System.CommandLine;
using Lode.Core;
using Lode.Execution;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode run -- CMD…</c>, and the commands on runs that there are.</summary>
internal static class RunCommand
{
    public const string Name = "run";

    private static readonly Option<string> s_project = new("--project", "-p") { Description = "The project its run lands in (default: this folder's name).", HelpName = "NAME" };
    private static readonly Option<string?> s_name = new("--name", "-n") { Description = "The run's name (default: one is made).", HelpName = "NAME" };
    private static readonly Option<string[]> s_tag = new("--tag", "-t") { Description = "A tag of the run; may be repeated.", HelpName = "KEY=VALUE", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> s_timeout = new("--timeout") { Description = "Stop the program after this time, with exit code 124.", HelpName = "TIME" };
    private static readonly Option<string> s_grace = new("--grace") { Description = "How long a program that is told to stop has before it is killed (default 10s).", HelpName = "TIME", DefaultValueFactory = _ => "10s" };
    private static readonly Option<int> s_retry = new("--retry") { Description = "Run it again where it fails, at most so often; each attempt is a run.", HelpName = "N" };
    private static readonly Option<string?> s_seeds = new("--seed-list") { Description = "Run it once a seed (1..5 or 1,2,7), given as LODE_SEED and in place of {seed}, and sum up the final metrics.", HelpName = "SEEDS" };
    private static readonly Option<string[]> s_artifact = new("--artifact") { Description = "Keep these files when it has ended, for example 'out/**/*.pt'; may be repeated.", HelpName = "GLOB", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> s_snapshot = new("--snapshot") { Description = "Keep these source files as they are at the start, below source/; may be repeated.", HelpName = "GLOB", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> s_data = new("--data") { Description = "Record the hash of this file or folder; may be repeated.", HelpName = "PATH", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> s_noScalars = new("--no-scalars") { Description = "Read no metrics from what it prints." };
    private static readonly Option<bool> s_explain = new("--explain") { Description = "Say on standard error which lines metrics are read from." };
    private static readonly Option<string[]> s_space = new("--space", "-s") { Description = "Search this parameter: a sweep of the program in place of one run; may be repeated. {NAME} stands for its value.", HelpName = "NAME=DOMAIN", DefaultValueFactory = _ => [] };
    private static readonly Option<int?> s_trials = new("--trials") { Description = "With -s: how many trials (default 20).", HelpName = "N" };
    private static readonly Option<int?> s_parallel = new("--parallel") { Description = "With -s: how many at once (default: as many as the machine has processors).", HelpName = "N" };
    private static readonly Option<string[]> s_goal = new("--goal") { Description = "With -s: what to search for, minimize METRIC or maximize METRIC (default: minimize loss); may be repeated.", HelpName = "GOAL", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> s_sampler = new("--sampler") { Description = "With -s: how to search (default: auto).", HelpName = "NAME" };
    private static readonly Option<string?> s_pruner = new("--pruner") { Description = "With -s: what stops trials that look bad (default: none).", HelpName = "NAME" };
    private static readonly Option<string[]> s_config = new("--config", "-c") { Description = "A param of the run; may be repeated.", HelpName = "KEY=VALUE", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> s_background = new("--background") { Description = "Let it run on in the background and return at once; its id is the answer. `lode tail` follows it, `lode stop` ends it." };
    private static readonly Option<string?> s_resume = new("--resume") { Description = "Go on with this run: the same record, its folder, its checkpoints, and its command where none is given.", HelpName = "RUN" };
    private static readonly Option<bool> s_quiet = new("--quiet", "-q") { Description = "Say nothing on standard error unless something is wrong." };

    /// <param name="terminal">Where to write.</param>
    /// <param name="program">What stands behind <c>--</c>; null where that is not there.</param>
    public static Command Create(Terminal terminal, string[]? program)
    {
        var command = new Command(Name, "Run any program as a tracked run: lode run [options] -- CMD…; or change runs that there are.")
        {
            s_project, s_name, s_tag, s_config, s_background, s_resume, s_timeout, s_grace, s_retry, s_seeds, s_artifact, s_snapshot, s_data, s_noScalars, s_explain, s_space, s_trials, s_parallel, s_goal, s_sampler, s_pruner, s_quiet,
        };
        Help.WithExamples(command,
            "lode run -- python train.py --lr 0.01",
            "lode run -p mnist -n baseline -t team=vision --data data/train.csv --artifact 'out/*.pt' -- python train.py",
            "lode run --seed-list 1..5 -- python train.py --seed {seed}",
            "lode run -s lr=log:1e-5..1e-1 -s act=relu,gelu --trials 20 --goal 'maximize acc' -- python train.py --lr {lr} --act {act}",
            "lode run --timeout 2h --retry 2 -- ./train.sh",
            "lode run --background -- ./train.sh",
            "lode run --resume @last",
            "lode run fork @best:accuracy --step 1000",
            "lode run rm @last");
        if (program is null)
        {
            command.Add(CutCommands.Rewind(terminal));
            command.Add(CutCommands.Fork(terminal));
            foreach (var verb in TrashCommands.OfRuns(terminal))
                command.Add(verb);
        }
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed, program ?? [], ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, ParseResult parsed, string[] program, CancellationToken ct)
    {
        if (parsed.GetValue(s_resume) is { } resumed)
            return await ResumeAsync(context, parsed, resumed, program, ct);
        if (program.Length == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "lode run needs a program to run", "it stands behind --: lode run -- python train.py");
        var project = parsed.GetValue(s_project) ?? Path.GetFileName(Environment.CurrentDirectory);
        if (project.Length == 0)
            project = "default";
        NameRules.CheckProjectName(project);
        if (parsed.GetValue(s_space) is { Length: > 0 } space)
            return await SweepAsync(context, parsed, program, project, space, ct);
        return await RunAsync(context, parsed, program, project, null);
    }

    // The run's own record says what is run, and where.
    private static async Task<int> ResumeAsync(CommandContext context, ParseResult parsed, string reference, string[] program, CancellationToken ct)
    {
        if (parsed.GetValue(s_space)!.Length > 0 || parsed.GetValue(s_seeds) is not null || parsed.GetValue(s_name) is not null)
            throw new LodeException(ErrorCode.InvalidArgument, "--resume goes on with one run as it is: -s, --seed-list and --name do not go with it.");
        Run run;
        await using (var access = await context.OpenStoreAsync(ct))
            run = await RunReference.ResolveAsync(access.Store, await CommandContext.ProjectsAsync(access.Store, parsed.GetValue(s_project), ct), reference, ct);
        var process = run.Tags.TryGetValue(RunOrigin.Process, out var said) ? RunProcess.Parse(said) : null;
        if (run.Lifecycle == Lifecycle.Deleted)
            throw new LodeException(ErrorCode.Conflict, $"The run '{run.Name}' is in the trash.", $"lode run restore {run.Id.ToString()[..8]}");
        if (process is { IsAlive: true } || (run.Status is RunStatus.Running or RunStatus.Scheduled && process is not { IsHere: true }))
            throw new LodeException(ErrorCode.Conflict, $"The run '{run.Name}' still runs{(process is null ? "" : $" on {process.Host}")}.", $"End it first: lode stop {run.Id.ToString()[..8]}");
        if (run.Tags.ContainsKey(RunOrigin.Trial))
            throw new LodeException(ErrorCode.InvalidArgument, $"The run '{run.Name}' is a trial of a sweep, which goes on with it itself.", "lode sweep retry-failed, lode agent STUDY");
        if (program.Length == 0)
        {
            program = run.Tags.TryGetValue(RunOrigin.Command, out var command)
                ? System.Text.Json.JsonSerializer.Deserialize(command, CliJson.Default.StringArray)!
                : throw new LodeException(ErrorCode.InvalidArgument, $"The run '{run.Name}' does not say its command: it was not under `lode run`, or the command had something secret in it.", $"Say it: lode run --resume {reference} -- CMD…");
        }
        if (run.Tags.TryGetValue(RunOrigin.Folder, out var folder))
            Environment.CurrentDirectory = Directory.Exists(folder) ? folder : throw new LodeException(ErrorCode.NotFound, $"The run '{run.Name}' ran in '{folder}', which is not on this machine.");
        return await RunAsync(context, parsed, program, parsed.GetValue(s_project) ?? "default", run);
    }

    private static async Task<int> RunAsync(CommandContext context, ParseResult parsed, string[] program, string project, Run? resumes)
    {
        foreach (var (option, given) in new[] { ("--trials", parsed.GetValue(s_trials) is not null), ("--parallel", parsed.GetValue(s_parallel) is not null), ("--goal", parsed.GetValue(s_goal)!.Length > 0), ("--sampler", parsed.GetValue(s_sampler) is not null), ("--pruner", parsed.GetValue(s_pruner) is not null) })
        {
            if (given)
                throw new LodeException(ErrorCode.InvalidArgument, $"{option} belongs to a search, and there is no parameter to search.", "-s NAME=DOMAIN names one: lode run -s lr=log:1e-5..1e-1 -- python train.py --lr {lr}");
        }
        var retries = parsed.GetValue(s_retry);
        if (retries is < 0 or > 1000)
            throw new LodeException(ErrorCode.InvalidArgument, $"--retry is 0 to 1000; got {retries}.");
        var request = new RunRequest
        {
            Project = project,
            Name = parsed.GetValue(s_name),
            Tags = [.. parsed.GetValue(s_tag)!.Select(text => Pair("--tag", text)), .. BackgroundRun.Tags()],
            Params = [.. parsed.GetValue(s_config)!.Select(text => Pair("--config", text))],
            Id = BackgroundRun.TakeId(),
            Resumes = resumes,
            Retries = retries,
            Seeds = parsed.GetValue(s_seeds) is { } seeds ? SeedSummary.ParseSeeds(seeds) : null,
            Quiet = parsed.GetValue(s_quiet),
            Program = new ProgramOptions
            {
                Command = program,
                Timeout = parsed.GetValue(s_timeout) is { } timeout ? Quantities.Time("--timeout", timeout) : null,
                Grace = Quantities.Time("--grace", parsed.GetValue(s_grace)!),
                Scalars = !parsed.GetValue(s_noScalars),
                Explain = parsed.GetValue(s_explain) ? line => context.Terminal.Note($"lode: {line}") : null,
                Artifacts = parsed.GetValue(s_artifact)!,
                Snapshot = parsed.GetValue(s_snapshot)!,
                Data = parsed.GetValue(s_data)!,
                InputIsTerminal = !System.Console.IsInputRedirected,
            },
        };
        return parsed.GetValue(s_background) ? await BackgroundRun.StartAsync(context, program, resumes) : await new RunJob(context, request).RunAsync();
    }

    private static async Task<int> SweepAsync(CommandContext context, ParseResult parsed, string[] program, string project, string[] space, CancellationToken ct)
    {
        foreach (var (option, given) in new[] { ("--seed-list", parsed.GetValue(s_seeds) is not null), ("--tag", parsed.GetValue(s_tag)!.Length > 0), ("--snapshot", parsed.GetValue(s_snapshot)!.Length > 0), ("--data", parsed.GetValue(s_data)!.Length > 0), ("--no-scalars", parsed.GetValue(s_noScalars)), ("--explain", parsed.GetValue(s_explain)), ("--config", parsed.GetValue(s_config)!.Length > 0) })
        {
            if (given)
                throw new LodeException(ErrorCode.InvalidArgument, $"{option} and -s do not go together.");
        }
        var parallel = AgentCommand.Count("--parallel", parsed.GetValue(s_parallel));
        var goals = parsed.GetValue(s_goal) is { Length: > 0 } said ? said : ["minimize loss"];
        var spec = new SweepSpec
        {
            Project = project,
            Name = parsed.GetValue(s_name),
            Study = new StudySpec
            {
                Goals = [.. goals.Select(Goal)],
                Space = SpaceArgument.ParseAll(space),
                Sampler = new NamedOptions(parsed.GetValue(s_sampler) ?? "auto"),
                Pruner = new NamedOptions(parsed.GetValue(s_pruner) ?? "none"),
                Budget = new StudyBudget { Trials = AgentCommand.Count("--trials", parsed.GetValue(s_trials)) ?? 20, Parallel = parallel },
                Retries = parsed.GetValue(s_retry),
            },
            Program = new SweepProgram
            {
                Command = program,
                Folder = Environment.CurrentDirectory,
                Artifacts = parsed.GetValue(s_artifact)!,
                TimeoutSeconds = parsed.GetValue(s_timeout) is { } timeout ? Quantities.Time("--timeout", timeout).TotalSeconds : null,
                GraceSeconds = Quantities.Time("--grace", parsed.GetValue(s_grace)!).TotalSeconds,
            },
        };
        CommandTemplate.Check(spec.Program, spec.Study.Space);
        if (!CommandTemplate.HandsOn(spec.Program, spec.Study.Space))
            spec = spec with { Notes = ["the command names no parameter ({NAME}, {args}): the program finds them in LODE_PARAM_NAME and LODE_PARAMS"] };
        return await SweepCommand.StartAsync(context, spec, [], detach: parsed.GetValue(s_background), new SweepJobOptions { Slots = parallel, Quiet = parsed.GetValue(s_quiet) }, ct);
    }

    private static StudyGoal Goal(string text) => text.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) switch
    {
        ["minimize", var metric] => new StudyGoal(metric, Direction.Minimize),
        ["maximize", var metric] => new StudyGoal(metric, Direction.Maximize),
        _ => throw new LodeException(ErrorCode.InvalidArgument, $"--goal is 'minimize METRIC' or 'maximize METRIC'; got '{text}'."),
    };

    private static KeyValuePair<string, string> Pair(string option, string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        if (sign < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"{option} takes KEY=VALUE; got '{text}'.");
        NameRules.CheckKey(text[..sign], option);
        return new(text[..sign], text[(sign + 1)..]);
    }
}
