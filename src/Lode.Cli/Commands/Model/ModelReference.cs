using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>A model, or one version of it, as a person writes it: <c>NAME</c>, <c>NAME/3</c>, <c>NAME@ALIAS</c>.</summary>
/// <param name="Name">The model.</param>
/// <param name="Version">The version's number; null = not said.</param>
/// <param name="Alias">The alias; null = not said.</param>
internal readonly record struct ModelReference(string Name, long? Version, string? Alias)
{
    /// <exception cref="LodeException">InvalidArgument: the number is none.</exception>
    public static ModelReference Parse(string text)
    {
        // Names have no slash; they may have an @, so the last one counts.
        var split = text.LastIndexOfAny(['/', '@']);
        if (split < 0)
            return new ModelReference(text, null, null);
        var (name, rest) = (text[..split], text[(split + 1)..]);
        if (text[split] == '@')
            return new ModelReference(name, null, rest);
        return long.TryParse(rest, out var version)
            ? new ModelReference(name, version, null)
            : throw new LodeException(ErrorCode.InvalidArgument, $"'{text}' names no version: what follows the slash must be a number; got '{rest}'.", $"Example: {name}/3 or {name}@champion");
    }

    /// <summary>The version that is meant.</summary>
    /// <exception cref="LodeException">InvalidArgument: none is said. NotFound.</exception>
    public async Task<ModelVersion> ResolveAsync(IModelRegistry registry, CancellationToken ct)
    {
        var model = await FindAsync(registry, ct);
        if (Version is { } version)
            return await NearAsync(() => registry.GetVersionAsync(model.Name, version, ct), $"version {version} of model '{Name}' not found", $"`lode model show {Name}` lists its versions");
        if (Alias is not { } alias)
            throw new LodeException(ErrorCode.InvalidArgument, $"'{Name}' names a model, not a version.", $"Example: {Name}/3 or {Name}@champion");
        return await registry.FindByAliasAsync(model.Name, alias, ct)
            ?? throw new LodeException(ErrorCode.NotFound, $"model '{Name}' has no alias '{alias}'", model.Aliases.Count > 0 ? DidYouMean.Hint(alias, model.Aliases.Keys) : $"`lode model alias {Name}/1 {alias}` sets it");
    }

    /// <summary>The model that is meant.</summary>
    /// <exception cref="LodeException">NotFound, with the nearest name.</exception>
    public async Task<RegisteredModel> FindAsync(IModelRegistry registry, CancellationToken ct)
    {
        var name = Name;
        try
        {
            return await registry.GetModelAsync(name, ct);
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            var near = DidYouMean.Nearest(name, (await registry.SearchModelsAsync(new RegistryQuery { Limit = 1000 }, ct)).Models.Select(model => model.Name));
            throw new LodeException(ErrorCode.NotFound, $"model '{name}' not found", near is not null ? $"did you mean '{near}'?" : "`lode model list` lists the models");
        }
    }

    private static async Task<T> NearAsync<T>(Func<Task<T>> read, string message, string hint)
    {
        try
        {
            return await read();
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            throw new LodeException(ErrorCode.NotFound, message, hint);
        }
    }
}
