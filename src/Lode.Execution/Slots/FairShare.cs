namespace Lode.Execution;

/// <summary>A study that wants slots.</summary>
/// <param name="Study">Its name or number.</param>
/// <param name="Request">What one of its trials needs.</param>
public sealed record SlotDemand(string Study, ResourceRequest Request)
{
    /// <summary>Studies of higher priority come first, whatever they use already. Default: 0.</summary>
    public int Priority { get; init; }

    /// <summary>Twice the weight is twice the share among equals of priority. Range: &gt; 0. Default: 1.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>How many of its trials have a slot.</summary>
    public int Running { get; init; }

    /// <summary>How many more it would start now. Range: ≥ 0.</summary>
    public int Waiting { get; init; } = 1;
}

/// <summary>
/// Whose trial is next: the highest priority, and among equals the study with the smallest dominant share for its weight. A trial that does not fit lets smaller
/// ones of others pass, but only a number of times: then the machine is kept for it.
/// </summary>
/// <remarks>
/// Ghodsi et al., "Dominant Resource Fairness" (NSDI 2011). Studies of lower priority never pass one that waits for room. Ties go to the name that sorts first, so
/// the same state gives the same answer. Not for several threads at once. O(studies) per call.
/// </remarks>
/// <param name="mostPasses">How often a waiting trial is passed before the machine is kept for it.</param>
public sealed class FairShare(int mostPasses = 16)
{
    private readonly Dictionary<string, int> _passed = new(StringComparer.Ordinal);

    /// <summary>Takes a slot for the next trial; null where nobody wants one, or nothing fits.</summary>
    /// <param name="pool">The machine.</param>
    /// <param name="demands">All studies that have trials running or waiting, in any order.</param>
    public (SlotDemand Demand, Slot Slot)? Next(SlotPool pool, IReadOnlyList<SlotDemand> demands)
    {
        // Who does not wait any more has nothing to be made up for.
        foreach (var gone in _passed.Keys.Except(demands.Where(demand => demand.Waiting > 0).Select(demand => demand.Study)).ToList())
            _passed.Remove(gone);
        var order = demands.Where(demand => demand.Waiting > 0 && pool.WhyNever(demand.Request) is null)
            .OrderByDescending(demand => demand.Priority)
            .ThenBy(demand => demand.Running * pool.DominantShare(demand.Request) / demand.Weight)
            .ThenBy(demand => demand.Study, StringComparer.Ordinal)
            .ToList();
        // Who was passed often enough goes before its equals.
        var kept = order.FindIndex(demand => demand.Priority == order[0].Priority && _passed.GetValueOrDefault(demand.Study) >= mostPasses);
        if (kept > 0)
        {
            var first = order[kept];
            order.RemoveAt(kept);
            order.Insert(0, first);
        }
        var passing = new List<string>();
        foreach (var demand in order)
        {
            if (demand.Priority < order[0].Priority)
                return null;
            if (pool.TryTake(demand.Request) is { } slot)
            {
                foreach (var study in passing)
                    _passed[study] = _passed.GetValueOrDefault(study) + 1;
                _passed.Remove(demand.Study);
                return (demand, slot);
            }
            if (_passed.GetValueOrDefault(demand.Study) >= mostPasses)
                return null;
            passing.Add(demand.Study);
        }
        return null;
    }
}
