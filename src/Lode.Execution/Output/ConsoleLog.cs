using System.Buffers;
using System.Text;

namespace Lode.Execution;

/// <summary>
/// What a program printed, as a text of bounded size: its beginning and its end. Progress that is redrawn (<c>\r</c>) is kept in its last
/// state, and colours and cursor moves are taken out.
/// </summary>
/// <remarks><b>Threads.</b> Each <see cref="Channel"/> is written by one thread; the log takes whole lines of several.</remarks>
internal sealed class ConsoleLog
{
    /// <summary>Bytes kept of the beginning, and as many of the end.</summary>
    public const int Half = 2 << 20;

    private const int LongestLine = 64 << 10;

    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _head = new();
    private byte[] _tail = [];
    private long _tailBytes;

    /// <summary>Bytes that came in, after redrawn lines were collapsed.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _head.WrittenCount + _tailBytes;
        }
    }

    /// <summary>One of the program's streams.</summary>
    public Channel Open() => new(this);

    /// <summary>The text, in UTF-8.</summary>
    public byte[] ToArray()
    {
        lock (_gate)
        {
            using var whole = new MemoryStream();
            whole.Write(_head.WrittenSpan);
            if (_tailBytes > _tail.Length)
                whole.Write(Encoding.UTF8.GetBytes($"\n[… {_tailBytes - _tail.Length} bytes left out …]\n"));
            if (_tailBytes > 0)
            {
                var at = (int)(_tailBytes % _tail.Length);
                if (_tailBytes >= _tail.Length)
                    whole.Write(_tail, at, _tail.Length - at);
                whole.Write(_tail, 0, at);
            }
            return AnsiText.Strip(whole.GetBuffer().AsSpan(0, (int)whole.Length));
        }
    }

    /// <summary>The last line that is not empty, without its spaces, shortened to 200 characters; empty where there is none.</summary>
    public string LastLine()
    {
        lock (_gate)
        {
            var end = new byte[Math.Min(4096, _tailBytes == 0 ? _head.WrittenCount : Math.Min(_tailBytes, _tail.Length))];
            for (var i = 0; i < end.Length; i++)
                end[i] = _tailBytes == 0 ? _head.WrittenSpan[_head.WrittenCount - end.Length + i] : _tail[(int)((_tailBytes - end.Length + i) % _tail.Length)];
            var lines = Encoding.UTF8.GetString(AnsiText.Strip(end)).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return lines.Length == 0 ? "" : lines[^1].Length > 200 ? lines[^1][..200] + "…" : lines[^1];
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            var first = Math.Min(bytes.Length, Half - _head.WrittenCount);
            if (first > 0)
                _head.Write(bytes[..first]);
            bytes = bytes[first..];
            if (bytes.IsEmpty)
                return;
            if (_tail.Length == 0)
                _tail = new byte[Half];
            var skipped = Math.Max(0, bytes.Length - Half);
            _tailBytes += skipped;
            bytes = bytes[skipped..];
            var at = (int)(_tailBytes % Half);
            var fits = Math.Min(bytes.Length, Half - at);
            bytes[..fits].CopyTo(_tail.AsSpan(at));
            bytes[fits..].CopyTo(_tail);
            _tailBytes += bytes.Length;
        }
    }

    /// <summary>One stream: keeps the line that is being printed until it is whole.</summary>
    internal sealed class Channel(ConsoleLog log)
    {
        private readonly ArrayBufferWriter<byte> _line = new();

        /// <summary>The next bytes.</summary>
        public void Write(ReadOnlySpan<byte> bytes)
        {
            var end = bytes.LastIndexOf((byte)'\n') + 1;
            if (end > 0)
            {
                var whole = bytes[..end];
                if (_line.WrittenCount > 0 || whole.Contains((byte)'\r'))
                {
                    while (!whole.IsEmpty)
                    {
                        var next = whole.IndexOf((byte)'\n') + 1;
                        WriteLine(whole[..next]);
                        whole = whole[next..];
                    }
                }
                else
                {
                    log.Append(whole);
                }
            }
            Keep(bytes[end..]);
        }

        /// <summary>The stream has ended.</summary>
        public void End()
        {
            if (_line.WrittenCount > 0)
                WriteLine("\n"u8);
        }

        private void WriteLine(ReadOnlySpan<byte> rest)
        {
            if (_line.WrittenCount > 0)
            {
                _line.Write(rest);
                log.Append(LastState(_line.WrittenSpan));
                _line.ResetWrittenCount();
                return;
            }
            log.Append(LastState(rest));
        }

        private void Keep(ReadOnlySpan<byte> part)
        {
            // What stands before the last redraw is gone from the screen too. A trailing \r may yet be half of \r\n.
            var redraw = part.Length > 1 ? part[..^1].LastIndexOf((byte)'\r') : -1;
            if (redraw >= 0)
            {
                _line.ResetWrittenCount();
                part = part[(redraw + 1)..];
            }
            _line.Write(part);
            if (_line.WrittenCount < LongestLine)
                return;
            log.Append(_line.WrittenSpan);
            _line.ResetWrittenCount();
        }

        private static ReadOnlySpan<byte> LastState(ReadOnlySpan<byte> line)
        {
            var text = line.TrimEnd("\r\n"u8);
            var redraw = text.LastIndexOf((byte)'\r');
            return redraw < 0 ? line : line[(redraw + 1)..];
        }
    }
}
