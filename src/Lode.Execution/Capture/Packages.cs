using System.Text.Json;

namespace Lode.Execution;

/// <summary>Which packages the program could use: those of its Python, its conda environment, its .NET project.</summary>
internal static class Packages
{
    private const string ListPython = "import sys,importlib.metadata as m\nprint('# Python '+sys.version.split()[0])\nprint('\\n'.join(sorted({'%s==%s'%(d.metadata['Name'],d.version) for d in m.distributions()},key=str.lower)))";

    /// <summary>Adds <c>packages/python.txt</c>, <c>packages/conda.txt</c> and <c>packages/nuget.txt</c>, as far as there are such.</summary>
    public static async Task CaptureAsync(Findings findings, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        if (environment.GetValueOrDefault("CONDA_PREFIX") is { Length: > 0 } conda && Directory.Exists(Path.Combine(conda, "conda-meta")))
            findings.File("packages/conda.txt", Lines(Directory.EnumerateFiles(Path.Combine(conda, "conda-meta"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file))));
        if (File.Exists("obj/project.assets.json") && NuGet("obj/project.assets.json") is { } nuget)
            findings.File("packages/nuget.txt", nuget);
        var python = Path.GetFileName(command[0]).StartsWith("python", StringComparison.Ordinal) ? command[0] : environment.ContainsKey("VIRTUAL_ENV") ? "python" : null;
        if (python is not null && await Tool.AskAsync(TimeSpan.FromSeconds(20), python, ["-c", ListPython], ct).ConfigureAwait(false) is { } list)
            findings.File("packages/python.txt", list);
    }

    private static string Lines(IEnumerable<string> names) => string.Join('\n', names.Order(StringComparer.Ordinal)) + '\n';

    private static string? NuGet(string file)
    {
        try
        {
            using var assets = JsonDocument.Parse(File.ReadAllBytes(file));
            return assets.RootElement.TryGetProperty("libraries", out var libraries)
                ? Lines(libraries.EnumerateObject().Where(library => library.Value.TryGetProperty("type", out var type) && type.ValueEquals("package")).Select(library => library.Name))
                : null;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }
}
