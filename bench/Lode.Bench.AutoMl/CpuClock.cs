namespace Lode.Bench.AutoMl;

/// <summary>A clock that this process's CPU seconds drive, so that other load on the machine does not change a result: so many CPU seconds are one second.</summary>
/// <param name="perSecond">CPU seconds that make a second: the threads times how busy they are kept.</param>
internal sealed class CpuClock(double perSecond) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => (long)(Environment.CpuUsage.TotalTime.Ticks / perSecond);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Alarm(this, callback, state, dueTime);

    private sealed class Alarm : ITimer
    {
        private readonly CpuClock _clock;
        private readonly Timer _poll;
        private long _due;

        public Alarm(CpuClock clock, TimerCallback callback, object? state, TimeSpan dueTime)
        {
            _clock = clock;
            Change(dueTime, Timeout.InfiniteTimeSpan);
            _poll = new Timer(_ =>
            {
                if (_clock.GetTimestamp() >= Interlocked.Read(ref _due) && Interlocked.Exchange(ref _due, long.MaxValue) != long.MaxValue)
                    callback(state);
            }, null, 20, 20);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Exchange(ref _due, dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : _clock.GetTimestamp() + dueTime.Ticks);
            return true;
        }

        public void Dispose() => _poll.Dispose();

        public ValueTask DisposeAsync() => _poll.DisposeAsync();
    }
}
