using System.Collections.Immutable;

namespace Lode.Optimization;

/// <summary>How a trial ended: with one value per objective, pruned, or failed.</summary>
/// <example><c>return 0.93;</c> <c>return new[] { loss, latency };</c> <c>return Outcome.Pruned;</c></example>
public sealed record Outcome
{
    private Outcome(TrialState state) => State = state;

    /// <summary>Stopped early.</summary>
    public static Outcome Pruned { get; } = new(TrialState.Pruned);

    /// <summary>The state that the trial gets.</summary>
    public TrialState State { get; }

    /// <summary>One value per objective; empty unless complete.</summary>
    public ImmutableArray<double> Values { get; private init; } = [];

    /// <summary>Why it failed; null unless failed.</summary>
    public string? Failure { get; private init; }

    /// <summary>Outcome constraints: each holds when it is ≤ 0; empty when there are none.</summary>
    public ImmutableArray<double> Constraints { get; private init; } = [];

    /// <summary>This outcome with outcome constraints, measured by the objective: each holds when it is ≤ 0.</summary>
    /// <example><c>return Outcome.Complete(loss).WithConstraints(latency - 100, memory - 4e9);</c></example>
    public Outcome WithConstraints(params ReadOnlySpan<double> constraints) => this with { Constraints = [.. constraints] };

    /// <summary>Done, with one value per objective.</summary>
    public static Outcome Complete(params ReadOnlySpan<double> values) => new(TrialState.Complete) { Values = [.. values] };

    /// <summary>Failed, and why.</summary>
    public static Outcome Failed(string failure) => new(TrialState.Failed) { Failure = failure };

    /// <summary>Done, with the value of the only objective.</summary>
    public static implicit operator Outcome(double value) => Complete(value);

    /// <summary>Done, with one value per objective.</summary>
    public static implicit operator Outcome(double[] values) => Complete(values);
}
