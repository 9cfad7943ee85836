namespace Lode.Optimization;

/// <summary>Decides whether a running trial looks too bad to go on.</summary>
/// <remarks>
/// <b>Pure.</b> The answer depends on the arguments alone. <b>Threads.</b> One instance serves many studies at once: no mutable fields.
/// <b>Check.</b> Every implementation is in <see cref="PrunerCatalog"/> and passes PrunerContract.
/// </remarks>
public interface IPruner
{
    /// <summary>Whether to stop the trial now.</summary>
    /// <param name="history">What is known of the others; may be empty, may hold the trial itself.</param>
    /// <param name="trial">The running trial with its reports so far; may have none.</param>
    bool ShouldPrune(History history, Trial trial);
}
