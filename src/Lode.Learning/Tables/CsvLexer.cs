using System.Text;
using System.Text.Unicode;
using Lode.Core;

namespace Lode.Learning;

internal enum CsvToken
{
    /// <summary>A field with another behind it in the record.</summary>
    Field,

    /// <summary>The last field of a record.</summary>
    LastField,

    /// <summary>Nothing is left.</summary>
    End,
}

/// <summary>Cuts UTF-8 into fields, through one buffer that holds at least the current field.</summary>
internal sealed class CsvLexer(CsvInput source, string name)
{
    private byte[] _buffer = new byte[1 << 17];
    private int _start;
    private int _end;
    private int _checked; // Bytes of the buffer that are known to be UTF-8.
    private long _offset; // Of the buffer's first byte in what the source hands out.
    private bool _afterDelimiter;
    private int _nextLine = 1;

    public string Name => name;

    /// <summary>What separates fields; ASCII.</summary>
    public byte Delimiter { get; set; } = (byte)',';

    /// <summary>The line, counted from 1, on which the last field read began.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>Whether the last field read was quoted.</summary>
    public bool Quoted { get; private set; }

    /// <summary>The share of the source that was read, in (0, 1]; 0 where the source cannot tell.</summary>
    public double Share => source.Share(_end - _start);

    /// <summary>The first bytes, before anything is read.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        while (_end < count && Fill())
        {
        }
        return _buffer.AsSpan(_start, Math.Min(count, _end - _start));
    }

    /// <param name="field">UTF-8, valid until the next call.</param>
    public CsvToken Read(out ReadOnlySpan<byte> field)
    {
        Line = _nextLine;
        Quoted = false;
        if (_start == _end && !Fill())
        {
            field = default;
            var token = _afterDelimiter ? CsvToken.LastField : CsvToken.End;
            _afterDelimiter = false;
            return token;
        }
        if (_buffer[_start] == (byte)'"')
            return ReadQuoted(out field);

        var scanned = 0;
        int length;
        while ((length = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOfAny(Delimiter, (byte)'\n', (byte)'\r')) < 0)
        {
            scanned = _end - _start;
            if (!Fill())
                break;
        }
        length = length < 0 ? _end - _start : length + scanned;
        var from = _start;
        _start += length;
        // Ending the record may move the buffer, so where the field lies is asked afterwards.
        var last = EndField(ref from);
        field = _buffer.AsSpan(from, length);
        if (length > 0 && (field[0] == (byte)' ' || field[^1] == (byte)' '))
            field = field.Trim((byte)' ');
        return last;
    }

    public LodeException Error(int column, string? columnName, string what, string? hint = null) => new(ErrorCode.InvalidArgument,
        $"{name}, line {Line}, column {column + 1}{(columnName is null ? "" : $" ('{columnName}')")}: {what}", hint);

    private CsvToken ReadQuoted(out ReadOnlySpan<byte> field)
    {
        Quoted = true;
        var scanned = 1;
        var write = 0; // Bytes of the field so far, doubled quotes made one, packed behind the opening quote.
        while (true)
        {
            var found = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'"');
            var piece = found < 0 ? _end - _start - scanned : found;
            var text = _buffer.AsSpan(_start + scanned, piece);
            _nextLine += text.Count((byte)'\n');
            if (scanned != write + 1)
                text.CopyTo(_buffer.AsSpan(_start + 1 + write));
            write += piece;
            scanned += piece;
            if (found < 0)
            {
                if (!Fill())
                    throw new LodeException(ErrorCode.InvalidArgument, $"{name}, line {Line}: a quote opens here and is never closed.");
                continue;
            }
            scanned++;
            if (_start + scanned == _end)
                Fill();
            if (_start + scanned == _end || _buffer[_start + scanned] != (byte)'"')
                break;
            _buffer[_start + 1 + write++] = (byte)'"';
            scanned++;
        }
        var from = _start + 1;
        _start += scanned;
        if (_start < _end && _buffer[_start] != Delimiter && _buffer[_start] is not ((byte)'\n' or (byte)'\r'))
        {
            Rune.DecodeFromUtf8(_buffer.AsSpan(_start, _end - _start), out var behind, out _);
            throw new LodeException(ErrorCode.InvalidArgument, $"{name}, line {_nextLine}: '{behind}' follows a closing quote.",
                "Double a quote inside a quoted field.");
        }
        var token = EndField(ref from);
        field = _buffer.AsSpan(from, write);
        return token;
    }

    /// <summary>Consumes the delimiter or line end at <see cref="_start"/>; keeps the bytes from <paramref name="from"/> on.</summary>
    private CsvToken EndField(ref int from)
    {
        _afterDelimiter = false;
        if (_start == _end)
            return CsvToken.LastField;
        var ending = _buffer[_start++];
        if (ending == Delimiter)
        {
            _afterDelimiter = true;
            return CsvToken.Field;
        }
        _nextLine++;
        if (ending == (byte)'\r')
        {
            if (_start == _end)
            {
                var kept = _start - from;
                _start = from;
                Fill();
                from = _start;
                _start += kept;
            }
            if (_start < _end && _buffer[_start] == (byte)'\n')
                _start++;
        }
        return CsvToken.LastField;
    }

    /// <summary>Reads more behind what is unread, moving that to the front; false at the end.</summary>
    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _checked -= _start;
            _offset += _start;
            _start = 0;
        }
        if (_end + 4 > _buffer.Length)
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        var read = source.Read(_buffer.AsSpan(_end));
        _end += read;
        if (!source.IsTranscoded)
            Check(atEnd: read == 0);
        return read > 0;
    }

    /// <summary>Looks at new bytes; those of a character that is cut off wait for the next.</summary>
    private void Check(bool atEnd)
    {
        var fresh = _buffer.AsSpan(_checked, _end - _checked);
        var whole = atEnd ? fresh.Length : fresh.Length - CutOff(fresh);
        if (!Utf8.IsValid(fresh[..whole]))
        {
            var at = 0;
            while (Rune.DecodeFromUtf8(fresh[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
                at += length;
            throw new LodeException(ErrorCode.InvalidArgument,
                $"{name} is not UTF-8: the byte 0x{fresh[at]:X2} at offset {source.Skipped + _offset + _checked + at} fits no character.", "Say its encoding, or save it as UTF-8.");
        }
        _checked += whole;
    }

    /// <summary>Bytes at the end that begin a character and do not end it.</summary>
    private static int CutOff(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            var lead = bytes[^back];
            if (lead < 0x80)
                return 0;
            if (lead >= 0xC0)
                return (lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2) > back ? back : 0;
        }
        return 0;
    }
}
