using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lode.Server;

/// <summary>A small server of somebody's own endpoints behind the same door as <see cref="LodeServer"/>: host names, tokens, forged requests, sizes,
/// how much at once, errors as answers.</summary>
public sealed class GuardedHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GuardedHost(WebApplication app) => (_app, Address) = (app, new Uri(app.Urls.First()));

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Cancelled when it begins to stop, for example because the process was told to.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    /// <summary>Starts it; it listens when this returns.</summary>
    /// <param name="options">Of these, what concerns the door counts: address, token, names, sizes, numbers, patience.</param>
    /// <param name="map">Adds the endpoints. What they throw as <see cref="Core.LodeException"/> becomes the answer.</param>
    /// <param name="open">Adds endpoints that anybody may ask, a token or not: they must tell nothing.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ct">Stops the start.</param>
    /// <exception cref="Core.LodeException">As <see cref="LodeServer.StartAsync"/>.</exception>
    public static async Task<GuardedHost> StartAsync(ServerOptions options, Action<IEndpointRouteBuilder> map, Action<IEndpointRouteBuilder> open, TimeProvider time, CancellationToken ct)
    {
        var address = LodeServer.ParseHost(options);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Logging.AddFilter<ServerLog>(level => level >= LogLevel.Error).AddProvider(new ServerLog());
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(new HostRules(address, options.AllowedHosts));
        builder.Services.AddSingleton<IAccessPolicy>(_ => options.Token is { } token ? new TokenAccess(token, new SessionCookie(token, time)) : new OpenAccess());
        builder.Services.AddSingleton(new ServerMeter(options.Version));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownPatience);
        builder.WebHost.ConfigureKestrel(kestrel => LodeServer.Limit(kestrel, options, address));
        var app = builder.Build();
        app.UseRouting();
        app.UseMiddleware<ErrorAnswers>();
        app.UseMiddleware<RequestGuard>();
        app.UseMiddleware<AdmissionGate>();
        map(app);
        open(app.MapGroup("").OpenToAll());
        try
        {
            await app.StartAsync(ct).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw LodeServer.CannotListen(options, error);
        }
        return new GuardedHost(app);
    }

    /// <summary>Stops listening, lets requests end for <see cref="ServerOptions.ShutdownPatience"/> at most, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }
}
