using System.Collections.Frozen;
using Microsoft.AspNetCore.StaticFiles;

namespace Lode.Server;

/// <summary>Content types by file name, as MLflow's: what is text to a person is plain text, pages and scripts too.</summary>
internal static class ArtifactContentTypes
{
    private static readonly FileExtensionContentTypeProvider s_types = new();

    private static readonly FrozenSet<string> s_texts = new[]
    {
        "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml", "xml", "json", "jsonl", "js", "mjs", "ts", "css",
        "py", "py3", "csv", "tsv", "md", "rst", "html", "htm", "xhtml", "xht", "shtml", "ipynb", "sh", "sql", "cs", "r", "MLmodel", "MLproject",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static string Of(string name)
    {
        var extension = name.LastIndexOf('.') is var dot and >= 0 ? name[(dot + 1)..] : name;
        return s_texts.Contains(extension) ? "text/plain"
            : s_types.TryGetContentType(name, out var type) && !type.StartsWith("text/html", StringComparison.Ordinal) ? type
            : "application/octet-stream";
    }
}
