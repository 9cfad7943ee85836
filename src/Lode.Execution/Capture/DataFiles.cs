using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>Which data a run read: files by their hashes, and what DVC says of its own.</summary>
internal static class DataFiles
{
    /// <summary>Adds a tag <c>lode.data.NAME</c> a path, and <c>lode.dvc.NAME</c> a <c>.dvc</c> file in the working folder or beside a path.</summary>
    public static async Task CaptureAsync(Findings findings, IReadOnlyList<string> paths, CancellationToken ct)
    {
        foreach (var path in paths)
        {
            try
            {
                findings.Tag($"lode.data.{KeyOf(path)}", await DescribeAsync(path, ct).ConfigureAwait(false));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                findings.Warn($"the data '{path}' could not be read: {error.Message}");
            }
        }
        foreach (var file in Directory.EnumerateFiles(".", "*.dvc").Concat(paths.Select(path => path.TrimEnd('/') + ".dvc").Where(File.Exists)).Select(file => file.StartsWith("./", StringComparison.Ordinal) ? file[2..] : file).Distinct().Take(100))
        {
            if (Dvc(file) is { } hash)
                findings.Tag($"lode.dvc.{KeyOf(file[..^".dvc".Length])}", hash);
        }
    }

    /// <summary>For example <c>sha256:9f86… 1024 bytes</c>; of a folder, the hash of its files' hashes and relative paths in their order.</summary>
    internal static async Task<string> DescribeAsync(string path, CancellationToken ct)
    {
        if (!Directory.Exists(path))
        {
            var hash = await HashAsync(path, ct).ConfigureAwait(false);
            return string.Create(CultureInfo.InvariantCulture, $"sha256:{hash} {new FileInfo(path).Length} bytes");
        }
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (count, bytes) = (0, 0L);
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(path, file).Replace(Path.DirectorySeparatorChar, '/');
            all.AppendData(Encoding.UTF8.GetBytes($"{await HashAsync(file, ct).ConfigureAwait(false)}  {name}\n"));
            (count, bytes) = (count + 1, bytes + new FileInfo(file).Length);
        }
        return string.Create(CultureInfo.InvariantCulture, $"sha256:{Convert.ToHexStringLower(all.GetHashAndReset())} {bytes} bytes in {count} files");
    }

    private static async Task<string> HashAsync(string file, CancellationToken ct)
    {
        var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, useAsync: false);
        await using (content.ConfigureAwait(false))
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, ct).ConfigureAwait(false));
    }

    private static string? Dvc(string file)
    {
        try
        {
            foreach (var line in File.ReadLines(file).Take(1000))
            {
                var text = line.TrimStart(' ', '-');
                if (text.StartsWith("md5:", StringComparison.Ordinal))
                    return "md5:" + text["md5:".Length..].Trim();
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then nothing is known of it.
        }
        return null;
    }

    // Keys take fewer letters than paths do.
    private static string KeyOf(string path)
    {
        var name = string.Concat(path.TrimStart('.', '/').TrimEnd('/').Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or '/' ? letter : '_'));
        name = string.Join('/', name.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(part => part is "." or ".." ? "_" : part));
        return name.Length == 0 ? "_" : name.Length > NameRules.MaxKeyLength - 20 ? name[^(NameRules.MaxKeyLength - 20)..].TrimStart('/') : name;
    }
}
