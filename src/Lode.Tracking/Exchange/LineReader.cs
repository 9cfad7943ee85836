using Lode.Core;

namespace Lode.Tracking;

/// <summary>Reads a stream line by line without making strings of them.</summary>
/// <param name="stream">UTF-8 lines; the caller disposes it.</param>
internal sealed class LineReader(Stream stream)
{
    private const int MaxLine = 1 << 28;

    private byte[] _buffer = new byte[1 << 20];
    private int _from;
    private int _to;

    /// <summary>The number of the line read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The next line without its end, valid until the next call; null after the last.</summary>
    /// <exception cref="LodeException">InvalidArgument: a line of over 256 MB.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken ct)
    {
        var searched = _from;
        while (true)
        {
            if (_buffer.AsSpan(searched, _to - searched).IndexOf((byte)'\n') is var at and >= 0)
                return Take(searched + at, searched + at + 1);
            searched = _to;
            if (_from > 0)
            {
                _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
                (_from, _to, searched) = (0, _to - _from, searched - _from);
            }
            if (_to == _buffer.Length)
            {
                if (_buffer.Length >= MaxLine)
                    throw new LodeException(ErrorCode.InvalidArgument, $"Line {Number + 1} is longer than {MaxLine >> 20} MB.");
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }
            var count = await stream.ReadAsync(_buffer.AsMemory(_to), ct).ConfigureAwait(false);
            if (count == 0)
            {
                // Not as one expression: null would become an empty line.
                if (_to == _from)
                    return null;
                return Take(_to, _to);
            }
            _to += count;
        }
    }

    private ReadOnlyMemory<byte> Take(int end, int next)
    {
        var line = _buffer.AsMemory(_from, end - _from);
        _from = next;
        Number++;
        return line;
    }
}
