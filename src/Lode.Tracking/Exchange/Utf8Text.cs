using System.Globalization;
using System.Text;

namespace Lode.Tracking;

/// <summary>UTF-8 text that grows in one buffer and goes to a stream when there is enough of it.</summary>
internal sealed class Utf8Text
{
    private const int Enough = 1 << 18;

    private byte[] _bytes = new byte[Enough * 2];
    private int _length;

    public Utf8Text Append(ReadOnlySpan<byte> text)
    {
        Grow(text.Length);
        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
        return this;
    }

    public Utf8Text Append(string text)
    {
        Grow(Encoding.UTF8.GetMaxByteCount(text.Length));
        _length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length));
        return this;
    }

    public Utf8Text Append(long number)
    {
        Grow(24);
        number.TryFormat(_bytes.AsSpan(_length), out var written, default, CultureInfo.InvariantCulture);
        _length += written;
        return this;
    }

    /// <summary>The shortest text that reads back as the same number.</summary>
    public Utf8Text Append(double number)
    {
        Grow(32);
        number.TryFormat(_bytes.AsSpan(_length), out var written, default, CultureInfo.InvariantCulture);
        _length += written;
        return this;
    }

    public Utf8Text Comma(bool really) => really ? Append(","u8) : this;

    /// <summary>Writes what there is, where it is enough or must be <paramref name="whole"/>.</summary>
    public async ValueTask FlushAsync(Stream stream, CancellationToken ct, bool whole = false)
    {
        if (_length < Enough && !whole)
            return;
        await stream.WriteAsync(_bytes.AsMemory(0, _length), ct).ConfigureAwait(false);
        _length = 0;
    }

    private void Grow(int by)
    {
        if (_length + by > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + by));
    }
}
