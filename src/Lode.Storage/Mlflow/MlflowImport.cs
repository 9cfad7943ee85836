using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage.Mlflow;

/// <summary>Brings what MLflow recorded into a store: run ids, names, histories and what lies in the trash stay. The source is only read.</summary>
public static class MlflowImport
{
    /// <summary>Reads an MLflow SQLite database or an <c>mlruns</c> folder, of any age.</summary>
    /// <param name="stores">Where to.</param>
    /// <param name="source">A file, a folder, or <c>sqlite:///FILE</c>.</param>
    /// <param name="artifactRoot">The folder where an MLflow server keeps what its clients name <c>mlflow-artifacts:/…</c>; null = not said.</param>
    /// <param name="progress">Told now and then; may be null.</param>
    /// <param name="ct">Stops it; what has come stays, and the next import of the same goes on.</param>
    /// <exception cref="LodeException">NotFound: there is nothing of that name. InvalidArgument: it is not MLflow's.</exception>
    public static async Task<ImportReport> ReadAsync(ExchangeStores stores, string source, string? artifactRoot, IProgress<ExchangeCounts>? progress, CancellationToken ct)
    {
        var path = source.StartsWith("sqlite:///", StringComparison.Ordinal) ? source["sqlite:///".Length..] : source;
        if (artifactRoot is not null && !Directory.Exists(artifactRoot))
            throw new LodeException(ErrorCode.NotFound, $"There is no folder '{artifactRoot}' of artifacts.");
        await using var importer = new RunImporter(stores.Runs, progress, extends: true);
        var full = Path.GetFullPath(path);
        var models = new MlflowModels(stores, importer, Directory.Exists(full) ? full : Path.GetDirectoryName(full)!, artifactRoot);
        if (File.Exists(path))
            await MlflowDatabase.ReadAsync(path, models, ct).ConfigureAwait(false);
        else if (Directory.Exists(path))
            await MlflowFolder.ReadAsync(Directory.Exists(Path.Combine(path, "mlruns")) ? Path.Combine(path, "mlruns") : path, models, ct).ConfigureAwait(false);
        else
            throw new LodeException(ErrorCode.NotFound, $"There is no file or folder '{source}'.", "An MLflow SQLite database (mlflow.db) or an mlruns folder. Of a PostgreSQL or MySQL server, copy the tables to SQLite first.");
        return await models.EndAsync(ct).ConfigureAwait(false);
    }

    /// <summary>A run's status by MLflow's word or number; running where it says nothing.</summary>
    internal static RunStatus Status(string? text) => text?.ToUpperInvariant() switch
    {
        "SCHEDULED" or "2" => RunStatus.Scheduled,
        "FINISHED" or "3" => RunStatus.Finished,
        "FAILED" or "4" => RunStatus.Failed,
        "KILLED" or "5" => RunStatus.Killed,
        _ => RunStatus.Running,
    };

    internal static Lifecycle LifecycleOf(string? text) => text is "deleted" ? Lifecycle.Deleted : Lifecycle.Active;

    /// <summary>A run's name: its own, else the tag that older MLflows gave it, else one made from the id.</summary>
    internal static string NameOf(RunId id, string? name, IReadOnlyDictionary<string, string> tags) =>
        !string.IsNullOrEmpty(name) ? name : tags.GetValueOrDefault("mlflow.runName") is { Length: > 0 } tag ? tag : RunNames.For(id);

    /// <summary>The artifact location to keep: one that anybody can reach. Local ones and those behind an MLflow server are not.</summary>
    internal static string? LocationOf(string? uri) =>
        uri is not null && uri.Contains("://", StringComparison.Ordinal) && !uri.StartsWith("file:", StringComparison.OrdinalIgnoreCase) && !uri.StartsWith("mlflow-artifacts:", StringComparison.Ordinal) ? uri : null;

    /// <summary>Keeps the keys that a store takes and notes the others.</summary>
    internal static bool Takes(RunImporter importer, string what, string key)
    {
        try
        {
            NameRules.CheckKey(key, "key");
            return true;
        }
        catch (LodeException)
        {
            importer.Skip(what, string.Create(CultureInfo.InvariantCulture, $"the name '{key}' is against the rules of names"));
            return false;
        }
    }
}
