using Lode.Core;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>Finds metrics in what a program prints, and says which step they are of. Memory and time a line are bounded, whatever comes.</summary>
/// <remarks>
/// A line's step is its <c>step</c>, <c>global_step</c>, <c>iteration</c>, <c>iter</c> or <c>epoch</c>, the first of these that it has; else that of the last line
/// that had one; else the number of values its metric had before. A flood of metrics is cut at <see cref="Burst"/> points and then
/// <see cref="PerSecond"/> a second, and the rest is counted. <b>Threads.</b> One.
/// </remarks>
internal sealed class MetricScanner
{
    /// <summary>Longer lines hold no metrics.</summary>
    public const int LongestLine = 8 << 10;

    /// <summary>Metrics of other names are passed over after so many.</summary>
    public const int MostKeys = 2000;

    /// <summary>Points taken at once.</summary>
    public const int Burst = 50_000;

    /// <summary>Points taken in a second, in the long run.</summary>
    public const int PerSecond = 1000;

    private static readonly string[] s_stepKeys = ["step", "global_step", "iteration", "iter", "epoch"];

    private readonly Action<long, ReadOnlyMemory<(string Key, double Value)>, string> _log;
    private readonly TimeProvider _time;
    private readonly IReadOnlyDictionary<string, long>? _firstSteps;
    private readonly byte[] _part = new byte[LongestLine];
    private readonly List<(string Key, double Value)> _found = [];
    private readonly Dictionary<string, (long Count, double Last)> _metrics = [];
    private readonly HashSet<string> _refused = [];
    private readonly long _began;
    private int _partLength;
    private bool _isTooLong;
    private long? _step;
    private long _points;

    /// <param name="time">For how many points are taken a second.</param>
    /// <param name="log">Given a step, values, and where they stand as text.</param>
    /// <param name="firstSteps">Where metrics that come without a step begin to count; those that are not named, at 0.</param>
    public MetricScanner(TimeProvider time, Action<long, ReadOnlyMemory<(string Key, double Value)>, string> log, IReadOnlyDictionary<string, long>? firstSteps = null)
    {
        (_time, _log, _firstSteps) = (time, log, firstSteps);
        _began = time.GetTimestamp();
    }

    /// <summary>Points that were not taken: too many a second, or under too many names.</summary>
    public long Dropped { get; private set; }

    /// <summary>The last value of each metric.</summary>
    public IReadOnlyDictionary<string, double> Last => _metrics.ToDictionary(pair => pair.Key, pair => pair.Value.Last);

    /// <summary>The next bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        // Where no line can say anything, lines are not even looked for.
        if (_partLength == 0 && !_isTooLong && bytes.LastIndexOf((byte)'\n') is var whole and >= 0 && !MayHold(bytes[..whole]))
            bytes = bytes[(whole + 1)..];
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            if (end < 0)
            {
                Keep(bytes);
                return;
            }
            if (_partLength > 0 || _isTooLong)
            {
                Keep(bytes[..end]);
                if (!_isTooLong)
                    ReadLine(_part.AsSpan(0, _partLength));
                (_partLength, _isTooLong) = (0, false);
            }
            else if (end <= LongestLine)
            {
                ReadLine(bytes[..end]);
            }
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>The stream has ended, perhaps within a line.</summary>
    public void End()
    {
        if (_partLength > 0 && !_isTooLong)
            ReadLine(_part.AsSpan(0, _partLength));
        _partLength = 0;
    }

    private static bool MayHold(ReadOnlySpan<byte> text) => text.IndexOfAny((byte)':', (byte)'=') >= 0 || text.IndexOf("poch "u8) >= 0;

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        // Progress bars redraw one line for hours.
        var redraw = bytes.Length > 1 ? bytes[..^1].LastIndexOf((byte)'\r') : -1;
        if (redraw >= 0)
        {
            (_partLength, _isTooLong) = (0, false);
            bytes = bytes[(redraw + 1)..];
        }
        if (_isTooLong || bytes.Length > LongestLine - _partLength)
        {
            _isTooLong = true;
            return;
        }
        bytes.CopyTo(_part.AsSpan(_partLength));
        _partLength += bytes.Length;
    }

    private void ReadLine(ReadOnlySpan<byte> line)
    {
        if (!MayHold(line))
            return;
        if (_points >= Burst && _points >= Burst + (_time.GetElapsedTime(_began).TotalSeconds * PerSecond))
        {
            Dropped++;
            return;
        }
        line = line.TrimEnd((byte)'\r');
        line = line[(line.LastIndexOf((byte)'\r') + 1)..];
        if (line.Contains((byte)0x1b))
            line = AnsiText.Strip(line);
        _found.Clear();
        MetricLine.Read(line, _found);
        if (_found.Count > 0)
            Log(line);
    }

    private void Log(ReadOnlySpan<byte> line)
    {
        var stepKey = Array.Find(s_stepKeys, key => _found.Exists(pair => IsStep(pair, key)));
        if (stepKey is not null)
        {
            _step = (long)_found.Find(pair => IsStep(pair, stepKey)).Value;
            _found.RemoveAll(pair => IsStep(pair, stepKey));
        }
        var values = new List<(string Key, double Value)>(_found.Count);
        foreach (var (key, value) in _found)
        {
            if (Takes(key))
                values.Add((key, value));
            else
                Dropped++;
        }
        if (values.Count == 0)
            return;
        _points += values.Count;
        var text = System.Text.Encoding.UTF8.GetString(line);
        if (_step is { } step)
            _log(step, values.ToArray(), text);
        foreach (var (key, value) in values)
        {
            var known = _metrics.GetValueOrDefault(key);
            if (_step is null)
                _log(known.Count + (_firstSteps?.GetValueOrDefault(key) ?? 0), new[] { (key, value) }, text);
            _metrics[key] = (known.Count + 1, value);
        }
    }

    // A step is a whole number; -1 and the like are how some say "none".
    private static bool IsStep((string Key, double Value) pair, string key) =>
        pair.Key.Equals(key, StringComparison.OrdinalIgnoreCase) && pair.Value >= 0 && pair.Value < 1L << 53 && Math.Floor(pair.Value) == pair.Value;

    private bool Takes(string key)
    {
        if (_metrics.ContainsKey(key))
            return true;
        if (_metrics.Count >= MostKeys || _refused.Contains(key))
            return false;
        try
        {
            NameRules.CheckKey(key, "metric");
            return true;
        }
        catch (LodeException)
        {
            if (_refused.Count < MostKeys)
                _refused.Add(key);
            return false;
        }
    }
}
