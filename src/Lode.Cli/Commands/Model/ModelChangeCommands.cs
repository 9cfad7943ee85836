using System.CommandLine;
using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode model alias</c>, <c>stage</c>, <c>tag</c>, <c>rename</c>, <c>rm</c></summary>
internal static class ModelChangeCommands
{
    private const string VersionHelp = "NAME/3 or NAME@ALIAS";

    public static Command Alias(Terminal terminal)
    {
        var (version, alias) = (new Argument<string>("VERSION") { Description = VersionHelp + "; with --rm just NAME" }, new Argument<string>("ALIAS") { Description = "A name of one's own: champion, canary" });
        var remove = new Option<bool>("--rm") { Description = "Remove the alias instead." };
        var command = Help.WithExamples(new Command("alias", "Let an alias lead to a version, and to no other.") { version, alias, remove },
            "lode model alias fraud/3 champion", "lode model alias fraud@latest canary", "lode model alias fraud canary --rm");
        command.SetAction((parsed, ct) => ChangeAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(version)!, async (registry, reference, token) =>
        {
            var name = parsed.GetValue(alias)!;
            if (parsed.GetValue(remove))
            {
                await registry.SetAliasAsync((await reference.FindAsync(registry, token)).Name, name, null, token);
                return $"{reference.Name}: alias {name} removed";
            }
            var target = await reference.ResolveAsync(registry, token);
            await registry.SetAliasAsync(target.Model, name, target.Version, token);
            return $"{target.Model}@{name} -> {Of(target)}";
        }, ct));
        return command;
    }

    public static Command Stage(Terminal terminal)
    {
        var (version, stage) = (new Argument<string>("VERSION") { Description = VersionHelp }, new Argument<string>("STAGE") { Description = "none, staging, production, archived" });
        var archive = new Option<bool>("--archive") { Description = "Archive the versions that are in that stage now (staging, production)." };
        var command = Help.WithExamples(new Command("stage", "Move a version to a stage. Aliases say the same more freely.") { version, stage, archive },
            "lode model stage fraud/3 production --archive", "lode model stage fraud@canary staging");
        command.SetAction((parsed, ct) => ChangeAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(version)!, async (registry, reference, token) =>
        {
            var to = ModelRules.ParseStage(parsed.GetValue(stage)!);
            var target = await reference.ResolveAsync(registry, token);
            await registry.MoveVersionAsync(target.Model, target.Version, to, parsed.GetValue(archive), token);
            return $"{Of(target)}: {to.ToString().ToLowerInvariant()}";
        }, ct));
        return command;
    }

    public static Command Tag(Terminal terminal)
    {
        var model = new Argument<string>("MODEL") { Description = "NAME, or a version: " + VersionHelp };
        var tags = new Argument<string[]>("TAG") { Description = "KEY=VALUE to set, KEY to remove", Arity = ArgumentArity.OneOrMore };
        var command = Help.WithExamples(new Command("tag", "Set and remove tags of a model or of a version.") { model, tags }, "lode model tag fraud team=risk", "lode model tag fraud/3 validated=yes draft");
        command.SetAction((parsed, ct) => ChangeAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(model)!, async (registry, reference, token) =>
        {
            var found = await reference.FindAsync(registry, token);
            var target = reference.Version is null && reference.Alias is null ? null : await reference.ResolveAsync(registry, token);
            foreach (var text in parsed.GetValue(tags)!)
            {
                var equals = text.IndexOf('=', StringComparison.Ordinal);
                var (key, value) = equals < 0 ? (text, null) : (text[..equals], text[(equals + 1)..]);
                await (target is null ? registry.SetModelTagAsync(found.Name, key, value, token) : registry.SetVersionTagAsync(found.Name, target.Version, key, value, token));
            }
            return $"{(target is null ? found.Name : Of(target))}: tagged";
        }, ct));
        return command;
    }

    public static Command Rename(Terminal terminal)
    {
        var (model, name) = (new Argument<string>("MODEL") { Description = "NAME" }, new Argument<string>("NEW") { Description = "The new name" });
        var command = Help.WithExamples(new Command("rename", "Give a model another name; versions, tags and aliases go along.") { model, name }, "lode model rename fraud card-fraud");
        command.SetAction((parsed, ct) => ChangeAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(model)!, async (registry, reference, token) =>
            $"{(await registry.RenameModelAsync((await reference.FindAsync(registry, token)).Name, parsed.GetValue(name)!, token)).Name}", ct));
        return command;
    }

    public static Command Remove(Terminal terminal)
    {
        var model = new Argument<string>("MODEL") { Description = "NAME with all its versions, or one version: " + VersionHelp };
        var yes = new Option<bool>("--yes", "-y") { Description = "Also where versions would go." };
        var command = Help.WithExamples(new Command("rm", "Delete a model or a version for good. Artifacts stay.") { model, yes }, "lode model rm fraud/2 --yes", "lode model rm fraud --yes");
        command.SetAction((parsed, ct) => ChangeAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(model)!, async (registry, reference, token) =>
        {
            var found = await reference.FindAsync(registry, token);
            var target = reference.Version is null && reference.Alias is null ? null : await reference.ResolveAsync(registry, token);
            var what = target is null ? found.Name : Of(target);
            if (!parsed.GetValue(yes) && (target is not null || found.LatestVersions.Count > 0))
                throw new LodeException(ErrorCode.InvalidArgument, $"'{what}' would be gone for good{(target is null ? ", with all its versions" : "")}.", $"`lode model rm {what} --yes` deletes it");
            await (target is null ? registry.DeleteModelAsync(found.Name, token) : registry.DeleteVersionAsync(target.Model, target.Version, token));
            return $"{what}: deleted";
        }, ct));
        return command;
    }

    private static async Task<int> ChangeAsync(CommandContext context, string text, Func<IModelRegistry, ModelReference, CancellationToken, Task<string>> change, CancellationToken ct)
    {
        var reference = ModelReference.Parse(text);
        await using var access = await context.OpenStoreAsync(ct);
        var done = await change(access.Registry, reference, ct);
        if (context.Json)
        {
            // What is left of it, in the shape of `lode model show`.
            try
            {
                context.Terminal.Json(await access.Registry.GetModelAsync(reference.Name, ct), TrackingJson.Default.RegisteredModel);
            }
            catch (LodeException error) when (error.Code == ErrorCode.NotFound)
            {
                context.Terminal.Out.WriteLine("{}");
            }
        }
        else
        {
            context.Terminal.Out.WriteLine(done);
        }
        return ExitCodes.Ok;
    }

    private static string Of(ModelVersion version) => string.Create(CultureInfo.InvariantCulture, $"{version.Model}/{version.Version}");
}
