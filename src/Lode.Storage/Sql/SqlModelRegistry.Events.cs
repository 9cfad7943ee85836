using System.Globalization;
using System.Text.Json.Nodes;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlModelRegistry
{
    // Text and kind of a prompt are told apart from its tags.
    private static readonly string[] s_promptTags = [ModelRules.PromptTag, ModelRules.PromptTextTag, ModelRules.PromptTypeTag];

    private void PublishModel(SqlSession sql, NewRegisteredModel model)
    {
        var prompt = model.Tags.TryGetValue(ModelRules.PromptTag, out var mark) && IsTrue(mark);
        Publish(sql, prompt ? WebhookEvents.PromptCreated : WebhookEvents.ModelCreated, () => new JsonObject
        {
            ["name"] = model.Name,
            ["tags"] = TagsOf(model.Tags, prompt),
            ["description"] = model.Description ?? "",
        });
    }

    private void PublishModelTag(SqlSession sql, long id, string name, string key, string? value)
    {
        // MLflow tells of the tags of models only where the model is a prompt.
        if (IsPrompt(sql, id))
            Publish(sql, value is null ? WebhookEvents.PromptTagDeleted : WebhookEvents.PromptTagSet, () => Tag(new JsonObject { ["name"] = name }, key, value));
    }

    private void PublishVersion(SqlSession sql, long id, NewModelVersion version, long number)
    {
        var named = new JsonObject { ["name"] = version.Model, ["version"] = Text(number) };
        if (IsPrompt(sql, id))
        {
            Publish(sql, WebhookEvents.PromptVersionCreated, () =>
            {
                named["template"] = version.Tags.GetValueOrDefault(ModelRules.PromptTextTag);
                return Described();
            });
            return;
        }
        Publish(sql, WebhookEvents.VersionCreated, () =>
        {
            named["source"] = version.Source;
            named["run_id"] = NullIfEmpty(version.RunId);
            return Described();
        });

        JsonObject Described()
        {
            named["tags"] = TagsOf(version.Tags, version.Tags.ContainsKey(ModelRules.PromptTag));
            named["description"] = NullIfEmpty(version.Description);
            return named;
        }
    }

    private void PublishVersionTag(SqlSession sql, long id, string name, long version, string key, string? value)
    {
        var (set, deleted) = IsPrompt(sql, id) ? (WebhookEvents.PromptVersionTagSet, WebhookEvents.PromptVersionTagDeleted) : (WebhookEvents.VersionTagSet, WebhookEvents.VersionTagDeleted);
        Publish(sql, value is null ? deleted : set, () => Tag(new JsonObject { ["name"] = name, ["version"] = Text(version) }, key, value));
    }

    private void PublishAlias(SqlSession sql, long id, string name, string alias, long? version)
    {
        var (created, deleted) = IsPrompt(sql, id) ? (WebhookEvents.PromptAliasCreated, WebhookEvents.PromptAliasDeleted) : (WebhookEvents.AliasCreated, WebhookEvents.AliasDeleted);
        Publish(sql, version is null ? deleted : created, () =>
        {
            var data = new JsonObject { ["name"] = name, ["alias"] = alias };
            if (version is { } number)
                data["version"] = Text(number);
            return data;
        });
    }

    private void Publish(SqlSession sql, string name, Func<JsonObject> data) => SqlWebhooks.Enqueue(sql, name, data, time.GetUtcNow());

    private static bool IsPrompt(SqlSession sql, long id) =>
        sql.Scalar<string>("SELECT value FROM registered_model_tag WHERE model_id = @0 AND key = @1", id, ModelRules.PromptTag) is { } mark && IsTrue(mark);

    private static bool IsTrue(string mark) => mark.Equals("true", StringComparison.OrdinalIgnoreCase);

    private static JsonObject TagsOf(IReadOnlyDictionary<string, string> tags, bool prompt) =>
        new(tags.Where(tag => !prompt || !s_promptTags.Contains(tag.Key)).Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)JsonValue.Create(tag.Value))));

    private static JsonObject Tag(JsonObject data, string key, string? value)
    {
        data["key"] = key;
        if (value is not null)
            data["value"] = value;
        return data;
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
