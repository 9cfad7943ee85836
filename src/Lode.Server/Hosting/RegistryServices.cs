using Lode.Server.Webhooks;
using Lode.Storage;
using Lode.Tracking;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lode.Server;

/// <summary>Puts the model registry and its webhooks together.</summary>
internal static class RegistryServices
{
    public static void Add(IServiceCollection services, ServerOptions options, SqlDatabase database, bool onLoopback)
    {
        var webhooks = options.Webhooks;
        services.AddSingleton(provider => new SqlWebhooks(database, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(new WebhookAddresses(webhooks.AllowPrivate ?? onLoopback));
        services.AddSingleton(provider => new WebhookSender(provider.GetRequiredService<WebhookAddresses>(), webhooks, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new WebhookDispatcher(
            provider.GetRequiredService<SqlWebhooks>(),
            provider.GetRequiredService<WebhookSender>(),
            webhooks,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<WebhookDispatcher>>()));
        services.AddSingleton<IModelRegistry>(provider => new SqlModelRegistry(database, provider.GetRequiredService<TimeProvider>())
        {
            Published = provider.GetRequiredService<WebhookDispatcher>().Wake,
        });
    }
}
