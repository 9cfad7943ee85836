using Lode.Core;

namespace Lode.Execution;

/// <summary>Asks again while the server is away, less and less often, at the latest each five seconds.</summary>
/// <remarks><b>Threads.</b> All members may be called concurrently.</remarks>
internal sealed class Patience(TimeProvider time, Action<string> note)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private long? _awaySince;

    /// <summary>Calls until there is an answer, or a refusal other than Unavailable.</summary>
    /// <param name="call">What is safe to be sent again.</param>
    /// <param name="ct">Ends the patience.</param>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken ct)
    {
        for (var wait = s_first; ; wait = Next(wait))
        {
            try
            {
                var answer = await call(ct).ConfigureAwait(false);
                Heard(null);
                return answer;
            }
            catch (LodeException error) when (error.Code == ErrorCode.Unavailable)
            {
                Heard(error);
            }
            await Task.Delay(wait, time, ct).ConfigureAwait(false);
        }
    }

    /// <summary>How long to wait after a wait that was in vain; zero = none was.</summary>
    public static TimeSpan Next(TimeSpan wait) => wait == TimeSpan.Zero ? s_first : wait * 2 > s_longest ? s_longest : wait * 2;

    /// <summary>The same, for what answers nothing.</summary>
    public Task AskAsync(Func<CancellationToken, Task> call, CancellationToken ct) => AskAsync(
        async token =>
        {
            await call(token).ConfigureAwait(false);
            return true;
        },
        ct);

    /// <summary>Says once that the server is away, and that it is back.</summary>
    public void Heard(LodeException? error)
    {
        lock (_gate)
        {
            if (error is not null && _awaySince is null)
            {
                _awaySince = time.GetTimestamp();
                note($"the server is away, trials go on: {error.Message}");
            }
            else if (error is null && _awaySince is { } since)
            {
                _awaySince = null;
                note(FormattableString.Invariant($"the server is back after {time.GetElapsedTime(since).TotalSeconds:0.0} s"));
            }
        }
    }
}
