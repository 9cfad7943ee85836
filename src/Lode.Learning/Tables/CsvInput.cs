using System.IO.Compression;
using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>How a file's bytes stand for text.</summary>
public enum CsvEncoding
{
    /// <summary>UTF-16 where a byte order mark says so, else UTF-8.</summary>
    Detect = 1,

    /// <summary>UTF-8.</summary>
    Utf8 = 2,

    /// <summary>UTF-16, little-endian where no byte order mark says otherwise.</summary>
    Utf16 = 3,

    /// <summary>ISO 8859-1: each byte is a character.</summary>
    Latin1 = 4,
}

/// <summary>Any source of CSV as UTF-8 bytes without a byte order mark.</summary>
internal sealed class CsvInput(Stream source, CsvEncoding encoding, string name) : IDisposable
{
    private readonly byte[] _raw = new byte[1 << 16];
    private readonly Stream _file = source;
    private readonly long _first = source.CanSeek ? source.Position : 0;
    private readonly long _length = source.CanSeek ? source.Length - source.Position : 0;
    private Stream _source = source;
    private GZipStream? _unpacking;
    private int _start;
    private int _end;
    private long _offset; // Of the byte at _start, from the first byte of the (unpacked) text.
    private CsvEncoding _encoding = encoding;
    private bool _bigEndian;
    private bool _opened;
    private bool _ended;
    private int _high; // The first half of a character that UTF-16 writes in two.

    /// <summary>How many bytes of the text came before those that are handed out; right for UTF-8, which is handed out as it is.</summary>
    public long Skipped { get; private set; }

    /// <summary>Whether what is handed out was made here and so is UTF-8 for certain.</summary>
    public bool IsTranscoded => _encoding is CsvEncoding.Utf16 or CsvEncoding.Latin1;

    /// <summary>The share of the source that was read and used, in (0, 1]; 0 where it cannot tell. Of packed and transcoded sources it is a little too large.</summary>
    /// <param name="waiting">Bytes that were handed out and not used yet.</param>
    public double Share(int waiting)
    {
        if (_length <= 0)
            return 0;
        var used = _file.Position - _first - (_unpacking is null && !IsTranscoded ? waiting + _end - _start : 0);
        return Math.Clamp(used / (double)_length, double.Epsilon, 1);
    }

    /// <summary>Reads some bytes; 0 at the end.</summary>
    /// <exception cref="LodeException">InvalidArgument: the bytes are not of the encoding, or a packed file is damaged.</exception>
    public int Read(Span<byte> output)
    {
        try
        {
            if (!_opened)
                Open();
            return _encoding switch
            {
                CsvEncoding.Utf16 => ReadUtf16(output),
                CsvEncoding.Latin1 => ReadLatin1(output),
                _ => ReadPlain(output),
            };
        }
        catch (InvalidDataException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"{name} is a damaged gzip file: {error.Message}", "Get the file again.", error);
        }
    }

    /// <summary>Lets go of what unpacks; the source stays open.</summary>
    public void Dispose() => _unpacking?.Dispose();

    private void Open()
    {
        _opened = true;
        Fill(4);
        if (_end >= 2 && _raw[0] == 0x1F && _raw[1] == 0x8B)
        {
            _source = _unpacking = new GZipStream(new Prefixed(_raw[.._end], _source), CompressionMode.Decompress, leaveOpen: true);
            (_end, _ended) = (0, false);
            Fill(4);
        }
        var start = _raw.AsSpan(0, _end);
        var mark = start.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) ? 2 : 0;
        if (_encoding == CsvEncoding.Detect)
            _encoding = mark == 2 ? CsvEncoding.Utf16 : CsvEncoding.Utf8;
        if ((mark == 2) == (_encoding == CsvEncoding.Utf16) && _encoding != CsvEncoding.Latin1)
        {
            _bigEndian = mark == 2 && _raw[0] == 0xFE;
            (_start, _offset, Skipped) = (mark, mark, mark);
        }
    }

    /// <summary>Gets so many bytes together, or all that are left.</summary>
    private void Fill(int wanted)
    {
        if (_start > 0)
        {
            _raw.AsSpan(_start, _end - _start).CopyTo(_raw);
            (_end, _start) = (_end - _start, 0);
        }
        while (_end < wanted && !_ended)
        {
            var read = _source.Read(_raw, _end, _raw.Length - _end);
            _ended = read == 0;
            _end += read;
        }
    }

    private int ReadPlain(Span<byte> output)
    {
        if (_start == _end)
            return _source.Read(output);
        var count = Math.Min(output.Length, _end - _start);
        _raw.AsSpan(_start, count).CopyTo(output);
        _start += count;
        return count;
    }

    private int ReadLatin1(Span<byte> output)
    {
        if (_start == _end)
            Fill(1);
        var count = 0;
        for (; _start < _end && count + 2 <= output.Length; _start++)
        {
            var letter = _raw[_start];
            if (letter < 0x80)
            {
                output[count++] = letter;
                continue;
            }
            output[count++] = (byte)(0xC0 | (letter >> 6));
            output[count++] = (byte)(0x80 | (letter & 0x3F));
        }
        return count;
    }

    private int ReadUtf16(Span<byte> output)
    {
        if (_end - _start < 2)
            Fill(2);
        var count = 0;
        for (; _end - _start >= 2 && count + 4 <= output.Length; (_start, _offset) = (_start + 2, _offset + 2))
        {
            var unit = _bigEndian ? (_raw[_start] << 8) | _raw[_start + 1] : _raw[_start] | (_raw[_start + 1] << 8);
            if (_high != 0)
            {
                if (!char.IsLowSurrogate((char)unit))
                    throw Bad(_offset - 2);
                count += new Rune((char)_high, (char)unit).EncodeToUtf8(output[count..]);
                _high = 0;
            }
            else if (char.IsHighSurrogate((char)unit))
            {
                _high = unit;
            }
            else if (Rune.TryCreate(unit, out var rune))
            {
                count += rune.EncodeToUtf8(output[count..]);
            }
            else
            {
                throw Bad(_offset);
            }
        }
        if (count == 0 && _ended && (_end > _start || _high != 0))
            throw Bad(_high != 0 ? _offset - 2 : _offset);
        return count > 0 || (_ended && _end - _start < 2) ? count : ReadUtf16(output);
    }

    private LodeException Bad(long offset) => new(ErrorCode.InvalidArgument,
        $"{name} is not UTF-16: what stands at byte {offset} is no character.", "Say its encoding, or save it as UTF-8.");

    /// <summary>Some bytes, then a stream.</summary>
    private sealed class Prefixed(byte[] prefix, Stream rest) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (_at == prefix.Length)
                return rest.Read(buffer);
            var count = Math.Min(buffer.Length, prefix.Length - _at);
            prefix.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>Text as a stream of UTF-8.</summary>
internal sealed class TextReaderStream(TextReader reader) : Stream
{
    private readonly Encoder _encoder = Encoding.UTF8.GetEncoder();
    private readonly char[] _letters = new char[1 << 14];

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        // A letter takes at most three bytes; half of a pair gives none until the other comes.
        while (true)
        {
            var count = reader.Read(_letters, 0, Math.Min(_letters.Length, buffer.Length / 4));
            var bytes = _encoder.GetBytes(_letters.AsSpan(0, count), buffer, flush: count == 0);
            if (bytes > 0 || count == 0)
                return bytes;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
