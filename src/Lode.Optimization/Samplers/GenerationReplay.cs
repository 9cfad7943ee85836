using System.Runtime.CompilerServices;

namespace Lode.Optimization;

/// <summary>
/// The state of an evolutionary sampler as a function of the history: trials in the order of their numbers are cut into generations,
/// and each whole generation advances the state. What was computed for a shorter history is reused where the longer one begins with
/// the very same trials; that saves work and changes no bit.
/// </summary>
/// <remarks>
/// A generation is whole when none of its trials is running or waiting, or when as many trials after it are finished as it has:
/// a trial overtaken by a generation counts as worst until it is told.
/// <b>Threads.</b> Safe: the memory holds immutable snapshots that are replaced.
/// </remarks>
/// <typeparam name="TState">What is learnt. Never changed once made.</typeparam>
internal sealed class GenerationReplay<TState> where TState : class
{
    private const int Kept = 4;

    // By the parameters of the first trial, which are one object for all snapshots of that trial and one for each study.
    private readonly ConditionalWeakTable<Params, Memory> _memories = [];
    private readonly int _start;
    private readonly Func<SearchSpace, History, TState> _first;
    private readonly Func<TState, int> _size;
    private readonly Func<TState, History, int, TState> _advance;

    /// <param name="start">How many trials come before the first generation.</param>
    /// <param name="first">The state before the first generation; may look at the trials before it.</param>
    /// <param name="size">How many trials the next generation has.</param>
    /// <param name="advance">The state after the generation that begins at a place.</param>
    public GenerationReplay(int start, Func<SearchSpace, History, TState> first, Func<TState, int> size, Func<TState, History, int, TState> advance) =>
        (_start, _first, _size, _advance) = (start, first, size, advance);

    /// <summary>The state from which the next trial is proposed, and the place at which its generation begins; null while trials before the first generation are missing.</summary>
    public (TState State, int Start)? StateOf(SearchSpace space, History history)
    {
        var trials = history.Trials;
        if (trials.Count < _start)
            return null;
        var memory = trials.Count > 0 ? _memories.GetValue(trials[0].Params, _ => new Memory()) : new Memory();
        var known = memory.Last is { } last && last.IsOf(space, history) ? last : null;
        var (at, state) = known?.Longest(trials) ?? (0, null);
        var checkpoints = new List<(int End, TState? State)>();
        // What an overtaken trial will change is not worth remembering.
        var remember = true;
        if (state is null)
        {
            (at, state) = (_start, _first(space, history));
            if (remember = IsSettled(trials, 0, at))
                checkpoints.Add((at, state));
        }
        while (IsWhole(trials, at, at + _size(state)))
        {
            var end = at + _size(state);
            state = _advance(state, history, at);
            if (remember &= IsSettled(trials, at, end))
            {
                // Only the last few are kept in the end; a replay makes thousands.
                if (checkpoints.Count == 4 * Kept)
                    checkpoints.RemoveRange(0, 3 * Kept);
                checkpoints.Add((end, state));
            }
            at = end;
        }
        if (checkpoints.Count > 0)
            memory.Last = Snapshot.Of(space, history, known, checkpoints);
        return (state, at);
    }

    private static bool IsWhole(IReadOnlyList<Trial> trials, int start, int end)
    {
        if (end > trials.Count)
            return false;
        if (IsSettled(trials, start, end))
            return true;
        var later = 0;
        for (var i = end; i < trials.Count && later < end - start; i++)
            later += trials[i].IsFinished ? 1 : 0;
        return later == end - start;
    }

    private static bool IsSettled(IReadOnlyList<Trial> trials, int start, int end)
    {
        for (var i = start; i < end; i++)
            if (!trials[i].IsFinished)
                return false;
        return true;
    }

    private sealed class Memory
    {
        public volatile Snapshot? Last;
    }

    // The last few states and the trials that led to them.
    private sealed record Snapshot(SearchSpace Space, Direction Direction, int? Budget, IReadOnlyList<Trial> Seen, (int End, TState? State)[] Checkpoints)
    {
        public static Snapshot Of(SearchSpace space, History history, Snapshot? known, List<(int End, TState? State)> added)
        {
            var same = known is null ? 0 : TrialList.SharedPrefix(known.Seen, history.Trials);
            (int End, TState? State)[] all = [.. (known?.Checkpoints ?? []).Where(old => old.End <= same && old.End < added[0].End), .. added];
            return new(space, history.Directions[0], history.Budget, TrialList.Kept(history.Trials), all[Math.Max(0, all.Length - Kept)..]);
        }

        public bool IsOf(SearchSpace space, History history) => ReferenceEquals(Space, space) && Direction == history.Directions[0] && Budget == history.Budget;

        public (int End, TState? State) Longest(IReadOnlyList<Trial> trials)
        {
            var same = TrialList.SharedPrefix(Seen, trials);
            for (var c = Checkpoints.Length - 1; c >= 0; c--)
                if (Checkpoints[c].End <= same)
                    return Checkpoints[c];
            return (0, null);
        }
    }
}
