using System.Globalization;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>
/// The files of a run on their way to the store, in a folder beside the journal: copied in when they are logged, gone when the store
/// has them. A kill, a network that is away or a server that is down delay them and lose none.
/// </summary>
/// <remarks>
/// Per file <c>N.data</c>, its bytes, and <c>N.path</c>, where it goes; the second is put there by a rename when the first is whole, and
/// removed first when the store has the file. <b>Threads.</b> All members may be called concurrently.
/// </remarks>
internal sealed class ArtifactSpool
{
    private const string Ending = ".files";

    private readonly string _folder;
    private long _next;
    private long _added;

    private ArtifactSpool(string folder) => _folder = folder;

    /// <summary>Where they lie.</summary>
    public string Folder => _folder;

    /// <summary>Files logged so far.</summary>
    public long Added => Volatile.Read(ref _added);

    /// <summary>The spool beside a journal; it is made by its first file.</summary>
    public static ArtifactSpool Of(string journal) => new(journal[..^".jsonl".Length] + Ending);

    /// <summary>The spools in a folder of journals, each with its run and the path of its journal.</summary>
    public static IEnumerable<(ArtifactSpool Spool, RunId Run, string Journal)> List(string folder)
    {
        if (!Directory.Exists(folder))
            yield break;
        foreach (var path in Directory.EnumerateDirectories(folder, "*" + Ending).Order(StringComparer.Ordinal))
        {
            var journal = path[..^Ending.Length] + ".jsonl";
            if (JournalFile.TryParsePath(journal, out var run, out _))
                yield return (new ArtifactSpool(path), run, journal);
        }
    }

    /// <summary>Whether files wait here.</summary>
    public bool IsEmpty => !Directory.Exists(_folder) || !Directory.EnumerateFiles(_folder, "*.path").Any();

    /// <summary>Copies a file in; with the operating system when this returns.</summary>
    /// <param name="path">Where it goes, below the run's artifacts.</param>
    /// <param name="content">Read to its end.</param>
    /// <exception cref="IOException">The disk does not take it.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public void Add(string path, Stream content)
    {
        Directory.CreateDirectory(_folder);
        var data = "";
        try
        {
            using (var file = Create(out data))
                content.CopyTo(file);
            var draft = Path.ChangeExtension(data, ".draft");
            File.WriteAllText(draft, path);
            File.Move(draft, Path.ChangeExtension(data, ".path"));
        }
        catch
        {
            File.Delete(data);
            throw;
        }
        Interlocked.Increment(ref _added);
    }

    /// <summary>Hands the files over in the order in which they were logged. One that is refused for good stays here under another name, and is told of.</summary>
    /// <param name="root">The path of the run's artifacts in the store; null = they lie where this store reaches none.</param>
    /// <param name="store">Gets them.</param>
    /// <param name="warn">Told, in one line, of each that was refused.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="LodeException">Unavailable: the store is away; what is left stays.</exception>
    public async Task DeliverAsync(string? root, IArtifactStore store, Action<string> warn, CancellationToken ct)
    {
        if (!Directory.Exists(_folder))
            return;
        foreach (var entry in Directory.GetFiles(_folder, "*.path").Order(StringComparer.Ordinal))
        {
            var (path, data) = (await File.ReadAllTextAsync(entry, ct).ConfigureAwait(false), Path.ChangeExtension(entry, ".data"));
            try
            {
                if (root is null)
                    throw new LodeException(ErrorCode.InvalidArgument, "the run's artifacts lie outside the server");
                var content = new FileStream(data, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
                await using (content.ConfigureAwait(false))
                    await store.PutAsync(ArtifactPath.Join(root, path), content, ct).ConfigureAwait(false);
            }
            catch (LodeException error) when (error.Code is ErrorCode.InvalidArgument or ErrorCode.Conflict or ErrorCode.NotFound)
            {
                File.Move(entry, Path.ChangeExtension(entry, ".refused"), overwrite: true);
                warn($"the artifact '{path}' was not taken: {error.Message} Its bytes stay in {data}");
                continue;
            }
            // In this order a kill in between sends the file again, which changes nothing.
            File.Delete(entry);
            File.Delete(data);
        }
        RemoveIfEmpty();
    }

    /// <summary>Copies what waits to a spool beside another journal; what is delivered meanwhile may be left out.</summary>
    /// <param name="journal">That journal's path; it need not be there.</param>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void CopyTo(string journal)
    {
        if (IsEmpty)
            return;
        var target = Directory.CreateDirectory(Of(journal).Folder).FullName;
        foreach (var entry in Directory.GetFiles(_folder, "*.path"))
        {
            try
            {
                var data = Path.ChangeExtension(entry, ".data");
                File.Copy(data, Path.Combine(target, Path.GetFileName(data)), overwrite: true);
                File.Copy(entry, Path.Combine(target, Path.GetFileName(entry)), overwrite: true);
            }
            catch (FileNotFoundException)
            {
                // The store has it.
            }
        }
    }

    /// <summary>Removes all that waits: nobody wants it.</summary>
    public void Discard()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private FileStream Create(out string data)
    {
        while (true)
        {
            data = Path.Combine(_folder, Interlocked.Increment(ref _next).ToString("D8", CultureInfo.InvariantCulture) + ".data");
            try
            {
                return new FileStream(data, FileMode.CreateNew, FileAccess.Write, FileShare.None);
            }
            catch (IOException) when (File.Exists(data))
            {
                // An earlier life of this run left one under that number.
            }
        }
    }

    private void RemoveIfEmpty()
    {
        try
        {
            Directory.Delete(_folder);
        }
        catch (IOException)
        {
            // A file has come meanwhile, or refused ones are kept.
        }
    }
}
