using System.Globalization;

namespace Lode.Tracking;

/// <summary>
/// Appends lines to a journal's file, and never throws for the disk: lines that it does not take (it is full, read-only, gone) are held
/// in memory, in order and up to a bound, and written with the next ones. Told of are the first refusal, the end of it, and every loss.
/// </summary>
/// <remarks><b>Threads.</b> The caller's lock.</remarks>
internal sealed class JournalDisk(FileStream file, string path) : IDisposable
{
    /// <summary>The most that is held, in bytes; some hundred thousand log calls.</summary>
    public const int MaxHeld = 16 << 20;

    private const int PieceSize = 64 << 10;

    private readonly MemoryStream _held = new();
    private int _heldFrom;
    private long _lost;
    private long _length;

    /// <summary>Told, in one line, of what cannot be written.</summary>
    public Action<string>? Trouble { get; set; }

    /// <summary>Bytes in the file.</summary>
    public long Length => Interlocked.Read(ref _length);

    /// <summary>Whether everything appended is in the file.</summary>
    public bool IsWritten => _held.Length == 0 && _lost == 0;

    /// <summary>Appends a line.</summary>
    public void Append(ReadOnlySpan<byte> line)
    {
        if (_held.Length == 0)
        {
            if (TryWrite(line) is not { } error)
                return;
            Trouble?.Invoke($"the journal '{path}' cannot be written ({error.Message.TrimEnd('.')}); up to {MaxHeld >> 20} MiB are held in memory until it can");
        }
        Hold(line);
        Retry();
    }

    /// <summary>Writes what is held, as far as the disk takes it.</summary>
    public void Retry()
    {
        if (_held.Length == 0)
            return;
        var held = _held.GetBuffer();
        while (_heldFrom < _held.Length)
        {
            var piece = held.AsSpan(_heldFrom, (int)Math.Min(PieceSize, _held.Length - _heldFrom));
            if (TryWrite(piece) is not null)
                return;
            _heldFrom += piece.Length;
        }
        Empty();
        Trouble?.Invoke(_lost == 0 ? $"the journal '{path}' is written again; nothing was lost" : $"the journal '{path}' is written again; {Lost()} lost");
        _lost = 0;
    }

    /// <summary>Flushes to the disk itself; false where it could not be done.</summary>
    public bool Flush()
    {
        try
        {
            file.Flush(flushToDisk: true);
            return IsWritten;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Trouble?.Invoke($"the journal '{path}' could not be flushed to the disk: {error.Message.TrimEnd('.')}");
            return false;
        }
    }

    /// <summary>Tries for the last time, says what is lost, and closes the file.</summary>
    public void Dispose()
    {
        Retry();
        if (_held.Length > 0)
        {
            _lost += _held.GetBuffer().AsSpan(_heldFrom, (int)_held.Length - _heldFrom).Count((byte)'\n');
            Trouble?.Invoke($"the journal '{path}' could not be written to the end; {Lost()} lost");
        }
        _held.Dispose();
        file.Dispose();
    }

    private string Lost() => string.Create(CultureInfo.InvariantCulture, $"{_lost:N0} of its events {(_lost == 1 ? "is" : "are")}");

    private void Hold(ReadOnlySpan<byte> line)
    {
        if (_held.Length + line.Length <= MaxHeld)
            _held.Write(line);
        else
            _lost++;
    }

    private void Empty()
    {
        _held.SetLength(0);
        _held.Capacity = 0;
        _heldFrom = 0;
    }

    /// <summary>Writes at the file's end; why it could not, or null.</summary>
    private Exception? TryWrite(ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(file.SafeFileHandle, bytes, _length);
            Interlocked.Add(ref _length, bytes.Length);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error;
        }
    }
}
