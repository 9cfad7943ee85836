using System.CommandLine;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode artifact</c>: a run's files.</summary>
internal static class ArtifactCommand
{
    public static Command Create(Terminal terminal) => Help.WithExamples(
        new Command("artifact", "List, fetch, add and delete the files of a run.") { List(terminal), Get(terminal), Put(terminal), Remove(terminal) },
        "lode artifact ls @last", "lode artifact put @last model.onnx", "lode artifact get @last model.onnx -o best.onnx", "lode artifact rm @last model.onnx");

    private static Command List(Terminal terminal)
    {
        var (run, project) = (Run(), Project());
        var path = new Argument<string>("PATH") { Description = "A folder of the run (default: the top).", DefaultValueFactory = _ => "" };
        var command = Help.WithExamples(new Command("ls", "List a run's files and folders.") { run, path, project }, "lode artifact ls @last", "lode artifact ls @best:loss model --json");
        command.SetAction((parsed, ct) => WithRunAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(run)!, parsed.GetValue(project), (files, context) => files.ListAsync(context, parsed.GetValue(path)!, ct), ct));
        return command;
    }

    private static Command Get(Terminal terminal)
    {
        var (run, project) = (Run(), Project());
        var path = new Argument<string>("PATH") { Description = "A file, or a folder with all below it." };
        var output = new Option<string?>("--output", "-o") { Description = "Where to (default: its own name, here).", HelpName = "FILE" };
        var command = Help.WithExamples(new Command("get", "Fetch a file or folder; every byte is checked against its hash.") { run, path, output, project },
            "lode artifact get @last model.onnx", "lode artifact get random-forest plots -o forest-plots");
        command.SetAction((parsed, ct) => WithRunAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(run)!, parsed.GetValue(project), (files, context) => files.GetAsync(context, parsed.GetValue(path)!, parsed.GetValue(output), ct), ct));
        return command;
    }

    private static Command Put(Terminal terminal)
    {
        var (run, project) = (Run(), Project());
        var file = new Argument<string>("FILE") { Description = "A file, or a folder with all below it." };
        var path = new Argument<string?>("PATH") { Description = "Its path in the run (default: its own name).", DefaultValueFactory = _ => null };
        var command = Help.WithExamples(new Command("put", "Add a file or folder to a run, in place of the one that is there.") { run, file, path, project },
            "lode artifact put @last model.onnx", "lode artifact put @last plots evaluation/plots");
        command.SetAction((parsed, ct) => WithRunAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(run)!, parsed.GetValue(project), (files, context) => files.PutAsync(context, parsed.GetValue(file)!, parsed.GetValue(path), ct), ct));
        return command;
    }

    private static Command Remove(Terminal terminal)
    {
        var (run, project) = (Run(), Project());
        var path = new Argument<string>("PATH") { Description = "A file, or a folder with all below it." };
        var command = Help.WithExamples(new Command("rm", "Delete a file or folder of a run.") { run, path, project }, "lode artifact rm @last checkpoints");
        command.SetAction((parsed, ct) => WithRunAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(run)!, parsed.GetValue(project), (files, context) => files.RemoveAsync(context, parsed.GetValue(path)!, ct), ct));
        return command;
    }

    private static Argument<string> Run() => new("RUN") { Description = "A name, an id or its first digits, @last, @last~2, @best:METRIC" };

    private static Option<string?> Project() => new("--project", "-p") { Description = "Look only in this project.", HelpName = "NAME" };

    private static async Task<int> WithRunAsync(CommandContext context, string reference, string? project, Func<RunFiles, CommandContext, Task> work, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        var run = await RunReference.ResolveAsync(access.Store, await CommandContext.ProjectsAsync(access.Store, project, ct), reference, ct);
        var root = ArtifactPath.OfUri(run.ArtifactUri) ?? throw new LodeException(ErrorCode.NotImplemented, $"The artifacts of run '{run.Name}' lie at {run.ArtifactUri}, outside this server.", "Fetch them from there.");
        await work(new RunFiles(access.Artifacts, root, run.Name), context);
        return ExitCodes.Ok;
    }
}
