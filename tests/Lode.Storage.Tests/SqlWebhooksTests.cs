using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests;

public abstract class SqlWebhooksTests : IAsyncLifetime
{
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(15);

    private readonly ManualTime _time = new();
    private SqlDatabase _database = null!;
    private SqlWebhooks _webhooks = null!;
    private SqlModelRegistry _registry = null!;

    protected abstract SqlDatabase Open();

    public Task InitializeAsync()
    {
        _database = Open();
        _webhooks = new SqlWebhooks(_database, _time);
        _registry = new SqlModelRegistry(_database, _time);
        return Task.CompletedTask;
    }

    private static CancellationToken Ct => CancellationToken.None;

    public virtual async Task DisposeAsync() => await _database.DisposeAsync();

    private Task<Webhook> NewAsync() => _webhooks.CreateAsync(new WebhookChange { Name = "w", Url = "http://a.b/", Secret = "s", Events = [WebhookEvents.ModelCreated] }, Ct);

    private Task<IReadOnlyList<DueDelivery>> TakeAsync() => _webhooks.TakeDueAsync([], 10, s_lease, Ct);

    [Fact]
    public async Task RefusedChange_PutsNothingInLine()
    {
        await NewAsync();
        await _registry.CreateModelAsync(new NewRegisteredModel { Name = "m" }, Ct);
        await Assert.ThrowsAsync<Core.LodeException>(() => _registry.CreateModelAsync(new NewRegisteredModel { Name = "m" }, Ct));
        await _webhooks.RecordAsync(Assert.Single(await TakeAsync()), new DeliveryResult(true, 200, "", null), null, Ct);
        Assert.Null(await _webhooks.NextDueAsync([], Ct));
    }

    [Fact]
    public async Task Taken_IsNobodyElses_UntilTheLeaseEnds()
    {
        await NewAsync();
        await _registry.CreateModelAsync(new NewRegisteredModel { Name = "m" }, Ct);
        var taken = Assert.Single(await TakeAsync());
        Assert.Equal(("http://a.b/", "s", 0), (taken.Target.Url, taken.Target.Secret, taken.Attempts));
        Assert.DoesNotContain("\"s\"", taken.ToString(), StringComparison.Ordinal);
        Assert.Empty(await TakeAsync());
        _time.Advance(s_lease);
        Assert.Equal(taken.Id, Assert.Single(await TakeAsync()).Id);
    }

    [Fact]
    public async Task Take_GivesTheOldestOfEachWebhook_AndPassesOverBusyOnes()
    {
        var (first, second) = (await NewAsync(), await NewAsync());
        foreach (var name in new[] { "a", "b" })
            await _registry.CreateModelAsync(new NewRegisteredModel { Name = name }, Ct);
        Assert.Equal([second.Id], (await _webhooks.TakeDueAsync([first.Id], 10, s_lease, Ct)).Select(delivery => delivery.WebhookId));
        var taken = await TakeAsync();
        Assert.Equal([first.Id, second.Id], taken.Select(delivery => delivery.WebhookId));
        Assert.Contains("\"a\"", taken[0].Body, StringComparison.Ordinal);
        Assert.Contains("\"b\"", taken[1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_KeepsTheLastOnes()
    {
        var webhook = await NewAsync();
        for (var i = 0; i < SqlWebhooks.MaxLog + 5; i++)
        {
            await _registry.CreateModelAsync(new NewRegisteredModel { Name = "m" + i }, Ct);
            await _webhooks.RecordAsync((await TakeAsync())[0], new DeliveryResult(false, 400, "", "no"), null, Ct);
        }
        var log = await _webhooks.ListDeliveriesAsync(webhook.Id, 1000, Ct);
        Assert.Equal(SqlWebhooks.MaxLog, log.Count);
        Assert.All(log, delivery => Assert.Equal((DeliveryState.Failed, 1, 400, "no"), (delivery.State, delivery.Attempts, delivery.HttpStatus, delivery.Error)));
        Assert.Equal(log[0], (await _webhooks.GetAsync(webhook.Id, Ct)).LastDelivery);
    }

    [Fact]
    public async Task Disabling_AndDeleting_GiveUpWhatWaits()
    {
        var webhook = await NewAsync();
        await _registry.CreateModelAsync(new NewRegisteredModel { Name = "m" }, Ct);
        await _webhooks.UpdateAsync(webhook.Id, new WebhookChange { Active = false }, Ct);
        Assert.Equal(DeliveryState.Failed, Assert.Single(await _webhooks.ListDeliveriesAsync(webhook.Id, 10, Ct)).State);
        await _webhooks.UpdateAsync(webhook.Id, new WebhookChange { Active = true }, Ct);
        await _registry.CreateModelAsync(new NewRegisteredModel { Name = "n" }, Ct);
        await _webhooks.DeleteAsync(webhook.Id, Ct);
        Assert.Null(await _webhooks.NextDueAsync([], Ct));
    }
}

public sealed class SqliteWebhooksTests : SqlWebhooksTests
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    protected override SqlDatabase Open() => SqliteDatabase.Open(_folder["lode.db"]);
}

[NeedsPostgres]
public sealed class PostgresWebhooksTests : SqlWebhooksTests
{
    protected override SqlDatabase Open() => PostgresDatabase.Open(PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase()));
}
