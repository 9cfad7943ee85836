using Lode.Core;

namespace Lode.Execution;

/// <summary>Reads sweep files: Lode's own, described in docs/sweep-file.md, and those of W&amp;B as they are. YAML or JSON.</summary>
public static class SweepFile
{
    private const string SchemaResource = "Lode.Execution.sweep.schema.json";

    /// <summary>The JSON schema of Lode's own sweep files.</summary>
    public static string Schema
    {
        get
        {
            using var stream = typeof(SweepFile).Assembly.GetManifestResourceStream(SchemaResource)!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }

    /// <summary>Reads a file. Folders in it count from the file's own.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="LodeException">NotFound; InvalidArgument: what is wrong, with line and column and, where a word is misspelled, the nearest one.</exception>
    public static SweepSpec Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LodeException(error is FileNotFoundException or DirectoryNotFoundException ? ErrorCode.NotFound : ErrorCode.PermissionDenied, $"The sweep file '{path}' cannot be read: {error.Message}", cause: error);
        }
        var spec = Parse(Path.GetFileName(path), text);
        var own = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return spec with { Program = spec.Program with { Folder = spec.Program.Folder is { } folder ? Path.GetFullPath(folder, own) : own } };
    }

    /// <summary>Reads a file's text.</summary>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="text">YAML or JSON.</param>
    /// <exception cref="LodeException">As <see cref="Read"/>.</exception>
    public static SweepSpec Parse(string name, string text)
    {
        var source = new YamlSource(name);
        var root = source.Parse(text);
        if (!root.IsMap)
            throw root.Error($"a sweep is `key: value` lines; got {root.Shown()}.");
        var keys = root.Entries("a sweep").Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
        source.IsVersion11 = !keys.Contains("space") && (keys.Contains("method") || keys.Contains("parameters"));
        var spec = source.IsVersion11 ? WandbSweepReader.Read(root) : SweepReader.Read(root);
        root.Guard(() =>
        {
            CommandTemplate.Check(spec.Program, spec.Study.Space);
            spec.Study.Check();
            foreach (var values in spec.First)
                spec.Study.Space.Validate(values);
            return true;
        });
        return CommandTemplate.HandsOn(spec.Program, spec.Study.Space)
            ? spec
            : spec with { Notes = [.. spec.Notes, "The command has no placeholder for parameters: the program finds them in the variable LODE_PARAMS (JSON)."] };
    }
}
