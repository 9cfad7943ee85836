using System.Globalization;
using Lode.Core;
using Lode.Tracking;
using Microsoft.Data.Sqlite;

namespace Lode.Storage;

/// <summary>
/// Looks whether a data folder is sound, and repairs what can be repaired without loss. Without repairs nothing is changed, not even the
/// schema. While another process owns the folder it is only looked at.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="time">The clock.</param>
public sealed class StoreDoctor(DataFolder folder, TimeProvider time)
{
    private const string SeeBackup = "restore the database from a backup, or export what can still be read: `lode export`";

    /// <summary>Makes all checks.</summary>
    /// <param name="fix">Repair.</param>
    /// <param name="quick">Leave out what reads every metric point.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="LodeException">Conflict: repairs are asked for while another process owns the folder.</exception>
    public async Task<DoctorReport> ExamineAsync(bool fix, bool quick, CancellationToken ct)
    {
        var checks = new List<CheckResult>();
        if (!File.Exists(folder.DatabaseFile))
        {
            checks.Add(new CheckResult("folder", CheckState.Ok, [$"'{folder.Path}' holds no database yet"]));
            return new DoctorReport(checks);
        }
        using var ownership = folder.TryOwn();
        var owner = ownership is null ? folder.ReadOwner() : null;
        if (ownership is null && fix)
            throw new LodeException(ErrorCode.Conflict, $"The data folder '{folder.Path}' is held by {(owner is null ? "another process" : $"process {owner.ProcessId} ({owner.Command})")}; nothing is repaired under it.", "Stop it first; without --fix the doctor looks while it works.");
        ownership?.Announce(new FolderOwner(Environment.ProcessId, "lode doctor", null));
        checks.Add(new CheckResult("folder", CheckState.Ok, ownership is null ? [$"'{folder.Path}' is served by process {owner?.ProcessId}"] : []));
        try
        {
            if (!ExamineFile(checks, fix))
                return new DoctorReport(checks);
        }
        catch (SqliteException error)
        {
            checks.Add(new CheckResult("integrity", CheckState.Wrong, [$"the database cannot be read: {error.Message.TrimEnd('.')}", SeeBackup]));
            return new DoctorReport(checks);
        }
        if (checks.Exists(check => check is { Name: "log", State: CheckState.Wrong }))
        {
            checks.Add(OpenCheck.Skipped("summaries", "the log is damaged"));
            checks.Add(OpenCheck.Skipped("artifacts", "the log is damaged"));
            return new DoctorReport(checks);
        }
        if (quick)
        {
            checks.Add(OpenCheck.Skipped("summaries", "--quick"));
            checks.Add(OpenCheck.Skipped("artifacts", "--quick"));
        }
        else if (ownership is null)
        {
            // Its histories grow while they are read; a difference would mean nothing.
            checks.Add(OpenCheck.Skipped("summaries", "the owner writes them; stop it to have them checked"));
            checks.Add(OpenCheck.Skipped("artifacts", "the owner writes them; stop it to have them checked"));
        }
        else
        {
            await using var database = SqliteDatabase.Open(folder.DatabaseFile);
            checks.Add(await SummaryCheck.RunAsync(database, fix, ct).ConfigureAwait(false));
            checks.Add(await ArtifactCheck.ModelsAsync(database, ct).ConfigureAwait(false));
            checks.Add(await ArtifactCheck.RunAsync(database, folder, time, ct).ConfigureAwait(false));
        }
        checks.Add(await JournalCheck.RunAsync(folder, time, fix, ownership is not null, ct).ConfigureAwait(false));
        return new DoctorReport(checks);
    }

    /// <summary>The checks of the file; false when nothing further can be said.</summary>
    private bool ExamineFile(List<CheckResult> checks, bool fix)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = folder.DatabaseFile, Mode = fix ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        var version = (long)Scalar(connection, "PRAGMA user_version")!;
        var schema = new OpenCheck("schema");
        if (version == 0 || version > SqliteSchema.Current)
            schema.Wrong(version == 0 ? "the file is not Lode's" : string.Create(CultureInfo.InvariantCulture, $"schema {version} is of a newer lode; this one knows up to {SqliteSchema.Current}: use that one"));
        else
            schema.Note(string.Create(CultureInfo.InvariantCulture, $"schema {version}{(version < SqliteSchema.Current ? $"; the next command brings it to {SqliteSchema.Current}" : "")}"));
        checks.Add(schema.End());
        if (checks[^1].State == CheckState.Wrong)
            return false;

        var integrity = new OpenCheck("integrity");
        foreach (var line in Texts(connection, "PRAGMA integrity_check(20)").Where(line => line != "ok"))
            integrity.Wrong(line);
        checks.Add(integrity.End());
        if (checks[^1].State == CheckState.Wrong)
        {
            checks[^1] = checks[^1] with { Details = [.. checks[^1].Details, SeeBackup] };
            return false;
        }
        checks.Add(ReferenceCheck.Run(connection, fix));
        if (version < SqliteSchema.Current)
        {
            checks.Add(OpenCheck.Skipped("summaries", "the schema is older; any other command brings it up to date"));
            return false;
        }
        checks.Add(LogCheck.Run(connection, folder, fix));
        checks.Add(Versions(connection, fix));
        checks.Add(Imports(connection));
        return true;
    }

    /// <summary>Live updates need each run's version to be at most the counter's.</summary>
    private static CheckResult Versions(SqliteConnection connection, bool fix)
    {
        var check = new OpenCheck("versions");
        var (counter, greatest) = (Scalar(connection, "SELECT value FROM counter WHERE name = 'version'") as long?, (long)Scalar(connection, "SELECT coalesce(max(version), 0) FROM run")!);
        if (counter is null || counter < greatest)
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"the version counter stands at {counter?.ToString(CultureInfo.InvariantCulture) ?? "nothing"}, a run at {greatest}");
            if (fix)
            {
                Execute(connection, string.Create(CultureInfo.InvariantCulture, $"INSERT INTO counter (name, value) VALUES ('version', {greatest}) ON CONFLICT (name) DO UPDATE SET value = {greatest}"));
                check.Fixed(line + "; it was set to that");
            }
            else
            {
                check.Wrong(line);
            }
        }
        return check.End();
    }

    private static CheckResult Imports(SqliteConnection connection)
    {
        var check = new OpenCheck("imports");
        if ((long)Scalar(connection, $"SELECT count(*) FROM run_tag WHERE key = '{RunImporter.MarkTag}'")! is > 0 and var count)
            check.Wrong(string.Create(CultureInfo.InvariantCulture, $"{count} runs are half imported (tag {RunImporter.MarkTag}); the same import again completes them"));
        return check.End();
    }

    internal static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    internal static int Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    internal static List<string> Texts(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var texts = new List<string>();
        while (rows.Read())
            texts.Add(rows.GetString(0));
        return texts;
    }
}
