using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The model registry over a SQL database.</summary>
/// <param name="database">The database; the caller keeps and disposes it.</param>
/// <param name="time">For the times that the registry notes.</param>
public sealed partial class SqlModelRegistry(SqlDatabase database, TimeProvider time) : IModelRegistry
{
    /// <summary>How often the model (parameter 0) was changed, this change included.</summary>
    private const string Change = "(SELECT changes FROM registered_model WHERE id = @0)";

    /// <summary>Called after every committed change, since webhooks may wait for it; must not block.</summary>
    public Action? Published { get; init; }

    /// <inheritdoc/>
    public Task<RegisteredModel> CreateModelAsync(NewRegisteredModel model, CancellationToken ct)
    {
        ModelRules.CheckName(model.Name);
        foreach (var (key, value) in model.Tags)
            ModelRules.CheckTag(key, value);
        return ChangeAsync(sql =>
        {
            var now = Now;
            if (sql.Execute("INSERT INTO registered_model (name, description, last_version, changes, created_at, updated_at) VALUES (@0, @1, 0, 0, @2, @2) ON CONFLICT DO NOTHING", model.Name, model.Description, now) == 0)
                throw Taken(model.Name);
            var id = sql.Scalar<long>("SELECT id FROM registered_model WHERE name = @0", model.Name);
            foreach (var (key, value) in model.Tags)
                sql.Execute("INSERT INTO registered_model_tag (model_id, key, value) VALUES (@0, @1, @2)", id, key, value);
            PublishModel(sql, model);
            return ReadModel(sql, model.Name);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<RegisteredModel> GetModelAsync(string name, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        return database.ReadAsync(sql => ReadModel(sql, name), ct);
    }

    /// <inheritdoc/>
    public Task<RegisteredModelPage> SearchModelsAsync(RegistryQuery query, CancellationToken ct)
    {
        var rows = RegistrySearch.Rows(query, versions: false);
        return database.ReadAsync(sql =>
        {
            var found = ReadModels(sql, rows);
            return new RegisteredModelPage([.. found.Take(query.Limit)], found.Count > query.Limit);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<RegisteredModel> DescribeModelAsync(string name, string? description, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        return ChangeAsync(sql =>
        {
            sql.Execute("UPDATE registered_model SET description = @1, updated_at = @2 WHERE id = @0", Claim(sql, name), description, Now);
            return ReadModel(sql, name);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<RegisteredModel> RenameModelAsync(string name, string newName, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        ModelRules.CheckName(newName);
        return ChangeAsync(sql =>
        {
            var (id, now) = (Claim(sql, name), Now);
            if (newName != name && sql.Scalar<long?>("SELECT id FROM registered_model WHERE name = @0", newName) is not null)
                throw Taken(newName);
            sql.Execute("UPDATE registered_model SET name = @1, updated_at = @2 WHERE id = @0", id, newName, now);
            sql.Execute($"UPDATE model_version SET updated_at = @1, change = {Change} WHERE model_id = @0", id, now);
            return ReadModel(sql, newName);
        }, ct);
    }

    /// <inheritdoc/>
    public Task DeleteModelAsync(string name, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        return ChangeAsync(sql =>
        {
            var id = Claim(sql, name);
            foreach (var table in (ReadOnlySpan<string>)["model_alias", "model_version_tag", "model_version", "registered_model_tag"])
                sql.Execute($"DELETE FROM {table} WHERE model_id = @0", id);
            return sql.Execute("DELETE FROM registered_model WHERE id = @0", id);
        }, ct);
    }

    /// <inheritdoc/>
    public Task SetModelTagAsync(string name, string key, string? value, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        ModelRules.CheckTag(key, value);
        return ChangeAsync(sql =>
        {
            var id = Claim(sql, name);
            var changed = value is null
                ? sql.Execute("DELETE FROM registered_model_tag WHERE model_id = @0 AND key = @1", id, key)
                : sql.Execute("INSERT INTO registered_model_tag (model_id, key, value) VALUES (@0, @1, @2) ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value", id, key, value);
            if (changed > 0)
                PublishModelTag(sql, id, name, key, value);
            return changed;
        }, ct);
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// Every change goes through here and tells of itself with a Publish… member in its own transaction: whoever must record or
    /// approve changes has one place for it.
    /// </summary>
    private async Task<T> ChangeAsync<T>(Func<SqlSession, T> work, CancellationToken ct)
    {
        var result = await database.WriteAsync(work, ct).ConfigureAwait(false);
        Published?.Invoke();
        return result;
    }

    /// <summary>The model's id. Its changes are counted up, so that of several servers on one database only one changes the model at a time.</summary>
    private static long Claim(SqlSession sql, string name) =>
        sql.Execute("UPDATE registered_model SET changes = changes + 1 WHERE name = @0", name) == 1
            ? sql.Scalar<long>("SELECT id FROM registered_model WHERE name = @0", name)
            : throw NoModel(name);

    private static LodeException NoModel(string name) => new(ErrorCode.NotFound, $"Registered Model with name={name} not found");

    private static LodeException NoVersion(string name, long version) => new(ErrorCode.NotFound, $"Model Version (name={name}, version={version}) not found");

    private static LodeException Taken(string name) => new(ErrorCode.AlreadyExists, $"Registered Model (name={name}) already exists.");
}
