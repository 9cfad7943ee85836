using System.CommandLine;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode run rewind</c>, <c>lode run fork</c></summary>
internal static class CutCommands
{
    public static Command Rewind(Terminal terminal) => ForRun(terminal,
        "rewind", "Drop the points of all metrics after a step, for good.", "The last step that stays.",
        (store, run, step, ct) => store.RewindAsync(run.Id, step, ct),
        (_, now, step) => $"{now.Name}: {now.Metrics.Values.Sum(metric => metric.Count)} points up to step {step}",
        "lode run rewind @last --step 1000", "lode run rewind 3f2a91c0 --step 0 --json");

    public static Command Fork(Terminal terminal) => ForRun(terminal,
        "fork", "Make a new run with another's params, tags and metrics up to a step.", "The last step to take over.",
        (store, run, step, ct) => store.ForkAsync(run.Id, step, RunId.New(), ct),
        (source, now, step) => $"{now.Id}  {now.Name}: {source.Name} up to step {step}",
        "lode run fork @last --step 1000", "lode run fork baseline -p demo --step 50 --json");

    private static Command ForRun(Terminal terminal, string name, string description, string stepHelp, Func<IRunStore, Run, long, CancellationToken, Task<Run>> change, Func<Run, Run, long, string> say, params string[] examples)
    {
        var reference = new Argument<string>("RUN") { Description = "A name, an id or its first digits, @last, @last~2, @best:METRIC" };
        var step = new Option<long>("--step") { Description = stepHelp, HelpName = "N", Required = true };
        var project = new Option<string?>("--project", "-p") { Description = "Look only in this project.", HelpName = "NAME" };
        var command = Help.WithExamples(new Command(name, description) { reference, step, project }, examples);
        command.SetAction(async (parsed, ct) =>
        {
            var context = CommandContext.Of(parsed, terminal);
            await using var access = await context.OpenStoreAsync(ct);
            var run = await RunReference.ResolveAsync(access.Store, await CommandContext.ProjectsAsync(access.Store, parsed.GetValue(project), ct), parsed.GetValue(reference)!, ct);
            var now = await change(access.Store, run, parsed.GetValue(step), ct);
            if (context.Json)
                terminal.Json(now, TrackingJson.Default.Run);
            else
                terminal.Out.WriteLine(say(run, now, parsed.GetValue(step)));
            return ExitCodes.Ok;
        });
        return command;
    }
}
