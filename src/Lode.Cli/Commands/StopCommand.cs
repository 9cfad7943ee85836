using System.CommandLine;
using Lode.Core;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode stop</c></summary>
internal static class StopCommand
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    public static Command Create(Terminal terminal)
    {
        var references = new Argument<string[]>("RUN") { Description = "Names, ids or their first digits, @last, @last~2.", Arity = ArgumentArity.OneOrMore };
        var project = new Option<string?>("--project", "-p") { Description = "Look only in this project.", HelpName = "NAME" };
        var grace = new Option<string?>("--grace") { Description = "Kill it when it has not ended after this time (default: the run's own --grace).", HelpName = "TIME" };
        var command = Help.WithExamples(new Command("stop", "End runs of this machine: SIGTERM to the program and all in its group, SIGKILL after its grace.") { references, project, grace },
            "lode stop @last", "lode stop 3f2a91c0 --grace 1m", "lode stop baseline --grace 0s");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(references)!, parsed.GetValue(project), parsed.GetValue(grace), ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, string[] references, string? project, string? grace, CancellationToken ct)
    {
        TimeSpan? patience = grace is null ? null : Quantities.Time("--grace", grace);
        var stopped = new List<StoppedRun>();
        foreach (var reference in references)
        {
            var run = await FindAsync(context, project, reference, ct);
            var killed = false;
            if (ProcessOf(run) is { IsAlive: true } process)
                killed = await process.StopAsync(patience, context.Time, ct);
            else if (run.Status is not (RunStatus.Running or RunStatus.Scheduled))
                context.Terminal.Note($"lode: {run.Name} has ended already");
            // Whoever looked after it has said how it ended; where it could not, whoever opens the store next finds that out.
            for (var began = context.Time.GetTimestamp(); run.Status is RunStatus.Running or RunStatus.Scheduled && context.Time.GetElapsedTime(began) < s_patience; run = await FindAsync(context, project, run.Id.ToString(), ct))
                await Task.Delay(s_look, context.Time, ct);
            stopped.Add(new StoppedRun(run.Id, run.Name, run.Status, killed));
            if (!context.Json)
                context.Terminal.Out.WriteLine($"{run.Name}: {run.Status.ToString().ToLowerInvariant()}{(killed ? " (it had to be killed)" : "")}");
        }
        if (context.Json)
            context.Terminal.Json(new StopAnswer(stopped), CliJson.Default.StopAnswer);
        return ExitCodes.Ok;
    }

    // The store is not held while the run ends: its own process may need the folder.
    private static async Task<Run> FindAsync(CommandContext context, string? project, string reference, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        return await RunReference.ResolveAsync(access.Store, await CommandContext.ProjectsAsync(access.Store, project, ct), reference, ct);
    }

    private static RunProcess? ProcessOf(Run run)
    {
        var process = run.Tags.TryGetValue(RunOrigin.Process, out var said) ? RunProcess.Parse(said) : null;
        if (run.Status is not (RunStatus.Running or RunStatus.Scheduled))
            return process;
        if (run.Tags.ContainsKey(RunOrigin.Trial))
            throw new LodeException(ErrorCode.Conflict, $"The run '{run.Name}' is a trial of a sweep, whose agent would be given it again.", "lode sweep stop ends all of a sweep's trials.");
        if (process is null)
            throw new LodeException(ErrorCode.Conflict, $"The run '{run.Name}' does not say which process it is: it is not under `lode run`, or its program has yet to start.", "What logs to it by itself is ended by whoever started it.");
        if (!process.IsHere)
            throw new LodeException(ErrorCode.Conflict, $"The run '{run.Name}' is on the machine {process.Host}, and this is {Environment.MachineName}: nothing was ended.", $"There: lode stop {run.Id.ToString()[..8]}");
        return process;
    }
}

/// <summary>What <c>lode stop --json</c> answers.</summary>
internal sealed record StopAnswer(IReadOnlyList<StoppedRun> Runs);

/// <summary>A run that was to end.</summary>
internal sealed record StoppedRun(RunId Run, string Name, RunStatus Status, bool Killed);
