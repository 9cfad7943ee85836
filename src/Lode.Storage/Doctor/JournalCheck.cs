using System.Globalization;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>
/// Journals that were left behind: those with torn or senseless lines, and those that no store takes. A repair ships what can be shipped;
/// of the others a copy is kept in the folder <c>quarantine</c>.
/// </summary>
internal static class JournalCheck
{
    public static async Task<CheckResult> RunAsync(DataFolder folder, TimeProvider time, bool fix, bool owned, CancellationToken ct)
    {
        var check = new OpenCheck("journals");
        var waiting = 0;
        foreach (var path in Directory.Exists(folder.JournalFolder) ? Directory.GetFiles(folder.JournalFolder).Order(StringComparer.Ordinal).ToArray() : [])
        {
            ct.ThrowIfCancellationRequested();
            if (!JournalFile.TryParsePath(path, out _, out _))
            {
                Report(check, fix, $"'{path}' is no journal", () => Quarantine(folder, path));
                continue;
            }
            if (ReadWhole(path) is not { } bytes)
                continue; // Its program is at work, or its owner ships it.
            var piece = JournalReader.Read(bytes);
            waiting++;
            if (piece.Skipped > 0)
                Report(check, fix, string.Create(CultureInfo.InvariantCulture, $"'{path}': {piece.Skipped} lines make no sense; the others are taken"), () => Copy(folder, path));
            if (piece.Consumed < bytes.Length)
                Report(check, fix, string.Create(CultureInfo.InvariantCulture, $"'{path}': the last line is torn after {bytes.Length - piece.Consumed} bytes; the lines before it are taken"), () => Copy(folder, path));
        }
        if (waiting > 0 && !(fix && owned))
            check.Note(string.Create(CultureInfo.InvariantCulture, $"{waiting} journals wait to be taken; the next command that opens the store takes them"));
        if (!fix || !owned)
            return check.End();
        await using var database = SqliteDatabase.Open(folder.DatabaseFile);
        var refused = new List<string>();
        await JournalShipper.RecoverAsync(folder.JournalFolder, new SqlRunStore(database, time), refused.Add, ct).ConfigureAwait(false);
        foreach (var line in refused)
            check.Fixed(line);
        foreach (var path in Directory.Exists(folder.JournalFolder) ? Directory.GetFiles(folder.JournalFolder, "*.jsonl") : [])
        {
            if (ReadWhole(path) is not null)
                check.Fixed($"'{path}' {Quarantine(folder, path)}");
        }
        return check.End();
    }

    private static void Report(OpenCheck check, bool fix, string line, Func<string> repair)
    {
        if (!fix)
            check.Wrong(line);
        else if (repair() is { } done)
            check.Fixed(done.Length > 0 ? $"{line}: it {done}" : line);
    }

    private static byte[]? ReadWhole(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Copy(DataFolder folder, string path)
    {
        var target = TargetOf(folder, path);
        File.Copy(path, target, overwrite: true);
        return $"was copied to '{target}'";
    }

    private static string Quarantine(DataFolder folder, string path)
    {
        var target = TargetOf(folder, path);
        File.Move(path, target, overwrite: true);
        return $"was moved to '{target}'";
    }

    private static string TargetOf(DataFolder folder, string path)
    {
        Directory.CreateDirectory(folder.QuarantineFolder);
        return Path.Combine(folder.QuarantineFolder, Path.GetFileName(path));
    }
}
