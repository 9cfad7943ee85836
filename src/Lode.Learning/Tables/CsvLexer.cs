using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Unicode;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Cuts UTF-8 into records and fields, a batch of text at a time. Where batches end depends on the text alone.</summary>
/// <remarks>Separators and line ends are found 32 bytes at once (Langdale and Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 2019, section 3.1); a quoted
/// field is scanned for its end apart.</remarks>
internal sealed class CsvLexer(CsvInput source, string name)
{
    private byte[] _text = new byte[CsvReader.SniffedBytes + CsvBatch.Padding];
    private int _start; // What lies before was cut.
    private int _end;
    private int _checked; // Bytes of the text that are known to be UTF-8.
    private long _offset; // Of the text's first byte in what the source hands out.
    private int _line = 1;
    private bool _ended;

    public string Name => name;

    /// <summary>What separates fields; ASCII.</summary>
    public byte Delimiter { get; set; } = (byte)',';

    /// <summary>The first bytes, before anything is read.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        Fill();
        return _text.AsSpan(0, _end);
    }

    /// <summary>Reads text and cuts what is whole of it: at least one record, or else the batch is the last or has an error.</summary>
    /// <param name="batch">Receives it; what it held is lost.</param>
    /// <param name="columns">Fields of a record; 0: one record only is read, which decides.</param>
    /// <exception cref="LodeException">InvalidArgument: the text is not of its encoding.</exception>
    public void Read(CsvBatch batch, int columns)
    {
        batch.Clear(columns);
        while (batch.Bytes.Length < _end - _start + CsvBatch.Padding)
            batch.Grow();
        _text.AsSpan(_start, _end - _start).CopyTo(batch.Bytes);
        (_text, _offset, _checked, _end, _start) = (batch.Bytes, _offset + _start, _checked - _start, _end - _start, 0);
        while (true)
        {
            Fill();
            Cut(batch, columns);
            if (batch.Records > 0 || batch.Error is not null || _ended)
                break;
            // The record is longer than the room.
            batch.Grow();
            _text = batch.Bytes;
        }
        batch.IsLast = _ended && _start == _end;
        batch.Share = source.Share(_end - _start);
    }

    private void Cut(CsvBatch batch, int columns)
    {
        var (text, end, delimiter) = (_text, _end, Delimiter);
        var (at, line, recordLine, fields) = (_start, _line, _line, 0);
        var specials = new Specials(text, at, end, delimiter);
        while (true)
        {
            var (fieldLine, start, length, quoted, doubled) = (line, at, 0, false, false);
            var last = at == end;
            if (last && (!_ended || fields == 0))
                break;
            var next = end;
            if (!last && text[at] == (byte)'"')
            {
                next = SkipQuoted(at, ref line, out doubled);
                if (next < 0 || (next == end && !_ended))
                {
                    if (_ended)
                        batch.Error = new LodeException(ErrorCode.InvalidArgument, $"{name}, line {fieldLine}: a quote opens here and is never closed.");
                    break;
                }
                (start, length, quoted) = (at + 1, next - at - 2, true);
                if (next < end && text[next] != delimiter && text[next] is not ((byte)'\n' or (byte)'\r'))
                {
                    Rune.DecodeFromUtf8(text.AsSpan(next, end - next), out var behind, out _);
                    batch.Error = new LodeException(ErrorCode.InvalidArgument, $"{name}, line {line}: '{behind}' follows a closing quote.", "Double a quote inside a quoted field.");
                    break;
                }
                specials = new Specials(text, next, end, delimiter);
                specials.Next();
            }
            else if (!last)
            {
                next = specials.Next();
                if (next == end && !_ended)
                    break;
                length = next - start;
                while (length > 0 && text[start] == (byte)' ')
                    (start, length) = (start + 1, length - 1);
                while (length > 0 && text[start + length - 1] == (byte)' ')
                    length--;
            }
            if (fields++ < columns || columns == 0)
                batch.AddField(start, length, doubled);
            at = next + 1;
            if (next < end && text[next] == delimiter)
                continue;
            if (next >= end)
            {
                at = end;
            }
            else if (text[next] == (byte)'\r')
            {
                if (at == end && !_ended)
                    break;
                if (at < end && text[at] == (byte)'\n')
                {
                    at++;
                    specials.Next();
                }
            }
            line++;
            if (!EndRecord(batch, fields, length == 0 && !quoted, recordLine, fieldLine))
                return;
            (_start, _line, recordLine, fields) = (at, line, line, 0);
            if (columns == 0 && batch.Records > 0)
                return;
        }
        batch.DropFields();
    }

    /// <summary>False where it does not suit.</summary>
    private bool EndRecord(CsvBatch batch, int fields, bool empty, int recordLine, int fieldLine)
    {
        if (fields == 1 && empty && batch.Columns != 1)
        {
            batch.DropFields(); // A blank line.
            return true;
        }
        if (batch.Columns == 0)
            batch.Columns = fields;
        if (fields == batch.Columns)
        {
            batch.EndRecord(recordLine);
            return true;
        }
        batch.DropFields();
        batch.Error = new LodeException(ErrorCode.InvalidArgument,
            $"{name}, line {fieldLine}, column {Math.Min(fields, batch.Columns) + (fields > batch.Columns ? 1 : 0)}: " +
            $"the row has {fields} {(fields == 1 ? "field" : "fields")}; the header has {batch.Columns}.");
        return false;
    }

    /// <summary>Where the text goes on behind a quoted field; -1 where it does not end.</summary>
    private int SkipQuoted(int at, ref int line, out bool doubled)
    {
        doubled = false;
        for (var from = at + 1; ;)
        {
            var found = _text.AsSpan(from, _end - from).IndexOf((byte)'"');
            if (found < 0)
                return -1;
            line += _text.AsSpan(from, found).Count((byte)'\n');
            from += found + 1;
            if (from == _end || _text[from] != (byte)'"')
                return from;
            doubled = true;
            from++;
        }
    }

    /// <summary>Reads until the room is full or nothing is left.</summary>
    private void Fill()
    {
        // A source that translates asks for four bytes.
        while (!_ended && _text.Length - CsvBatch.Padding - _end >= 4)
        {
            var read = source.Read(_text.AsSpan(_end, _text.Length - CsvBatch.Padding - _end));
            _end += read;
            _ended = read == 0;
            if (!source.IsTranscoded)
                Check(_ended);
        }
    }

    /// <summary>Looks at new bytes; those of a character that is cut off wait for the next.</summary>
    private void Check(bool atEnd)
    {
        var fresh = _text.AsSpan(_checked, _end - _checked);
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

    /// <summary>The places of separators and line ends, one after another.</summary>
    private ref struct Specials
    {
        private readonly ref byte _text;
        private readonly int _end;
        private readonly byte _delimiter;
        private int _block;
        private uint _mask;

        /// <param name="text">With <see cref="CsvBatch.Padding"/> behind its end.</param>
        /// <param name="from">Where to begin.</param>
        /// <param name="end">Where it ends.</param>
        /// <param name="delimiter">The separator.</param>
        public Specials(byte[] text, int from, int end, byte delimiter)
        {
            _text = ref MemoryMarshal.GetArrayDataReference(text);
            (_end, _delimiter, _block) = (end, delimiter, from);
            _mask = from < end ? Load() : 0;
        }

        /// <summary>The next, or the end.</summary>
        public int Next()
        {
            while (_mask == 0)
            {
                _block += Vector256<byte>.Count;
                if (_block >= _end)
                    return _end;
                _mask = Load();
            }
            var at = _block + BitOperations.TrailingZeroCount(_mask);
            _mask &= _mask - 1;
            return Math.Min(at, _end);
        }

        private readonly uint Load()
        {
            var bytes = Vector256.LoadUnsafe(ref _text, (nuint)_block);
            return (Vector256.Equals(bytes, Vector256.Create(_delimiter)) | Vector256.Equals(bytes, Vector256.Create((byte)'\n')) | Vector256.Equals(bytes, Vector256.Create((byte)'\r'))).ExtractMostSignificantBits();
        }
    }
}
