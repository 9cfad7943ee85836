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
        var quick = new Option<bool>("--quick") { Description = "Leave out what reads every metric point." };
        var command = Help.WithExamples(new Command("doctor", "Check the data folder; exit code 9 when something is wrong.") { fix, quick },
            "lode doctor", "lode doctor --fix", "lode doctor --quick --json");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(fix), parsed.GetValue(quick), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, bool fix, bool quick, CancellationToken ct)
    {
        if (context.UsesPostgres)
            throw new LodeException(ErrorCode.NotImplemented, "The doctor looks at data folders; a PostgreSQL database has its own tools (amcheck, pg_dump).");
        var report = await new StoreDoctor(DataFolder.Resolve(context.Home), context.Time).ExamineAsync(fix, quick, ct);
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
