using System.Buffers;
using System.Data.Common;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The store of logged models over a SQL database.</summary>
/// <param name="database">The database; the caller keeps and disposes it.</param>
/// <param name="time">For the times that the store notes.</param>
public sealed partial class SqlLoggedModelStore(SqlDatabase database, TimeProvider time) : ILoggedModelStore
{
    private const int MaxNameLength = 500;
    private const string Columns = "m.id, m.project_id, m.name, m.model_type, m.source_run, m.status, m.created_at, m.updated_at, "
        + ArtifactUri;

    /// <summary>Where a logged model's files lie; needs <see cref="Tables"/>.</summary>
    internal const string ArtifactUri = "(rtrim(coalesce(p.artifact_location, 'mlflow-artifacts:/' || p.id), '/') || '/models/' || m.id || '/artifacts')";

    internal const string Tables = "logged_model m JOIN project p ON p.id = m.project_id";

    private static readonly SearchValues<char> s_forbidden = SearchValues.Create("/:.%\"'");

    /// <inheritdoc/>
    public Task<LoggedModel> CreateAsync(NewLoggedModel model, CancellationToken ct)
    {
        var name = string.IsNullOrEmpty(model.Name) ? RunNames.For(RunId.Parse(model.Id[2..])) : CheckName(model.Name);
        CheckKeys(model.Params, "params");
        CheckKeys(model.Tags, "tags");
        return database.WriteAsync(sql =>
        {
            if (Find(sql, model.Id) is { } there)
                return there;
            var lifecycle = sql.Scalar<int?>("SELECT lifecycle FROM project WHERE id = @0", model.ProjectId.Value) ?? throw new LodeException(ErrorCode.NotFound, $"No Experiment with id={model.ProjectId} exists");
            if (lifecycle == (int)Lifecycle.Deleted)
                throw new LodeException(ErrorCode.Conflict, $"The experiment {model.ProjectId} must be in the 'active' state. Current state is deleted.", "Restore the project first.");
            sql.Execute(
                "INSERT INTO logged_model (id, project_id, name, model_type, source_run, status, lifecycle, created_at, updated_at) VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @7)",
                model.Id, model.ProjectId.Value, name, model.ModelType, model.SourceRun, (int)LoggedModelStatus.Pending, (int)Lifecycle.Active, Now);
            WriteParams(sql, model.Id, model.Params);
            foreach (var (key, value) in model.Tags)
                WriteTag(sql, model.Id, key, value);
            return Read(sql, model.Id);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<LoggedModel> GetAsync(string id, CancellationToken ct) => database.ReadAsync(sql => Read(sql, id), ct);

    /// <inheritdoc/>
    public Task<LoggedModel> SetStatusAsync(string id, LoggedModelStatus status, CancellationToken ct) => database.WriteAsync(sql =>
    {
        sql.Execute("UPDATE logged_model SET status = @1, updated_at = @2 WHERE id = @0 AND lifecycle = @3", id, (int)status, Now, (int)Lifecycle.Active);
        return Read(sql, id);
    }, ct);

    /// <inheritdoc/>
    public Task LogParamsAsync(string id, IReadOnlyList<KeyValuePair<string, string>> @params, CancellationToken ct)
    {
        CheckKeys(@params, "params");
        return database.WriteAsync(sql =>
        {
            Require(sql, id);
            WriteParams(sql, id, @params);
            return true;
        }, ct);
    }

    /// <inheritdoc/>
    public Task<LoggedModel> SetTagsAsync(string id, IReadOnlyList<KeyValuePair<string, string?>> tags, CancellationToken ct)
    {
        foreach (var (key, _) in tags)
            NameRules.CheckLooseKey(key, "tags.key");
        return database.WriteAsync(sql =>
        {
            Require(sql, id);
            foreach (var (key, value) in tags)
            {
                if (value is not null)
                    WriteTag(sql, id, key, value);
                else if (sql.Execute("DELETE FROM logged_model_tag WHERE model_id = @0 AND key = @1", id, key) == 0)
                    throw new LodeException(ErrorCode.NotFound, $"No tag with key '{key}' found for model with ID '{id}'.");
            }
            return Read(sql, id);
        }, ct);
    }

    /// <inheritdoc/>
    public Task LogMetricsAsync(IReadOnlyList<ModelMetric> metrics, CancellationToken ct)
    {
        foreach (var metric in metrics)
        {
            NameRules.CheckKey(metric.Point.Key, "metrics.name");
            if (metric.Point.Time < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"Metric '{metric.Point.Key}': a timestamp is at least 0 milliseconds; got {metric.Point.Time}.");
        }
        return database.WriteAsync(sql =>
        {
            foreach (var model in metrics.Select(metric => metric.ModelId).Distinct(StringComparer.Ordinal))
                Require(sql, model);
            foreach (var metric in metrics)
                WriteMetric(sql, metric);
            return true;
        }, ct);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string id, CancellationToken ct) => database.WriteAsync(sql =>
    {
        Require(sql, id);
        sql.Execute("UPDATE logged_model SET lifecycle = @1, updated_at = @2 WHERE id = @0", id, (int)Lifecycle.Deleted, Now);
        return true;
    }, ct);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    internal static string CheckName(string name)
    {
        if (name.AsSpan().IndexOfAny(s_forbidden) is var at and >= 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"Invalid model name ('{name}') provided. Model name must be a non-empty string and cannot contain the following characters: / : . % \" '; got {name[at]}.");
        return name.Length <= MaxNameLength ? name : throw new LodeException(ErrorCode.InvalidArgument, $"'name' exceeds the maximum length of {MaxNameLength} characters: got {name.Length}.");
    }

    private static void CheckKeys(IReadOnlyList<KeyValuePair<string, string>> pairs, string what)
    {
        for (var i = 0; i < pairs.Count; i++)
            NameRules.CheckLooseKey(pairs[i].Key, $"{what}[{i}].key");
    }

    internal static void WriteParams(SqlSession sql, string model, IReadOnlyList<KeyValuePair<string, string>> @params)
    {
        foreach (var (key, text) in @params)
        {
            var value = NameRules.Truncate(text, NameRules.MaxParamLength);
            if (sql.Execute("INSERT INTO logged_model_param (model_id, key, value) VALUES (@0, @1, @2) ON CONFLICT DO NOTHING", model, key, value) == 1)
                continue;
            var old = sql.Scalar<string>("SELECT value FROM logged_model_param WHERE model_id = @0 AND key = @1", model, key);
            if (old != value)
                throw new LodeException(ErrorCode.InvalidArgument, $"Changing param values is not allowed. Param with key='{key}' was already logged with value='{old}' for model ID='{model}'. Attempted logging new value '{value}'.");
        }
    }

    internal static void WriteTag(SqlSession sql, string model, string key, string value) => sql.Execute(
        "INSERT INTO logged_model_tag (model_id, key, value) VALUES (@0, @1, @2) ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value", model, key, NameRules.Truncate(value, NameRules.MaxTagLength));

    internal static void WriteMetric(SqlSession sql, ModelMetric metric)
    {
        var (model, point, name, digest, run) = metric;
        sql.Execute(
            "INSERT INTO logged_model_metric (model_id, key, time, step, run_uuid, value, dataset_name, dataset_digest) VALUES (@0, @1, @2, @3, @4, @5, @6, @7) ON CONFLICT DO NOTHING",
            model, point.Key, point.Time, point.Step, run?.ToString() ?? "", double.IsNaN(point.Value) ? null : point.Value, name, digest);
    }

    private static void Require(SqlSession sql, string id)
    {
        if (sql.Scalar<int?>("SELECT status FROM logged_model WHERE id = @0 AND lifecycle = @1", id, (int)Lifecycle.Active) is null)
            throw Unknown(id);
    }

    private static LodeException Unknown(string id) => new(ErrorCode.NotFound, $"Logged model with ID '{id}' not found.");

    private static LoggedModel Read(SqlSession sql, string id) => Find(sql, id) ?? throw Unknown(id);

    internal static LoggedModel? Find(SqlSession sql, string id)
    {
        var found = sql.Query($"SELECT {Columns} FROM {Tables} WHERE m.id = @0 AND m.lifecycle = @1", [id, (int)Lifecycle.Active], Map);
        return found.Count == 1 ? Fill(sql, found[0]) : null;
    }

    private static LoggedModel Map(DbDataReader row) => new()
    {
        Id = row.GetString(0),
        ProjectId = new ProjectId(row.GetInt64(1)),
        Name = row.GetString(2),
        ModelType = row.GetString(3),
        SourceRun = row.GetString(4),
        Status = (LoggedModelStatus)row.GetInt32(5),
        CreatedAt = row.GetInt64(6),
        UpdatedAt = row.GetInt64(7),
        ArtifactUri = row.GetString(8),
    };

    private static LoggedModel Fill(SqlSession sql, LoggedModel model) => model with
    {
        Params = Pairs(sql, "SELECT key, value FROM logged_model_param WHERE model_id = @0 ORDER BY key", model.Id),
        Tags = Pairs(sql, "SELECT key, value FROM logged_model_tag WHERE model_id = @0 ORDER BY key", model.Id),
        Metrics = sql.Query(
            "SELECT key, value, time, step, dataset_name, dataset_digest, run_uuid FROM logged_model_metric WHERE model_id = @0 ORDER BY key, time, step, run_uuid",
            [model.Id],
            row => new ModelMetric(
                model.Id,
                new MetricPoint(row.GetString(0), row.IsDBNull(1) ? double.NaN : row.GetDouble(1), row.GetInt64(2), row.GetInt64(3)),
                row.IsDBNull(4) ? null : row.GetString(4),
                row.IsDBNull(5) ? null : row.GetString(5),
                RunId.TryParse(row.GetString(6), null, out var run) ? run : null)),
    };

    private static Dictionary<string, string> Pairs(SqlSession sql, string select, string model)
    {
        var pairs = new Dictionary<string, string>();
        sql.Read(select, [model], row => pairs[row.GetString(0)] = row.GetString(1));
        return pairs;
    }
}
