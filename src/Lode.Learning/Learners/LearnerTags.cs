namespace Lode.Learning;

/// <summary>What a learner can take. Pipelines refuse what it cannot; <c>LearnerContract</c> checks what it says.</summary>
public sealed record LearnerTags
{
    /// <summary>Whether features may be missing (NaN).</summary>
    public bool Missing { get; init; }

    /// <summary>Whether it takes categorical features as they are; else they must be encoded.</summary>
    public bool Categories { get; init; }

    /// <summary>Whether predictions stay when a numeric feature is replaced by an increasing function of it, on the training rows.</summary>
    public bool MonotoneInvariant { get; init; }

    /// <summary>Whether nothing in a fit is random: then a weight of 2 is the row twice, and a weight of 0 the row left out.</summary>
    public bool Deterministic { get; init; }
}
