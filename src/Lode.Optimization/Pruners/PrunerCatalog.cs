using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>The pruners by name. A new one is one file and one line here; contract tests and documentation find it by its name.</summary>
public static class PrunerCatalog
{
    private static readonly Dictionary<string, Func<JsonElement?, IPruner>> s_pruners = new()
    {
        ["none"] = options => { OptionsReader.RefuseAny("none", options); return new NoPruner(); },
        ["percentile"] = options => new PercentilePruner(OptionsReader.Read<PercentilePrunerOptions>("percentile", options)),
        ["median"] = options => new PercentilePruner(OptionsReader.Read<PercentilePrunerOptions>("median", options) with { Percentile = 50 }),
        ["patient"] = options => new PatientPruner(OptionsReader.Read<PatientPrunerOptions>("patient", options)),
        ["wandb_hyperband"] = options => new WandbHyperbandPruner(OptionsReader.Read<WandbHyperbandOptions>("wandb_hyperband", options)),
        ["threshold"] = options => new ThresholdPruner(OptionsReader.Read<ThresholdPrunerOptions>("threshold", options)),
    };

    /// <summary>All names, in ordinal order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_pruners.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Makes a pruner.</summary>
    /// <param name="name">One of <see cref="Names"/>; <c>median</c> is <c>percentile</c> at 50.</param>
    /// <param name="options">Its options as a JSON object with names in snake case; null for the defaults.</param>
    /// <exception cref="LodeException">NotFound: no such pruner; InvalidArgument: an option it does not have, or out of range.</exception>
    public static IPruner Create(string name, JsonElement? options = null) => s_pruners.TryGetValue(name, out var create)
        ? create(options)
        : throw new LodeException(ErrorCode.NotFound, $"There is no pruner '{name}'; there are: {string.Join(", ", Names)}.");
}
