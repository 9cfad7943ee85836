using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Lode.Storage.Mlflow;

/// <summary>Which tables and columns an MLflow database has, and what is in them.</summary>
internal sealed class MlflowSchema(SqliteConnection connection, SqliteTransaction transaction)
{
    public bool Has(string table, string? column)
    {
        using var rows = Read($"SELECT name FROM pragma_table_info('{table}')");
        while (rows.Read())
        {
            if (column is null || rows.GetString(0) == column)
                return true;
        }
        return false;
    }

    /// <summary>A column, or NULL where the table is older than it.</summary>
    public string Or(string table, string column) => Has(table, column) ? column : "NULL";

    public long Count(string table)
    {
        using var rows = Read($"SELECT count(*) FROM {table}");
        rows.Read();
        return rows.GetInt64(0);
    }

    public SqliteDataReader Read(string sql)
    {
        // Disposed with its reader, by the connection.
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        return command.ExecuteReader();
    }

    /// <summary>Keys and values of each owner; the first column is the owner, the second the key, the third the value.</summary>
    public Dictionary<string, Dictionary<string, string>> Bags(string sql)
    {
        var bags = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        using var rows = Read(sql);
        while (rows.Read())
        {
            if (!bags.TryGetValue(Text(rows, 0)!, out var bag))
                bags.Add(Text(rows, 0)!, bag = []);
            bag[rows.GetString(1)] = Text(rows, 2) ?? "";
        }
        return bags;
    }

    public static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : Convert.ToString(row.GetValue(column), CultureInfo.InvariantCulture);

    public static long? Number(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
}
