using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlModelRegistry
{
    /// <inheritdoc/>
    public Task<ModelVersion> CreateVersionAsync(NewModelVersion version, CancellationToken ct)
    {
        ModelRules.CheckName(version.Model);
        foreach (var (key, value) in version.Tags)
            ModelRules.CheckTag(key, value);
        return ChangeAsync(sql =>
        {
            var (location, run) = Resolve(sql, version);
            var (id, now) = (Claim(sql, version.Model), Now);
            sql.Execute("UPDATE registered_model SET last_version = last_version + 1, updated_at = @1 WHERE id = @0", id, now);
            var number = sql.Scalar<long>("SELECT last_version FROM registered_model WHERE id = @0", id);
            sql.Execute(
                $"""
                INSERT INTO model_version (model_id, version, source, location, run_uuid, run_link, logged_model, description, stage, created_at, updated_at, change)
                VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, @9, @9, {Change})
                """,
                id, number, version.Source, location, run, version.RunLink, version.ModelId, version.Description, (int)ModelStage.None, now);
            foreach (var (key, value) in version.Tags)
                sql.Execute("INSERT INTO model_version_tag (model_id, version, key, value) VALUES (@0, @1, @2, @3)", id, number, key, value);
            if (version.ModelId is { Length: > 0 } model && !IsPrompt(version))
                TellLogged(sql, model, version.Model, number);
            PublishVersion(sql, id, version, number);
            return ReadVersion(sql, version.Model, number);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<ModelVersion> GetVersionAsync(string name, long version, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        return database.ReadAsync(sql => ReadVersion(sql, name, version), ct);
    }

    /// <inheritdoc/>
    public Task<string> GetLocationAsync(string name, long version, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        return database.ReadAsync(sql => Location(sql, name, version), ct);
    }

    /// <inheritdoc/>
    public Task<ModelVersion?> FindByAliasAsync(string name, string alias, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        return database.ReadAsync(sql =>
        {
            var id = sql.Scalar<long?>("SELECT id FROM registered_model WHERE name = @0", name) ?? throw NoModel(name);
            return AliasTarget(sql, id, name, alias) is { } version ? ReadVersion(sql, name, version) : null;
        }, ct);
    }

    /// <inheritdoc/>
    public Task<ModelVersionPage> SearchVersionsAsync(RegistryQuery query, CancellationToken ct)
    {
        var rows = RegistrySearch.Rows(query, versions: true);
        return database.ReadAsync(sql =>
        {
            var found = ReadVersions(sql, rows);
            return new ModelVersionPage([.. found.Take(query.Limit)], found.Count > query.Limit);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<ModelVersion> DescribeVersionAsync(string name, long version, string? description, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        return ChangeAsync(sql =>
        {
            if (sql.Execute($"UPDATE model_version SET description = @2, updated_at = @3, change = {Change} WHERE model_id = @0 AND version = @1", Claim(sql, name, version), version, description, Now) == 0)
                throw NoVersion(name, version);
            return ReadVersion(sql, name, version);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<ModelVersion> MoveVersionAsync(string name, long version, ModelStage stage, bool archiveOthers, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        if (archiveOthers && stage is not (ModelStage.Staging or ModelStage.Production))
            throw new LodeException(ErrorCode.InvalidArgument, $"Model version transition cannot archive existing model versions because '{stage}' is not an Active stage. Valid stages are Staging, Production.");
        return ChangeAsync(sql =>
        {
            var (id, now) = (Claim(sql, name, version), Now);
            if (sql.Execute($"UPDATE model_version SET stage = @2, updated_at = @3, change = {Change} WHERE model_id = @0 AND version = @1", id, version, (int)stage, now) == 0)
                throw NoVersion(name, version);
            if (archiveOthers)
            {
                sql.Execute($"UPDATE model_version SET stage = @3, updated_at = @4, change = {Change} WHERE model_id = @0 AND version <> @1 AND stage = @2",
                    id, version, (int)stage, (int)ModelStage.Archived, now);
            }
            sql.Execute("UPDATE registered_model SET updated_at = @1 WHERE id = @0", id, now);
            return ReadVersion(sql, name, version);
        }, ct);
    }

    /// <inheritdoc/>
    public Task DeleteVersionAsync(string name, long version, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        return ChangeAsync(sql =>
        {
            var id = Claim(sql, name, version);
            sql.Execute("DELETE FROM model_version_tag WHERE model_id = @0 AND version = @1", id, version);
            if (sql.Execute("DELETE FROM model_version WHERE model_id = @0 AND version = @1", id, version) == 0)
                throw NoVersion(name, version);
            return sql.Execute("UPDATE registered_model SET updated_at = @1 WHERE id = @0", id, Now);
        }, ct);
    }

    /// <inheritdoc/>
    public Task SetVersionTagAsync(string name, long version, string key, string? value, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        ModelRules.CheckTag(key, value);
        return ChangeAsync(sql =>
        {
            var id = Claim(sql, name, version);
            RequireVersion(sql, id, name, version);
            var changed = value is null
                ? sql.Execute("DELETE FROM model_version_tag WHERE model_id = @0 AND version = @1 AND key = @2", id, version, key)
                : sql.Execute("INSERT INTO model_version_tag (model_id, version, key, value) VALUES (@0, @1, @2, @3) ON CONFLICT (model_id, version, key) DO UPDATE SET value = excluded.value",
                    id, version, key, value);
            if (changed > 0)
                PublishVersionTag(sql, id, name, version, key, value);
            return changed;
        }, ct);
    }

    /// <inheritdoc/>
    public Task SetAliasAsync(string name, string alias, long? version, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        ModelRules.CheckAlias(alias, toSet: version is not null);
        return ChangeAsync(sql =>
        {
            var id = Claim(sql, name, version);
            if (version is { } number)
                RequireVersion(sql, id, name, number);
            var changed = version is null
                ? sql.Execute("DELETE FROM model_alias WHERE model_id = @0 AND alias = @1", id, alias)
                : sql.Execute("INSERT INTO model_alias (model_id, alias, version) VALUES (@0, @1, @2) ON CONFLICT (model_id, alias) DO UPDATE SET version = excluded.version", id, alias, version);
            if (changed > 0)
                PublishAlias(sql, id, name, alias, version);
            return changed;
        }, ct);
    }

    /// <summary>The model's id, claimed. A version of no model is a missing version, as MLflow says it.</summary>
    private static long Claim(SqlSession sql, string name, long? version)
    {
        try
        {
            return Claim(sql, name);
        }
        catch (LodeException) when (version is not null)
        {
            throw NoVersion(name, version.Value);
        }
    }

    private static void RequireVersion(SqlSession sql, long id, string name, long version)
    {
        if (sql.Scalar<long?>("SELECT version FROM model_version WHERE model_id = @0 AND version = @1", id, version) is null)
            throw NoVersion(name, version);
    }

    /// <summary>The version that an alias leads to, whether it is still there or not.</summary>
    private static long? AliasTarget(SqlSession sql, long id, string name, string alias) => alias.Equals(ModelRules.Latest, StringComparison.OrdinalIgnoreCase)
        ? sql.Scalar<long?>("SELECT max(version) FROM model_version WHERE model_id = @0", id) ?? throw new LodeException(ErrorCode.NotFound, $"Latest version not found for model {name}.")
        : sql.Scalar<long?>("SELECT version FROM model_alias WHERE model_id = @0 AND alias = @1", id, alias);

    private static string Location(SqlSession sql, string name, long version) =>
        sql.Scalar<string>("SELECT v.location FROM model_version v JOIN registered_model m ON m.id = v.model_id WHERE m.name = @0 AND v.version = @1", name, version)
        ?? throw NoVersion(name, version);
}
