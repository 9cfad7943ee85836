using System.Net;
using System.Net.Sockets;
using Lode.Core;
using Lode.Server.Native;
using Lode.Server.Webhooks;
using Lode.Storage;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lode.Server;

/// <summary>A running server over a store: native API, MLflow's API, live updates, dashboard.</summary>
public sealed class LodeServer : IAsyncDisposable
{
    private static readonly TimeSpan s_sweep = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sweep;

    private LodeServer(WebApplication app, Uri address, SqlRunStore store, ServerOptions options, TimeProvider time)
    {
        _app = app;
        Address = address;
        _sweep = SweepAsync(store, options.StaleAfter, time, _stop.Token);
    }

    /// <summary>Where it listens, for example <c>http://127.0.0.1:5633/</c>.</summary>
    public Uri Address { get; }

    /// <summary>Starts a server; it listens when this returns.</summary>
    /// <exception cref="LodeException">Conflict: the port is in use. InvalidArgument: the host is no address, or other machines reach it and neither a token nor leave to do without is given. PermissionDenied: the port is not for this user.</exception>
    public static async Task<LodeServer> StartAsync(ServerOptions options, SqlRunStore store, TimeProvider time, CancellationToken ct)
    {
        var address = ParseHost(options);
        // Empty: no configuration files and variables are looked for that nobody means.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        builder.Logging.AddFilter<ServerLog>(level => level >= LogLevel.Error).AddProvider(new ServerLog());
        builder.Services.AddSingleton<IRunStore>(store);
        RegistryServices.Add(builder.Services, options, store.Database, IPAddress.IsLoopback(address));
        var artifacts = new SqlArtifactStore(store.Database, new FolderBlobStore(options.ArtifactFolder), time);
        builder.Services.AddSingleton<IArtifactStore>(artifacts);
        builder.Services.AddSingleton<IHousekeeping>(new SqlHousekeeping(store.Database, time, options.JournalFolder, artifacts));
        builder.Services.AddSingleton<IModelArchive>(new SqlModelArchive(store.Database));
        builder.Services.AddSingleton<ILoggedModelStore>(new SqlLoggedModelStore(store.Database, time));
        // By a factory, so that the container disposes it.
        builder.Services.AddSingleton<IStudies>(_ => new Studies.StudyHost(new SqlStudyStore(store.Database, time), time));
        builder.Services.AddSingleton<Studies.SlurmLaunches>();
        builder.Services.AddSingleton(time);
        AddServices(builder.Services, options, address);
        builder.WebHost.ConfigureKestrel(kestrel => Limit(kestrel, options, address));
        // Handlers wait without blocking, so they may begin and go on where the socket's news arrive: two thread switches less a request.
        builder.WebHost.UseSockets(sockets =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            if (options.Listener is { } listener)
                sockets.CreateBoundListenSocket = _ => listener;
        });
        if (!options.StopsBySignal)
            builder.Services.AddSingleton<IHostLifetime, Unsignalled>();
        var app = builder.Build();
        Map(app, options, time);
        try
        {
            await app.StartAsync(ct).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw CannotListen(options, error);
        }
        app.Services.GetRequiredService<WebhookDispatcher>().Start();
        if (options.AgentProgram.Count > 0)
            app.Services.GetRequiredService<Studies.SlurmLaunches>().Start(new Uri(app.Urls.First()));
        // Each request waits for its own writes. One thread more than there are cores, for the one that waits for the disk.
        store.Database.CallersCommit = true;
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + 1), ports);
        return new LodeServer(app, new Uri(app.Urls.First()), store, options, time);
    }

    /// <summary>Cancelled when the server begins to stop, for example because the process was told to.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    /// <summary>The routes, for tests that go over all of them.</summary>
    internal IReadOnlyList<Endpoint> Endpoints => _app.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    /// <summary>Stops listening, tells live streams to come back, lets requests end for <see cref="ServerOptions.ShutdownPatience"/> at most, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        await _sweep.ConfigureAwait(false);
        _stop.Dispose();
    }

    private static void AddServices(IServiceCollection services, ServerOptions options, IPAddress address)
    {
        services.AddSingleton(options);
        services.AddSingleton(new HostRules(address, options.AllowedHosts));
        services.AddSingleton<IAccessPolicy>(provider => options.Token is { } token ? new TokenAccess(token, new SessionCookie(token, provider.GetRequiredService<TimeProvider>())) : new OpenAccess());
        services.AddSingleton(new ServerMeter(options.Version));
        services.AddSingleton(provider => new PrometheusText(provider.GetRequiredService<ServerMeter>()));
        services.AddSingleton<RunCensus>();
        services.AddSingleton<MetricsEndpoint>();
        services.AddSingleton<LiveFeed>();
        services.AddSingleton<WrongMethod>();
        OpenApiDocs.Add(services);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownPatience);
    }

    internal static void Limit(KestrelServerOptions kestrel, ServerOptions options, IPAddress address)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        // Charts of a hundred runs name them all in one line.
        kestrel.Limits.MaxRequestLineSize = 32 << 10;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
        // Who dawdles loses the connection: headers in time, then at least 240 bytes a second (Kestrel's own rate).
        kestrel.Limits.RequestHeadersTimeout = options.HeaderPatience;
        kestrel.Limits.MaxConcurrentConnections = 20_000;
        kestrel.Listen(address, options.Port);
    }

    private static void Map(WebApplication app, ServerOptions options, TimeProvider time)
    {
        app.Use(static (context, next) =>
        {
            // Some clients join an address that ends in a slash with a path that begins with one.
            if (context.Request.Path.Value is ['/', '/', ..] path)
                context.Request.Path = "/" + path.TrimStart('/');
            return next(context);
        });
        app.UseRouting();
        // Counting begins with the server, not with the first reader.
        app.Services.GetRequiredService<PrometheusText>();
        app.Services.GetRequiredService<ServerMeter>().Begin();
        app.UseMiddleware<RequestTimer>();
        app.UseMiddleware<ErrorAnswers>();
        app.UseMiddleware<PathGuard>();
        app.UseMiddleware<RequestGuard>();
        app.UseMiddleware<AdmissionGate>();
        var api = app.MapGroup("/api/v1").MayRefuse();
        ServerEndpoints.Map(app, api, options, time.GetUtcNow());
        ProjectEndpoints.Map(api);
        RunEndpoints.Map(api);
        StudyEndpoints.Map(api);
        MetricEndpoints.Map(api);
        HousekeepingEndpoints.Map(api);
        ModelArchiveEndpoints.Map(api);
        EventEndpoints.Map(api);
        Native.WebhookEndpoints.Map(api);
        LineageEndpoints.Map(api);
        ArtifactEndpoints.Map(api);
        Mlflow.MlflowEndpoints.Map(app);
        SignInPage.Map(app, options.Token, options.Token is { } token ? new SessionCookie(token, time) : null);
        MetricsEndpoint.Map(app);
        OpenApiDocs.Map(app);
        DashboardFiles.Map(app);
    }

    internal static IPAddress ParseHost(ServerOptions options)
    {
        var address = options.Host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(options.Host, out var parsed) ? parsed : null;
        if (address is null)
            throw new LodeException(ErrorCode.InvalidArgument, $"--host takes an address of this machine; got '{options.Host}'.", "Example: --host 127.0.0.1");
        return IPAddress.IsLoopback(address) || options.Token is not null || options.AllowAnonymous
            ? address
            : throw new LodeException(ErrorCode.InvalidArgument, $"--host {options.Host} would let other machines in, and no token is set.",
                "Add --token @FILE (or LODE_TOKEN), or --allow-anonymous if everybody who reaches this machine may read and change everything.");
    }

    internal static LodeException CannotListen(ServerOptions options, Exception error)
    {
        var socket = error.InnerException as SocketException ?? (error.InnerException as AddressInUseException)?.InnerException as SocketException;
        return error.InnerException is AddressInUseException || socket?.SocketErrorCode == SocketError.AddressAlreadyInUse
            ? new LodeException(ErrorCode.Conflict, $"Port {options.Port} on {options.Host} is in use by another program.", "Choose another: --port 5634, or --port 0 for any free one.", error)
            : new LodeException(ErrorCode.PermissionDenied, $"Cannot listen on {options.Host}:{options.Port}: {error.Message.TrimEnd('.')}.", "Choose another: --port 5633", error);
    }

    /// <summary>Waits for no signal and ends with the program.</summary>
    private sealed class Unsignalled : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static async Task SweepAsync(SqlRunStore store, TimeSpan staleAfter, TimeProvider time, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(s_sweep, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
            {
                try
                {
                    await store.MarkStaleAsync(staleAfter, ct).ConfigureAwait(false);
                }
                catch (LodeException)
                {
                    // The store cannot be written now; the next sweep may.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }
}
