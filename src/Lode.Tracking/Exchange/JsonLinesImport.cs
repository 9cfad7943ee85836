using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>Reads what <see cref="JsonLinesExport"/> wrote into a store.</summary>
public static class JsonLinesImport
{
    private const string Hint = "`lode import` reads what `lode export` writes; other sources have a command each: `lode import --help`";

    /// <summary>Reads a whole export.</summary>
    /// <param name="stores">Where to.</param>
    /// <param name="input">Where from; the caller disposes it.</param>
    /// <param name="fileFolder">The folder that holds the bytes of its files; null = files do not come.</param>
    /// <param name="progress">Told now and then; may be null.</param>
    /// <param name="ct">Stops it; what has come stays, and the next import of the same goes on.</param>
    /// <exception cref="LodeException">
    /// InvalidArgument: no export, one of a newer lode, or a damaged line, which is named. NotFound: it has files, and there is no such
    /// folder. DataLoss: the export breaks off; what was there has come.
    /// </exception>
    public static async Task<ImportReport> ReadAsync(ExchangeStores stores, Stream input, string? fileFolder, IProgress<ExchangeCounts>? progress, CancellationToken ct)
    {
        var lines = new LineReader(input);
        await using var importer = new RunImporter(stores.Runs, progress);
        var (models, files, contents) = (new ModelImporter(stores.Models), new FileImporter(stores.Artifacts), fileFolder is null ? null : new ContentFolder(fileFolder));
        var points = new PointsLine();
        var (seen, ended) = (new ExchangeCounts(), false);
        Run? run = null;
        LoggedModel? model = null;
        var takesPoints = false;
        CheckHeader(await lines.ReadAsync(ct).ConfigureAwait(false));
        while (await lines.ReadAsync(ct).ConfigureAwait(false) is { } line)
        {
            if (line.IsEmpty)
                continue;
            switch (Kind(line.Span, lines.Number))
            {
                case "project":
                    await importer.AddProjectAsync(Parse(line.Span, "project", TrackingJson.Default.Project, lines.Number), ct).ConfigureAwait(false);
                    seen = seen with { Projects = seen.Projects + 1 };
                    run = null;
                    break;
                case "run":
                    run = Parse(line.Span, "run", TrackingJson.Default.Run, lines.Number);
                    takesPoints = await importer.BeginRunAsync(run, ct).ConfigureAwait(false);
                    seen = seen with { Runs = seen.Runs + 1 };
                    break;
                case "points":
                    points.Parse(line.Span, lines.Number);
                    if (run is null || points.Run != run.Id)
                        throw Damaged(lines.Number, "its points belong to another run than the one before them");
                    for (var i = 0; takesPoints && i < points.Count; i++)
                        await importer.AddAsync(points[i], ct).ConfigureAwait(false);
                    seen = seen with { Points = seen.Points + points.Count };
                    break;
                case "loggedModel":
                    model = Parse(line.Span, "logged model", TrackingJson.Default.LoggedModel, lines.Number);
                    await models.AddAsync(model with { ProjectId = importer.PlaceOf(model.ProjectId).Id }, ct).ConfigureAwait(false);
                    seen = seen with { LoggedModels = seen.LoggedModels + 1 };
                    break;
                case "file":
                    var file = Parse(line.Span, "file", TrackingJson.Default.ExportedFile, lines.Number);
                    var isOfRun = run is not null && file.Run == run.Id;
                    if (!isOfRun && (model is null || file.Model != model.Id))
                        throw Damaged(lines.Number, "its file belongs to another run or model than the one before it");
                    if (seen.Files == 0 && fileFolder is not null && !Directory.Exists(fileFolder))
                        throw new LodeException(ErrorCode.NotFound, $"The export has files, and there is no folder '{fileFolder}' with their bytes.", "--artifacts DIR says where it is; --no-artifacts imports without files. What came before has come.");
                    seen = seen with { Files = seen.Files + 1 };
                    var owner = isOfRun ? importer.ArtifactsOf(run!.ProjectId, run.Id) : importer.ArtifactsOf(model!.ProjectId, model.Id);
                    if (contents is null)
                        importer.Skip("files", "they were to be left out, or no folder with their bytes was named");
                    else if (ArtifactPath.OfUri(owner) is { } root)
                        await files.AddAsync(ArtifactPath.Join(root, ArtifactPath.Parse(file.Path)), file, contents, ct).ConfigureAwait(false);
                    else
                        importer.Skip("files", $"their project keeps its files elsewhere, at {owner}");
                    break;
                case "registeredModel":
                    await models.AddAsync(importer.Moved(Parse(line.Span, "registered model", TrackingJson.Default.ArchivedModel, lines.Number)), ct).ConfigureAwait(false);
                    seen = seen with { RegisteredModels = seen.RegisteredModels + 1 };
                    break;
                case "end":
                    var said = Parse(line.Span, "end", TrackingJson.Default.ExchangeCounts, lines.Number);
                    if (said != seen)
                        throw new LodeException(ErrorCode.DataLoss, $"The export lacks lines: it tells of {Say(said)}, and holds {Say(seen)}.");
                    ended = true;
                    break;
                case var other:
                    importer.Skip($"lines of kind '{other}'", "this lode does not know them");
                    break;
            }
        }
        if (!ended)
        {
            // The last run may lack points, so it stays marked; the next import of the whole completes it.
            throw new LodeException(ErrorCode.DataLoss, $"The export breaks off after line {lines.Number}: {Say(seen)} were there.", "Export anew, or import the whole file: what has come already is not stored twice.");
        }
        return files.End(models.End(await importer.EndAsync(ct).ConfigureAwait(false)));
    }

    private static string Say(ExchangeCounts counts) => string.Create(CultureInfo.InvariantCulture,
        $"{counts.Projects} projects, {counts.Runs} runs, {counts.Points} points, {counts.LoggedModels} logged models, {counts.RegisteredModels} registered models and {counts.Files} files");

    private static void CheckHeader(ReadOnlyMemory<byte>? line)
    {
        try
        {
            using var header = JsonDocument.Parse(line ?? default);
            if (header.RootElement.GetProperty("lode").GetString() != "export")
                throw new LodeException(ErrorCode.InvalidArgument, "This is not an export of Lode.", Hint);
            var version = header.RootElement.GetProperty("version").GetInt32();
            if (version > JsonLinesExport.Version)
                throw new LodeException(ErrorCode.InvalidArgument, $"This export has version {version}; this lode reads up to {JsonLinesExport.Version}.", "It was written by a newer lode: use that one.");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new LodeException(ErrorCode.InvalidArgument, "This is not an export of Lode.", Hint, error);
        }
    }

    private static string Kind(ReadOnlySpan<byte> line, long number)
    {
        // {"kind":
        if (line.StartsWith("{\""u8) && line[2..].IndexOf((byte)'"') is var length and > 0 and < 50)
            return Encoding.UTF8.GetString(line.Slice(2, length));
        throw Damaged(number, "it does not begin as {\"kind\":");
    }

    private static T Parse<T>(ReadOnlySpan<byte> line, string kind, JsonTypeInfo<T> type, long number)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            reader.Read();
            reader.Read();
            reader.Read();
            return JsonSerializer.Deserialize(ref reader, type) ?? throw Damaged(number, $"its {kind} is null");
        }
        catch (JsonException error)
        {
            throw Damaged(number, error.Message);
        }
    }

    internal static LodeException Damaged(long number, string why) =>
        new(ErrorCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"Line {number} of the export is damaged: {why}"), "What came before it has come; the same import again goes on there.");
}
