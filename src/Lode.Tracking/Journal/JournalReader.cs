using System.Text.Json;

namespace Lode.Tracking;

/// <summary>Reads journal lines. Pure.</summary>
public static class JournalReader
{
    /// <summary>Reads the whole lines in <paramref name="bytes"/>; a last line without its newline is left alone.</summary>
    /// <param name="bytes">UTF-8, beginning at a line's first byte.</param>
    public static JournalPiece Read(ReadOnlySpan<byte> bytes)
    {
        var piece = new JournalPiece();
        while (bytes.IndexOf((byte)'\n') is var length and >= 0)
        {
            var line = bytes[..length].Trim((byte)'\r');
            if (!line.IsEmpty && !TryReadLine(line, piece))
                piece.Skipped++;
            piece.Consumed += length + 1;
            bytes = bytes[(length + 1)..];
        }
        return piece;
    }

    private static bool TryReadLine(ReadOnlySpan<byte> line, JournalPiece piece)
    {
        var line0 = (Metrics: piece.Metrics.Count, Params: piece.Params.Count, Tags: piece.Tags.Count);
        try
        {
            var reader = new Utf8JsonReader(line);
            return ReadEvent(ref reader, piece);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            // Half a line's content must not stay behind.
            piece.Metrics.RemoveRange(line0.Metrics, piece.Metrics.Count - line0.Metrics);
            piece.Params.RemoveRange(line0.Params, piece.Params.Count - line0.Params);
            piece.Tags.RemoveRange(line0.Tags, piece.Tags.Count - line0.Tags);
            return false;
        }
    }

    private static bool ReadEvent(ref Utf8JsonReader reader, JournalPiece piece)
    {
        string? kind = null, project = null, name = null, user = null, status = null;
        long time = 0, step = 0;
        var hasStep = false;
        var firstMetric = piece.Metrics.Count;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("e"u8))
                kind = NextString(ref reader);
            else if (reader.ValueTextEquals("t"u8))
                time = NextLong(ref reader);
            else if (reader.ValueTextEquals("step"u8))
                (step, hasStep) = (NextLong(ref reader), true);
            else if (reader.ValueTextEquals("metrics"u8))
                ReadMetrics(ref reader, piece);
            else if (reader.ValueTextEquals("params"u8))
                ReadTexts(ref reader, (key, value) => piece.Params.Add(new(key, value ?? "")));
            else if (reader.ValueTextEquals("tags"u8))
                ReadTexts(ref reader, (key, value) => piece.Tags.Add(new(key, value)));
            else if (reader.ValueTextEquals("project"u8))
                project = NextString(ref reader);
            else if (reader.ValueTextEquals("name"u8))
                name = NextString(ref reader);
            else if (reader.ValueTextEquals("user"u8))
                user = NextString(ref reader);
            else if (reader.ValueTextEquals("status"u8))
                status = NextString(ref reader);
            else
                reader.Skip();
        }
        // Step and time may stand after the values.
        for (var i = firstMetric; i < piece.Metrics.Count; i++)
            piece.Metrics[i] = piece.Metrics[i] with { Time = time, Step = step };
        switch (kind)
        {
            case null:
                return false;
            case "start" when project is not null:
                piece.Start = new JournalStart(time, project, name, user ?? "");
                piece.States.Add(new JournalState(time, RunStatus.Running));
                return true;
            case "start":
                return false;
            case "finish":
                if (!Enum.TryParse<RunStatus>(status, ignoreCase: true, out var parsed))
                    return false;
                piece.States.Add(new JournalState(time, parsed));
                return true;
            case "resume":
                piece.States.Add(new JournalState(time, RunStatus.Running));
                return true;
            case "rewind":
                if (!hasStep)
                    return false;
                piece.Rewinds.Add(new JournalRewind(time, step));
                return true;
            default:
                return true;
        }
    }

    private static void ReadMetrics(ref Utf8JsonReader reader, JournalPiece piece)
    {
        reader.Read();
        for (var place = 0; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; place++)
        {
            var key = ReadKey(ref reader, piece.MetricKeys, place);
            reader.Read();
            var value = reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : ReadNamed(reader.GetString());
            piece.Metrics.Add(new MetricPoint(key, value, 0, 0));
        }
    }

    // Lines name the same metrics in the same order, so most keys are the one that stood in this place before.
    private static string ReadKey(ref Utf8JsonReader reader, List<string> known, int place)
    {
        if (place < known.Count && reader.ValueTextEquals(known[place]))
            return known[place];
        var key = reader.GetString()!;
        if (place == known.Count)
            known.Add(key);
        else if (place < known.Count)
            known[place] = key;
        return key;
    }

    private static double ReadNamed(string? name) => name switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ => throw new FormatException(),
    };

    private static void ReadTexts(ref Utf8JsonReader reader, Action<string, string?> add)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            add(reader.GetString()!, NextString(ref reader));
    }

    private static string? NextString(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString();
    }

    private static long NextLong(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetInt64();
    }
}
