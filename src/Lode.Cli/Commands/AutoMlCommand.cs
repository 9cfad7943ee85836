using System.CommandLine;
using System.Runtime.InteropServices;
using Lode.Core;
using Lode.Learning;

namespace Lode.Cli;

/// <summary><c>lode automl</c></summary>
internal static class AutoMlCommand
{
    private static readonly Argument<string?> s_train = new("TRAIN.csv") { Description = "The table to learn from: CSV with a header.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> s_target = new("--target", "-t") { Description = "The column to predict.", HelpName = "COLUMN" };
    private static readonly Option<string?> s_budget = new("--budget", "-b") { Description = "Time in all: 60s, 5m, 1h (default 60s).", HelpName = "TIME" };
    private static readonly Option<int?> s_trials = new("--trials") { Description = "Candidates to try instead of a time: the same result on any machine, bit for bit.", HelpName = "N" };
    private static readonly Option<string?> s_test = new("--test") { Description = "A second table: predicted, and scored once where it has the target.", HelpName = "FILE" };
    private static readonly Option<string?> s_predictions = new("--predictions") { Description = "Write the second table's predictions there: a column for each class, or one named by the target.", HelpName = "FILE" };
    private static readonly Option<string?> s_json = new("--json") { Description = "Answer in JSON; with a FILE.json, write that report there too.", HelpName = "[FILE]", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> s_out = new("--out", "-o") { Description = "Write the model there (default: only among the run's artifacts).", HelpName = "FILE" };
    private static readonly Option<string?> s_metric = new("--metric", "-m") { Description = "What to optimise (default log_loss, or rmse for numbers).", HelpName = "NAME" };
    private static readonly Option<string> s_preset = new("--preset") { Description = "fast, default, best or interpretable (default: default).", HelpName = "NAME", DefaultValueFactory = _ => "default" };
    private static readonly Option<int?> s_folds = new("--folds") { Description = "Folds of the cross-validation (default: by the number of rows).", HelpName = "N" };
    private static readonly Option<int?> s_nested = new("--nested") { Description = "Outer folds of nested cross-validation: the whole search within each, scored on rows it has not seen. The budget is shared; --trials are those of each search.", HelpName = "K" };
    private static readonly Option<string[]> s_include = new("--include") { Description = $"Only these model families: {string.Join(", ", FamilyCatalog.Names)}.", HelpName = "A,B", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> s_exclude = new("--exclude") { Description = "Not these model families.", HelpName = "A,B", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> s_threshold = new("--threshold") { Description = "Of two classes, tune from which probability on a row is taken for the second: f1, balanced_accuracy, cost:FP=1,FN=5 or none (default none).", HelpName = "GOAL" };
    private static readonly Option<string?> s_quantiles = new("--quantiles") { Description = "Of numbers, predict these quantiles, a column each: 0.1,0.5,0.9. Optimised by pinball_loss.", HelpName = "A,B" };
    private static readonly Option<string?> s_maxSize = new("--max-model-size") { Description = "The model file's size at most: 10MB.", HelpName = "SIZE" };
    private static readonly Option<int> s_leaderboard = new("--leaderboard") { Description = "Candidates that are printed (default 12, 0: none); the report has all.", HelpName = "N", DefaultValueFactory = _ => 12 };
    private static readonly Option<bool> s_noEnsemble = new("--no-ensemble") { Description = "The winner is one candidate, not several together." };
    private static readonly Option<bool> s_refit = new("--refit") { Description = "Fit the winner's members once more on all rows, in place of the folds' models: smaller and faster." };
    private static readonly Option<double?> s_maxPredict = new("--max-predict-ms") { Description = "Milliseconds that the winner may take to predict a row.", HelpName = "MS" };
    private static readonly Option<string?> s_memory = new("--memory-limit") { Description = "Memory that the search may use: 4GB (default: three quarters of what there is).", HelpName = "SIZE" };
    private static readonly Option<ulong> s_seed = new("--seed") { Description = "Decides all random choices (default 0).", HelpName = "N" };
    private static readonly Option<int> s_threads = new("--threads") { Description = "Threads at most (default: one a processor).", HelpName = "N" };
    private static readonly Option<string?> s_project = new("--project", "-p") { Description = "The project its runs land in (default: named by the file).", HelpName = "NAME" };
    private static readonly Option<string?> s_name = new("--name", "-n") { Description = "The run's name.", HelpName = "RUN" };
    private static readonly Option<string?> s_report = new("--report") { Description = "Write report.html, report.md, report.json and winner.cs there (default: beside --out).", HelpName = "DIR" };
    private static readonly Option<string?> s_task = new("--task") { Description = "classification or regression (default: seen from the target).", HelpName = "TASK" };
    private static readonly Option<string[]> s_ignore = new("--ignore") { Description = "Columns to leave out.", HelpName = "A,B", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> s_groups = new("--groups") { Description = "The column that says which rows belong together.", HelpName = "COLUMN" };
    private static readonly Option<string?> s_time = new("--time") { Description = "The column that says when a row happened.", HelpName = "COLUMN" };
    private static readonly Option<string?> s_weights = new("--weights") { Description = "The column that says how much a row counts.", HelpName = "COLUMN" };
    private static readonly Option<bool> s_dropMissing = new("--drop-missing-target") { Description = "Leave out rows without a target." };
    private static readonly Option<bool> s_resume = new("--resume") { Description = "First try what earlier searches of the project on the same data found." };
    private static readonly Option<int?> s_port = new("--port") { Description = "The dashboard's port while it searches (default 5633, or a free one).", HelpName = "N" };
    private static readonly Option<bool> s_noServe = new("--no-serve") { Description = "No dashboard while it searches." };
    private static readonly Option<bool> s_noTrack = new("--no-track") { Description = "Record no runs." };

    public static Command Create(Terminal terminal)
    {
        var command = Help.WithExamples(
            new Command("automl", "Find the best model for a table in a given time, and say how good it really is.")
            {
                s_train, s_target, s_budget, s_trials, s_test, s_predictions, s_json, s_out, s_metric, s_preset, s_folds, s_nested, s_include, s_exclude, s_noEnsemble, s_refit, s_threshold, s_quantiles, s_maxPredict, s_maxSize, s_leaderboard,
                s_memory, s_seed, s_threads, s_project, s_name, s_report, s_task, s_ignore, s_groups, s_time, s_weights, s_dropMissing, s_resume, s_port, s_noServe, s_noTrack,
            },
            "lode automl train.csv --target price --budget 5m --out model.lode",
            "lode automl train.csv --target churn --test test.csv --predictions out.csv --json report.json",
            "lode automl train.csv --target y --trials 50 --preset interpretable --seed 7");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal) with { Json = parsed.GetResult(s_json) is not null }, parsed, ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, ParseResult parsed, CancellationToken ct)
    {
        var request = RequestOf(parsed, StartOf(context.Time));
        // The first Ctrl-C ends the search and keeps what was found; the second ends at once. The parser's own handler holds its signal until
        // the command has ended, and later registrations are asked before earlier ones: so this one is made when the first signal is there.
        PosixSignalRegistration? second = null;
        await using var first = ct.Register(() => second = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Environment.Exit(ExitCodes.Interrupted)));
        try
        {
            return await new AutoMlJob(context, request).RunAsync(ct);
        }
        finally
        {
            second?.Dispose();
        }
    }

    // Who gives a minute counts from the moment that the program was called, which is up to half a second before it can look at a clock.
    private static long StartOf(TimeProvider time)
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        var before = time.GetUtcNow() - process.StartTime.ToUniversalTime();
        return time.GetTimestamp() - (before > TimeSpan.Zero && before < TimeSpan.FromSeconds(10) ? (long)(before.TotalSeconds * time.TimestampFrequency) : 0);
    }

    private static AutoMlRequest RequestOf(ParseResult parsed, long started)
    {
        var (train, json) = (parsed.GetValue(s_train), parsed.GetValue(s_json));
        if (train is null && json is not null)
            throw new LodeException(ErrorCode.InvalidArgument, $"--json took '{json}' for the report's file, and no table is named.", $"Put the table first: lode automl {json} --target COLUMN --json");
        if (train is null)
            throw new LodeException(ErrorCode.InvalidArgument, "No table to learn from is named.", "Example: lode automl train.csv --target price");
        if (parsed.GetValue(s_target) is not { } target)
            throw new LodeException(ErrorCode.InvalidArgument, "The column to predict is not named.", $"Example: lode automl {train} --target COLUMN");
        var (budget, trials) = (parsed.GetValue(s_budget), parsed.GetValue(s_trials));
        if (budget is not null && trials is not null)
            throw new LodeException(ErrorCode.InvalidArgument, "--budget and --trials exclude each other.", "A time, or a number of candidates with the same result on any machine.");
        return new AutoMlRequest
        {
            Train = train,
            Started = started,
            Roles = new DatasetRoles
            {
                Target = target,
                Task = parsed.GetValue(s_task) is { } task ? Enum<TaskKind>("--task", task) : null,
                Ignored = List(parsed.GetValue(s_ignore)!),
                Group = parsed.GetValue(s_groups),
                Time = parsed.GetValue(s_time),
                Weight = parsed.GetValue(s_weights),
            },
            Options = new AutoMlOptions
            {
                Budget = trials is not null ? null : budget is null ? TimeSpan.FromSeconds(60) : Quantities.Time("--budget", budget),
                Trials = trials,
                Metric = parsed.GetValue(s_metric),
                Preset = Enum<AutoMlPreset>("--preset", parsed.GetValue(s_preset)!),
                Folds = parsed.GetValue(s_folds),
                Nested = parsed.GetValue(s_nested),
                Include = List(parsed.GetValue(s_include)!) is { Count: > 0 } include ? include : null,
                Exclude = List(parsed.GetValue(s_exclude)!),
                Ensemble = parsed.GetValue(s_noEnsemble) ? false : null,
                Refit = parsed.GetValue(s_refit),
                MaxPredictSecondsPerRow = parsed.GetValue(s_maxPredict) / 1000,
                Threshold = parsed.GetValue(s_threshold) is { } goal ? ThresholdGoal.Parse(goal) : null,
                Quantiles = parsed.GetValue(s_quantiles) is { } levels ? Levels(levels) : null,
                MaxModelBytes = parsed.GetValue(s_maxSize) is { } size ? Quantities.Bytes("--max-model-size", size) : null,
                MemoryLimit = parsed.GetValue(s_memory) is { } memory ? Quantities.Bytes("--memory-limit", memory) : null,
                Seed = parsed.GetValue(s_seed),
                Threads = parsed.GetValue(s_threads),
            },
            Leaderboard = parsed.GetValue(s_leaderboard),
            Test = parsed.GetValue(s_test),
            Predictions = parsed.GetValue(s_predictions),
            JsonFile = json,
            Out = parsed.GetValue(s_out),
            ReportFolder = parsed.GetValue(s_report),
            Project = parsed.GetValue(s_project) ?? AutoMlRequest.ProjectOf(train),
            Name = parsed.GetValue(s_name),
            DropMissingTarget = parsed.GetValue(s_dropMissing),
            Resume = parsed.GetValue(s_resume),
            Track = !parsed.GetValue(s_noTrack),
            Port = parsed.GetValue(s_noServe) ? -1 : parsed.GetValue(s_port),
        };
    }

    private static List<string> List(string[] texts) => [.. texts.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static double[] Levels(string text) => [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(level =>
        double.TryParse(level, System.Globalization.CultureInfo.InvariantCulture, out var value) ? value : throw new LodeException(ErrorCode.InvalidArgument, $"--quantiles are numbers between 0 and 1; got '{level}'.", "Example: --quantiles 0.1,0.5,0.9"))];

    private static T Enum<T>(string option, string text)
        where T : struct, Enum => System.Enum.TryParse<T>(text, ignoreCase: true, out var value) && System.Enum.IsDefined(value) && !char.IsAsciiDigit(text[0])
            ? value
            : throw new LodeException(ErrorCode.InvalidArgument, $"{option} is one of {string.Join(", ", System.Enum.GetNames<T>().Select(name => name.ToLowerInvariant()))}; got '{text}'.");
}
