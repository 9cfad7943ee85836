using System.CommandLine;
using Lode.Core;

namespace Lode.Cli;

/// <summary><c>lode agent STUDY</c></summary>
internal static class AgentCommand
{
    public const string Name = "agent";

    public static Command Create(Terminal terminal)
    {
        var study = new Argument<string>("STUDY") { Description = "The sweep: its number, its name, PROJECT/NAME, or @last." };
        var slots = new Option<int?>("--slots") { Description = "Trials at once, whatever processors they ask for (default: as many as fit on this machine).", HelpName = "N" };
        var trials = new Option<int?>("--trials") { Description = "End after so many trials (default: when the sweep is over).", HelpName = "N" };
        var server = new Option<string[]>("--server") { Description = "The server that has the sweep (default: the data folder's); repeated for several on one database, of which any may be away.", HelpName = "URL", DefaultValueFactory = _ => [] };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "No line for each trial." };
        var command = Help.WithExamples(new Command(Name, "Run a sweep's trials on this machine, as one of any number of agents, until the sweep is over or Ctrl-C.") { study, slots, trials, server, quiet },
            "lode agent mnist/sweep-1", "lode agent 3 --slots 4", "LODE_TOKEN=… lode agent 3 --server http://node1:5633 --server http://node2:5633");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(study)!, parsed.GetValue(server)!, new SweepJobOptions { Slots = Count("--slots", parsed.GetValue(slots)), Trials = Count("--trials", parsed.GetValue(trials)), Quiet = parsed.GetValue(quiet) }, ct));
        return command;
    }

    /// <exception cref="LodeException">InvalidArgument: it is less than 1.</exception>
    internal static int? Count(string option, int? value) => value is null or >= 1 ? value : throw new LodeException(ErrorCode.InvalidArgument, $"{option} is at least 1; got {value}.");

    private static async Task<int> ExecuteAsync(CommandContext context, string reference, IReadOnlyList<string> servers, SweepJobOptions options, CancellationToken ct)
    {
        await using var host = await SweepHost.OpenAsync(context, servers, ct);
        var study = await StudyReference.ResolveAsync(host.Stores.Studies, reference, ct);
        using var signals = new StopSignals(line => context.Terminal.Note($"lode: {line}"));
        var report = await new SweepJob(context, host, options).AgentAsync(study, signals);
        if (context.Json)
        {
            context.Terminal.Json(report, CliJson.Default.AgentReport);
        }
        else
        {
            var table = new TextTable("TRIALS RUN HERE", "SWEEP", "REASON").Numeric(0);
            table.Add(report.Trials.ToString(System.Globalization.CultureInfo.InvariantCulture), SweepText.Word(report.State), report.Reason ?? "");
            table.Write(context.Terminal);
        }
        return signals.Stop.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Ok;
    }
}
