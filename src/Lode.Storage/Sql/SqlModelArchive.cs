using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The archive of models over a SQL database.</summary>
/// <param name="database">The database; the caller keeps and disposes it.</param>
public sealed class SqlModelArchive(SqlDatabase database) : IModelArchive
{
    private const int IdLength = 34;

    /// <inheritdoc/>
    public Task<LoggedModel?> FindLoggedAsync(string id, CancellationToken ct) => database.ReadAsync(sql => SqlLoggedModelStore.Find(sql, id), ct);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LoggedModel>> ListLoggedAsync(ProjectId project, string after, int limit, CancellationToken ct) => database.ReadAsync<IReadOnlyList<LoggedModel>>(
        sql => sql.Query("SELECT id FROM logged_model WHERE project_id = @0 AND lifecycle = @1 AND id > @2 ORDER BY id LIMIT @3", [project.Value, (int)Lifecycle.Active, after, limit], row => row.GetString(0))
            .ConvertAll(id => SqlLoggedModelStore.Find(sql, id)!), ct);

    /// <inheritdoc/>
    public Task PutLoggedAsync(LoggedModel model, CancellationToken ct)
    {
        if (model.Id.Length != IdLength || !model.Id.StartsWith("m-", StringComparison.Ordinal) || !RunId.TryParse(model.Id[2..], null, out _))
            throw new LodeException(ErrorCode.InvalidArgument, $"A logged model's id is m- and 32 hexadecimal digits; got '{model.Id}'.");
        SqlLoggedModelStore.CheckName(model.Name);
        foreach (var key in model.Params.Keys.Concat(model.Tags.Keys).Concat(model.Metrics.Select(metric => metric.Point.Key)))
            NameRules.CheckLooseKey(key, "key");
        return database.WriteAsync(sql =>
        {
            if (sql.Scalar<long?>("SELECT id FROM project WHERE id = @0", model.ProjectId.Value) is null)
                throw new LodeException(ErrorCode.NotFound, $"No Experiment with id={model.ProjectId} exists");
            if (sql.Scalar<int?>("SELECT lifecycle FROM logged_model WHERE id = @0", model.Id) == (int)Lifecycle.Deleted)
                throw new LodeException(ErrorCode.Conflict, $"The logged model {model.Id} was deleted here.");
            sql.Execute(
                """
                INSERT INTO logged_model (id, project_id, name, model_type, source_run, status, lifecycle, created_at, updated_at) VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8)
                ON CONFLICT (id) DO UPDATE SET project_id = excluded.project_id, name = excluded.name, model_type = excluded.model_type, source_run = excluded.source_run,
                    status = excluded.status, created_at = excluded.created_at, updated_at = excluded.updated_at
                """,
                model.Id, model.ProjectId.Value, model.Name, model.ModelType, model.SourceRun, (int)model.Status, (int)Lifecycle.Active, model.CreatedAt, model.UpdatedAt);
            foreach (var table in (ReadOnlySpan<string>)["logged_model_param", "logged_model_tag", "logged_model_metric"])
                sql.Execute($"DELETE FROM {table} WHERE model_id = @0", model.Id);
            SqlLoggedModelStore.WriteParams(sql, model.Id, [.. model.Params]);
            foreach (var (key, value) in model.Tags)
                SqlLoggedModelStore.WriteTag(sql, model.Id, key, value);
            foreach (var metric in model.Metrics)
                SqlLoggedModelStore.WriteMetric(sql, metric with { ModelId = model.Id });
            return true;
        }, ct);
    }

    /// <inheritdoc/>
    public Task<ArchivedModel?> FindRegisteredAsync(string name, CancellationToken ct) => database.ReadAsync(
        sql => sql.Scalar<long?>("SELECT id FROM registered_model WHERE name = @0", name) is { } id ? Read(sql, id) : null, ct);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArchivedModel>> ListRegisteredAsync(string after, int limit, CancellationToken ct) => database.ReadAsync<IReadOnlyList<ArchivedModel>>(
        sql => sql.Query("SELECT id FROM registered_model WHERE id > coalesce((SELECT id FROM registered_model WHERE name = @0), 0) ORDER BY id LIMIT @1", [after, limit], row => row.GetInt64(0))
            .ConvertAll(id => Read(sql, id)), ct);

    /// <inheritdoc/>
    public Task PutRegisteredAsync(ArchivedModel model, CancellationToken ct)
    {
        Check(model);
        var last = model.Versions.Select(version => version.Version).Append(model.LastVersion).Max();
        return database.WriteAsync(sql =>
        {
            // Changes rise by one for each version, by the order of their updates: that tells the later of two in one millisecond.
            sql.Execute(
                """
                INSERT INTO registered_model (name, description, last_version, changes, created_at, updated_at) VALUES (@0, @1, @2, @3, @4, @5)
                ON CONFLICT (name) DO UPDATE SET description = excluded.description, created_at = excluded.created_at, updated_at = excluded.updated_at, changes = registered_model.changes + excluded.changes,
                    last_version = CASE WHEN registered_model.last_version > excluded.last_version THEN registered_model.last_version ELSE excluded.last_version END
                """,
                model.Name, model.Description, last, model.Versions.Count + 1, model.CreatedAt, model.UpdatedAt);
            var (id, changes) = (sql.Scalar<long>("SELECT id FROM registered_model WHERE name = @0", model.Name), sql.Scalar<long>("SELECT changes FROM registered_model WHERE name = @0", model.Name));
            foreach (var table in (ReadOnlySpan<string>)["model_alias", "model_version_tag", "model_version", "registered_model_tag"])
                sql.Execute($"DELETE FROM {table} WHERE model_id = @0", id);
            foreach (var (key, value) in model.Tags)
                sql.Execute("INSERT INTO registered_model_tag (model_id, key, value) VALUES (@0, @1, @2)", id, key, value);
            changes -= model.Versions.Count;
            foreach (var version in model.Versions.OrderBy(version => version.UpdatedAt).ThenBy(version => version.Version))
            {
                sql.Execute(
                    "INSERT INTO model_version (model_id, version, source, location, run_uuid, run_link, logged_model, description, stage, change, created_at, updated_at) VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11)",
                    id, version.Version, version.Source, version.Location.Length > 0 ? version.Location : version.Source, version.RunId, version.RunLink, version.ModelId, version.Description,
                    (int)version.Stage, ++changes, version.CreatedAt, version.UpdatedAt);
                foreach (var (key, value) in version.Tags)
                    sql.Execute("INSERT INTO model_version_tag (model_id, version, key, value) VALUES (@0, @1, @2, @3)", id, version.Version, key, value);
            }
            foreach (var (alias, version) in model.Aliases)
                sql.Execute("INSERT INTO model_alias (model_id, alias, version) VALUES (@0, @1, @2)", id, alias, version);
            return true;
        }, ct);
    }

    private static void Check(ArchivedModel model)
    {
        ModelRules.CheckName(model.Name);
        foreach (var (key, value) in model.Tags.Concat(model.Versions.SelectMany(version => version.Tags)))
            ModelRules.CheckTag(key, value);
        foreach (var alias in model.Aliases.Keys)
            ModelRules.CheckAlias(alias, toSet: true);
        var numbers = new HashSet<long>();
        foreach (var version in model.Versions)
        {
            if (version.Version < 1 || !numbers.Add(version.Version))
                throw new LodeException(ErrorCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"Versions of a model have numbers from 1 up, each once; '{model.Name}' has {version.Version}."));
            if (string.IsNullOrEmpty(version.Source))
                throw new LodeException(ErrorCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"Version {version.Version} of '{model.Name}' has no source."));
        }
    }

    private static ArchivedModel Read(SqlSession sql, long id)
    {
        var (tags, aliases, ofVersions) = (new Dictionary<string, string>(), new Dictionary<string, long>(), new Dictionary<long, Dictionary<string, string>>());
        sql.Read("SELECT key, value FROM registered_model_tag WHERE model_id = @0 ORDER BY key", [id], row => tags[row.GetString(0)] = row.GetString(1));
        sql.Read("SELECT alias, version FROM model_alias WHERE model_id = @0 ORDER BY alias", [id], row => aliases[row.GetString(0)] = row.GetInt64(1));
        sql.Read("SELECT version, key, value FROM model_version_tag WHERE model_id = @0 ORDER BY version, key", [id], row =>
        {
            if (!ofVersions.TryGetValue(row.GetInt64(0), out var bag))
                ofVersions.Add(row.GetInt64(0), bag = []);
            bag[row.GetString(1)] = row.GetString(2);
        });
        string? Text(System.Data.Common.DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
        var versions = sql.Query(
            "SELECT version, source, location, run_uuid, run_link, logged_model, description, stage, created_at, updated_at FROM model_version WHERE model_id = @0 ORDER BY version", [id],
            row => new ArchivedVersion
            {
                Version = row.GetInt64(0),
                Source = row.GetString(1),
                Location = row.GetString(2),
                RunId = Text(row, 3),
                RunLink = Text(row, 4),
                ModelId = Text(row, 5),
                Description = Text(row, 6),
                Stage = (ModelStage)row.GetInt32(7),
                CreatedAt = row.GetInt64(8),
                UpdatedAt = row.GetInt64(9),
                Tags = ofVersions.GetValueOrDefault(row.GetInt64(0)) ?? [],
            });
        return sql.Query("SELECT name, description, last_version, created_at, updated_at FROM registered_model WHERE id = @0", [id], row => new ArchivedModel
        {
            Name = row.GetString(0),
            Description = Text(row, 1),
            LastVersion = row.GetInt64(2),
            CreatedAt = row.GetInt64(3),
            UpdatedAt = row.GetInt64(4),
            Tags = tags,
            Aliases = aliases,
            Versions = versions,
        })[0];
    }
}
