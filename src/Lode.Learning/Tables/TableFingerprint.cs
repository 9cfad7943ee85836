using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Lode.Learning;

/// <summary>
/// Identifies a table's content: equal names, kinds, levels and values in equal order give an equal hash, whatever
/// the quoting or the line ends of the file were.
/// </summary>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Columns">Number of columns.</param>
public sealed record TableFingerprint(string Sha256, int Rows, int Columns)
{
    // The hash is stored with runs: whoever changes what goes into it changes this mark.
    private const string Format = "lode-table-1";

    internal static TableFingerprint Of(Table table)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Format);
        Append(hash, table.Rows);
        Append(hash, table.Columns.Count);
        foreach (var column in table.Columns)
        {
            Append(hash, column.Name);
            Append(hash, (int)column.Kind);
            if (column is NumericColumn numeric)
                AppendValues(hash, numeric.Values);
            else if (column is CategoricalColumn categorical)
                AppendCodes(hash, categorical);
            else
                AppendTicks(hash, ((DateColumn)column).Ticks);
        }
        return new TableFingerprint(Convert.ToHexStringLower(hash.GetHashAndReset()), table.Rows, table.Columns.Count);
    }

    private static void AppendValues(IncrementalHash hash, ReadOnlySpan<double> values)
    {
        Span<byte> bytes = stackalloc byte[4096];
        while (values.Length > 0)
        {
            var count = Math.Min(values.Length, bytes.Length / 8);
            for (var i = 0; i < count; i++)
            {
                // All NaN are one: the missing value.
                var value = double.IsNaN(values[i]) ? double.NaN : values[i];
                BinaryPrimitives.WriteDoubleLittleEndian(bytes[(8 * i)..], value);
            }
            hash.AppendData(bytes[..(8 * count)]);
            values = values[count..];
        }
    }

    private static void AppendTicks(IncrementalHash hash, ReadOnlySpan<long> ticks)
    {
        Span<byte> bytes = stackalloc byte[8];
        foreach (var tick in ticks)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, tick);
            hash.AppendData(bytes);
        }
    }

    private static void AppendCodes(IncrementalHash hash, CategoricalColumn column)
    {
        Append(hash, column.Levels.Count);
        foreach (var level in column.Levels)
            Append(hash, level);
        var codes = column.Codes;
        Span<byte> bytes = stackalloc byte[4096];
        while (codes.Length > 0)
        {
            var count = Math.Min(codes.Length, bytes.Length / 4);
            for (var i = 0; i < count; i++)
                BinaryPrimitives.WriteInt32LittleEndian(bytes[(4 * i)..], codes[i]);
            hash.AppendData(bytes[..(4 * count)]);
            codes = codes[count..];
        }
    }

    private static void Append(IncrementalHash hash, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes.Length);
        hash.AppendData(bytes);
    }
}
