using System.CommandLine;
using System.Globalization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode du</c></summary>
internal static class DuCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = Help.WithExamples(new Command("du", "Show what takes how much space."), "lode du", "lode du --json");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        var use = await access.Housekeeping.GetUseAsync(ct);
        if (context.Json)
        {
            context.Terminal.Json(use, TrackingJson.Default.StorageUse);
            return ExitCodes.Ok;
        }
        var table = new TextTable("PROJECT", "RUNS", "IN TRASH", "POINTS", "ROWS").Numeric(1, 2, 3, 4);
        foreach (var project in use.Projects)
            table.Add(project.Name, Format.Number(project.Runs), Format.Number(project.Trashed), project.Points.ToString("N0", CultureInfo.InvariantCulture), Format.Bytes(project.Bytes));
        table.Write(context.Terminal);
        context.Terminal.Note($"database {Format.Bytes(use.Database)} ({Format.Bytes(use.Free)} free), artifacts {Format.Bytes(use.Artifacts)}, journals {Format.Bytes(use.Journals)}");
        return ExitCodes.Ok;
    }
}
