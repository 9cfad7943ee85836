using System.CommandLine;
using Lode.Core;
using Lode.Execution;
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
    private static readonly Option<bool> s_quiet = new("--quiet", "-q") { Description = "Say nothing on standard error unless something is wrong." };

    /// <param name="terminal">Where to write.</param>
    /// <param name="program">What stands behind <c>--</c>; null where that is not there.</param>
    public static Command Create(Terminal terminal, string[]? program)
    {
        var command = new Command(Name, "Run any program as a tracked run: lode run [options] -- CMD…; or change runs that there are.")
        {
            s_project, s_name, s_tag, s_timeout, s_grace, s_retry, s_seeds, s_artifact, s_snapshot, s_data, s_noScalars, s_explain, s_quiet,
        };
        Help.WithExamples(command,
            "lode run -- python train.py --lr 0.01",
            "lode run -p mnist -n baseline -t team=vision --data data/train.csv --artifact 'out/*.pt' -- python train.py",
            "lode run --seed-list 1..5 -- python train.py --seed {seed}",
            "lode run --timeout 2h --retry 2 -- ./train.sh",
            "lode run fork @best:accuracy --step 1000",
            "lode run rm @last");
        if (program is null)
        {
            command.Add(CutCommands.Rewind(terminal));
            command.Add(CutCommands.Fork(terminal));
            foreach (var verb in TrashCommands.OfRuns(terminal))
                command.Add(verb);
        }
        command.SetAction((parsed, _) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed, program ?? []));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, ParseResult parsed, string[] program)
    {
        if (program.Length == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "lode run needs a program to run", "it stands behind --: lode run -- python train.py");
        var project = parsed.GetValue(s_project) ?? Path.GetFileName(Environment.CurrentDirectory);
        if (project.Length == 0)
            project = "default";
        NameRules.CheckProjectName(project);
        var retries = parsed.GetValue(s_retry);
        if (retries is < 0 or > 1000)
            throw new LodeException(ErrorCode.InvalidArgument, $"--retry is 0 to 1000; got {retries}.");
        var request = new RunRequest
        {
            Project = project,
            Name = parsed.GetValue(s_name),
            Tags = [.. parsed.GetValue(s_tag)!.Select(Tag)],
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
        return await new RunJob(context, request).RunAsync();
    }

    private static KeyValuePair<string, string> Tag(string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        if (sign < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"--tag takes KEY=VALUE; got '{text}'.");
        NameRules.CheckKey(text[..sign], "--tag");
        return new(text[..sign], text[(sign + 1)..]);
    }
}
