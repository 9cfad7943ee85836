using System.Data.Common;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The artifact store over a SQL database, which holds the tree, and a blob store, which holds the bytes.</summary>
/// <param name="database">The database; the caller keeps and disposes it.</param>
/// <param name="blobs">The bytes.</param>
/// <param name="time">For the times that the store notes.</param>
/// <remarks>
/// A file comes in as a draft; then its blob's row is touched, the draft is put in its place, and the file's row is written, in
/// this order. A collection (<see cref="CollectAsync"/>) takes a blob's row and bytes away in one write, and only where nothing names
/// the blob and it was not touched for a while. So whatever is interrupted, a file's row never names bytes that are not there.
/// </remarks>
public sealed partial class SqlArtifactStore(SqlDatabase database, IBlobStore blobs, TimeProvider time) : IArtifactStore
{
    private const string Columns = "a.folder, a.name, a.hash, b.size, a.written_at";
    private const string Tables = "artifact a LEFT JOIN blob b ON b.hash = a.hash";

    /// <inheritdoc/>
    public async Task<Artifact> PutAsync(string path, Stream content, CancellationToken ct)
    {
        path = ArtifactPath.Parse(path);
        // Refused before the bytes come, which may take long.
        await database.ReadAsync(sql => CheckPlace(sql, path), ct);
        using var draft = await BlobDraft.WriteAsync(blobs.DraftFolder, content, ct);
        await database.WriteAsync(sql => Touch(sql, draft.Hash, draft.Size), ct);
        await blobs.PlaceAsync(draft, ct);
        return await database.WriteAsync(sql =>
        {
            CheckPlace(sql, path);
            // The row alone may be that of another upload of the same bytes, which has not put them there yet.
            if (sql.Scalar<long?>("SELECT size FROM blob WHERE hash = @0", draft.Hash) is null || !blobs.Contains(draft.Hash))
                throw new LodeException(ErrorCode.Unavailable, $"The bytes of '{path}' were collected before they were named: the collection's grace is too short.", "Send them again.");
            return Link(sql, path, draft.Hash, draft.Size);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<Artifact?> FindAsync(string path, CancellationToken ct)
    {
        path = ArtifactPath.Parse(path);
        return path.Length == 0
            ? Task.FromResult<Artifact?>(new Artifact { Path = "" })
            : database.ReadAsync(sql => Find(sql, path), ct);
    }

    /// <inheritdoc/>
    public async Task<OpenArtifact> OpenAsync(string path, CancellationToken ct)
    {
        var found = await FindAsync(path, ct);
        return found is { Hash: { } hash }
            ? new OpenArtifact(found, await blobs.OpenAsync(hash, ct))
            : throw new LodeException(ErrorCode.NotFound, found is null ? $"No such artifact: '{path}'." : $"The artifact '{path}' is a folder.");
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Artifact>> ListAsync(string folder, CancellationToken ct)
    {
        folder = ArtifactPath.Parse(folder);
        return database.ReadAsync<IReadOnlyList<Artifact>>(sql => sql.Query($"SELECT {Columns} FROM {Tables} WHERE a.folder = @0 ORDER BY a.name", [folder], Map), ct);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string path, CancellationToken ct)
    {
        path = ArtifactPath.Parse(path);
        return database.WriteAsync(sql => Unlink(sql, path), ct);
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static (string Folder, string Name) Split(string path) => (ArtifactPath.FolderOf(path), path[(path.LastIndexOf('/') + 1)..]);

    private static Artifact? Find(SqlSession sql, string path)
    {
        var (folder, name) = Split(path);
        var found = sql.Query($"SELECT {Columns} FROM {Tables} WHERE a.folder = @0 AND a.name = @1", [folder, name], Map);
        return found.Count == 1 ? found[0] : null;
    }

    private static bool CheckPlace(SqlSession sql, string path)
    {
        if (path.Length == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "An artifact's path must not be empty.");
        if (Find(sql, path) is { IsFolder: true })
            throw new LodeException(ErrorCode.Conflict, $"The artifact '{path}' is a folder.", "Choose another path, or delete the folder first.");
        for (var folder = ArtifactPath.FolderOf(path); folder.Length > 0; folder = ArtifactPath.FolderOf(folder))
        {
            switch (Find(sql, folder))
            {
                case { IsFolder: true }:
                    return true;
                case { IsFolder: false }:
                    throw new LodeException(ErrorCode.Conflict, $"The artifact '{folder}' is a file: '{path}' cannot lie below it.", "Choose another path, or delete the file first.");
            }
        }
        return true;
    }

    private bool Touch(SqlSession sql, string hash, long size)
    {
        sql.Execute("INSERT INTO blob (hash, size, touched_at) VALUES (@0, @1, @2) ON CONFLICT (hash) DO UPDATE SET touched_at = excluded.touched_at", hash, size, Now);
        return true;
    }

    private Artifact Link(SqlSession sql, string path, string hash, long size)
    {
        var (folder, name) = Split(path);
        var now = Now;
        sql.Execute(
            "INSERT INTO artifact (folder, name, hash, written_at) VALUES (@0, @1, @2, @3) ON CONFLICT (folder, name) DO UPDATE SET hash = excluded.hash, written_at = excluded.written_at",
            folder, name, hash, now);
        while (folder.Length > 0)
        {
            (folder, name) = Split(folder);
            // What lies above a folder that is there is there too.
            if (sql.Execute("INSERT INTO artifact (folder, name, written_at) VALUES (@0, @1, @2) ON CONFLICT DO NOTHING", folder, name, now) == 0)
                break;
        }
        return new Artifact { Path = path, Hash = hash, Size = size, WrittenAt = now };
    }

    internal static bool Unlink(SqlSession sql, string path)
    {
        if (path.Length == 0)
            return sql.Execute("DELETE FROM artifact") > 0;
        var (folder, name) = Split(path);
        if (sql.Execute("DELETE FROM artifact WHERE folder = @0 AND name = @1", folder, name) == 0)
            return false;
        // 0 follows / in every order by code point: all that begins with the path and a slash.
        sql.Execute("DELETE FROM artifact WHERE folder = @0 OR (folder >= @1 AND folder < @2)", path, path + "/", path + "0");
        return true;
    }

    private static Artifact Map(DbDataReader row) => new()
    {
        Path = ArtifactPath.Join(row.GetString(0), row.GetString(1)),
        Hash = row.IsDBNull(2) ? null : row.GetString(2),
        Size = row.IsDBNull(3) ? 0 : row.GetInt64(3),
        WrittenAt = row.GetInt64(4),
    };
}
