using System.CommandLine;
using System.Globalization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode model list</c></summary>
internal static class ModelListCommand
{
    public static Command Create(Terminal terminal)
    {
        var words = new Argument<string[]>("WORD") { Description = "Only models whose name holds all of these, whatever the case.", Arity = ArgumentArity.ZeroOrMore };
        var limit = new Option<int>("--limit", "-n") { Description = "Models to list at most, 1 to 1000 (default 100).", HelpName = "N", DefaultValueFactory = _ => 100 };
        var command = Help.WithExamples(new Command("list", "List the models by name.") { words, limit }, "lode model list", "lode model list fraud --json");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(words)!, parsed.GetValue(limit), ct));
        return command;
    }

    internal static async Task<int> ExecuteAsync(CommandContext context, IReadOnlyList<string> words, int limit, CancellationToken ct)
    {
        if (limit is < 1 or > 1000)
            throw new Core.LodeException(Core.ErrorCode.InvalidArgument, $"--limit is 1 to 1000; got {limit}.");
        var filter = new RunFilter([.. words.Select(word => new FilterClause(new RunField(FieldKind.Attribute, "name"), FilterOperator.ILike, FilterValue.Of($"%{word}%")))]);
        await using var access = await context.OpenStoreAsync(ct);
        var page = await access.Registry.SearchModelsAsync(new RegistryQuery { Filter = filter, Limit = limit }, ct);
        if (context.Json)
        {
            context.Terminal.Json(page, TrackingJson.Default.RegisteredModelPage);
            return ExitCodes.Ok;
        }
        var table = new TextTable("MODEL", "LATEST", "ALIASES", "AGE", "DESCRIPTION").Numeric(1, 3);
        foreach (var model in page.Models)
        {
            table.Add(model.Name,
                model.LatestVersions.Count > 0 ? model.LatestVersions.Max(version => version.Version).ToString(CultureInfo.InvariantCulture) : "",
                string.Join(' ', model.Aliases.Select(alias => string.Create(CultureInfo.InvariantCulture, $"{alias.Key}={alias.Value}"))),
                Format.Age(context.Time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(model.UpdatedAt)),
                model.Description ?? "");
        }
        table.Write(context.Terminal);
        if (page.Models.Count == 0)
            context.Terminal.Note(words.Count > 0 ? "no model matches" : "no models yet; `lode model register NAME --run RUN` makes one");
        else if (page.HasMore)
            context.Terminal.Note("there are more (--limit N)");
        return ExitCodes.Ok;
    }
}
