namespace Lode.Execution;

/// <summary>Text without the sequences that colour it and move the cursor.</summary>
internal static class AnsiText
{
    private const byte Escape = 0x1b;
    private const byte Bell = 7;

    /// <summary>Takes out control sequences (ECMA-48: CSI, OSC and the short ones) and carriage returns before a line's end.</summary>
    public static byte[] Strip(ReadOnlySpan<byte> text)
    {
        var result = new byte[text.Length];
        var count = 0;
        while (!text.IsEmpty)
        {
            var next = text.IndexOfAny(Escape, (byte)'\r');
            if (next < 0)
                next = text.Length;
            text[..next].CopyTo(result.AsSpan(count));
            count += next;
            text = text[next..];
            if (text.IsEmpty)
                break;
            text = text[0] == Escape ? text[SequenceLength(text)..] : text[1..];
        }
        return result[..count];
    }

    private static int SequenceLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2)
            return text.Length;
        if (text[1] == '[')
        {
            var end = text[2..].IndexOfAnyInRange((byte)0x40, (byte)0x7e);
            return end < 0 ? text.Length : end + 3;
        }
        if (text[1] == ']')
        {
            var end = text[2..].IndexOfAny(Bell, Escape);
            return end < 0 ? text.Length : text[end + 2] == Bell ? end + 3 : Math.Min(text.Length, end + 4);
        }
        return 2;
    }
}
