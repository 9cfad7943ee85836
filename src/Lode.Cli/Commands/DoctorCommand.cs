using System.CommandLine;
using Lode.Core;
using Lode.Storage;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode doctor</c></summary>
internal static class DoctorCommand
{
    public static Command Create(Terminal terminal)
    {
        var fix = new Option<bool>("--fix") { Description = "Repair what can be repaired without loss, and say what was done." };
        var quick = new Option<bool>("--quick") { Description = "Leave out what reads every metric point and every file." };
        var command = Help.WithExamples(new Command("doctor", "Check the data; exit code 9 when something is wrong.") { fix, quick },
            "lode doctor", "lode doctor --fix", "lode doctor --quick --json");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(fix), parsed.GetValue(quick), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, bool fix, bool quick, CancellationToken ct)
    {
        var folder = DataFolder.Resolve(context.Home);
        DoctorReport report;
        if (context.Postgres is { } address)
        {
            if (fix)
                throw new LodeException(ErrorCode.NotImplemented, "In a PostgreSQL database the doctor only looks; it repairs nothing.", "Its own tools: amcheck, pg_dump. `lode doctor` without --fix looks.");
            await using var database = PostgresDatabase.Open(address);
            report = await new PostgresDoctor(database, folder, context.Time).ExamineAsync(quick, ct);
        }
        else
        {
            report = await new StoreDoctor(folder, context.Time).ExamineAsync(fix, quick, ct);
        }
        if (context.Json)
        {
            context.Terminal.Json(report, CliJson.Default.DoctorReport);
        }
        else
        {
            foreach (var check in report.Checks)
            {
                context.Terminal.Out.WriteLine($"{check.State.ToString().ToLowerInvariant(),-8}{check.Name}");
                foreach (var line in check.Details)
                    context.Terminal.Out.WriteLine($"        {line}");
            }
            if (!report.Ok)
                context.Terminal.Note(fix ? "lode: something is wrong that cannot be repaired here" : "lode: something is wrong; `lode doctor --fix` repairs what it can");
        }
        return report.Ok ? ExitCodes.Ok : ExitCodes.CheckFailed;
    }
}
