using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    /// <inheritdoc/>
    public Task<JournalReceipt> AppendJournalAsync(RunId id, string segment, long offset, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        JournalSegment.Check(segment);
        if (offset < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"A journal's offset is at least 0; got {offset}.");
        // Parsed before the writer's turn: only what must be in order is done in order.
        var parsed = JournalReader.Read(bytes.Span);
        return database.WriteAsync(sql => Take(sql, id, segment, offset, bytes.Span, parsed), ct);
    }

    /// <summary>The same within another write; null where the run is not there or in the trash, and so takes nothing.</summary>
    internal long? TryTake(SqlSession sql, JournalPart part) =>
        FindRun(sql, part.Run) is { Lifecycle: Lifecycle.Active } && part.Offset >= 0 ? Take(sql, part.Run, part.Segment, part.Offset, part.Bytes, JournalReader.Read(part.Bytes)).Offset : null;

    private JournalReceipt Take(SqlSession sql, RunId id, string segment, long offset, ReadOnlySpan<byte> bytes, JournalPiece parsed)
    {
        var taken = sql.Scalar<long?>("SELECT bytes FROM journal WHERE run_uuid = @0 AND segment = @1", id.ToString(), segment);
        if (taken is null && IsPurged(sql, id))
            return new JournalReceipt(offset + bytes.Length, 0, Purged: true);
        var known = taken ?? 0;
        if (offset > known || offset + parsed.Consumed <= known)
            return new JournalReceipt(known, 0);
        var piece = parsed;
        if (offset < known)
            piece = JournalReader.Read(bytes[(int)(known - offset)..]);
        var skipped = Apply(sql, id, piece);
        var reached = Math.Max(offset, known) + piece.Consumed;
        sql.Execute("INSERT INTO journal (run_uuid, segment, bytes) VALUES (@0, @1, @2) ON CONFLICT (run_uuid, segment) DO UPDATE SET bytes = excluded.bytes", id.ToString(), segment, reached);
        return new JournalReceipt(reached, piece.Skipped + skipped);
    }

    /// <summary>Applies a piece; what no store would take is left out and counted, so that one bad line never blocks a run.</summary>
    private int Apply(SqlSession sql, RunId id, JournalPiece piece)
    {
        if (FindRun(sql, id) is not { } run)
        {
            if (piece.Start is not { } start)
                throw new LodeException(ErrorCode.NotFound, $"Run with id={id} not found, and its journal does not say which project it starts in.");
            run = (InsertRun(sql, new NewRun
            {
                Id = id,
                ProjectId = FindProject(sql, start.Project) ?? InsertProject(sql, new NewProject { Name = ProjectName(start.Project) }),
                Name = start.Name,
                User = start.User,
                StartedAt = start.Time,
            })!.Value.Row, Lifecycle.Active);
        }
        if (run.Lifecycle == Lifecycle.Deleted)
            throw InTrash(id);
        var rewinds = ReadRewinds(sql, id, piece);
        foreach (var rewind in piece.Rewinds)
            MetricCut.Drop(sql, run.Row, rewind.Step, rewind.Time);
        var metrics = Good(piece.Metrics);
        var left = rewinds.Count == 0 ? metrics : metrics.FindAll(point => !rewinds.Exists(rewind => rewind.Drops(point)));
        var @params = piece.Params.FindAll(param => IsGoodKey(param.Key) && SqlDialect.IsStorable(param.Value));
        var tags = piece.Tags.FindAll(tag => IsGoodKey(tag.Key) && SqlDialect.IsStorable(tag.Value));
        var refused = WriteParams(sql, run.Row, @params);
        SetTags(sql, run.Row, tags);
        // Heard now, by this clock: the program's own may be wrong.
        sql.Execute("UPDATE run SET heard_at = @1 WHERE id = @0", run.Row, Now);
        sql.Execute("UPDATE run SET status = @1 WHERE id = @0 AND status = @2", run.Row, (int)RunStatus.Running, (int)RunStatus.Stale);
        ApplyStates(sql, run.Row, piece);
        var appends = sql.Deferred<MetricAppends>();
        appends.Add(sql, appends.Find(sql, id)!, left);
        if (piece.States.Exists(state => state.Status != RunStatus.Running))
        {
            sql.Settle();
            OpenMetric.SealTails(sql, run.Row);
            sql.Forget();
        }
        return piece.Metrics.Count - metrics.Count + piece.Params.Count - @params.Count + piece.Tags.Count - tags.Count + refused.Count;
    }

    /// <summary>Segments come in any order: the latest word on the status counts, and the earliest start.</summary>
    private static void ApplyStates(SqlSession sql, long run, JournalPiece piece)
    {
        foreach (var (time, status) in piece.States)
        {
            sql.Execute("UPDATE run SET status = @1, ended_at = @2, said_at = @3 WHERE id = @0 AND (said_at IS NULL OR said_at <= @3)",
                run, (int)status, status == RunStatus.Running ? null : time, time);
        }
        if (piece.Start is not { } start)
            return;
        if (start.Name is { Length: > 0 } name)
            sql.Execute("UPDATE run SET name = @1 WHERE id = @0 AND started_at > @2", run, name, start.Time);
        sql.Execute("UPDATE run SET started_at = @1 WHERE id = @0 AND started_at > @1", run, start.Time);
    }

    /// <summary>The run's rewinds with those of a piece, which are kept for points that are still on their way.</summary>
    private static List<JournalRewind> ReadRewinds(SqlSession sql, RunId id, JournalPiece piece)
    {
        foreach (var (time, step) in piece.Rewinds)
            sql.Execute("INSERT INTO journal_rewind (run_uuid, time, step) VALUES (@0, @1, @2) ON CONFLICT DO NOTHING", id.ToString(), time, step);
        var rewinds = new List<JournalRewind>();
        sql.ReadApart("SELECT time, step FROM journal_rewind WHERE run_uuid = @0", [id.ToString()], row => rewinds.Add(new JournalRewind(row.GetInt64(0), row.GetInt64(1))));
        return rewinds;
    }

    /// <summary>Whether the run was here and is gone for good. Its journal's row went with it.</summary>
    private static bool IsPurged(SqlSession sql, RunId id) =>
        sql.Scalar<long?>("SELECT purged_at FROM purged_run WHERE uuid = @0 AND NOT EXISTS (SELECT 1 FROM run WHERE uuid = @0)", id.ToString()) is not null;

    private static string ProjectName(string name)
    {
        NameRules.CheckProjectName(name);
        return name;
    }

    /// <summary>The points that a store takes; the list itself where it takes all.</summary>
    private static List<MetricPoint> Good(List<MetricPoint> points)
    {
        // A journal names few keys, and names them often.
        var keys = new Dictionary<string, bool>(StringComparer.Ordinal);
        bool IsGood(MetricPoint point)
        {
            if (!keys.TryGetValue(point.Key, out var good))
                keys.Add(point.Key, good = IsGoodKey(point.Key));
            return good && point.Time >= 0;
        }
        return points.TrueForAll(IsGood) ? points : points.FindAll(IsGood);
    }

    private static bool IsGoodKey(string key)
    {
        try
        {
            NameRules.CheckKey(key, "key");
            return true;
        }
        catch (LodeException)
        {
            return false;
        }
    }
}
