using System.CommandLine;
using System.Text;
using System.Text.Json;
using Lode.Core;
using Lode.Learning;

namespace Lode.Cli;

/// <summary><c>lode predict</c></summary>
internal static class PredictCommand
{
    // Enough rows to use all threads, few enough that a block is small beside the model.
    private const int BlockRows = 20_000;

    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("MODEL") { Description = ModelSource.Help };
        var data = new Argument<string?>("DATA.csv") { Description = "The rows to predict: CSV with a header; - reads standard input.", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string?>("--out", "-o") { Description = "Write the predictions there (default: standard output).", HelpName = "FILE" };
        var proba = new Option<bool>("--proba") { Description = "Probabilities, a column for each class (the default)." };
        var labels = new Option<bool>("--labels") { Description = "The most probable class alone, in a column named by the target." };
        var describe = new Option<bool>("--describe") { Description = "Show what the model predicts, from which columns, and where it comes from." };
        var threads = new Option<int>("--threads") { Description = "Threads at most (default: one a processor).", HelpName = "N" };
        var project = new Option<string?>("--project", "-p") { Description = "Look for the run only in this project.", HelpName = "NAME" };
        var command = Help.WithExamples(new Command("predict", "Predict the rows of a table with a model of lode automl.") { model, data, output, proba, labels, describe, threads, project },
            "lode predict model.lode new.csv --out predictions.csv",
            "lode predict @last new.csv --labels",
            "lode predict models:/churn@champion - --json < new.csv",
            "lode predict model.lode --describe");
        command.SetAction((parsed, ct) =>
        {
            var (context, reference) = (CommandContext.Of(parsed, terminal), parsed.GetValue(model)!);
            if (parsed.GetValue(describe))
                return DescribeAsync(context, reference, parsed.GetValue(project), ct);
            if (parsed.GetValue(proba) && parsed.GetValue(labels))
                throw new LodeException(ErrorCode.InvalidArgument, "--proba and --labels exclude each other.");
            if (parsed.GetValue(threads) < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"--threads is at least 0; got {parsed.GetValue(threads)}.");
            var rows = parsed.GetValue(data) ?? throw new LodeException(ErrorCode.InvalidArgument, "No table to predict is named.", $"Example: lode predict {reference} new.csv; or --describe shows the model");
            return ExecuteAsync(context, reference, parsed.GetValue(project), rows, parsed.GetValue(output), parsed.GetValue(labels), parsed.GetValue(threads), ct);
        });
        return command;
    }

    /// <summary>Shows what a model file says about itself.</summary>
    internal static async Task<int> DescribeAsync(CommandContext context, string reference, string? project, CancellationToken ct)
    {
        var description = ModelDescription.Of(await ModelSource.ReadAsync(context, reference, project, ct));
        if (context.Json)
            context.Terminal.Json(description, CliJson.Default.ModelDescription);
        else
            description.Write(context.Terminal);
        return ExitCodes.Ok;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, string reference, string? project, string data, string? output, bool labels, int threads, CancellationToken ct)
    {
        if (output is not null && data != "-" && Path.GetFullPath(output) == Path.GetFullPath(data))
            throw new LodeException(ErrorCode.InvalidArgument, $"'{output}' is read; it cannot be written too.");
        var predictor = (await ModelSource.OpenAsync(context, reference, project, ct)).Predictor;
        if (labels && predictor.Quantiles.Count > 0)
            throw new LodeException(ErrorCode.InvalidArgument, "--labels is for classes; this model says quantiles of a number.");
        await using var stream = Open(data);
        var name = data == "-" ? "standard input" : Path.GetFileName(data);
        var blocks = CsvBlocks.Read(stream, name, new CsvOptions { Kinds = predictor.Schema.Kinds }, BlockRows);
        var predicted = blocks.Select((block, number) =>
        {
            ct.ThrowIfCancellationRequested();
            FiniteRows.Require(name, predictor.Schema.Conform(block), (long)number * BlockRows);
            return predictor.Predict(block, threads);
        });
        if (output is null)
        {
            if (context.Json)
                WriteJson(context.Terminal.Out, predicted);
            else
                Write(context.Terminal.Out, predictor, predicted, labels);
            await context.Terminal.Out.FlushAsync(ct);
            return ExitCodes.Ok;
        }
        long rows;
        await using (var file = new NewFile(output))
        {
            await using (var writer = new StreamWriter(file.Stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true))
                rows = Write(writer, predictor, predicted, labels);
            await file.KeepAsync();
        }
        if (context.Json)
            context.Terminal.Json(new PredictAnswer(output, rows, predictor.TargetName, predictor.Classes), CliJson.Default.PredictAnswer);
        else
            context.Terminal.Out.WriteLine($"{output}: {rows} rows of {predictor.TargetName} predicted");
        return ExitCodes.Ok;
    }

    // The header comes with the first block, so that a table that does not suit leaves nothing behind.
    private static long Write(TextWriter writer, IPredictor predictor, IEnumerable<Predictions> blocks, bool labels)
    {
        var rows = 0L;
        foreach (var block in blocks)
        {
            if (rows == 0)
                PredictionsFile.WriteHeader(writer, predictor, labels);
            PredictionsFile.WriteRows(writer, block, labels);
            rows += block.Rows;
        }
        return rows;
    }

    private static void WriteJson(TextWriter output, IEnumerable<Predictions> blocks)
    {
        var rows = 0L;
        using var bytes = new MemoryStream();
        foreach (var block in blocks)
        {
            for (var row = 0; row < block.Rows; row++)
            {
                bytes.SetLength(0);
                using (var writer = new Utf8JsonWriter(bytes))
                    PredictionJson.Write(writer, block, row);
                output.Write(rows++ == 0 ? "{\"predictions\":[\n" : ",\n");
                output.Write(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
            }
        }
        output.WriteLine("\n]}");
    }

    private static Stream Open(string data)
    {
        if (data == "-")
            return System.Console.OpenStandardInput();
        if (Directory.Exists(data))
            throw new LodeException(ErrorCode.InvalidArgument, $"'{data}' is a folder; a CSV file is needed.");
        try
        {
            return new FileStream(data, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw error is FileNotFoundException or DirectoryNotFoundException
                ? new LodeException(ErrorCode.NotFound, $"There is no file '{data}'.", null, error)
                : new LodeException(error is UnauthorizedAccessException ? ErrorCode.PermissionDenied : ErrorCode.Unavailable, $"The file '{data}' cannot be read: {error.Message.TrimEnd('.')}.", null, error);
        }
    }
}

/// <summary>The answer to <c>lode predict --out FILE --json</c>.</summary>
/// <param name="Out">The file written.</param>
/// <param name="Rows">How many were predicted.</param>
/// <param name="Target">What.</param>
/// <param name="Classes">The file's columns; empty for numbers.</param>
internal sealed record PredictAnswer(string Out, long Rows, string Target, IReadOnlyList<string> Classes);
