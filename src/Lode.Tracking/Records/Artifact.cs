namespace Lode.Tracking;

/// <summary>A file or a folder in the tree of artifacts. A snapshot.</summary>
public sealed record Artifact
{
    /// <summary>From the tree's root, for example <c>0/3f2a…/artifacts/model/weights.bin</c>; parts are joined by <c>/</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The SHA-256 of a file's bytes, 64 lower-case hexadecimal digits; null for a folder.</summary>
    public string? Hash { get; init; }

    /// <summary>A file's bytes; 0 for a folder.</summary>
    public long Size { get; init; }

    /// <summary>When it was last written, milliseconds since 1970 UTC.</summary>
    public long WrittenAt { get; init; }

    /// <summary>The last part of <see cref="Path"/>.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>Whether it is a folder.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsFolder => Hash is null;
}

/// <summary>A file that is open for reading.</summary>
/// <param name="Artifact">What it is.</param>
/// <param name="Stream">Its bytes; whoever asked disposes it. Over HTTP it cannot seek.</param>
public sealed record OpenArtifact(Artifact Artifact, Stream Stream);
