using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    /// <inheritdoc/>
    public Task<JournalReceipt> AppendJournalAsync(RunId id, long offset, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        if (offset < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"A journal's offset is at least 0; got {offset}.");
        // Parsed before the writer's turn: only what must be in order is done in order.
        var parsed = JournalReader.Read(bytes.Span);
        return database.WriteAsync(sql =>
        {
            var taken = sql.Scalar<long?>("SELECT bytes FROM journal WHERE run_uuid = @0", id.ToString());
            if (taken is null && IsPurged(sql, id))
                return new JournalReceipt(offset + bytes.Length, 0, Purged: true);
            var known = taken ?? 0;
            if (offset > known || offset + parsed.Consumed <= known)
                return new JournalReceipt(known, 0);
            var piece = parsed;
            if (offset < known)
                piece = JournalReader.Read(bytes.Span[(int)(known - offset)..]);
            var skipped = Apply(sql, id, piece);
            var reached = Math.Max(offset, known) + piece.Consumed;
            sql.Execute("INSERT INTO journal (run_uuid, bytes) VALUES (@0, @1) ON CONFLICT (run_uuid) DO UPDATE SET bytes = excluded.bytes", id.ToString(), reached);
            return new JournalReceipt(reached, piece.Skipped + skipped);
        }, ct);
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
            }), Lifecycle.Active);
        }
        if (run.Lifecycle == Lifecycle.Deleted)
            throw InTrash(id);
        var metrics = Good(piece.Metrics);
        var @params = piece.Params.FindAll(param => IsGoodKey(param.Key) && SqlDialect.IsStorable(param.Value));
        var tags = piece.Tags.FindAll(tag => IsGoodKey(tag.Key) && SqlDialect.IsStorable(tag.Value));
        var refused = WriteParams(sql, run.Row, @params);
        SetTags(sql, run.Row, tags);
        // Heard now, by this clock: the program's own may be wrong.
        sql.Execute("UPDATE run SET heard_at = @1 WHERE id = @0", run.Row, Now);
        if (piece.Finish is { } finish)
            sql.Execute("UPDATE run SET status = @1, ended_at = @2 WHERE id = @0", run.Row, (int)finish.Status, finish.Time);
        else
            sql.Execute("UPDATE run SET status = @1 WHERE id = @0 AND status = @2", run.Row, (int)RunStatus.Running, (int)RunStatus.Stale);
        var appends = sql.Deferred<MetricAppends>();
        appends.Add(sql, appends.Find(sql, id)!, metrics);
        return piece.Metrics.Count - metrics.Count + piece.Params.Count - @params.Count + piece.Tags.Count - tags.Count + refused.Count;
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
