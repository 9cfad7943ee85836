using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    private const string InsertTag = "INSERT INTO run_tag (run_id, key, value) VALUES (@0, @1, @2) ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value";

    /// <inheritdoc/>
    public Task LogAsync(RunId id, RunBatch batch, CancellationToken ct)
    {
        Check(batch);
        return database.WriteAsync(sql =>
        {
            var appends = sql.Deferred<MetricAppends>();
            var run = appends.Find(sql, id) ?? throw NoRun(id);
            if (run.Lifecycle == Lifecycle.Deleted)
                throw InTrash(id);
            if (WriteParams(sql, run.Row, batch.Params) is { Count: > 0 } refused)
                throw ParamRewritten(id, refused);
            SetTags(sql, run.Row, batch.Tags);
            ReviseTags(sql, id, run.Row, batch.Revisions);
            appends.Add(sql, appends.Find(sql, id)!, batch.Metrics);
            return true;
        }, ct);
    }

    private static void Check(RunBatch batch)
    {
        for (var i = 0; i < batch.Metrics.Count; i++)
        {
            NameRules.CheckKey(batch.Metrics[i].Key, string.Create(CultureInfo.InvariantCulture, $"metrics[{i}].name"));
            if (batch.Metrics[i].Time < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"Metric '{batch.Metrics[i].Key}': a timestamp is at least 0 milliseconds; got {batch.Metrics[i].Time}.");
        }
        for (var i = 0; i < batch.Params.Count; i++)
            NameRules.CheckKey(batch.Params[i].Key, string.Create(CultureInfo.InvariantCulture, $"params[{i}].key"));
        for (var i = 0; i < batch.Tags.Count; i++)
            NameRules.CheckKey(batch.Tags[i].Key, string.Create(CultureInfo.InvariantCulture, $"tags[{i}].key"));
        for (var i = 0; i < batch.Revisions.Count; i++)
            NameRules.CheckKey(batch.Revisions[i]?.Key ?? "", string.Create(CultureInfo.InvariantCulture, $"revisions[{i}].key"));
    }

    // Each is one statement, so that of two servers only one succeeds: reading first would not do under PostgreSQL.
    private static void ReviseTags(SqlSession sql, RunId id, long run, IReadOnlyList<TagRevision> revisions)
    {
        foreach (var (key, old, text) in revisions)
        {
            var value = NameRules.Truncate(text, NameRules.MaxTagLength);
            var changed = old is null
                ? sql.Execute("INSERT INTO run_tag (run_id, key, value) VALUES (@0, @1, @2) ON CONFLICT DO NOTHING", run, key, value)
                : sql.Execute("UPDATE run_tag SET value = @2 WHERE run_id = @0 AND key = @1 AND value = @3", run, key, value, old);
            if (changed == 0)
                throw new LodeException(ErrorCode.Conflict, $"The tag '{key}' of run {id} is not what it was when it was read.", "Read it again, and change what is there now.");
        }
    }

    /// <summary>Writes new params; returns those that were there with another value.</summary>
    private static List<(string Key, string Old, string New)> WriteParams(SqlSession sql, long run, IEnumerable<KeyValuePair<string, string>> values)
    {
        var refused = new List<(string, string, string)>();
        foreach (var (key, text) in values)
        {
            var value = NameRules.Truncate(text, NameRules.MaxParamLength);
            object? number = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) && !double.IsNaN(parsed) ? parsed : null;
            if (sql.Execute("INSERT INTO run_param (run_id, key, value, number) VALUES (@0, @1, @2, @3) ON CONFLICT DO NOTHING", run, key, value, number) == 1)
                continue;
            var old = sql.Scalar<string>("SELECT value FROM run_param WHERE run_id = @0 AND key = @1", run, key)!;
            if (old != value)
                refused.Add((key, old, value));
        }
        return refused;
    }

    private static LodeException ParamRewritten(RunId id, List<(string Key, string Old, string New)> refused) => new(ErrorCode.InvalidArgument, refused.Count == 1
        ? $"Changing param values is not allowed. Param with key='{refused[0].Key}' was already logged with value='{refused[0].Old}' for run ID='{id}'. Attempted logging new value '{refused[0].New}'."
        : $"Changing param values is not allowed. Params were already logged='[{string.Join(", ", refused.Select(param => $"{{'key': '{param.Key}', 'old_value': '{param.Old}', 'new_value': '{param.New}'}}"))}]' for run ID='{id}'.");

    private static void SetTags(SqlSession sql, long run, IEnumerable<KeyValuePair<string, string?>> tags)
    {
        foreach (var (key, value) in tags)
        {
            if (value is null)
                sql.Execute("DELETE FROM run_tag WHERE run_id = @0 AND key = @1", run, key);
            else
                sql.Execute(InsertTag, run, key, NameRules.Truncate(value, NameRules.MaxTagLength));
        }
    }
}
