using System.Globalization;
using Lode.Core;
using Npgsql;

namespace Lode.Storage;

/// <summary>
/// Brings a database's schema up to date: forward only, all steps in one transaction, under a lock, so that of several servers
/// that start at once one migrates and the others find it done.
/// </summary>
internal static class PostgresSchema
{
    /// <summary>The schema that this build writes.</summary>
    public static int Current { get; } = SqlMigrations.Read("Postgres")[^1].Number;

    /// <summary>The lock that whoever writes or migrates holds until its transaction ends; "lode" in ASCII.</summary>
    public const long WriterLock = 0x6c6f6465;

    /// <param name="connection">Open.</param>
    /// <param name="name">The database, for messages.</param>
    public static void Migrate(NpgsqlConnection connection, string name)
    {
        if (Scalar(connection, "SHOW server_encoding") is not "UTF8" and var encoding)
            throw new LodeException(ErrorCode.Conflict, $"The database {name} has the encoding {encoding}; Lode needs UTF8.", "CREATE DATABASE lode ENCODING 'UTF8' TEMPLATE template0");
        var version = Version(connection);
        if (version == Current)
            return;
        using var transaction = connection.BeginTransaction();
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({WriterLock})"));
        version = Version(connection);
        if (version > Current)
        {
            throw new LodeException(ErrorCode.Conflict, $"The database {name} has schema {version}; this lode knows up to {Current}.",
                "It was written by a newer lode: use that one.");
        }
        if (version == 0)
        {
            if (Scalar(connection, "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()") is not 0L)
                throw new LodeException(ErrorCode.Conflict, $"The database {name} holds other tables than Lode's.", "Give Lode a database of its own: CREATE DATABASE lode");
            Execute(connection, "CREATE TABLE lode_schema (version INTEGER NOT NULL); INSERT INTO lode_schema (version) VALUES (0)");
        }
        foreach (var (number, sql) in SqlMigrations.Read("Postgres"))
        {
            if (number <= version)
                continue;
            Execute(connection, sql);
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"UPDATE lode_schema SET version = {number}"));
        }
        transaction.Commit();
    }

    // By the catalogue's rows, not by to_regclass: that may remember from before another server's commit that there is no such table.
    private static int Version(NpgsqlConnection connection) => Scalar(connection, "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'lode_schema'") is not 0L
        ? Convert.ToInt32(Scalar(connection, "SELECT version FROM lode_schema"), CultureInfo.InvariantCulture)
        : 0;

    private static object? Scalar(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        // Indexes of a large database take as long as they take.
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }
}
