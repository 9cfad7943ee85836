namespace Lode.Storage;

/// <summary>Cuts metric histories at a step: for rewinds and forks.</summary>
internal static class MetricCut
{
    /// <summary>Drops the points of a run that have a later step and an earlier time than those given. What the session remembers of metrics is forgotten.</summary>
    /// <param name="sql">Where.</param>
    /// <param name="run">Whose.</param>
    /// <param name="step">The last step that stays.</param>
    /// <param name="before">Points of this time and later ones stay.</param>
    public static void Drop(SqlSession sql, long run, long step, long before)
    {
        foreach (var metric in sql.Query("SELECT id FROM metric WHERE run_id = @0 ORDER BY id", [run], row => row.GetInt64(0)))
        {
            if (DropChunks(sql, metric, step, before) | (sql.Execute("DELETE FROM metric_point WHERE metric_id = @0 AND step > @1 AND time < @2", metric, step, before) > 0))
                OpenMetric.Recount(sql, metric);
        }
    }

    /// <summary>Copies a run's points up to a step to a run that has none.</summary>
    public static void Copy(SqlSession sql, long from, long to, long step)
    {
        foreach (var (metric, key) in sql.Query("SELECT id, key FROM metric WHERE run_id = @0 ORDER BY id", [from], row => (row.GetInt64(0), row.GetString(1))))
        {
            sql.Execute("INSERT INTO metric (run_id, key, last_step, last_time, numbers, count, tail, next_chunk) VALUES (@0, @1, 0, 0, 0, 0, 0, 0)", to, key);
            var copy = sql.Scalar<long>("SELECT id FROM metric WHERE run_id = @0 AND key = @1", to, key);
            sql.Execute(
                """
                INSERT INTO metric_chunk (metric_id, chunk, count, first_step, last_step, first_time, last_time, end_time, end_value, min, max)
                SELECT @1, chunk, count, first_step, last_step, first_time, last_time, end_time, end_value, min, max FROM metric_chunk WHERE metric_id = @0 AND first_step <= @2
                """,
                metric, copy, step);
            sql.Execute(
                "INSERT INTO metric_chunk_data (metric_id, chunk, data) SELECT @1, chunk, data FROM metric_chunk_data WHERE metric_id = @0 AND chunk IN (SELECT chunk FROM metric_chunk WHERE metric_id = @1)",
                metric, copy);
            sql.Execute(
                "INSERT INTO metric_point (metric_id, step, time, value, is_nan) SELECT @1, step, time, value, is_nan FROM metric_point WHERE metric_id = @0 AND step <= @2",
                metric, copy, step);
            DropChunks(sql, copy, step, long.MaxValue);
            OpenMetric.Recount(sql, copy);
        }
    }

    private static bool DropChunks(SqlSession sql, long metric, long step, long before)
    {
        var changed = false;
        foreach (var info in ChunkTable.List(sql, metric))
        {
            if (info.End.Step <= step || info.FirstTime >= before)
                continue;
            var points = ChunkTable.Read(sql, metric, info.Number).ReadAll();
            var kept = Array.FindAll(points, point => point.Step <= step || point.Time >= before);
            if (kept.Length == points.Length)
                continue;
            changed = true;
            sql.Execute("DELETE FROM metric_chunk WHERE metric_id = @0 AND chunk = @1", metric, info.Number);
            sql.Execute("DELETE FROM metric_chunk_data WHERE metric_id = @0 AND chunk = @1", metric, info.Number);
            if (kept.Length >= OpenMetric.SealedPiece)
                ChunkTable.Insert(sql, metric, info.Number, kept);
            else
                OpenMetric.InsertTail(sql, metric, kept);
        }
        return changed;
    }
}
