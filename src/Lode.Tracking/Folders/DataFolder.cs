using System.Buffers;
using System.Text.Json;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>
/// The folder that holds everything: the database, journals that are still written or not yet taken, artifacts.
/// One process owns it at a time; the others speak HTTP to that one.
/// </summary>
/// <param name="path">Absolute.</param>
public sealed class DataFolder(string path)
{
    /// <summary>Where it is, absolute.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The SQLite file.</summary>
    public string DatabaseFile => System.IO.Path.Combine(Path, "lode.db");

    /// <summary>Journals of runs of this machine.</summary>
    public string JournalFolder => System.IO.Path.Combine(Path, "journal");

    /// <summary>The bytes of artifacts.</summary>
    public string ArtifactFolder => System.IO.Path.Combine(Path, "artifacts");

    /// <summary>What <c>lode doctor --fix</c> set aside.</summary>
    public string QuarantineFolder => System.IO.Path.Combine(Path, "quarantine");

    private string LockFile => System.IO.Path.Combine(Path, "owner.lock");

    private string OwnerFile => System.IO.Path.Combine(Path, "owner.json");

    /// <summary>The folder meant: the flag, else <c>LODE_HOME</c>, else the user's data directory.</summary>
    /// <param name="flag">What the user said, or null.</param>
    public static DataFolder Resolve(string? flag)
    {
        var named = flag ?? Environment.GetEnvironmentVariable("LODE_HOME");
        if (!string.IsNullOrWhiteSpace(named))
            return new DataFolder(named);
        var user = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return new DataFolder(user.Length > 0
            ? System.IO.Path.Combine(user, "lode")
            : throw new LodeException(ErrorCode.InvalidArgument, "There is no user data directory here.", "Say where data may lie: --home DIR or LODE_HOME=DIR"));
    }

    /// <summary>Makes the folder where it is missing, for its user alone: it holds secrets of webhooks, and what programs print.</summary>
    /// <exception cref="LodeException">PermissionDenied or Unavailable: it cannot be made.</exception>
    public void Create()
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(Path);
            else
                Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Directory.CreateDirectory(JournalFolder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(Path, error);
        }
    }

    /// <summary>Becomes the owner; null when another process is.</summary>
    /// <exception cref="LodeException">PermissionDenied or Unavailable: the folder cannot be made or written.</exception>
    public FolderOwnership? TryOwn()
    {
        Create();
        try
        {
            return new FolderOwnership(new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), OwnerFile);
        }
        catch (IOException error) when (File.Exists(LockFile) && IsHeldByAnother(error))
        {
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(Path, error);
        }
    }

    /// <summary>What the owner says of itself; null when it has said nothing (yet).</summary>
    public FolderOwner? ReadOwner()
    {
        try
        {
            return FolderOwner.Parse(File.ReadAllBytes(OwnerFile));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>What to tell the user when a path cannot be written.</summary>
    public static LodeException CannotWrite(string path, Exception error) => error is UnauthorizedAccessException || error.Message.Contains("Read-only", StringComparison.OrdinalIgnoreCase)
        ? new LodeException(ErrorCode.PermissionDenied, $"Cannot write to '{path}': {error.Message.TrimEnd('.')}.", "Choose another folder with --home DIR or LODE_HOME=DIR, or mend its rights.", error)
        : new LodeException(ErrorCode.Unavailable, $"Cannot write to '{path}': {error.Message.TrimEnd('.')}.", "Choose another folder with --home DIR or LODE_HOME=DIR.", error);

    // A lock held elsewhere is a sharing violation; a full disk or a bad path is not. .NET tells them apart by HResult only.
    private static bool IsHeldByAnother(IOException error) => error.HResult is unchecked((int)0x80070020) or 11 or 35;
}

/// <summary>Who owns a data folder.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="Command">What it was started as, for example <c>lode up</c>.</param>
/// <param name="Address">Where it listens; null while it serves only itself.</param>
public sealed record FolderOwner(int ProcessId, string Command, string? Address)
{
    // By hand: every command does it, and making ready a serializer takes longer than many commands.
    internal byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("processId", ProcessId);
            json.WriteString("command", Command);
            json.WriteString("address", Address);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="JsonException">It is not what <see cref="ToJson"/> writes.</exception>
    internal static FolderOwner Parse(ReadOnlyMemory<byte> text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("processId", out var process) && process.TryGetInt32(out var id)
            && root.TryGetProperty("command", out var command) && command.GetString() is { } typed
            ? new FolderOwner(id, typed, root.TryGetProperty("address", out var address) ? address.GetString() : null)
            : throw new JsonException("It does not say who owns the folder.");
    }
}

/// <summary>The right to open a folder's database. Given back when disposed, and by the operating system when the process dies.</summary>
public sealed class FolderOwnership : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _ownerFile;

    internal FolderOwnership(FileStream heldLock, string ownerFile)
    {
        _lock = heldLock;
        _ownerFile = ownerFile;
        File.Delete(ownerFile);
    }

    /// <summary>Tells others who owns the folder and where to speak to it.</summary>
    public void Announce(FolderOwner owner)
    {
        // Written aside and moved, so that nobody reads half of it.
        var draft = _ownerFile + ".new";
        File.WriteAllBytes(draft, owner.ToJson());
        File.Move(draft, _ownerFile, overwrite: true);
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose()
    {
        if (!_lock.CanRead)
            return;
        File.Delete(_ownerFile);
        _lock.Dispose();
    }
}
