using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlArtifactStore
{
    /// <summary>The folder of uploads in parts that are not complete.</summary>
    public const string UploadFolder = ".uploads";

    private const int PageSize = 1000;
    private static readonly TimeSpan s_uploadLife = TimeSpan.FromDays(1);

    /// <summary>Frees the bytes that nothing names: of deleted and replaced files, of uploads in parts that nobody completed for a day, and of writes that broke off.</summary>
    /// <param name="dryRun">True: only says what would be freed.</param>
    /// <param name="grace">What was written in this last while is left alone, since its file's row may be still to come; an hour is plenty.</param>
    /// <param name="ct">Stops it; what was freed stays freed.</param>
    public async Task<CollectedArtifacts> CollectAsync(bool dryRun, TimeSpan grace, CancellationToken ct)
    {
        var before = Now - (long)grace.TotalMilliseconds;
        var uploadsBefore = Math.Min(before, Now - (long)s_uploadLife.TotalMilliseconds);
        var uploads = await database.ReadAsync(sql => sql.Query("SELECT name FROM artifact WHERE folder = @0 AND written_at < @1", [UploadFolder, uploadsBefore], row => row.GetString(0)), ct);
        var result = new CollectedArtifacts { Uploads = uploads.Count };
        if (!dryRun)
        {
            foreach (var upload in uploads)
                await database.WriteAsync(sql => Unlink(sql, ArtifactPath.Join(UploadFolder, upload)), ct);
        }
        await foreach (var blob in UnreferencedAsync(before, uploads, ct))
        {
            if (dryRun || await FreeAsync(blob.Hash, before, ct))
                result = result with { Blobs = result.Blobs + 1, Bytes = result.Bytes + blob.Size };
        }
        await foreach (var blob in blobs.ListAsync(ct))
        {
            // A row comes before the bytes: those without one belong to another database, or to a backup of this one.
            if (await database.ReadAsync(sql => sql.Scalar<long?>("SELECT size FROM blob WHERE hash = @0", blob.Hash), ct) is not null)
                continue;
            if (dryRun || await FreeAsync(blob.Hash, before, ct))
                result = result with { Blobs = result.Blobs + 1, Bytes = result.Bytes + blob.Size };
        }
        return CollectDrafts(result, dryRun, before);
    }

    /// <summary>What a collection would free if these folders were deleted before it, beside what it frees anyway.</summary>
    internal Task<CollectedArtifacts> MeasureOnlyBelowAsync(IReadOnlyCollection<string> folders, TimeSpan grace, CancellationToken ct) => database.ReadAsync(sql =>
    {
        var (before, named, result) = (Now - (long)grace.TotalMilliseconds, new Dictionary<string, long>(StringComparer.Ordinal), new CollectedArtifacts());
        foreach (var folder in folders)
        {
            // What lies in a folder that goes as a whole is counted there.
            if (folder.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 && folders.Contains(folder[..slash]))
                continue;
            sql.Read(
                "SELECT hash, count(*) FROM artifact WHERE hash IS NOT NULL AND (folder = @0 OR (folder >= @1 AND folder < @2)) GROUP BY hash", [folder, folder + "/", folder + "0"],
                row => named[row.GetString(0)] = named.GetValueOrDefault(row.GetString(0)) + row.GetInt64(1));
        }
        foreach (var (hash, names) in named)
        {
            sql.Read(
                "SELECT size FROM blob WHERE hash = @0 AND touched_at < @1 AND (SELECT count(*) FROM artifact a WHERE a.hash = blob.hash) = @2", [hash, before, names],
                row => result = result with { Blobs = result.Blobs + 1, Bytes = result.Bytes + row.GetInt64(0) });
        }
        return result;
    }, ct);

    /// <summary>Reads every blob that a file names and compares its hash; returns what is wrong, with the files that suffer.</summary>
    public async IAsyncEnumerable<ArtifactDamage> VerifyAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var last = "";
        while (true)
        {
            var from = last;
            var page = await database.ReadAsync(sql => sql.Query(
                "SELECT b.hash, b.size FROM blob b WHERE b.hash > @0 AND EXISTS (SELECT 1 FROM artifact a WHERE a.hash = b.hash) ORDER BY b.hash LIMIT @1", [from, PageSize],
                row => new StoredBlob(row.GetString(0), row.GetInt64(1))), ct);
            if (page.Count == 0)
                yield break;
            foreach (var blob in page)
            {
                if (await ExamineAsync(blob, ct) is { } problem)
                {
                    var paths = await database.ReadAsync(sql => sql.Query($"SELECT {Columns} FROM {Tables} WHERE a.hash = @0 ORDER BY a.folder, a.name", [blob.Hash], row => Map(row).Path), ct);
                    yield return new ArtifactDamage(blob.Hash, problem, paths);
                }
            }
            last = page[^1].Hash;
        }
    }

    private async Task<string?> ExamineAsync(StoredBlob blob, CancellationToken ct)
    {
        try
        {
            await using var stream = await blobs.OpenAsync(blob.Hash, ct);
            if (stream.Length != blob.Size)
                return $"has {stream.Length} bytes where {blob.Size} were stored";
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, ct)) == blob.Hash ? null : "has other bytes than were stored";
        }
        catch (LodeException error) when (error.Code == ErrorCode.DataLoss)
        {
            return "is missing";
        }
        catch (IOException error)
        {
            return $"cannot be read: {error.Message.TrimEnd('.')}";
        }
    }

    private async IAsyncEnumerable<StoredBlob> UnreferencedAsync(long before, List<string> uploads, [EnumeratorCancellation] CancellationToken ct)
    {
        var gone = uploads.Select(upload => ArtifactPath.Join(UploadFolder, upload)).ToHashSet(StringComparer.Ordinal);
        var last = "";
        while (true)
        {
            var from = last;
            var page = await database.ReadAsync(sql => sql
                .Query("SELECT hash, size FROM blob WHERE touched_at < @0 AND hash > @1 ORDER BY hash LIMIT @2", [before, from, PageSize], row => new StoredBlob(row.GetString(0), row.GetInt64(1)))
                .ConvertAll(blob => (Blob: blob, IsFree: sql.Query("SELECT DISTINCT folder FROM artifact WHERE hash = @0", [blob.Hash], row => row.GetString(0)).TrueForAll(gone.Contains))), ct);
            foreach (var (blob, isFree) in page)
            {
                if (isFree)
                    yield return blob;
            }
            if (page.Count < PageSize)
                yield break;
            last = page[^1].Blob.Hash;
        }
    }

    /// <summary>Removes a blob's row and bytes, unless somebody names or touched it meanwhile.</summary>
    private Task<bool> FreeAsync(string hash, long before, CancellationToken ct) => database.WriteAsync(sql =>
    {
        sql.Execute("DELETE FROM blob WHERE hash = @0 AND touched_at < @1 AND NOT EXISTS (SELECT 1 FROM artifact a WHERE a.hash = blob.hash)", hash, before);
        if (sql.Scalar<long?>("SELECT size FROM blob WHERE hash = @0", hash) is not null)
            return false;
        // Before the commit: whoever puts the same bytes waits for it, and then puts them anew.
        blobs.Delete(hash);
        return true;
    }, ct);

    private CollectedArtifacts CollectDrafts(CollectedArtifacts result, bool dryRun, long before)
    {
        if (!Directory.Exists(blobs.DraftFolder))
            return result;
        foreach (var draft in new DirectoryInfo(blobs.DraftFolder).EnumerateFiles("*.draft"))
        {
            try
            {
                if (new DateTimeOffset(draft.LastWriteTimeUtc).ToUnixTimeMilliseconds() >= before)
                    continue;
                var size = draft.Length;
                if (!dryRun)
                    draft.Delete();
                result = result with { Drafts = result.Drafts + 1, Bytes = result.Bytes + size };
            }
            catch (FileNotFoundException)
            {
                // Its write ended meanwhile.
            }
        }
        return result;
    }
}

/// <summary>What a collection freed, or would free.</summary>
public sealed record CollectedArtifacts
{
    /// <summary>Contents that nothing names.</summary>
    public int Blobs { get; init; }

    /// <summary>Writes that broke off.</summary>
    public int Drafts { get; init; }

    /// <summary>Uploads in parts that nobody completed; their parts count as blobs.</summary>
    public int Uploads { get; init; }

    /// <summary>Bytes of all of them.</summary>
    public long Bytes { get; init; }
}

/// <summary>Bytes that are not what was stored.</summary>
/// <param name="Hash">The blob.</param>
/// <param name="Problem">What is wrong, to be read after the hash.</param>
/// <param name="Paths">The files that have this content.</param>
public sealed record ArtifactDamage(string Hash, string Problem, IReadOnlyList<string> Paths);
