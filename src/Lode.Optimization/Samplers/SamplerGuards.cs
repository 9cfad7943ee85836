using Lode.Core;

namespace Lode.Optimization;

/// <summary>Refusals that samplers share.</summary>
internal static class SamplerGuards
{
    public static void RequireOneObjective(string sampler, History history)
    {
        if (history.Directions.Count != 1)
            throw new LodeException(ErrorCode.NotImplemented, $"The sampler '{sampler}' takes one objective; the study has {history.Directions.Count}.", "Use the sampler 'random'.");
    }
}
