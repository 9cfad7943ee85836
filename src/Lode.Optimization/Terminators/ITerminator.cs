namespace Lode.Optimization;

/// <summary>Decides whether a study has gone far enough.</summary>
/// <remarks>
/// <b>Pure.</b> The answer depends on the history alone; where it needs the space it takes that of the trials. <b>Threads.</b> One
/// instance serves many studies at once. <b>When.</b> <see cref="Study.Optimize"/> asks before it gives out a trial: in the free mode with
/// all that is known, in the repeatable mode once a wave with the waves before, so any number of workers ends at the same trial.
/// <b>Check.</b> Every implementation is in <see cref="TerminatorCatalog"/> and passes TerminatorContract.
/// </remarks>
public interface ITerminator
{
    /// <summary>Why to stop, in words for the user; null to go on.</summary>
    /// <param name="history">What is known; may be empty, may hold failed and running trials.</param>
    string? WhyStop(History history);
}
