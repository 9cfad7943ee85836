using System.Text.Json.Nodes;

namespace Lode.Storage;

/// <summary>What the registry needs of the logged models, in its own transaction.</summary>
/// <param name="Find">Where the logged model of that id lies; null = there is none.</param>
/// <param name="Registered">Tells the logged model (first text) that it became a version of a registered model (second text).</param>
public sealed record LoggedModelLink(Func<SqlSession, string, LoggedModelPlace?> Find, Action<SqlSession, string, string, long> Registered)
{
    /// <summary>The tag of a logged model that lists its registrations.</summary>
    public const string VersionsTag = "mlflow.modelVersions";

    /// <summary>Knows no logged model.</summary>
    public static LoggedModelLink None { get; } = new((_, _) => null, (_, _, _, _) => { });

    /// <summary>The value of <see cref="VersionsTag"/> after one more registration: a JSON list of <c>{"name", "version"}</c>.</summary>
    /// <param name="list">The tag's value so far; null or unreadable counts as empty.</param>
    /// <param name="name">The registered model.</param>
    /// <param name="version">Its version.</param>
    public static string Append(string? list, string name, long version)
    {
        JsonArray? versions = null;
        try
        {
            versions = list is null ? null : JsonNode.Parse(list) as JsonArray;
        }
        catch (System.Text.Json.JsonException)
        {
            // Anyone may write tags; what is no list is not ours to keep.
        }
        versions ??= [];
        versions.Add((JsonNode)new JsonObject { ["name"] = name, ["version"] = version });
        return versions.ToJsonString();
    }
}

/// <summary>Where a logged model lies.</summary>
/// <param name="ArtifactUri">Its folder.</param>
/// <param name="RunId">The run that made it; null = not known.</param>
public readonly record struct LoggedModelPlace(string ArtifactUri, string? RunId);
