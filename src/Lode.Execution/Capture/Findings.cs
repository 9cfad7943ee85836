using Lode.Core;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>What is found out about a run, on its way into it.</summary>
internal sealed class Findings(ActiveRun run, Action<string> warn)
{
    /// <summary>Notes down the tags, so that other runs can take them over; null = nobody does.</summary>
    public List<KeyValuePair<string, string>>? Notes { get; init; }

    /// <summary>Sets a tag.</summary>
    public void Tag(string key, string value)
    {
        value = NameRules.Truncate(value, NameRules.MaxTagLength);
        run.Tag(key, value);
        if (Notes is not { } notes)
            return;
        lock (notes)
            notes.Add(new(key, value));
    }

    /// <summary>Keeps a text as a file of the run.</summary>
    public void File(string artifact, string text) => run.LogText(artifact, text);

    /// <summary>Keeps a file as it is now.</summary>
    public void Copy(string path, string artifact)
    {
        try
        {
            using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            run.LogArtifact(artifact, content);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or LodeException)
        {
            Warn($"'{path}' was not kept: {error.Message}");
        }
    }

    /// <summary>Tells the user, in one line.</summary>
    public void Warn(string text) => warn(text);
}
