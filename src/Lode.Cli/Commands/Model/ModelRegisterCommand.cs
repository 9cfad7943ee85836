using System.CommandLine;
using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode model register</c></summary>
internal static class ModelRegisterCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "The model; made where it is missing" };
        var run = new Option<string?>("--run") { Description = "The run that made it: a name, an id or its first digits, @last, @best:METRIC.", HelpName = "RUN" };
        var path = new Option<string?>("--path") { Description = "Where it lies among the run's artifacts (default: all of them).", HelpName = "PATH" };
        var source = new Option<string?>("--source") { Description = "Where it lies, a URI; instead of --path.", HelpName = "URI" };
        var project = new Option<string?>("--project", "-p") { Description = "Look for the run only in this project.", HelpName = "NAME" };
        var description = new Option<string?>("--description", "-d") { Description = "What is to be said of this version.", HelpName = "TEXT" };
        var tags = new Option<string[]>("--tag", "-t") { Description = "A tag, KEY=VALUE; may be given several times.", HelpName = "KEY=VALUE" };
        var command = Help.WithExamples(new Command("register", "Register a run's model, or one that lies elsewhere, as the next version.") { name, run, path, source, project, description, tags },
            "lode model register fraud --run @best:cv_log_loss",
            "lode model register fraud --run 3f2a91c0 --path model -d 'with holidays'",
            "lode model register fraud --source s3://models/fraud/7 --tag team=risk");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), new NewModelVersion
        {
            Model = parsed.GetValue(name)!,
            Source = parsed.GetValue(source) ?? "",
            Description = parsed.GetValue(description),
            Tags = ParseTags(parsed.GetValue(tags) ?? []),
        }, parsed.GetValue(run), parsed.GetValue(path), parsed.GetValue(project), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, NewModelVersion version, string? run, string? path, string? project, CancellationToken ct)
    {
        if (version.Source.Length > 0 ? path is not null : run is null)
            throw new LodeException(ErrorCode.InvalidArgument, "Say where the model lies: either --source URI, or --run RUN with or without --path PATH.", "Example: lode model register fraud --run @last --path model");
        ModelRules.CheckName(version.Model);
        await using var access = await context.OpenStoreAsync(ct);
        if (run is not null)
        {
            var found = await RunReference.ResolveAsync(access.Store, await CommandContext.ProjectsAsync(access.Store, project, ct), run, ct);
            version = version with { RunId = found.Id.ToString(), Source = version.Source.Length > 0 ? version.Source : path is null ? found.ArtifactUri : $"{found.ArtifactUri}/{path.Trim('/')}" };
        }
        try
        {
            await access.Registry.CreateModelAsync(new NewRegisteredModel { Name = version.Model }, ct);
            context.Terminal.Note($"lode: new model '{version.Model}'");
        }
        catch (LodeException error) when (error.Code == ErrorCode.AlreadyExists)
        {
            // The usual case: the next version of a model there is.
        }
        var made = await access.Registry.CreateVersionAsync(version, ct);
        if (context.Json)
            context.Terminal.Json(made, TrackingJson.Default.ModelVersion);
        else
            context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{made.Model}/{made.Version}"));
        return ExitCodes.Ok;
    }

    /// <summary>Tags written <c>KEY=VALUE</c>.</summary>
    internal static Dictionary<string, string> ParseTags(IEnumerable<string> texts)
    {
        var tags = new Dictionary<string, string>();
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                throw new LodeException(ErrorCode.InvalidArgument, $"A tag is KEY=VALUE; got '{text}'.");
            tags[text[..equals]] = text[(equals + 1)..];
        }
        return tags;
    }
}
