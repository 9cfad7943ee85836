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
        var command = Help.WithExamples(new Command("import", "Read what `lode export` wrote, or what another tracker recorded. Importing twice changes nothing.") { file, Mlflow(terminal) },
            "lode import everything.jsonl.gz", "lode import mlflow mlflow.db", "lode import mlflow ./mlruns");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), (store, progress) => ReadFileAsync(store, parsed.GetValue(file)!, progress, ct), ct));
        return command;
    }

    private static Command Mlflow(Terminal terminal)
    {
        var source = new Argument<string>("SRC") { Description = "An MLflow SQLite database (mlflow.db, sqlite:///mlflow.db) or an mlruns folder; it is only read" };
        var command = Help.WithExamples(new Command("mlflow", "Read what MLflow recorded: run ids, names, histories and the trash stay as they are.") { source },
            "lode import mlflow mlflow.db", "lode import mlflow ./mlruns --json");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), (store, progress) => MlflowImport.ReadAsync(store, parsed.GetValue(source)!, progress, ct), ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, Func<IRunStore, IProgress<ExchangeCounts>, Task<ImportReport>> import, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        var start = context.Time.GetTimestamp();
        ImportReport report;
        using (var progress = new ProgressLine(context.Terminal, context.Time, "imported"))
            report = await import(access.Store, progress);
        if (context.Json)
            context.Terminal.Json(report, TrackingJson.Default.ImportReport);
        else
            Write(context, report, context.Time.GetElapsedTime(start));
        return report.Clashes.Count > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    private static async Task<ImportReport> ReadFileAsync(IRunStore store, string path, IProgress<ExchangeCounts> progress, CancellationToken ct)
    {
        try
        {
            await using var input = path == "-" ? System.Console.OpenStandardInput() : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            if (!path.EndsWith(".gz", StringComparison.Ordinal))
                return await JsonLinesImport.ReadAsync(store, input, progress, ct);
            await using var unpacked = new GZipStream(input, CompressionMode.Decompress);
            return await JsonLinesImport.ReadAsync(store, unpacked, progress, ct);
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
            $"imported {report.Projects + 0:N0} projects, {report.Runs:N0} runs, {report.Points:N0} points in {Format.Duration(took)}; completed {report.Completed:N0} runs, {report.Unchanged:N0} were here already"));
        foreach (var note in report.Notes)
            context.Terminal.Note($"note: {note}");
        foreach (var skip in report.Skipped)
            context.Terminal.Note(string.Create(CultureInfo.InvariantCulture, $"skipped: {skip.Count:N0} {skip.What}: {skip.Reason}"));
        foreach (var clash in report.Clashes)
            context.Terminal.Note($"clash: run {clash.Run} is here already and differs, so it was left as it is: {clash.Difference}");
    }
}
