namespace Lode.Optimization;

/// <summary>What a study does with a proposal that equals an earlier trial. The numbers are persisted; append only.</summary>
/// <remarks>
/// Where an objective asks for parameters as it runs, a proposal equals a complete trial when it gives all parameters of that trial the
/// same values: the objective would ask for the same again. Enqueued configurations are given out as they are.
/// </remarks>
public enum DuplicatePolicy
{
    /// <summary>It is given out: right for noisy objectives.</summary>
    Allow = 1,

    /// <summary>Another one is sought, near it; where none is found, for instance when a finite space is used up, it is given out.</summary>
    Reask = 2,

    /// <summary>It becomes a trial that takes over the outcome of the earlier complete one without being evaluated (<see cref="LiveTrial.Repeats"/>).</summary>
    Reuse = 3,
}
