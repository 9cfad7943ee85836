using System.Threading.Channels;
using Lode.Optimization;

namespace Lode.Execution;

/// <summary>What a trial says of its study's goals: values that are printed, gathered until all of a step are there, on their way to the study.</summary>
/// <remarks><b>Threads.</b> All members may be called concurrently. Of reports that pile up the newest <see cref="Most"/> are kept.</remarks>
/// <param name="goals">The goals' metrics.</param>
internal sealed class GoalReports(IReadOnlyList<string> goals)
{
    private const int Most = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, double?[]> _parts = [];
    private readonly Channel<Report> _ready = Channel.CreateBounded<Report>(new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>The newest step of which a goal was seen; null = none was.</summary>
    public long? Step { get; private set; }

    /// <summary>To be sent.</summary>
    public ChannelReader<Report> Ready => _ready.Reader;

    /// <summary>Takes what a program has said.</summary>
    public void Add(long step, ReadOnlySpan<(string Key, double Value)> values)
    {
        lock (_gate)
        {
            foreach (var (key, value) in values)
            {
                for (var i = 0; i < goals.Count; i++)
                {
                    if (goals[i] == key)
                        Add(step, i, value);
                }
            }
        }
    }

    /// <summary>There is nothing more to come.</summary>
    public void End() => _ready.Writer.TryComplete();

    private void Add(long step, int goal, double value)
    {
        if (step < 0)
            return;
        Step = Step is { } last ? Math.Max(last, step) : step;
        if (goals.Count == 1)
        {
            _ready.Writer.TryWrite(new Report(step, [value]));
            return;
        }
        // A program that never gives one of the goals must not fill the memory.
        if (_parts.Count > Most)
            _parts.Clear();
        if (!_parts.TryGetValue(step, out var part))
            _parts[step] = part = new double?[goals.Count];
        part[goal] = value;
        if (Array.TrueForAll(part, each => each is not null) && _parts.Remove(step))
            _ready.Writer.TryWrite(new Report(step, [.. part.Select(each => each!.Value)]));
    }
}
