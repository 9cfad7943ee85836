namespace Lode.Cli;

/// <summary>Where the bytes of an export's files lie, unless it is said.</summary>
internal static class ArtifactFolder
{
    /// <summary>Beside the export: <c>all.artifacts</c> of <c>all.jsonl.gz</c>.</summary>
    public static string Beside(string export)
    {
        var name = export.EndsWith(".gz", StringComparison.Ordinal) ? export[..^3] : export;
        return (name.EndsWith(".jsonl", StringComparison.Ordinal) ? name[..^6] : name) + ".artifacts";
    }
}
