using System.CommandLine;
using System.Globalization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode model show</c></summary>
internal static class ModelShowCommand
{
    private const int MaxVersions = 1000;

    public static Command Create(Terminal terminal)
    {
        var reference = new Argument<string>("MODEL") { Description = "NAME for all its versions; NAME/3 or NAME@ALIAS for one" };
        var command = Help.WithExamples(new Command("show", "Show a model and its versions, or one version.") { reference }, "lode model show fraud", "lode model show fraud@champion --json");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), ModelReference.Parse(parsed.GetValue(reference)!), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, ModelReference reference, CancellationToken ct)
    {
        await using var access = await context.OpenStoreAsync(ct);
        if (reference.Version is null && reference.Alias is null)
            await ShowModelAsync(context, access.Registry, await reference.FindAsync(access.Registry, ct), ct);
        else
            await ShowVersionAsync(context, access.Registry, await reference.ResolveAsync(access.Registry, ct), ct);
        return ExitCodes.Ok;
    }

    private static async Task ShowModelAsync(CommandContext context, IModelRegistry registry, RegisteredModel model, CancellationToken ct)
    {
        if (context.Json)
        {
            context.Terminal.Json(model, TrackingJson.Default.RegisteredModel);
            return;
        }
        var output = context.Terminal.Out;
        output.WriteLine(model.Name);
        if (!string.IsNullOrEmpty(model.Description))
            output.WriteLine(model.Description);
        WriteTags(context, model.Tags);
        var query = new RegistryQuery
        {
            Filter = new RunFilter([new FilterClause(new RunField(FieldKind.Attribute, "name"), FilterOperator.Equal, FilterValue.Of(model.Name))]),
            Order = [new RunOrder(new RunField(FieldKind.Attribute, "version"), Descending: true)],
            Limit = MaxVersions,
        };
        var table = new TextTable("VERSION", "STAGE", "ALIASES", "RUN", "AGE", "SOURCE").Numeric(0, 4);
        foreach (var version in (await registry.SearchVersionsAsync(query, ct)).Versions)
        {
            table.Add(version.Version.ToString(CultureInfo.InvariantCulture), version.Stage.ToString().ToLowerInvariant(), string.Join(' ', version.Aliases),
                version.RunId is { Length: > 8 } run ? run[..8] : version.RunId ?? "", Format.Age(context.Time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(version.CreatedAt)), version.Source);
        }
        output.WriteLine();
        table.Write(context.Terminal);
    }

    private static async Task ShowVersionAsync(CommandContext context, IModelRegistry registry, ModelVersion version, CancellationToken ct)
    {
        if (context.Json)
        {
            context.Terminal.Json(version, TrackingJson.Default.ModelVersion);
            return;
        }
        context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{version.Model}/{version.Version}"));
        var facts = new TextTable("", "");
        facts.Add("stage", version.Stage.ToString().ToLowerInvariant());
        foreach (var (name, value) in new[]
        {
            ("aliases", string.Join(' ', version.Aliases)), ("description", version.Description), ("run", version.RunId), ("logged model", version.ModelId), ("source", version.Source),
            ("location", await registry.GetLocationAsync(version.Model, version.Version, ct)),
        })
        {
            if (!string.IsNullOrEmpty(value))
                facts.Add(name, value);
        }
        facts.Add("registered", DateTimeOffset.FromUnixTimeMilliseconds(version.CreatedAt).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        facts.Write(context.Terminal);
        WriteTags(context, version.Tags);
    }

    private static void WriteTags(CommandContext context, IReadOnlyDictionary<string, string> tags)
    {
        if (tags.Count == 0)
            return;
        var table = new TextTable("TAG", "VALUE");
        foreach (var (key, value) in tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            table.Add(key, value);
        context.Terminal.Out.WriteLine();
        table.Write(context.Terminal);
    }
}
