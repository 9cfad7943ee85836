using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>
/// Points that were taken but are not in their places yet, as rows of table <c>metric_log</c>: what brings them back after a crash.
/// Format of a row, version 1: see docs/storage.md.
/// </summary>
internal sealed class MetricLog
{
    private const byte FormatVersion = 1;

    /// <summary>Points of one group from which on they are put in their places at once: they fill pages anyway.</summary>
    private const int MaxPerGroup = 512;

    /// <summary>Points that wait at most: as many as a chunk holds would save little more, and putting them away takes a while.</summary>
    private const int MaxPoints = 2048;

    private readonly ByteWriter _row = new();
    private int _rowPoints;
    private bool _tooMany;
    private int _points;
    private bool _hasRows = true;

    /// <summary>Notes what a write of the group logs.</summary>
    /// <param name="run">The run's row.</param>
    /// <param name="points">May be empty: the run changed all the same.</param>
    public void Add(long run, IReadOnlyList<MetricPoint> points)
    {
        if (_tooMany || _rowPoints + points.Count > MaxPerGroup)
        {
            _tooMany = true;
            return;
        }
        _rowPoints += points.Count;
        if (_row.Length == 0)
            _row.Byte(FormatVersion);
        _row.Varint((ulong)run);
        _row.Varint((ulong)points.Count);
        var key = "";
        for (var i = 0; i < points.Count; i++)
        {
            var point = points[i];
            if (string.Equals(key, point.Key, StringComparison.Ordinal))
            {
                _row.Varint(0);
            }
            else
            {
                key = point.Key;
                var length = Encoding.UTF8.GetByteCount(key);
                _row.Varint((ulong)length);
                Encoding.UTF8.GetBytes(key, _row.Reserve(length));
            }
            _row.Signed(point.Step);
            _row.Signed(point.Time);
            _row.Double(point.Value);
        }
    }

    /// <summary>Stores the group's row; false where its points should rather be put in their places.</summary>
    public bool TryStore(SqlSession sql)
    {
        if (_tooMany || _points + _rowPoints > MaxPoints)
            return false;
        if (_row.Length > 0)
        {
            sql.Run("INSERT INTO metric_log (points) VALUES (@0)", _row.Written.ToArray());
            _points += _rowPoints;
            _hasRows = true;
            Drop();
        }
        return true;
    }

    /// <summary>Forgets what the group logged.</summary>
    public void Drop()
    {
        _row.Clear();
        (_rowPoints, _tooMany) = (0, false);
    }

    /// <summary>Empties the log: its points are in their places.</summary>
    public void Empty(SqlSession sql)
    {
        if (_hasRows)
            sql.Run("DELETE FROM metric_log");
        (_points, _hasRows) = (0, false);
        Drop();
    }

    /// <summary>Gives what is stored, in order of taking: the run's row, then its points.</summary>
    /// <exception cref="LodeException">DataLoss: a row is damaged.</exception>
    public void Read(SqlSession sql, Action<long, List<MetricPoint>> take)
    {
        Drop();
        var rows = new List<byte[]>();
        sql.ReadApart("SELECT points FROM metric_log ORDER BY id", [], row => rows.Add(row.GetFieldValue<byte[]>(0)));
        (_points, _hasRows) = (0, rows.Count > 0);
        foreach (var row in rows)
        {
            if (!IsSound(row))
                throw new LodeException(ErrorCode.DataLoss, "Points that were taken last cannot be read: a row of the metric log is damaged.", "`lode doctor --fix` sets that row aside; a backup of the database may have it whole.");
            Read(row, (run, points) =>
            {
                _points += points.Count;
                take(run, points);
            });
        }
    }

    /// <summary>Whether a row can be read to its end.</summary>
    public static bool IsSound(byte[] row)
    {
        try
        {
            Read(row, (_, _) => { });
            return true;
        }
        catch (Exception error) when (error is ArgumentException or OverflowException)
        {
            return false;
        }
    }

    private static void Read(byte[] row, Action<long, List<MetricPoint>> take)
    {
        var reader = new ByteReader(row);
        if (reader.Byte() != FormatVersion)
            throw new ArgumentOutOfRangeException(nameof(row));
        while (reader.Position < row.Length)
        {
            var (run, count, key) = ((long)reader.Varint(), reader.Count(), "");
            var points = new List<MetricPoint>(Math.Min(count, MaxPerGroup));
            for (var i = 0; i < count; i++)
            {
                if (reader.Count() is > 0 and var length)
                    key = Encoding.UTF8.GetString(reader.Bytes(length));
                var (step, time) = (reader.Signed(), reader.Signed());
                points.Add(new MetricPoint(key, reader.Double(), time, step));
            }
            take(run, points);
        }
    }
}
