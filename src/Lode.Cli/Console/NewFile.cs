using System.IO.Compression;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>A file that appears under its name only when it is whole; broken off, nothing stays and what was there before is untouched.</summary>
internal sealed class NewFile : IAsyncDisposable
{
    private readonly string _path;
    private readonly string _draft;
    private readonly FileStream _file;
    private bool _kept;

    public NewFile(string path)
    {
        _path = Path.GetFullPath(path);
        _draft = $"{_path}.{Environment.ProcessId}.partial";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            _file = new FileStream(_draft, FileMode.Create, FileAccess.Write, FileShare.None, 1);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw DataFolder.CannotWrite(_path, error);
        }
        Stream = _path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(_file, CompressionLevel.Fastest, leaveOpen: true) : _file;
    }

    /// <summary>What to write to; compressed where the name ends in <c>.gz</c>.</summary>
    public Stream Stream { get; }

    /// <summary>Ends the file and gives it its name.</summary>
    public async Task KeepAsync()
    {
        if (Stream != _file)
            await Stream.DisposeAsync();
        _file.Flush(flushToDisk: true);
        await _file.DisposeAsync();
        File.Move(_draft, _path, overwrite: true);
        _kept = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_kept)
            return;
        await _file.DisposeAsync();
        File.Delete(_draft);
    }
}
