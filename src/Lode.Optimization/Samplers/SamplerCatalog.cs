using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>The samplers by name. A new one is one file and one line here; contract tests and documentation find it by its name.</summary>
public static class SamplerCatalog
{
    private static readonly Dictionary<string, Func<JsonElement?, ISampler>> s_samplers = new()
    {
        ["auto"] = options => { OptionsReader.RefuseAny("auto", options); return new AutoSampler(); },
        ["brute_force"] = options => { OptionsReader.RefuseAny("brute_force", options); return new BruteForceSampler(); },
        ["cma"] = options => new CmaSampler(OptionsReader.Read<CmaOptions>("cma", options)),
        ["de"] = options => new DifferentialEvolutionSampler(OptionsReader.Read<DifferentialEvolutionOptions>("de", options)),
        ["forest"] = options => new ForestSampler(OptionsReader.Read<ForestOptions>("forest", options)),
        ["gp"] = options => new GpSampler(OptionsReader.Read<GpOptions>("gp", options)),
        ["grid"] = options => new GridSampler(OptionsReader.Read<GridOptions>("grid", options)),
        ["halton"] = options => new HaltonSampler(OptionsReader.Read<QmcOptions>("halton", options)),
        ["latin_hypercube"] = options => new LatinHypercubeSampler(OptionsReader.Read<LatinHypercubeOptions>("latin_hypercube", options)),
        ["random"] = options => { OptionsReader.RefuseAny("random", options); return new RandomSampler(); },
        ["sobol"] = options => new SobolSampler(OptionsReader.Read<QmcOptions>("sobol", options)),
        ["tpe"] = options => new TpeSampler(OptionsReader.Read<TpeOptions>("tpe", options)),
    };

    /// <summary>All names, in ordinal order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_samplers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Makes a sampler.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="options">Its options as a JSON object with names in snake case; null for the defaults.</param>
    /// <exception cref="LodeException">NotFound: no such sampler; InvalidArgument: an option it does not have, or out of range.</exception>
    public static ISampler Create(string name, JsonElement? options = null) => s_samplers.TryGetValue(name, out var create)
        ? create(options)
        : throw new LodeException(ErrorCode.NotFound, $"There is no sampler '{name}'; there are: {string.Join(", ", Names)}.");
}
