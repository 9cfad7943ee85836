using Lode.Core;

namespace Lode.Tracking;

/// <summary>Remembers files of any size in one tree of folders. A run's lie below the path of its <see cref="Run.ArtifactUri"/>.</summary>
/// <remarks>
/// <b>Paths</b> are what <see cref="ArtifactPath.Parse"/> takes. Folders come to be with the files in them and stay when these are deleted.
/// <b>Content.</b> Equal bytes are stored once, whatever their names. <b>Threads.</b> All members may be called concurrently.
/// <b>Durability.</b> A write that has returned survives a kill of the process and of the machine; one that failed or was cancelled
/// has changed nothing that can be seen. <b>Retry.</b> Every write may be sent again.
/// <b>Refusals.</b> <see cref="LodeException"/>: InvalidArgument for a path that is none, Conflict for a file where a folder is or the
/// other way round, Unavailable or PermissionDenied when the bytes cannot be written. <b>Check.</b> Every implementation passes ArtifactStoreContract.
/// </remarks>
public interface IArtifactStore
{
    /// <summary>Writes a file, in place of the one that was there.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="content">Read to its end, in pieces; the caller disposes it.</param>
    /// <param name="ct">Stops the write.</param>
    Task<Artifact> PutAsync(string path, Stream content, CancellationToken ct);

    /// <summary>The file or folder there; null when there is none.</summary>
    Task<Artifact?> FindAsync(string path, CancellationToken ct);

    /// <summary>Opens a file.</summary>
    /// <exception cref="LodeException">NotFound: there is no such file. DataLoss: its bytes are missing.</exception>
    Task<OpenArtifact> OpenAsync(string path, CancellationToken ct);

    /// <summary>The files and folders right below a folder, by name; empty for a file and where there is nothing.</summary>
    Task<IReadOnlyList<Artifact>> ListAsync(string folder, CancellationToken ct);

    /// <summary>Deletes a file, or a folder with everything below it. Its bytes are freed when nothing else names them, by a collection.</summary>
    /// <returns>False when there was nothing.</returns>
    Task<bool> DeleteAsync(string path, CancellationToken ct);
}
