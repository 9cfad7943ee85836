using System.CommandLine;
using System.Globalization;
using System.IO.Compression;
using Lode.Core;
using Lode.Storage.Mlflow;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode import</c></summary>
internal static class ImportCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "What `lode export` wrote, also compressed (.gz); - reads standard input" };
        var artifacts = new Option<string?>("--artifacts") { Description = "The folder with the bytes of files (default: beside FILE, NAME.artifacts).", HelpName = "DIR" };
        var noArtifacts = new Option<bool>("--no-artifacts") { Description = "Leave out the files of runs and models." };
        var command = Help.WithExamples(new Command("import", "Read what `lode export` wrote, or what another tracker recorded. Importing twice changes nothing.") { file, artifacts, noArtifacts, Mlflow(terminal) },
            "lode import everything.jsonl.gz", "lode import mlflow mlflow.db", "lode import mlflow ./mlruns");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), (stores, progress) => ReadFileAsync(stores, parsed.GetValue(file)!, parsed.GetValue(noArtifacts), parsed.GetValue(artifacts), progress, ct), ct));
        return command;
    }

    private static Command Mlflow(Terminal terminal)
    {
        var source = new Argument<string>("SRC") { Description = "An MLflow SQLite database (mlflow.db, sqlite:///mlflow.db) or an mlruns folder; it is only read" };
        var artifacts = new Option<string?>("--artifacts") { Description = "Where an MLflow server keeps what it names mlflow-artifacts:/ (its --artifacts-destination).", HelpName = "DIR" };
        var command = Help.WithExamples(new Command("mlflow", "Read what MLflow recorded: run ids, names, histories and the trash stay as they are.") { source, artifacts },
            "lode import mlflow mlflow.db", "lode import mlflow mlflow.db --artifacts ./mlartifacts", "lode import mlflow ./mlruns --json");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), (stores, progress) => MlflowImport.ReadAsync(stores, parsed.GetValue(source)!, parsed.GetValue(artifacts), progress, ct), ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, Func<ExchangeStores, IProgress<ExchangeCounts>, Task<ImportReport>> import, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        var start = context.Time.GetTimestamp();
        ImportReport report;
        using (var progress = new ProgressLine(context.Terminal, context.Time, "imported"))
            report = await import(access.Exchange, progress);
        if (context.Json)
            context.Terminal.Json(report, TrackingJson.Default.ImportReport);
        else
            Write(context, report, context.Time.GetElapsedTime(start));
        return report.Clashes.Count + report.Damaged.Count > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    private static async Task<ImportReport> ReadFileAsync(ExchangeStores stores, string path, bool noArtifacts, string? artifacts, IProgress<ExchangeCounts> progress, CancellationToken ct)
    {
        if (noArtifacts && artifacts is not null)
            throw new LodeException(ErrorCode.InvalidArgument, "--artifacts says where files are; with --no-artifacts none come.");
        var folder = noArtifacts ? null : artifacts ?? (path == "-" ? null : ArtifactFolder.Beside(path));
        try
        {
            await using var input = path == "-" ? System.Console.OpenStandardInput() : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            if (!path.EndsWith(".gz", StringComparison.Ordinal))
                return await JsonLinesImport.ReadAsync(stores, input, folder, progress, ct);
            await using var unpacked = new GZipStream(input, CompressionMode.Decompress);
            return await JsonLinesImport.ReadAsync(stores, unpacked, folder, progress, ct);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LodeException(ErrorCode.NotFound, $"There is no file '{path}'.", null, error);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or InvalidDataException)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"'{path}' cannot be read: {error.Message.TrimEnd('.')}.", null, error);
        }
    }

    private static void Write(CommandContext context, ImportReport report, TimeSpan took)
    {
        context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"imported {report.Projects + 0:N0} projects, {report.Runs:N0} runs, {report.Points:N0} points in {Format.Duration(took)}; completed {report.Completed:N0} runs, extended {report.Extended:N0}, {report.Unchanged:N0} were here already"));
        if (report.LoggedModels + report.RegisteredModels + report.UnchangedModels + report.Files + report.UnchangedFiles > 0)
        {
            context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"imported {report.LoggedModels:N0} logged models, {report.RegisteredModels:N0} registered models, {report.Files:N0} files ({Format.Bytes(report.FileBytes)}); {report.UnchangedModels:N0} models, {report.UnchangedFiles:N0} files were here already"));
        }
        foreach (var note in report.Notes)
            context.Terminal.Note($"note: {note}");
        foreach (var skip in report.Skipped)
            context.Terminal.Note(string.Create(CultureInfo.InvariantCulture, $"skipped: {skip.Count:N0} {skip.What}: {skip.Reason}"));
        foreach (var line in report.Damaged)
            context.Terminal.Note($"damaged: {line}");
        foreach (var clash in report.Clashes)
            context.Terminal.Note($"clash: {clash.What} is here already and differs, so it was left as it is: {clash.Difference}");
    }
}
