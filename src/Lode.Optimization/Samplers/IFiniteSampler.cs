namespace Lode.Optimization;

/// <summary>A sampler whose proposals come to an end.</summary>
/// <remarks>Pure and thread-safe as <see cref="ISampler"/>.</remarks>
public interface IFiniteSampler : ISampler
{
    /// <summary>Whether everything has been proposed: <see cref="Study.Optimize"/> then ends. A proposal after that repeats an earlier one.</summary>
    bool IsExhausted(SearchSpace space, History history);
}
