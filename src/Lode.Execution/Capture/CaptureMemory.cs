using Lode.Tracking;

namespace Lode.Execution;

/// <summary>What was found out about machine, code and packages, for other runs of the same program that begin soon after: a sweep of short trials would else look for it all the time.</summary>
/// <remarks><b>Threads.</b> All members may be called concurrently; one run looks, those that begin meanwhile wait for it.</remarks>
/// <param name="time">The clock.</param>
/// <param name="age">How old it may be. Range: ≥ 0.</param>
public sealed class CaptureMemory(TimeProvider time, TimeSpan age)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<IReadOnlyList<Action<ActiveRun>>>? _found;
    private long _at;

    /// <summary>Gives a run what is known; false where it has to look itself, and then to call <see cref="Keep"/>.</summary>
    internal async Task<bool> TakeAsync(ActiveRun run)
    {
        Task<IReadOnlyList<Action<ActiveRun>>> known;
        lock (_gate)
        {
            if (_found is null || (_found.Task.IsCompleted && time.GetElapsedTime(_at) > age))
            {
                (_found, _at) = (new(TaskCreationOptions.RunContinuationsAsynchronously), time.GetTimestamp());
                return false;
            }
            known = _found.Task;
        }
        foreach (var finding in await known.ConfigureAwait(false))
            finding(run);
        return true;
    }

    internal void Keep(List<Action<ActiveRun>> findings)
    {
        lock (_gate)
            _found?.TrySetResult(findings);
    }
}
