using Lode.Core;
using Lode.Server.Studies;
using Lode.Storage;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>
/// The store that is meant: a PostgreSQL database where one is named; else the data folder's, this process's own where nobody owns
/// the folder, the owner's over HTTP otherwise. Opening also brings in what killed programs left in the folder's journals.
/// </summary>
internal sealed class StoreAccess : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly FolderOwnership? _ownership;
    private readonly SqlDatabase? _database;
    private readonly HttpClient? _http;
    private readonly HttpClient? _patient;

    private StoreAccess(DataFolder folder, FolderOwnership? ownership, SqlDatabase database, SqlRunStore store, string place, TimeProvider time)
    {
        (Folder, _ownership, _database, Local, Store, Place) = (folder, ownership, database, store, store, place);
        Registry = new SqlModelRegistry(database, time);
        var artifacts = ArtifactsOf(folder, database, time);
        Artifacts = artifacts;
        Models = new SqlModelArchive(database);
        Studies = new StudyHost(new SqlStudyStore(database, time), time, watches: false);
        Housekeeping = new SqlHousekeeping(database, time, folder.JournalFolder, artifacts);
    }

    private StoreAccess(DataFolder folder, HttpClient http, FolderOwner owner)
    {
        (Folder, _http, Owner, Store, Registry, Place) = (folder, http, owner, new HttpRunStore(http), new HttpModelRegistry(http), folder.Path);
        // Files, and emptying a large trash, take as long as they take.
        _patient = new HttpClient { BaseAddress = http.BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
        Artifacts = new HttpArtifactStore(_patient);
        Models = new HttpModelArchive(_patient);
        Studies = new HttpStudies(http);
        Housekeeping = new HttpHousekeeping(_patient);
    }

    public DataFolder Folder { get; }

    public IRunStore Store { get; }

    public IModelRegistry Registry { get; }

    public IArtifactStore Artifacts { get; }

    /// <summary>Logged and registered models, whole.</summary>
    public IModelArchive Models { get; }

    /// <summary>Sweeps and their trials.</summary>
    public IStudies Studies { get; }

    /// <summary>What exports read and imports write.</summary>
    public ExchangeStores Exchange => new(Store, Models, Artifacts);

    /// <summary>What takes how much, and the trash.</summary>
    public IHousekeeping Housekeeping { get; }

    /// <summary>Where the data lie, for people to read: the folder, or the database's address without its password.</summary>
    public string Place { get; }

    /// <summary>The store in this process; null when another process owns the folder.</summary>
    public SqlRunStore? Local { get; }

    /// <summary>Who owns the folder, when it is not this process.</summary>
    public FolderOwner? Owner { get; }

    /// <param name="folder">Holds the journals, and the database unless another is named.</param>
    /// <param name="address">Of a PostgreSQL database, which nobody owns alone; null = the folder's own.</param>
    /// <param name="command">What was typed, for the owner's record.</param>
    /// <param name="time">The clock.</param>
    /// <param name="warn">Told, in one line, of what the user should know.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <exception cref="LodeException">Conflict: somebody holds the folder and cannot be spoken to. Others: the folder or database cannot be used.</exception>
    public static async Task<StoreAccess> OpenAsync(DataFolder folder, PostgresAddress? address, string command, TimeProvider time, Action<string> warn, CancellationToken ct)
    {
        if (address is not null)
        {
            folder.Create();
            return await RecoverAsync(folder, null, PostgresDatabase.Open(address), address.ToString(), time, warn, ct);
        }
        var start = time.GetTimestamp();
        while (true)
        {
            if (folder.TryOwn() is { } ownership)
                return await OwnAsync(folder, ownership, command, time, warn, ct);
            var owner = folder.ReadOwner();
            if (owner?.Address is { } heard && await TryConnectAsync(folder, owner, new Uri(heard), ct) is { } remote)
                return remote;
            // Short commands own the folder for a moment, and a server needs one to begin listening.
            if (time.GetElapsedTime(start) > s_patience)
            {
                throw new LodeException(ErrorCode.Conflict,
                    $"The data folder '{folder.Path}' is held by {(owner is null ? "another process" : $"process {owner.ProcessId} ({owner.Command})")}, which does not answer.",
                    "Wait for it, stop it, or use another folder with --home DIR.");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, ct);
        }
    }

    /// <summary>Tells others where this process listens.</summary>
    public void Announce(string command, Uri? address) => _ownership?.Announce(new FolderOwner(Environment.ProcessId, command, address?.ToString()));

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        _patient?.Dispose();
        if (Studies is StudyHost host)
            await host.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
        _ownership?.Dispose();
    }

    /// <summary>As <see cref="OpenAsync"/>, for a folder that this process owns already.</summary>
    internal static async Task<StoreAccess> OwnAsync(DataFolder folder, FolderOwnership ownership, string command, TimeProvider time, Action<string> warn, CancellationToken ct)
    {
        try
        {
            ownership.Announce(new FolderOwner(Environment.ProcessId, command, null));
            return await RecoverAsync(folder, ownership, SqliteDatabase.Open(folder.DatabaseFile), folder.Path, time, warn, ct);
        }
        catch
        {
            ownership.Dispose();
            throw;
        }
    }

    private static async Task<StoreAccess> RecoverAsync(DataFolder folder, FolderOwnership? ownership, SqlDatabase database, string place, TimeProvider time, Action<string> warn, CancellationToken ct)
    {
        try
        {
            var store = new SqlRunStore(database, time);
            var stale = await JournalShipper.RecoverAsync(folder.JournalFolder, store, warn, ct, artifacts: ArtifactsOf(folder, database, time));
            if (stale > 0)
                warn($"{stale} run{(stale == 1 ? "" : "s")} had no end: the program was killed; shown as stale");
            return new StoreAccess(folder, ownership, database, store, place, time);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    private static SqlArtifactStore ArtifactsOf(DataFolder folder, SqlDatabase database, TimeProvider time) => new(database, new FolderBlobStore(folder.ArtifactFolder), time);

    private static async Task<StoreAccess?> TryConnectAsync(DataFolder folder, FolderOwner owner, Uri address, CancellationToken ct)
    {
        var http = LodeHttp.ClientFor(address);
        try
        {
            // One quick question tells a living owner from what a killed one wrote.
            await new HttpRunStore(http).GetProjectAsync(ProjectId.Default, ct).WaitAsync(TimeSpan.FromSeconds(5), ct);
            return new StoreAccess(folder, http, owner);
        }
        catch (Exception error) when (error is LodeException or TimeoutException)
        {
            http.Dispose();
            // It lives, but we may not come in: waiting does not help.
            if (error is LodeException { Code: ErrorCode.Unauthenticated or ErrorCode.PermissionDenied })
                throw;
            return null;
        }
    }
}
