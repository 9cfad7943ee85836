using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Lode.Storage;

/// <summary>Rows whose owner is gone. Nothing shows them, so a repair deletes them.</summary>
internal static class ReferenceCheck
{
    // References that the schema does not declare: SQLite cannot check these.
    private static readonly (string Table, string Column, string Owner, string Key)[] s_undeclared =
    [
        ("metric_chunk_data", "metric_id", "metric", "id"),
        ("journal", "run_uuid", "run", "uuid"),
        ("run_model", "run_id", "run", "id"),
    ];

    public static CheckResult Run(SqliteConnection connection, bool fix)
    {
        var check = new OpenCheck("references");
        var references = References(connection);
        // What is deleted may own rows itself; they are found in the next round.
        StoreDoctor.Execute(connection, "PRAGMA foreign_keys = OFF");
        for (var found = true; found;)
        {
            found = false;
            foreach (var (table, columns, owner, keys) in references)
            {
                var (filled, equal) = (string.Join(" AND ", columns.Select(column => $"x.{column} IS NOT NULL")), string.Join(" AND ", columns.Zip(keys, (column, key) => $"o.{key} = x.{column}")));
                var orphans = $"FROM {table} AS x WHERE {filled} AND NOT EXISTS (SELECT 1 FROM {owner} o WHERE {equal})";
                if ((long)StoreDoctor.Scalar(connection, $"SELECT count(*) {orphans}")! is not (> 0 and var count))
                    continue;
                var line = string.Create(CultureInfo.InvariantCulture, $"{count} rows of {table} belong to no {owner}");
                if (!fix)
                {
                    check.Wrong(line);
                    continue;
                }
                StoreDoctor.Execute(connection, "DELETE " + orphans);
                check.Fixed(line + "; they were deleted");
                found = true;
            }
        }
        return check.End();
    }

    private static List<(string Table, List<string> Columns, string Owner, List<string> Keys)> References(SqliteConnection connection)
    {
        var references = new List<(string, List<string>, string, List<string>)>();
        var tables = StoreDoctor.Texts(connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name");
        foreach (var table in tables)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list('{table}') ORDER BY id, seq";
            using var rows = command.ExecuteReader();
            var last = -1L;
            while (rows.Read())
            {
                if (rows.GetInt64(0) != last)
                    references.Add((table, [], rows.GetString(1), []));
                last = rows.GetInt64(0);
                references[^1].Item2.Add(rows.GetString(2));
                references[^1].Item4.Add(rows.GetString(3));
            }
        }
        references.AddRange(s_undeclared.Where(reference => tables.Contains(reference.Table)).Select(reference => (reference.Table, new List<string> { reference.Column }, reference.Owner, new List<string> { reference.Key })));
        return references;
    }
}
