using System.Globalization;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The checks that apply to a PostgreSQL database, which sees to its pages and references itself. It only looks, while others work.</summary>
/// <param name="database">The database.</param>
/// <param name="folder">Whose files and journals belong to it.</param>
/// <param name="time">The clock.</param>
public sealed class PostgresDoctor(PostgresDatabase database, DataFolder folder, TimeProvider time)
{
    /// <summary>Looks.</summary>
    /// <param name="quick">Leaves out what reads every file.</param>
    /// <param name="ct">Stops it.</param>
    public async Task<DoctorReport> ExamineAsync(bool quick, CancellationToken ct)
    {
        var checks = new List<CheckResult>
        {
            await database.ReadAsync(sql => Count(sql, "references", ("metric_chunk_data x WHERE NOT EXISTS (SELECT 1 FROM metric m WHERE m.id = x.metric_id)", "rows of metric_chunk_data belong to no metric"),
                ("run_model x WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.id = x.run_id)", "rows of run_model belong to no run")), ct).ConfigureAwait(false),
            await database.ReadAsync(sql => Count(sql, "versions", ("run WHERE version > (SELECT value FROM counter WHERE name = 'version')", "runs have a version above the counter's")), ct).ConfigureAwait(false),
            await database.ReadAsync(sql => Count(sql, "imports", ($"run_tag WHERE key = '{RunImporter.MarkTag}'", "runs are half imported; the same import again completes them")), ct).ConfigureAwait(false),
            await ArtifactCheck.ModelsAsync(database, ct).ConfigureAwait(false),
            OpenCheck.Skipped("summaries", "other servers may write them"),
            quick ? OpenCheck.Skipped("artifacts", "--quick") : await ArtifactCheck.RunAsync(database, folder, time, ct).ConfigureAwait(false),
        };
        return new DoctorReport(checks);
    }

    private static CheckResult Count(SqlSession sql, string name, params ReadOnlySpan<(string From, string What)> faults)
    {
        var check = new OpenCheck(name);
        foreach (var (from, what) in faults)
        {
            if (sql.Scalar<long>($"SELECT count(*) FROM {from}") is > 0 and var count)
                check.Wrong(string.Create(CultureInfo.InvariantCulture, $"{count} {what}"));
        }
        return check.End();
    }
}
