using System.Globalization;
using Lode.Tracking;
using Microsoft.Data.Sqlite;

namespace Lode.Storage;

/// <summary>Rows of the metric log that cannot be read. While there is one the store refuses all work, so a repair sets it aside, as a file.</summary>
internal static class LogCheck
{
    public static CheckResult Run(SqliteConnection connection, DataFolder folder, bool fix)
    {
        var check = new OpenCheck("log");
        foreach (var (id, row) in Damaged(connection))
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"row {id} of the metric log ({row.Length} bytes), of points that were logged last, is damaged");
            if (!fix)
            {
                check.Wrong(line + "; until it is set aside nothing can be read or written");
                continue;
            }
            // The bytes are safe before the row goes.
            var file = Keep(folder, id, row);
            StoreDoctor.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"DELETE FROM metric_log WHERE id = {id}"));
            check.Fixed($"{line}; it was set aside as '{file}'");
        }
        return check.End();
    }

    private static string Keep(DataFolder folder, long id, byte[] row)
    {
        Directory.CreateDirectory(folder.QuarantineFolder);
        for (var copy = 1; ; copy++)
        {
            var file = Path.Combine(folder.QuarantineFolder, string.Create(CultureInfo.InvariantCulture, $"metric_log-{id}-{copy}.bin"));
            if (File.Exists(file))
                continue;
            using var kept = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            kept.Write(row);
            kept.Flush(flushToDisk: true);
            return file;
        }
    }

    private static List<(long Id, byte[] Row)> Damaged(SqliteConnection connection)
    {
        var damaged = new List<(long, byte[])>();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, points FROM metric_log ORDER BY id";
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            if (rows.GetFieldValue<byte[]>(1) is var row && !MetricLog.IsSound(row))
                damaged.Add((rows.GetInt64(0), row));
        }
        return damaged;
    }
}
