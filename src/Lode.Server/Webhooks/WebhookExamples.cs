using System.Text.Json.Nodes;
using Lode.Tracking;

namespace Lode.Server.Webhooks;

/// <summary>What a test of a webhook sends: MLflow's examples.</summary>
internal static class WebhookExamples
{
    /// <summary>The data of an example of that event.</summary>
    public static JsonObject Of(string name)
    {
        var prompt = name.StartsWith("prompt", StringComparison.Ordinal);
        var data = new JsonObject { ["name"] = prompt ? "example_prompt" : "example_model" };
        switch (name)
        {
            case WebhookEvents.ModelCreated or WebhookEvents.PromptCreated:
                return Described(data, prompt ? "An example prompt" : "An example registered model");
            case WebhookEvents.VersionCreated:
                (data["version"], data["source"], data["run_id"]) = ("1", "models:/123", "abcd1234abcd5678");
                return Described(data, "An example model version");
            case WebhookEvents.PromptVersionCreated:
                (data["version"], data["template"]) = ("1", "Hello {{name}}!");
                return Described(data, "An example prompt version");
            case WebhookEvents.AliasCreated or WebhookEvents.PromptAliasCreated:
                (data["alias"], data["version"]) = ("example_alias", "1");
                return data;
            case WebhookEvents.AliasDeleted or WebhookEvents.PromptAliasDeleted:
                data["alias"] = "example_alias";
                return data;
            default:
                if (name.Contains("version", StringComparison.Ordinal))
                    data["version"] = "1";
                data["key"] = "example_key";
                if (name.EndsWith(".set", StringComparison.Ordinal))
                    data["value"] = "example_value";
                return data;
        }
    }

    private static JsonObject Described(JsonObject data, string description)
    {
        data["tags"] = new JsonObject { ["example_key"] = "example_value" };
        data["description"] = description;
        return data;
    }
}
