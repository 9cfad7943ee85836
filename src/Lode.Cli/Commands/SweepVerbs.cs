using System.CommandLine;
using System.Globalization;
using Lode.Core;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>What is done with sweeps that there are.</summary>
internal static class SweepVerbs
{
    public static IEnumerable<Command> All(Terminal terminal) =>
    [
        List(terminal), Status(terminal), Trials(terminal), Best(terminal),
        State(terminal, "pause", "Give out no more trials; those that run go on.", StudyState.Paused),
        State(terminal, "resume", "Give out trials again. Agents that wait go on; `lode agent` starts others.", StudyState.Running),
        State(terminal, "stop", "Give out no more trials, and end those that run; they wait for a resume.", StudyState.Stopped),
        RetryFailed(terminal), Clone(terminal), Extend(terminal), Export(terminal), Schema(terminal),
    ];

    private static Argument<string> Study() => new("STUDY") { Description = "The sweep: its number, its name, PROJECT/NAME, or @last." };

    private static Command With(Command command, Terminal terminal, Argument<string> study, Func<CommandContext, StoreAccess, StudyInfo, ParseResult, CancellationToken, Task> work)
    {
        command.SetAction(async (parsed, ct) =>
        {
            var context = CommandContext.Of(parsed, terminal);
            await using var access = await context.OpenStoreAsync(ct);
            await work(context, access, await StudyReference.ResolveAsync(access.Studies, parsed.GetValue(study)!, ct), parsed, ct);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command List(Terminal terminal)
    {
        var project = new Option<string?>("--project", "-p") { Description = "Only of this project.", HelpName = "NAME" };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Their numbers only." };
        var command = Help.WithExamples(new Command("ls", "List sweeps, newest first.") { project, quiet }, "lode sweep ls", "lode sweep ls -p mnist --json");
        command.SetAction(async (parsed, ct) =>
        {
            var context = CommandContext.Of(parsed, terminal);
            await using var access = await context.OpenStoreAsync(ct);
            var only = parsed.GetValue(project) is { } name ? (await CommandContext.ProjectsAsync(access.Store, name, ct))[0].Id : (ProjectId?)null;
            var studies = await access.Studies.ListAsync(only, ct);
            if (context.Json)
            {
                context.Terminal.Json(new StudyList(studies), TrackingJson.Default.StudyList);
                return ExitCodes.Ok;
            }
            var table = new TextTable("ID", "SWEEP", "STATE", "TRIALS", "GOAL", "SAMPLER").Numeric(0);
            foreach (var study in studies)
            {
                if (parsed.GetValue(quiet))
                    context.Terminal.Out.WriteLine(study.Id);
                else
                    table.Add(study.Id.ToString(), $"{study.Project}/{study.Name}", SweepText.Word(study.State), SweepText.Progress(study), SweepText.Goals(study.Spec), study.Spec.Sampler.Name);
            }
            if (studies.Count > 0)
                table.Write(context.Terminal);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Status(Terminal terminal)
    {
        var study = Study();
        return With(Help.WithExamples(new Command("status", "Show how far a sweep is.") { study }, "lode sweep status @last", "lode sweep status mnist/sweep-1 --json"), terminal, study, (context, _, info, _, _) =>
        {
            Answer(context, info);
            return Task.CompletedTask;
        });
    }

    private static Command Trials(Terminal terminal)
    {
        var study = Study();
        var limit = new Option<int>("--limit") { Description = "How many at most (default 1000).", HelpName = "N", DefaultValueFactory = _ => 1000 };
        return With(Help.WithExamples(new Command("trials", "List a sweep's trials: the complete ones, best first, then the others.") { study, limit }, "lode sweep trials @last", "lode sweep trials 3 --limit 10 --json"), terminal, study, async (context, access, info, parsed, ct) =>
        {
            var most = parsed.GetValue(limit);
            if (most is < 1 or > 50_000)
                throw new LodeException(ErrorCode.InvalidArgument, $"--limit is 1 to 50000; got {most}.");
            var page = await access.Studies.GetTrialsAsync(info.Id, new TrialQuery { Order = TrialOrder.Best, Limit = most }, ct);
            if (context.Json)
                context.Terminal.Json(page, TrackingJson.Default.TrialPage);
            else if (page.Trials.Count > 0)
                SweepText.Write(context.Terminal, info, page.Trials);
            if (page.Total > page.Trials.Count)
                context.Terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{page.Trials.Count} of {page.Total} trials"));
        });
    }

    private static Command Best(Terminal terminal)
    {
        var study = Study();
        return With(Help.WithExamples(new Command("best", "Show the best trial; of several goals those that no other beats in all.") { study }, "lode sweep best @last", "lode sweep best 3 --json"), terminal, study,
            (context, access, info, _, ct) => SweepJob.AnswerAsync(context, access.Studies, info, ct));
    }

    private static Command State(Terminal terminal, string name, string description, StudyState state)
    {
        var study = Study();
        return With(Help.WithExamples(new Command(name, description) { study }, $"lode sweep {name} @last"), terminal, study, async (context, access, info, _, ct) =>
            Answer(context, await access.Studies.UpdateAsync(info.Id, new StudyPatch { State = state }, ct)));
    }

    private static Command RetryFailed(Terminal terminal)
    {
        var study = Study();
        return With(Help.WithExamples(new Command("retry-failed", "Let trials that failed wait to be run again.") { study }, "lode sweep retry-failed @last"), terminal, study, async (context, access, info, _, ct) =>
        {
            // One that its failures stopped is to go on.
            var patch = new StudyPatch { RetryFailed = true, State = info.State == StudyState.Stopped ? StudyState.Running : null };
            Answer(context, await access.Studies.UpdateAsync(info.Id, patch, ct));
        });
    }

    private static Command Clone(Terminal terminal)
    {
        var study = Study();
        var name = new Option<string?>("--name", "-n") { Description = "The new sweep's name (default: the next sweep-N).", HelpName = "NAME" };
        var trials = new Option<int?>("--trials") { Description = "Its trials, in place of the old budget.", HelpName = "N" };
        var seed = new Option<ulong?>("--seed") { Description = "Other random numbers.", HelpName = "N" };
        return With(Help.WithExamples(new Command("clone", "Make a sweep of the same file, with no trials yet.") { study, name, trials, seed }, "lode sweep clone @last --seed 2", "lode sweep clone 3 -n again --trials 100"), terminal, study, async (context, access, info, parsed, ct) =>
        {
            var spec = info.Spec with
            {
                Budget = info.Spec.Budget with { Trials = AgentCommand.Count("--trials", parsed.GetValue(trials)) ?? info.Spec.Budget.Trials },
                Seed = parsed.GetValue(seed) ?? info.Spec.Seed,
            };
            var made = await access.Studies.CreateAsync(new NewStudy { Project = info.Project, Name = parsed.GetValue(name), Spec = spec }, ct);
            Answer(context, made);
            context.Terminal.Note($"lode: run it with: lode agent {made.Id}");
        });
    }

    private static Command Extend(Terminal terminal)
    {
        var study = Study();
        var trials = new Option<int?>("--trials") { Description = "So many trials more.", HelpName = "N" };
        var time = new Option<string?>("--time") { Description = "So much time more, such as 2h.", HelpName = "TIME" };
        return With(Help.WithExamples(new Command("extend", "Give a sweep more budget; one that had finished runs again.") { study, trials, time }, "lode sweep extend @last --trials 50", "lode sweep extend 3 --time 2h"), terminal, study, async (context, access, info, parsed, ct) =>
        {
            var budget = info.Spec.Budget;
            var more = AgentCommand.Count("--trials", parsed.GetValue(trials));
            var longer = parsed.GetValue(time) is { } text ? Quantities.Time("--time", text) : (TimeSpan?)null;
            if (more is null && longer is null)
                throw new LodeException(ErrorCode.InvalidArgument, "extend says by how much.", "--trials N, --time TIME, or both");
            var extended = budget with
            {
                Trials = more is { } count ? Math.Max(budget.Trials ?? 0, info.Trials) + count : budget.Trials,
                Hours = longer is { } hours ? (budget.Hours ?? 0) + hours.TotalHours : budget.Hours,
            };
            Answer(context, await access.Studies.UpdateAsync(info.Id, new StudyPatch { Budget = extended }, ct));
        });
    }

    private static Command Export(Terminal terminal)
    {
        var study = Study();
        var trial = new Option<int?>("--trial") { Description = "This trial (default: the best).", HelpName = "N" };
        var output = new Option<string?>("--output", "-o") { Description = "The file (default: configs/SWEEP.yaml); - is standard output.", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "In place of a file that is there." };
        return With(Help.WithExamples(new Command("export", "Write the winner's parameters as a YAML file.") { study, trial, output, force }, "lode sweep export @last", "lode sweep export 3 --trial 17 -o best.yaml"), terminal, study, async (context, access, info, parsed, ct) =>
        {
            var chosen = parsed.GetValue(trial) is { } number ? await access.Studies.GetTrialAsync(info.Id, number, ct) : await WinnerAsync(access.Studies, info, ct);
            var text = WinnerFile.Text(info, chosen);
            var path = parsed.GetValue(output) ?? Path.Combine("configs", $"{info.Name.Replace('/', '_')}.yaml");
            if (path == "-")
            {
                context.Terminal.Out.Write(text);
                return;
            }
            if (File.Exists(path) && !parsed.GetValue(force))
                throw new LodeException(ErrorCode.AlreadyExists, $"There is a file '{path}' already.", "--force writes over it, -o FILE writes another.");
            await using (var file = new NewFile(path))
            {
                await file.Stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), ct);
                await file.KeepAsync();
            }
            context.Terminal.Out.WriteLine(path);
        });
    }

    private static async Task<TrialInfo> WinnerAsync(IStudies studies, StudyInfo study, CancellationToken ct)
    {
        var best = await SweepText.BestAsync(studies, study, ct);
        return best.Count == 1 ? best[0] : throw new LodeException(ErrorCode.Ambiguous, $"{best.Count} trials are best in one or another of the goals: {string.Join(", ", best.Select(trial => trial.Number))}", "Say which: --trial N");
    }

    private static Command Schema(Terminal terminal)
    {
        var command = Help.WithExamples(new Command("schema", "Print the JSON schema of sweep files."), "lode sweep schema > sweep.schema.json");
        command.SetAction(_ => terminal.Out.Write(SweepFile.Schema));
        return command;
    }

    private static void Answer(CommandContext context, StudyInfo study)
    {
        if (context.Json)
            context.Terminal.Json(study, TrackingJson.Default.StudyInfo);
        else
            SweepText.Write(context.Terminal, study);
    }
}
