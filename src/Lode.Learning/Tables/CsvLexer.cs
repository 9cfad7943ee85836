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

/// <summary>Cuts text into fields, through one buffer that holds at least the current field.</summary>
internal sealed class CsvLexer(TextReader source, char delimiter, string name)
{
    private char[] _buffer = new char[1 << 16];
    private int _start;
    private int _end;
    private bool _afterDelimiter;
    private bool _begun;
    private int _nextLine = 1;

    public string Name => name;

    /// <summary>The line, counted from 1, on which the last field read began.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>Whether the last field read was quoted.</summary>
    public bool Quoted { get; private set; }

    /// <param name="field">Valid until the next call.</param>
    public CsvToken Read(out ReadOnlySpan<char> field)
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
        if (!_begun)
        {
            _begun = true;
            if (_buffer[_start] == '\uFEFF')
            {
                _start++;
                return Read(out field);
            }
        }
        if (_buffer[_start] == '"')
            return ReadQuoted(out field);

        var scanned = 0;
        int length;
        while ((length = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOfAny(delimiter, '\n', '\r')) < 0)
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
        field = _buffer.AsSpan(from, length).Trim(' ');
        return last;
    }

    public LodeException Error(int column, string? columnName, string what) => new(ErrorCode.InvalidArgument,
        $"{name}, line {Line}, column {column + 1}{(columnName is null ? "" : $" ('{columnName}')")}: {what}");

    private CsvToken ReadQuoted(out ReadOnlySpan<char> field)
    {
        Quoted = true;
        var scanned = 1;
        var write = 0; // Characters of the field so far, doubled quotes made one, packed behind the opening quote.
        while (true)
        {
            var found = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf('"');
            var piece = found < 0 ? _end - _start - scanned : found;
            var text = _buffer.AsSpan(_start + scanned, piece);
            _nextLine += text.Count('\n');
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
            if (_start + scanned == _end || _buffer[_start + scanned] != '"')
                break;
            _buffer[_start + 1 + write++] = '"';
            scanned++;
        }
        var from = _start + 1;
        _start += scanned;
        if (_start < _end && _buffer[_start] != delimiter && _buffer[_start] is not ('\n' or '\r'))
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"{name}, line {_nextLine}: '{_buffer[_start]}' follows a closing quote.",
                "Double a quote inside a quoted field.");
        }
        var token = EndField(ref from);
        field = _buffer.AsSpan(from, write);
        return token;
    }

    /// <summary>Consumes the delimiter or line end at <see cref="_start"/>; keeps the characters from <paramref name="from"/> on.</summary>
    private CsvToken EndField(ref int from)
    {
        _afterDelimiter = false;
        if (_start == _end)
            return CsvToken.LastField;
        var ending = _buffer[_start++];
        if (ending == delimiter)
        {
            _afterDelimiter = true;
            return CsvToken.Field;
        }
        _nextLine++;
        if (ending == '\r')
        {
            if (_start == _end)
            {
                var kept = _start - from;
                _start = from;
                Fill();
                from = _start;
                _start += kept;
            }
            if (_start < _end && _buffer[_start] == '\n')
                _start++;
        }
        return CsvToken.LastField;
    }

    /// <summary>Reads more behind what is unread, moving that to the front; false at the end of the text.</summary>
    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        var read = source.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
