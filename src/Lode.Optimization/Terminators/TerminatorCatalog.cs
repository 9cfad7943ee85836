using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>The terminators by name. A new one is one file and one line here; contract tests and documentation find it by its name.</summary>
public static class TerminatorCatalog
{
    private static readonly Dictionary<string, Func<JsonElement?, ITerminator>> s_terminators = new()
    {
        ["regret_bound"] = options => new RegretBoundTerminator(OptionsReader.Read<RegretBoundTerminatorOptions>("regret_bound", options)),
        ["stagnation"] = options => new StagnationTerminator(OptionsReader.Read<StagnationTerminatorOptions>("stagnation", options)),
        ["target"] = options => new TargetTerminator(OptionsReader.Read<TargetTerminatorOptions>("target", options)),
    };

    /// <summary>All names, in ordinal order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_terminators.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Makes a terminator.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="options">Its options as a JSON object with names in snake case; null for the defaults.</param>
    /// <exception cref="LodeException">NotFound: no such terminator; InvalidArgument: an option it does not have, or out of range.</exception>
    public static ITerminator Create(string name, JsonElement? options = null) => s_terminators.TryGetValue(name, out var create)
        ? create(options)
        : throw new LodeException(ErrorCode.NotFound, $"There is no terminator '{name}'; there are: {string.Join(", ", Names)}.");
}
