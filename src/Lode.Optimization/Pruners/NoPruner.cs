namespace Lode.Optimization;

/// <summary>Never stops a trial.</summary>
public sealed class NoPruner : IPruner
{
    /// <inheritdoc/>
    public bool ShouldPrune(History history, Trial trial) => false;
}
