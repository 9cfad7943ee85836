using System.Globalization;
using System.Text.Json;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>Brings logged and registered models into a store. What is there already is never changed.</summary>
/// <remarks>Used by one thread.</remarks>
/// <param name="archive">Where to.</param>
public sealed class ModelImporter(IModelArchive archive)
{
    private readonly List<ImportClash> _clashes = [];
    private int _logged;
    private int _registered;
    private int _unchanged;

    /// <summary>Takes a logged model.</summary>
    /// <param name="model">With its project as it is here.</param>
    /// <param name="ct">Stops it.</param>
    public async Task AddAsync(LoggedModel model, CancellationToken ct)
    {
        if (await archive.FindLoggedAsync(model.Id, ct).ConfigureAwait(false) is { } here)
        {
            Compare($"logged model {model.Id}", Difference(here, model));
            return;
        }
        try
        {
            await archive.PutLoggedAsync(model, ct).ConfigureAwait(false);
            _logged++;
        }
        catch (LodeException error) when (error.Code is ErrorCode.Conflict or ErrorCode.InvalidArgument)
        {
            _clashes.Add(new ImportClash($"logged model {model.Id}", error.Message.TrimEnd('.')));
        }
    }

    /// <summary>Takes a registered model.</summary>
    public async Task AddAsync(ArchivedModel model, CancellationToken ct)
    {
        if (await archive.FindRegisteredAsync(model.Name, ct).ConfigureAwait(false) is { } here)
        {
            Compare($"registered model '{model.Name}'", Difference(here, model));
            return;
        }
        try
        {
            await archive.PutRegisteredAsync(model, ct).ConfigureAwait(false);
            _registered++;
        }
        catch (LodeException error) when (error.Code is ErrorCode.InvalidArgument)
        {
            _clashes.Add(new ImportClash($"registered model '{model.Name}'", error.Message.TrimEnd('.')));
        }
    }

    /// <summary>Adds what came of it to a report.</summary>
    public ImportReport End(ImportReport report) => report with
    {
        LoggedModels = _logged,
        RegisteredModels = _registered,
        UnchangedModels = _unchanged,
        Clashes = [.. report.Clashes, .. _clashes],
    };

    private void Compare(string what, string? difference)
    {
        if (difference is null)
            _unchanged++;
        else
            _clashes.Add(new ImportClash(what, difference));
    }

    private static string? Difference(LoggedModel here, LoggedModel there) =>
        RunDifference.Of("", new Dictionary<string, object> { ["project"] = here.ProjectId, ["name"] = here.Name, ["type"] = here.ModelType, ["run"] = here.SourceRun, ["status"] = here.Status },
            new Dictionary<string, object> { ["project"] = there.ProjectId, ["name"] = there.Name, ["type"] = there.ModelType, ["run"] = there.SourceRun, ["status"] = there.Status })
        ?? RunDifference.Of("param", here.Params, RunDifference.Cut(there.Params, NameRules.MaxParamLength))
        ?? RunDifference.Of("tag", here.Tags, RunDifference.Cut(there.Tags, NameRules.MaxTagLength))
        ?? RunDifference.Of("metric", Metrics(here), Metrics(there));

    private static Dictionary<string, string> Metrics(LoggedModel model) => model.Metrics.GroupBy(metric => metric.Point.Key, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => string.Join("; ", group.Select(metric => string.Create(CultureInfo.InvariantCulture, $"{metric.Point.Value:R} at step {metric.Point.Step}, {metric.Point.Time}, {metric.Run}, {metric.DatasetName} {metric.DatasetDigest}")).Order(StringComparer.Ordinal)));

    private static string? Difference(ArchivedModel here, ArchivedModel there) =>
        RunDifference.Of("", new Dictionary<string, object?> { ["description"] = here.Description, ["last version"] = here.LastVersion }, new Dictionary<string, object?> { ["description"] = there.Description, ["last version"] = there.LastVersion })
        ?? RunDifference.Of("tag", here.Tags, there.Tags)
        ?? RunDifference.Of("alias", here.Aliases, there.Aliases)
        ?? RunDifference.Of("version", Versions(here), Versions(there));

    private static Dictionary<string, string> Versions(ArchivedModel model) => model.Versions.ToDictionary(
        version => version.Version.ToString(CultureInfo.InvariantCulture),
        version => JsonSerializer.Serialize(version with { Location = "", UpdatedAt = 0, Tags = new SortedDictionary<string, string>(version.Tags.ToDictionary(), StringComparer.Ordinal) }, TrackingJson.Default.ArchivedVersion));
}
