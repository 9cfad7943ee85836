using System.Text;
using System.Text.RegularExpressions;

namespace Lode.Execution;

/// <summary>File patterns: <c>*</c> and <c>?</c> within a name, <c>**/</c> over folders; a folder's name means all below it.</summary>
internal static class Globs
{
    private const int MostFiles = 10_000;

    /// <summary>The files below the working folder, or an absolute one, that a pattern means, sorted; those of <c>.git</c> never. With paths relative to the working folder where they lie in it.</summary>
    public static IReadOnlyList<string> Find(string pattern)
    {
        pattern = pattern.Replace('\\', '/');
        if (pattern.StartsWith("./", StringComparison.Ordinal))
            pattern = pattern[2..];
        if (File.Exists(pattern))
            return [pattern];
        if (Directory.Exists(pattern))
            pattern = pattern.TrimEnd('/') + "/**";
        var wild = pattern.AsSpan().IndexOfAny('*', '?');
        if (wild < 0)
            return [];
        var root = pattern[..(pattern.LastIndexOf('/', wild) + 1)];
        if (root.Length > 0 && !Directory.Exists(root))
            return [];
        var regex = new Regex(ToRegex(pattern[root.Length..]), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        var search = new EnumerationOptions { RecurseSubdirectories = pattern.IndexOf('/', wild) >= 0 || pattern.Contains("**", StringComparison.Ordinal), IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };
        var from = root.Length == 0 ? "." : root;
        return [.. Directory.EnumerateFiles(from, "*", search)
            .Select(file => Path.GetRelativePath(from, file).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(file => !file.StartsWith(".git/", StringComparison.Ordinal) && regex.IsMatch(file))
            .Take(MostFiles)
            .Select(file => root + file)
            .Order(StringComparer.Ordinal)];
    }

    private static string ToRegex(string pattern)
    {
        var regex = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '*' && i + 1 < pattern.Length && pattern[i + 1] == '*')
            {
                var folders = i + 2 < pattern.Length && pattern[i + 2] == '/';
                regex.Append(folders ? "(.*/)?" : ".*");
                i += folders ? 2 : 1;
                continue;
            }
            regex.Append(pattern[i] switch { '*' => "[^/]*", '?' => "[^/]", var letter => Regex.Escape(letter.ToString()) });
        }
        return regex.Append('$').ToString();
    }
}
