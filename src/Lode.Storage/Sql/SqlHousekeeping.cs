using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The housekeeping of a SQL database and of the files that belong to it.</summary>
/// <param name="database">The database; the caller keeps and disposes it.</param>
/// <param name="time">Tells how long things have been in the trash.</param>
/// <param name="journalFolder">Where journals lie; null where there are none.</param>
/// <param name="artifacts">Whose contents are freed when nothing names them any more; null = none.</param>
public sealed partial class SqlHousekeeping(SqlDatabase database, TimeProvider time, string? journalFolder = null, SqlArtifactStore? artifacts = null) : IHousekeeping
{
    // A file's bytes are there before its row is.
    private static readonly TimeSpan s_grace = TimeSpan.FromHours(1);

    private const long DefaultAge = 30 * 86_400;

    // What a row takes beside its text, by measurement: keys, lengths, its place in an index.
    private const int PointBytes = 30;
    private const int RowBytes = 60;

    private static readonly string[] s_texts = ["run_param", "run_tag"];

    /// <inheritdoc/>
    public async Task<StorageUse> GetUseAsync(CancellationToken ct)
    {
        var size = await database.MeasureAsync(ct).ConfigureAwait(false);
        var projects = await database.ReadAsync(
            sql =>
            {
                var found = sql.Query("SELECT id, name, lifecycle FROM project ORDER BY id", [], row => new ProjectUse { Id = new ProjectId(row.GetInt64(0)), Name = row.GetString(1), Lifecycle = (Lifecycle)row.GetInt32(2) })
                    .ToDictionary(project => project.Id.Value);
                sql.Read(
                    """
                    SELECT r.project_id, r.lifecycle, count(*), coalesce(sum(m.points), 0), coalesce(sum(m.tail), 0), coalesce(sum(m.metrics), 0)
                    FROM run r LEFT JOIN (SELECT run_id, sum(count) AS points, sum(tail) AS tail, count(*) AS metrics FROM metric GROUP BY run_id) m ON m.run_id = r.id
                    GROUP BY r.project_id, r.lifecycle
                    """,
                    [],
                    row =>
                    {
                        var (use, count, points) = (found[row.GetInt64(0)], row.GetInt32(2), Convert.ToInt64(row.GetValue(3), null));
                        var (tail, metrics) = (Convert.ToInt64(row.GetValue(4), null), Convert.ToInt64(row.GetValue(5), null));
                        use = use with { Points = use.Points + points, Bytes = use.Bytes + (tail * PointBytes) + ((metrics + count) * RowBytes) };
                        found[use.Id.Value] = row.GetInt32(1) == (int)Lifecycle.Active ? use with { Runs = count } : use with { Trashed = count, TrashedPoints = points };
                    });
                sql.Read(
                    """
                    SELECT r.project_id, count(*), sum(length(d.data)) FROM metric_chunk_data d JOIN metric m ON m.id = d.metric_id JOIN run r ON r.id = m.run_id GROUP BY r.project_id
                    """,
                    [],
                    row => found[row.GetInt64(0)] = found[row.GetInt64(0)] with { Bytes = found[row.GetInt64(0)].Bytes + (row.GetInt64(1) * RowBytes) + Convert.ToInt64(row.GetValue(2), null) });
                foreach (var table in s_texts)
                {
                    sql.Read(
                        $"SELECT r.project_id, count(*), coalesce(sum(length(x.key) + length(x.value)), 0) FROM {table} x JOIN run r ON r.id = x.run_id GROUP BY r.project_id", [],
                        row => found[row.GetInt64(0)] = found[row.GetInt64(0)] with { Bytes = found[row.GetInt64(0)].Bytes + (row.GetInt64(1) * RowBytes) + Convert.ToInt64(row.GetValue(2), null) });
                }
                return found.Values.OrderByDescending(project => project.Bytes).ThenBy(project => project.Id.Value).ToList();
            },
            ct).ConfigureAwait(false);
        return new StorageUse { Database = size.Bytes, Free = size.FreeBytes, Journals = JournalFiles().Sum(file => file.Length), Artifacts = await database.ReadAsync(sql => sql.Scalar<long>("SELECT coalesce(sum(size), 0) FROM blob"), ct).ConfigureAwait(false), Projects = projects };
    }

    /// <inheritdoc/>
    public async Task<CollectReport> CollectAsync(CollectQuery query, CancellationToken ct)
    {
        var olderThan = query.OlderThan ?? DefaultAge;
        if (olderThan < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"What is purged has been in the trash for at least 0 seconds; got {olderThan}.");
        var before = Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - (Math.Min(olderThan, long.MaxValue / 2000) * 1000));
        var start = query.DryRun ? default : await database.MeasureAsync(ct).ConfigureAwait(false);
        var journals = await TrashedJournalsAsync(query, before, ct).ConfigureAwait(false);
        var doomed = new HashSet<string>(StringComparer.Ordinal);
        var result = await PurgeRunsAsync(query, before, doomed, ct).ConfigureAwait(false);
        if (query.Runs is null)
        {
            var (projects, models) = await PurgeProjectsAsync(query, before, doomed, ct).ConfigureAwait(false);
            result = result with { Projects = projects, LoggedModels = result.LoggedModels + models };
        }
        var files = 0L;
        foreach (var journal in journals)
        {
            // Only now: while its run is there, a journal is all that could bring back what the run lost.
            if (!query.DryRun && await FindAsync(journal.Run, ct).ConfigureAwait(false) is not null)
                continue;
            result = result with { Journals = result.Journals + 1, Bytes = result.Bytes + journal.File.Length };
            files += journal.File.Length;
            if (!query.DryRun)
                journal.File.Delete();
        }
        if (artifacts is not null)
        {
            var blobs = await artifacts.CollectAsync(query.DryRun, s_grace, ct).ConfigureAwait(false);
            result = result with { Blobs = blobs.Blobs, Bytes = result.Bytes + blobs.Bytes };
            files += blobs.Bytes;
            if (query.DryRun)
            {
                var only = await artifacts.MeasureOnlyBelowAsync(doomed, s_grace, ct).ConfigureAwait(false);
                result = result with { Blobs = result.Blobs + only.Blobs, Bytes = result.Bytes + only.Bytes };
            }
        }
        if (query.DryRun)
            return result;
        await database.CompactAsync(ct).ConfigureAwait(false);
        var end = await database.MeasureAsync(ct).ConfigureAwait(false);
        return result with { FreedBytes = Math.Max(0, start.Bytes - end.Bytes) + files };
    }

    private FileInfo[] JournalFiles() => journalFolder is not null && Directory.Exists(journalFolder) ? new DirectoryInfo(journalFolder).GetFiles("*.jsonl") : [];

    /// <summary>Journals of runs that are about to be purged: no store would take them again, and without their run they would bring it back.</summary>
    private async Task<List<(RunId Run, FileInfo File)>> TrashedJournalsAsync(CollectQuery query, long before, CancellationToken ct)
    {
        var found = new List<(RunId, FileInfo)>();
        foreach (var file in JournalFiles())
        {
            if (JournalFile.TryParsePath(file.Name, out var id, out _) && (query.Runs is null || query.Runs.Contains(id))
                && await FindAsync(id, ct).ConfigureAwait(false) is { DeletedAt: { } since } && since <= before)
            {
                found.Add((id, file));
            }
        }
        return found;
    }

    private Task<TrashedRun?> FindAsync(RunId id, CancellationToken ct) => database.ReadAsync(
        sql => sql.Query("SELECT id, uuid, project_id, deleted_at FROM run WHERE uuid = @0", [id.ToString()], MapRun).FirstOrDefault(), ct);

    private static TrashedRun MapRun(System.Data.Common.DbDataReader row) =>
        new(row.GetInt64(0), RunId.Parse(row.GetString(1)), new ProjectId(row.GetInt64(2)), row.IsDBNull(3) ? null : row.GetInt64(3));

    private sealed record TrashedRun(long Row, RunId Id, ProjectId Project, long? DeletedAt);
}
