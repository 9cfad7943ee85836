using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lode.Execution;

/// <summary>Reads the numbers of one printed line, by rules that are stated in docs/run.md.</summary>
/// <remarks>
/// A line that begins with <c>{</c> and is a JSON object gives its numbers, those of inner objects under <c>outer/inner</c>. Of other lines each
/// <c>key: number</c> and <c>key=number</c> counts, wherever it stands: the key is one word of letters, digits and <c>_ - . /</c> that begins with a letter,
/// the colon is followed by a space, and the number ends at a space, a comma or the like, or as <c>%</c>. <c>Epoch 3</c> counts as <c>epoch: 3</c>.
/// Bytes are looked at once, from left to right.
/// </remarks>
public static class MetricLine
{
    private const int LongestKey = 100;

    private static readonly SearchValues<byte> s_ends = SearchValues.Create(" \t,;)]}|%"u8);
    private static readonly SearchValues<byte> s_wordBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./"u8);
    private static readonly JsonReaderOptions s_json = new() { MaxDepth = 16 };

    /// <summary>Adds what a line says to a list.</summary>
    /// <param name="line">Without its end, colours and redraws.</param>
    /// <param name="found">Gets keys and values in their order.</param>
    public static void Read(ReadOnlySpan<byte> line, List<(string Key, double Value)> found)
    {
        line = line.Trim(" \t"u8);
        if (line.IsEmpty)
            return;
        if (line[0] == '{' && line[^1] == '}' && TryReadJson(line, found))
            return;
        ReadPairs(line, found);
    }

    private static void ReadPairs(ReadOnlySpan<byte> line, List<(string Key, double Value)> found)
    {
        var from = 0;
        while (from < line.Length)
        {
            var sign = line[from..].IndexOfAny((byte)':', (byte)'=');
            ReadEpoch(line[from..(sign < 0 ? line.Length : from + sign)], found);
            if (sign < 0)
                return;
            sign += from;
            from = sign + 1;
            var key = KeyBefore(line[..sign], line[sign] == '=');
            if (key.IsEmpty)
                continue;
            var rest = line[from..];
            var value = rest.TrimStart(" \t"u8);
            if (line[sign] == ':' && value.Length == rest.Length)
                continue;
            if (TryReadNumber(value, out var number, out var length))
            {
                found.Add((Encoding.ASCII.GetString(key), number));
                from = line.Length - value.Length + length;
            }
        }
    }

    private static ReadOnlySpan<byte> KeyBefore(ReadOnlySpan<byte> text, bool mayBeSpaced)
    {
        if (mayBeSpaced)
            text = text.TrimEnd((byte)' ');
        // 'loss': 0.3 is how Python prints a dictionary.
        var quote = text.IsEmpty ? (byte)0 : text[^1];
        if (quote is (byte)'\'' or (byte)'"')
            text = text[..^1];
        var start = text.LastIndexOfAnyExcept(s_wordBytes) + 1;
        var key = text[start..];
        if (key.IsEmpty || key.Length > LongestKey || !char.IsAsciiLetter((char)key[0]) || key[^1] is (byte)'/' or (byte)'.' or (byte)'-' || key.IndexOf("//"u8) >= 0 || key.IndexOf(".."u8) >= 0 || key.IndexOf("/."u8) >= 0 || key.IndexOf("./"u8) >= 0)
            return default;
        // What joins a key to more than a separator is part of something else: an address, a path, a time.
        return start == 0 || text[start - 1] is (byte)' ' or (byte)'\t' or (byte)',' or (byte)';' or (byte)'(' or (byte)'[' or (byte)'{' or (byte)'|' or (byte)'\'' or (byte)'"' ? key : default;
    }

    private static void ReadEpoch(ReadOnlySpan<byte> text, List<(string Key, double Value)> found)
    {
        text = text.TrimStart(" \t[(,|-"u8);
        if (text.Length < 7 || (text[0] | 0x20) != 'e' || !text[1..5].SequenceEqual("poch"u8) || text[5] != ' ')
            return;
        if (Utf8Parser.TryParse(text[6..].TrimStart((byte)' '), out long epoch, out _) && epoch >= 0)
            found.Add(("epoch", epoch));
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> text, out double number, out int length)
    {
        length = text.IndexOfAny(s_ends);
        if (length < 0)
            length = text.Length;
        var word = text[..length];
        number = double.NaN;
        if (word.IsEmpty || word.Length > 40)
            return false;
        // A point that ends a sentence.
        if (word[^1] == '.' && word.Length > 1)
            word = word[..^1];
        if (char.IsAsciiDigit((char)word[^1]))
            return Utf8Parser.TryParse(word[0] == '+' ? word[1..] : word, out number, out var read) && read == word.Length - (word[0] == '+' ? 1 : 0);
        var plain = word[0] is (byte)'-' or (byte)'+' ? word[1..] : word;
        if (Ascii.EqualsIgnoreCase(plain, "nan"u8))
            return true;
        number = word[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        return Ascii.EqualsIgnoreCase(plain, "inf"u8) || Ascii.EqualsIgnoreCase(plain, "infinity"u8);
    }

    private static bool TryReadJson(ReadOnlySpan<byte> line, List<(string Key, double Value)> found)
    {
        var start = found.Count;
        // Python writes NaN and Infinity bare, which is no JSON.
        if (line.IndexOf("NaN"u8) >= 0 || line.IndexOf("Infinity"u8) >= 0)
        {
            line = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line).Replace(": -Infinity", ":\"-Infinity\"", StringComparison.Ordinal)
                .Replace(": Infinity", ":\"Infinity\"", StringComparison.Ordinal).Replace(": NaN", ":\"NaN\"", StringComparison.Ordinal));
        }
        var reader = new Utf8JsonReader(line, s_json);
        var path = new List<string>();
        var key = "";
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        key = reader.GetString()!;
                        break;
                    case JsonTokenType.StartObject when reader.CurrentDepth > 0:
                        path.Add(key);
                        break;
                    case JsonTokenType.EndObject when path.Count > 0:
                        path.RemoveAt(path.Count - 1);
                        break;
                    case JsonTokenType.StartArray:
                        reader.Skip();
                        break;
                    case JsonTokenType.Number:
                        Add(path, key, reader.TryGetDouble(out var number) ? number : double.NaN, found);
                        break;
                    case JsonTokenType.String when reader.ValueSpan.Length is > 2 and < 10 && reader.GetString() is "NaN" or "Infinity" or "-Infinity":
                        Add(path, key, double.Parse(reader.GetString()!, CultureInfo.InvariantCulture), found);
                        break;
                    default:
                        break;
                }
            }
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            found.RemoveRange(start, found.Count - start);
            return false;
        }
    }

    private static void Add(List<string> path, string key, double value, List<(string Key, double Value)> found)
    {
        if (key.Length is > 0 and <= LongestKey)
            found.Add((path.Count == 0 ? key : $"{string.Join('/', path)}/{key}", value));
    }
}
