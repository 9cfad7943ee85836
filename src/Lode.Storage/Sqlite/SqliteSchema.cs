using System.Globalization;
using Lode.Core;
using Microsoft.Data.Sqlite;

namespace Lode.Storage;

/// <summary>Brings a file's schema up to date: forward only, one numbered <c>.sql</c> each, each in a transaction.</summary>
internal static class SqliteSchema
{
    /// <summary>The schema that this build writes.</summary>
    public static int Current { get; } = SqlMigrations.Read("Sqlite")[^1].Number;

    public static void Migrate(SqliteConnection connection, string file)
    {
        var version = Version(connection);
        if (version > Current)
        {
            throw new LodeException(ErrorCode.Conflict, $"The database '{file}' has schema {version}; this lode knows up to {Current}.",
                "It was written by a newer lode: use that one.");
        }
        if (version == 0 && TableCount(connection) > 0)
            throw new LodeException(ErrorCode.DataLoss, $"The file '{file}' is a SQLite database, but not Lode's.", "Choose another folder with --home DIR.");
        if (version == Current)
            return;
        // All or nothing, and a new file waits for the disk once.
        using var transaction = connection.BeginTransaction();
        foreach (var (_, sql) in SqlMigrations.Read("Sqlite").Where(migration => migration.Number > version))
            Execute(connection, transaction, sql);
        Execute(connection, transaction, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Current};"));
        transaction.Commit();
    }

    /// <summary>Whether the file holds nothing at all yet.</summary>
    public static bool IsEmpty(SqliteConnection connection) => Convert.ToInt32(Scalar(connection, "PRAGMA page_count;"), CultureInfo.InvariantCulture) == 0;

    private static int Version(SqliteConnection connection) => Convert.ToInt32(Scalar(connection, "PRAGMA user_version;"), CultureInfo.InvariantCulture);

    private static int TableCount(SqliteConnection connection) => Convert.ToInt32(Scalar(connection, "SELECT count(*) FROM sqlite_master;"), CultureInfo.InvariantCulture);

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static void Execute(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }
}
