using System.Globalization;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>Every content that a file names: whether its bytes are there and are those that were stored.</summary>
internal static class ArtifactCheck
{
    private const int MostLines = 20;
    private const int MostPaths = 5;

    public static async Task<CheckResult> RunAsync(SqlDatabase database, DataFolder folder, TimeProvider time, CancellationToken ct)
    {
        var (check, damaged) = (new OpenCheck("artifacts"), 0);
        await foreach (var damage in new SqlArtifactStore(database, new FolderBlobStore(folder.ArtifactFolder), time).VerifyAsync(ct).ConfigureAwait(false))
        {
            damaged++;
            if (damaged > MostLines)
                continue;
            var paths = string.Join(", ", damage.Paths.Take(MostPaths)) + (damage.Paths.Count > MostPaths ? string.Create(CultureInfo.InvariantCulture, $" and {damage.Paths.Count - MostPaths} more") : "");
            check.Wrong($"content {damage.Hash} {damage.Problem}; it is that of {paths}");
        }
        if (damaged > MostLines)
            check.Wrong(string.Create(CultureInfo.InvariantCulture, $"… {damaged} contents in all"));
        if (damaged > 0)
            check.Note("upload those files again, or restore the folder of artifacts from a backup");
        var contents = await database.ReadAsync(sql => sql.Scalar<long>("SELECT count(*) FROM blob b WHERE EXISTS (SELECT 1 FROM artifact a WHERE a.hash = b.hash)"), ct).ConfigureAwait(false);
        check.Note(string.Create(CultureInfo.InvariantCulture, $"{contents} contents of files"));
        return check.End();
    }

    /// <summary>Logged models whose run is not here. That may be meant (a run that did not come with an import), so it is only told.</summary>
    public static Task<CheckResult> ModelsAsync(SqlDatabase database, CancellationToken ct) => database.ReadAsync(sql =>
    {
        var check = new OpenCheck("models");
        var orphans = sql.Query(
            "SELECT m.id FROM logged_model m WHERE m.lifecycle = 1 AND m.source_run <> '' AND NOT EXISTS (SELECT 1 FROM run r WHERE r.uuid = m.source_run) ORDER BY m.id", [], row => row.GetString(0));
        if (orphans.Count > 0)
            check.Note(string.Create(CultureInfo.InvariantCulture, $"{orphans.Count} logged models name a run that is not here: {string.Join(", ", orphans.Take(MostPaths))}{(orphans.Count > MostPaths ? ", …" : "")}"));
        return check.End();
    }, ct);
}
