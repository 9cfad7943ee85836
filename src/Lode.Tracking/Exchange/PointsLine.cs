using System.Text.Json;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>A line of points: columns of steps, times and values. Used again for each line.</summary>
internal sealed class PointsLine
{
    private readonly List<long> _steps = [];
    private readonly List<long> _times = [];
    private readonly List<double> _values = [];
    private string _key = "";

    public RunId Run { get; private set; }

    public int Count => _values.Count;

    public MetricPoint this[int index] => new(_key, _values[index], _times[index], _steps[index]);

    /// <exception cref="LodeException">InvalidArgument: the line makes no sense.</exception>
    public void Parse(ReadOnlySpan<byte> line, long number)
    {
        try
        {
            Read(line);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw JsonLinesImport.Damaged(number, error.Message);
        }
        if (_steps.Count != _values.Count || _times.Count != _values.Count)
            throw JsonLinesImport.Damaged(number, $"it has {_steps.Count} steps, {_times.Count} times and {_values.Count} values");
    }

    private void Read(ReadOnlySpan<byte> line)
    {
        (Run, _key) = (default, "");
        _steps.Clear();
        _times.Clear();
        _values.Clear();
        var reader = new Utf8JsonReader(line);
        for (var i = 0; i < 3; i++)
            reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("run"u8))
                Run = reader.Read() && RunId.TryParse(reader.GetString(), null, out var id) ? id : throw new JsonException("a run id is 32 hexadecimal digits");
            else if (reader.ValueTextEquals("key"u8))
                _key = reader.Read() ? reader.GetString() ?? "" : "";
            else if (reader.ValueTextEquals("steps"u8))
                ReadNumbers(ref reader, _steps);
            else if (reader.ValueTextEquals("times"u8))
                ReadNumbers(ref reader, _times);
            else if (reader.ValueTextEquals("values"u8))
                ReadValues(ref reader);
            else
                reader.Skip();
        }
    }

    private static void ReadNumbers(ref Utf8JsonReader reader, List<long> numbers)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            numbers.Add(reader.GetInt64());
    }

    private void ReadValues(ref Utf8JsonReader reader)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            _values.Add(reader.TokenType == JsonTokenType.Number ? reader.GetDouble()
                : reader.ValueTextEquals("NaN"u8) ? double.NaN
                : reader.ValueTextEquals("Infinity"u8) ? double.PositiveInfinity
                : reader.ValueTextEquals("-Infinity"u8) ? double.NegativeInfinity
                : throw new JsonException($"'{reader.GetString()}' is no value"));
        }
    }
}
