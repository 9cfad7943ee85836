using System.Text.RegularExpressions;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage.Mlflow;

/// <summary>What an import from MLflow brings beside runs: files and models; and where things that MLflow names by URI are here.</summary>
/// <param name="stores">Where to.</param>
/// <param name="runs">Brings the runs.</param>
/// <param name="folder">What relative paths begin in.</param>
/// <param name="artifactRoot">The folder of the MLflow server's artifacts (its <c>--artifacts-destination</c>); null = not said.</param>
internal sealed partial class MlflowModels(ExchangeStores stores, RunImporter runs, string folder, string? artifactRoot)
{
    private static readonly EnumerationOptions s_files = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    private readonly FileImporter _files = new(stores.Artifacts);
    private readonly ModelImporter _models = new(stores.Models);
    private readonly Dictionary<string, string> _places = new(StringComparer.Ordinal);

    public RunImporter Runs => runs;

    /// <summary>Takes the files of a run, whether it is new here or not.</summary>
    /// <param name="project">Its project there.</param>
    /// <param name="run">The run.</param>
    /// <param name="places">Where its files may lie, URIs or paths; the first that is there is taken.</param>
    /// <param name="ct">Stops it.</param>
    public Task AddFilesAsync(ProjectId project, RunId run, string?[] places, CancellationToken ct)
    {
        _places[run.ToString()] = runs.ArtifactsOf(project, run);
        return AddFilesAsync(_places[run.ToString()], places, ct);
    }

    /// <summary>Takes a logged model and its files.</summary>
    /// <param name="model">With its project there.</param>
    /// <param name="places">Where its files may lie.</param>
    /// <param name="ct">Stops it.</param>
    public async Task AddAsync(LoggedModel model, string?[] places, CancellationToken ct)
    {
        _places[model.Id] = runs.ArtifactsOf(model.ProjectId, model.Id);
        await _models.AddAsync(model with { ProjectId = runs.PlaceOf(model.ProjectId).Id }, ct).ConfigureAwait(false);
        await AddFilesAsync(_places[model.Id], places, ct).ConfigureAwait(false);
    }

    /// <summary>Takes a registered model, after the runs and logged models that its versions come from.</summary>
    public Task AddAsync(ArchivedModel model, CancellationToken ct) => _models.AddAsync(
        model with { Versions = [.. model.Versions.OrderBy(version => version.Version).Select(version => version with { Location = LocationOf(version.Location.Length > 0 ? version.Location : version.Source) })] }, ct);

    /// <summary>What came of all.</summary>
    public async Task<ImportReport> EndAsync(CancellationToken ct) => _files.End(_models.End(await runs.EndAsync(ct).ConfigureAwait(false)));

    public static LoggedModelStatus Status(string? text) => text?.ToUpperInvariant() switch
    {
        "1" or "PENDING" => LoggedModelStatus.Pending,
        "2" or "READY" => LoggedModelStatus.Ready,
        "3" or "FAILED" => LoggedModelStatus.UploadFailed,
        _ => LoggedModelStatus.Unspecified,
    };

    public static ModelStage Stage(string? text) => Enum.TryParse<ModelStage>(text, ignoreCase: true, out var stage) && Enum.IsDefined(stage) ? stage : ModelStage.None;

    /// <summary>Where what MLflow names so lies here; the same where it did not come.</summary>
    private string LocationOf(string uri)
    {
        if (uri.StartsWith("models:/", StringComparison.Ordinal))
            return _places.GetValueOrDefault(uri["models:/".Length..].Trim('/')) ?? uri;
        return Owned().Match(uri) is { Success: true } match && _places.TryGetValue(match.Groups["owner"].Value, out var place) ? place + match.Groups["rest"].Value : uri;
    }

    private async Task AddFilesAsync(string target, string?[] places, CancellationToken ct)
    {
        // Where others keep the files, everybody reaches them as before.
        if (ArtifactPath.OfUri(target) is not { } root)
            return;
        var local = places.Select(LocalOf).ToList();
        if (local.Find(Directory.Exists) is not { } source)
        {
            if (local.TrueForAll(place => place is null) && places.Any(place => place is not null))
                runs.Skip("folders of artifacts", "they lie behind an MLflow server; --artifacts DIR says where it keeps them");
            else
                runs.Skip("folders of artifacts", "there is nothing where MLflow says they are; what has no files has none");
            return;
        }
        foreach (var path in Directory.EnumerateFiles(source, "*", s_files).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(source, path).Replace(Path.DirectorySeparatorChar, '/');
            try
            {
                _ = ArtifactPath.Parse(name);
            }
            catch (LodeException error)
            {
                runs.Skip("files", error.Message);
                continue;
            }
            await _files.AddAsync(ArtifactPath.Join(root, name), path, ct).ConfigureAwait(false);
        }
    }

    /// <summary>The local folder that a URI means; null where it means none, or one that was not said.</summary>
    private string? LocalOf(string? uri)
    {
        if (string.IsNullOrEmpty(uri))
            return null;
        try
        {
            if (ArtifactPath.OfUri(uri) is { } path)
                return artifactRoot is null ? null : Path.Combine(artifactRoot, path);
        }
        catch (LodeException)
        {
            return null;
        }
        if (uri.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            return Uri.TryCreate(uri, UriKind.Absolute, out var file) ? file.LocalPath : null;
        return uri.Contains("://", StringComparison.Ordinal) ? null : Path.Combine(folder, uri);
    }

    [GeneratedRegex("/(?<owner>(m-)?[0-9a-f]{32})/artifacts(?<rest>(/.*)?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Owned();
}
