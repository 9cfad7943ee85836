using Lode.Storage;
using Lode.TestKit;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Tests;

/// <summary>A real server on a free port over a real SQLite file or PostgreSQL database, with an HTTP client to it.</summary>
public sealed class RunningServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ServerOptions _options;
    private LodeServer _server;

    private RunningServer(TemporaryFolder folder, SqlDatabase database, LodeServer server, ServerOptions options)
    {
        _folder = folder;
        Database = database;
        (_server, _options) = (server, options);
        Http = new HttpClient { BaseAddress = server.Address };
    }

    public string Folder => _folder.Path;

    /// <summary>What the server keeps its data in.</summary>
    public SqlDatabase Database { get; }

    public HttpClient Http { get; }

    public Uri Address => _server.Address;

    internal IReadOnlyList<Endpoint> Endpoints => _server.Endpoints;

    /// <summary>Starts one; <paramref name="change"/> sets what is not as usual.</summary>
    public static async Task<RunningServer> StartAsync(TimeProvider? time = null, Func<ServerOptions, ServerOptions>? change = null, bool onPostgres = false)
    {
        time ??= TimeProvider.System;
        var folder = new TemporaryFolder();
        SqlDatabase database = onPostgres ? PostgresDatabase.Open(PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase())) : SqliteDatabase.Open(folder["lode.db"]);
        var options = new ServerOptions { Port = 0, DataFolder = folder.Path, ArtifactFolder = folder["artifacts"], JournalFolder = folder["journal"], Version = "0.0.0-test" };
        options = change?.Invoke(options) ?? options;
        return new RunningServer(folder, database, await LodeServer.StartAsync(options, new SqlRunStore(database, time), time, CancellationToken.None), options);
    }

    /// <summary>Stops it and starts it again over the same database, on the port that its options name.</summary>
    /// <param name="meanwhile">What happens while it is away.</param>
    public async Task RestartAsync(Action meanwhile)
    {
        await _server.DisposeAsync();
        meanwhile();
        _server = await LodeServer.StartAsync(_options, new SqlRunStore(Database, TimeProvider.System), TimeProvider.System, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
        await Database.DisposeAsync();
        _folder.Dispose();
    }
}
