using System.CommandLine;
using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode export</c></summary>
internal static class ExportCommand
{
    private const string StandardOutput = "-";

    public static Command Create(Terminal terminal)
    {
        var filter = new Argument<string[]>("FILTER") { Description = "Which runs, as in `lode ls`; default: all, the trash included", Arity = ArgumentArity.ZeroOrMore };
        var project = new Option<string?>("--project", "-p") { Description = "Only this project, in the trash or not.", HelpName = "NAME" };
        var target = new Option<string?>("--out", "-o") { Description = "The file (jsonl; compressed where it ends in .gz) or folder (csv) to write; default: standard output.", HelpName = "PATH" };
        var format = new Option<string>("--format") { Description = "jsonl: complete, `lode import` reads it; csv: runs.csv and metrics.csv for other programs (default jsonl).", HelpName = "NAME", DefaultValueFactory = _ => "jsonl" };
        var artifacts = new Option<string?>("--artifacts") { Description = "The folder for the bytes of files (default: beside --out, NAME.artifacts; without --out none).", HelpName = "DIR" };
        var noArtifacts = new Option<bool>("--no-artifacts") { Description = "Leave out the files of runs and models." };
        var active = new Option<bool>("--active") { Description = "Leave out what is in the trash." };
        var command = Help.WithExamples(new Command("export", "Write projects, runs with histories and files, and models to a file and a folder.") { filter, project, target, format, artifacts, noArtifacts, active },
            "lode export --out everything.jsonl.gz", "lode export 'status:finished' -p demo --out demo.jsonl", "lode export -p demo --format csv --out demo-tables");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), string.Join(' ', parsed.GetValue(filter)!), parsed.GetValue(project), parsed.GetValue(target), parsed.GetValue(format)!, parsed.GetValue(artifacts), parsed.GetValue(noArtifacts), parsed.GetValue(active), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, string filter, string? project, string? target, string format, string? artifacts, bool noArtifacts, bool active, CancellationToken ct)
    {
        if (format is not ("jsonl" or "csv"))
            throw new LodeException(ErrorCode.InvalidArgument, $"--format is jsonl or csv; got '{format}'.");
        if (format == "csv" && target is (null or StandardOutput))
            throw new LodeException(ErrorCode.InvalidArgument, "--format csv writes two files, so it needs a folder.", "lode export --format csv --out FOLDER");
        if (artifacts is not null && (noArtifacts || format == "csv"))
            throw new LodeException(ErrorCode.InvalidArgument, $"--artifacts says where files go; with {(noArtifacts ? "--no-artifacts" : "--format csv")} none do.");
        var clauses = FilterParser.Parse(filter);
        await using var access = await context.OpenStoreAsync(ct);
        var view = active ? LifecycleView.Active : LifecycleView.All;
        var query = new ExportQuery
        {
            Projects = await ProjectsAsync(access.Store, project, view, ct),
            Filter = clauses,
            View = view,
            Registry = project is null && clauses.Clauses.Count == 0,
            FileFolder = noArtifacts ? null : artifacts ?? (target is null or StandardOutput ? null : ArtifactFolder.Beside(target)),
        };
        if (query.FileFolder is null && !noArtifacts && format != "csv")
            context.Terminal.Note("lode: files are left out; --artifacts DIR brings them too");
        var start = context.Time.GetTimestamp();
        ExchangeCounts counts;
        using (var progress = new ProgressLine(context.Terminal, context.Time, "exported"))
            counts = format == "csv" ? await WriteCsvAsync(access.Store, query, target!, progress, ct) : await WriteJsonLinesAsync(context, access.Exchange, query, target, progress, ct);
        if (context.Json && target is not (null or StandardOutput))
            context.Terminal.Json(new ExportAnswer(Path.GetFullPath(target), format, counts.Projects, counts.Runs, counts.Points, counts.LoggedModels, counts.RegisteredModels, counts.Files, counts.Files > 0 ? Path.GetFullPath(query.FileFolder!) : null), CliJson.Default.ExportAnswer);
        else
            // Where the export itself is the answer, this is not.
            (target is null or StandardOutput ? context.Terminal.Error : context.Terminal.Out).WriteLine(string.Create(CultureInfo.InvariantCulture, $"exported {counts.Projects:N0} projects, {counts.Runs:N0} runs, {counts.Points:N0} points, {counts.LoggedModels + counts.RegisteredModels:N0} models, {counts.Files:N0} files in {Format.Duration(context.Time.GetElapsedTime(start))}"));
        return ExitCodes.Ok;
    }

    private static async Task<ExchangeCounts> WriteJsonLinesAsync(CommandContext context, ExchangeStores stores, ExportQuery query, string? target, ProgressLine progress, CancellationToken ct)
    {
        var at = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (target is null or StandardOutput)
        {
            await using var output = System.Console.OpenStandardOutput();
            return await JsonLinesExport.WriteAsync(stores, query, output, at, progress, ct);
        }
        await using var file = new NewFile(target);
        var counts = await JsonLinesExport.WriteAsync(stores, query, file.Stream, at, progress, ct);
        await file.KeepAsync();
        return counts;
    }

    private static async Task<ExchangeCounts> WriteCsvAsync(IRunStore store, ExportQuery query, string folder, ProgressLine progress, CancellationToken ct)
    {
        await using var runs = new NewFile(Path.Combine(folder, "runs.csv"));
        await using var points = new NewFile(Path.Combine(folder, "metrics.csv"));
        var counts = await CsvExport.WriteAsync(store, query, runs.Stream, points.Stream, progress, ct);
        await points.KeepAsync();
        await runs.KeepAsync();
        return counts;
    }

    private static async Task<IReadOnlyList<Project>> ProjectsAsync(IRunStore store, string? name, LifecycleView view, CancellationToken ct)
    {
        var projects = await CommandContext.ProjectsAsync(store, name, view, ct);
        return [.. projects.OrderBy(project => project.Id.Value)];
    }
}

/// <summary>The answer to <c>lode export --json</c>.</summary>
internal sealed record ExportAnswer(string Path, string Format, int Projects, int Runs, long Points, int LoggedModels, int RegisteredModels, long Files, string? Artifacts);
