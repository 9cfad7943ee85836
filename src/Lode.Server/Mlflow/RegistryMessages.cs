using System.Globalization;
using System.Text.Json;
using Lode.Tracking;

namespace Lode.Server.Mlflow;

/// <summary>Reads and writes the registry's messages.</summary>
internal static class RegistryMessages
{
    /// <summary>The query that a search request means.</summary>
    public static RegistryQuery Query(MlflowRequest request, MlflowVocabulary vocabulary, MlflowPage page) => new()
    {
        Filter = MlflowFilterParser.Parse(request.Text("filter"), vocabulary),
        Order = MlflowFilterParser.ParseOrder(request.Texts("order_by"), vocabulary),
        Offset = page.Offset,
        Limit = page.Limit,
    };

    public static MlflowAnswer Answer(ModelVersion version) => new(json =>
    {
        json.WriteStartObject("model_version"u8);
        WriteVersion(json, version);
        json.WriteEndObject();
    });

    public static void WriteModel(Utf8JsonWriter json, RegisteredModel model)
    {
        json.WriteString("name"u8, model.Name);
        json.WriteNumber("creation_timestamp"u8, model.CreatedAt);
        json.WriteNumber("last_updated_timestamp"u8, model.UpdatedAt);
        if (model.Description is { Length: > 0 } description)
            json.WriteString("description"u8, description);
        // MLflow says the aliases once, below.
        json.WriteMessages("latest_versions", model.LatestVersions, (writer, version) => WriteVersion(writer, version with { Aliases = [] }));
        if (model.Tags.Count > 0)
            json.WritePairs("tags", model.Tags);
        json.WriteMessages("aliases", model.Aliases, (writer, alias) =>
        {
            writer.WriteString("alias"u8, alias.Key);
            writer.WriteString("version"u8, Text(alias.Value));
        });
    }

    public static void WriteVersion(Utf8JsonWriter json, ModelVersion version)
    {
        json.WriteString("name"u8, version.Model);
        json.WriteString("version"u8, Text(version.Version));
        json.WriteNumber("creation_timestamp"u8, version.CreatedAt);
        json.WriteNumber("last_updated_timestamp"u8, version.UpdatedAt);
        json.WriteString("current_stage"u8, version.Stage.ToString());
        json.WriteString("description"u8, version.Description ?? "");
        json.WriteString("source"u8, version.Source);
        json.WriteString("run_id"u8, version.RunId ?? "");
        json.WriteString("status"u8, "READY"u8);
        if (version.Tags.Count > 0)
            json.WritePairs("tags", version.Tags);
        json.WriteString("run_link"u8, version.RunLink ?? "");
        if (version.Aliases.Count > 0)
        {
            json.WriteStartArray("aliases"u8);
            foreach (var alias in version.Aliases)
                json.WriteStringValue(alias);
            json.WriteEndArray();
        }
        if (!string.IsNullOrEmpty(version.ModelId))
            json.WriteString("model_id"u8, version.ModelId);
    }

    /// <summary>A list of messages; nothing where it is empty.</summary>
    public static void WriteMessages<T>(this Utf8JsonWriter json, string name, IReadOnlyCollection<T> messages, Action<Utf8JsonWriter, T> write)
    {
        if (messages.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var message in messages)
        {
            json.WriteStartObject();
            write(json, message);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}
