using Lode.Core;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>What was found out about machine, code and packages, for other runs of the same program that begin soon after: a sweep of short trials would else look for it all the time.</summary>
/// <remarks>
/// The run that looked keeps the files, and the others name it (<see cref="RunOrigin.Surroundings"/>). <b>Threads.</b> All members may be called
/// concurrently; one run looks, those that begin meanwhile wait for it.
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="age">How old it may be. Range: ≥ 0.</param>
public sealed class CaptureMemory(TimeProvider time, TimeSpan age)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<IReadOnlyList<KeyValuePair<string, string>>>? _found;
    private long _at;

    /// <summary>Gives a run what is known; false where it has to look itself, and then to call <see cref="Keep"/>.</summary>
    internal async Task<bool> TakeAsync(ActiveRun run)
    {
        Task<IReadOnlyList<KeyValuePair<string, string>>> known;
        lock (_gate)
        {
            if (_found is null || (_found.Task.IsCompleted && time.GetElapsedTime(_at) > age))
            {
                (_found, _at) = (new(TaskCreationOptions.RunContinuationsAsynchronously), time.GetTimestamp());
                return false;
            }
            known = _found.Task;
        }
        run.Tag(await known.ConfigureAwait(false));
        return true;
    }

    /// <summary>What a run has found: tags, and the files that it keeps.</summary>
    internal void Keep(RunId run, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        lock (_gate)
            _found?.TrySetResult([.. tags, new(RunOrigin.Surroundings, run.ToString())]);
    }
}
