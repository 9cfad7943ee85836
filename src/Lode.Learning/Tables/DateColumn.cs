namespace Lode.Learning;

/// <summary>A column of points in time.</summary>
public sealed class DateColumn : Column
{
    /// <summary>What stands for a missing point in time.</summary>
    public const long Missing = long.MinValue;

    private readonly long[] _ticks;

    /// <param name="name">Not empty.</param>
    /// <param name="ticks">One a row: <see cref="DateTime.Ticks"/> (100 ns since the year 1), UTC where the source said a zone, or
    /// <see cref="Missing"/>. The column keeps the array.</param>
    /// <exception cref="ArgumentException">A number is no point in time.</exception>
    public DateColumn(string name, long[] ticks) : base(name)
    {
        foreach (var tick in ticks)
        {
            if (tick != Missing && (ulong)tick > (ulong)DateTime.MaxValue.Ticks)
                throw new ArgumentException($"Column '{name}': {tick} ticks are no point in time.", nameof(ticks));
        }
        (_ticks, Count) = (ticks, ticks.Length);
    }

    /// <summary>A column of an array's first points in time; nothing is checked.</summary>
    internal DateColumn(string name, long[] ticks, int count) : base(name) => (_ticks, Count) = (ticks, count);

    /// <inheritdoc/>
    public override ColumnKind Kind => ColumnKind.Date;

    /// <inheritdoc/>
    public override int Count { get; }

    /// <summary>The points in time, shape [rows]; see <see cref="DateTime.Ticks"/>.</summary>
    public ReadOnlySpan<long> Ticks => _ticks.AsSpan(0, Count);

    /// <summary>Seconds from the start of 1970 to a point in time, NaN for <see cref="Missing"/>.</summary>
    public static double Seconds(long ticks) => ticks == Missing ? double.NaN : (ticks - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override bool IsMissing(int row) => Ticks[row] == Missing;

    /// <inheritdoc/>
    public override Column Select(ReadOnlySpan<int> rows)
    {
        var all = Ticks;
        var ticks = new long[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            ticks[i] = all[rows[i]];
        return new DateColumn(Name, ticks, ticks.Length);
    }
}
