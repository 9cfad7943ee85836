using System.Data.Common;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlModelRegistry
{
    private static RegisteredModel ReadModel(SqlSession sql, string name) => ReadModels(sql, RegistryRows.Model(name)) is [var model] ? model : throw NoModel(name);

    private static ModelVersion ReadVersion(SqlSession sql, string name, long version) => ReadVersions(sql, RegistryRows.Version(name, version)) is [var found] ? found : throw NoVersion(name, version);

    private static List<RegisteredModel> ReadModels(SqlSession sql, RegistryRows rows)
    {
        var page = $"(SELECT m.id AS id{rows.Sql}) page";
        var tags = new Dictionary<long, Dictionary<string, string>>();
        sql.Read($"SELECT t.model_id, t.key, t.value FROM registered_model_tag t JOIN {page} ON page.id = t.model_id", rows.Values, row => Bag(tags, row.GetInt64(0))[row.GetString(1)] = row.GetString(2));
        var aliases = new Dictionary<long, Dictionary<string, long>>();
        sql.Read($"SELECT a.model_id, a.alias, a.version FROM model_alias a JOIN model_version v ON v.model_id = a.model_id AND v.version = a.version JOIN {page} ON page.id = a.model_id ORDER BY a.alias",
            rows.Values, row => Bag(aliases, row.GetInt64(0))[row.GetString(1)] = row.GetInt64(2));
        var latest = ReadVersions(sql, RegistryRows.Latest(rows)).ToLookup(version => version.Model, StringComparer.Ordinal);
        return sql.Query($"SELECT m.id, m.name, m.description, m.created_at, m.updated_at{rows.Sql}", rows.Values, row => new RegisteredModel
        {
            Name = row.GetString(1),
            Description = Text(row, 2),
            CreatedAt = row.GetInt64(3),
            UpdatedAt = row.GetInt64(4),
            Tags = tags.GetValueOrDefault(row.GetInt64(0)) ?? [],
            Aliases = aliases.GetValueOrDefault(row.GetInt64(0)) ?? [],
            LatestVersions = [.. latest[row.GetString(1)]],
        });
    }

    private static List<ModelVersion> ReadVersions(SqlSession sql, RegistryRows rows)
    {
        var page = $"(SELECT v.model_id AS model_id, v.version AS version{rows.Sql}) page";
        var tags = new Dictionary<(long, long), Dictionary<string, string>>();
        sql.Read($"SELECT t.model_id, t.version, t.key, t.value FROM model_version_tag t JOIN {page} ON page.model_id = t.model_id AND page.version = t.version",
            rows.Values, row => Bag(tags, (row.GetInt64(0), row.GetInt64(1)))[row.GetString(2)] = row.GetString(3));
        var aliases = new Dictionary<(long, long), List<string>>();
        sql.Read($"SELECT a.model_id, a.version, a.alias FROM model_alias a JOIN {page} ON page.model_id = a.model_id AND page.version = a.version ORDER BY a.alias", rows.Values, row => Bag(aliases, (row.GetInt64(0), row.GetInt64(1))).Add(row.GetString(2)));
        return sql.Query($"SELECT v.model_id, v.version, m.name, v.source, v.run_uuid, v.run_link, v.logged_model, v.description, v.stage, v.created_at, v.updated_at{rows.Sql}", rows.Values, row =>
        {
            var key = (row.GetInt64(0), row.GetInt64(1));
            return new ModelVersion
            {
                Model = row.GetString(2),
                Version = key.Item2,
                Source = row.GetString(3),
                RunId = Text(row, 4),
                RunLink = Text(row, 5),
                ModelId = Text(row, 6),
                Description = Text(row, 7),
                Stage = (ModelStage)row.GetInt32(8),
                CreatedAt = row.GetInt64(9),
                UpdatedAt = row.GetInt64(10),
                Tags = tags.GetValueOrDefault(key) ?? [],
                Aliases = aliases.GetValueOrDefault(key) ?? [],
            };
        });
    }

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static TBag Bag<TKey, TBag>(Dictionary<TKey, TBag> bags, TKey owner)
        where TKey : notnull
        where TBag : new()
    {
        if (!bags.TryGetValue(owner, out var bag))
            bags.Add(owner, bag = new TBag());
        return bag;
    }
}
