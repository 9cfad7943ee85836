namespace Lode.Learning;

/// <summary>Some whole records of a CSV file, cut into fields. Written by one <see cref="CsvLexer"/>; then any number of threads may read.</summary>
internal sealed class CsvBatch
{
    /// <summary>Bytes behind the text that may be read, and mean nothing.</summary>
    internal const int Padding = 32;

    /// <summary>Bytes of text, unless a record is longer.</summary>
    internal const int Size = 1 << 18;

    private const ulong Doubled = 1UL << 63;

    private ulong[] _fields = new ulong[1024]; // Where a field begins and, in the upper half, how long it is, record by record.
    private int[] _lines = new int[256];
    private int _count;

    /// <summary>The text, with room to read more.</summary>
    public byte[] Bytes { get; private set; } = new byte[Size + Padding];

    /// <summary>Fields of a record.</summary>
    public int Columns { get; set; }

    /// <summary>Whole records.</summary>
    public int Records { get; private set; }

    /// <summary>What is wrong with the text behind the records, if anything.</summary>
    public Core.LodeException? Error { get; set; }

    /// <summary>Whether no text is left behind the records.</summary>
    public bool IsLast { get; set; }

    /// <summary>See <see cref="CsvInput.Share"/>, behind the records.</summary>
    public double Share { get; set; }

    public void Clear(int columns)
    {
        (Columns, Records, _count, Error, IsLast) = (columns, 0, 0, null, false);
    }

    public void Grow()
    {
        var larger = new byte[(2 * (Bytes.Length - Padding)) + Padding];
        Bytes.CopyTo(larger, 0);
        Bytes = larger;
    }

    public void AddField(int start, int length, bool doubled)
    {
        if (_count == _fields.Length)
            Array.Resize(ref _fields, 2 * _count);
        _fields[_count++] = (uint)start | ((ulong)length << 32) | (doubled ? Doubled : 0);
    }

    /// <summary>The fields since the last record become one.</summary>
    /// <param name="line">On which it begins, from 1.</param>
    public void EndRecord(int line)
    {
        if (Records == _lines.Length)
            Array.Resize(ref _lines, 2 * Records);
        _lines[Records++] = line;
    }

    /// <summary>Forgets the fields since the last record.</summary>
    public void DropFields() => _count = Records * Columns;

    /// <summary>A field's text, doubled quotes made one; valid as long as the batch and <paramref name="scratch"/> are left alone.</summary>
    public ReadOnlySpan<byte> Field(int record, int column, ref byte[] scratch)
    {
        var field = _fields[(record * Columns) + column];
        var text = Bytes.AsSpan((int)(uint)field, (int)(field >> 32) & int.MaxValue);
        return field < Doubled ? text : Single(text, ref scratch);
    }

    /// <summary>The line on which a field begins, from 1.</summary>
    public int LineOf(int record, int column)
    {
        var line = _lines[record];
        byte[] scratch = [];
        for (var i = 0; i < column; i++)
            line += Field(record, i, ref scratch).Count((byte)'\n');
        return line;
    }

    private static ReadOnlySpan<byte> Single(ReadOnlySpan<byte> text, ref byte[] scratch)
    {
        if (scratch.Length < text.Length)
            scratch = new byte[text.Length];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            scratch[count++] = text[i];
            // Each quote has another behind it.
            if (text[i] == (byte)'"')
                i++;
        }
        return scratch.AsSpan(0, count);
    }
}
