using System.Text.Json;
using System.Text.Json.Nodes;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlModelRegistry
{
    // The tag of a logged model that lists what it was registered as.
    private const string VersionsTag = "mlflow.modelVersions";

    private static (string ArtifactUri, string? Run) FindLogged(SqlSession sql, string id)
    {
        (string, string?)? found = null;
        sql.Read($"SELECT {SqlLoggedModelStore.ArtifactUri}, m.source_run FROM {SqlLoggedModelStore.Tables} WHERE m.id = @0 AND m.lifecycle = @1", [id, (int)Lifecycle.Active],
            row => found = (row.GetString(0), row.GetString(1) is { Length: > 0 } run ? run : null));
        return found ?? throw new LodeException(ErrorCode.NotFound, $"Logged model with ID '{id}' not found.");
    }

    private void TellLogged(SqlSession sql, string id, string name, long version)
    {
        var list = sql.Scalar<string>("SELECT value FROM logged_model_tag WHERE model_id = @0 AND key = @1", id, VersionsTag);
        sql.Execute("INSERT INTO logged_model_tag (model_id, key, value) VALUES (@0, @1, @2) ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value",
            id, VersionsTag, AppendVersion(list, name, version));
        sql.Execute("UPDATE logged_model SET updated_at = @1 WHERE id = @0", id, Now);
    }

    private static string Spaced(JsonNode? node) => node is JsonObject { Count: 2 } entry && entry["name"] is { } name && entry["version"] is { } version
        ? $"{{\"name\": {name.ToJsonString()}, \"version\": {version.ToJsonString()}}}"
        : node?.ToJsonString() ?? "null";

    private static string AppendVersion(string? list, string name, long version)
    {
        JsonArray? versions = null;
        try
        {
            versions = list is null ? null : JsonNode.Parse(list) as JsonArray;
        }
        catch (JsonException)
        {
            // Anyone may write tags; what is no list is not ours to keep.
        }
        versions ??= [];
        versions.Add((JsonNode)new JsonObject { ["name"] = name, ["version"] = version });
        // With blanks as Python writes them: clients compare the text.
        return $"[{string.Join(", ", versions.Select(Spaced))}]";
    }
}
