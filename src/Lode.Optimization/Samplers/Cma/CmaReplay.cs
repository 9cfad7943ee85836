using System.Runtime.CompilerServices;

namespace Lode.Optimization;

/// <summary>
/// The state of CMA-ES as a function of the history: trials in the order of their numbers are cut into generations, and each whole
/// generation is one update. What was computed for a shorter history is reused where the longer one begins with the very same trials;
/// that saves work and changes no bit.
/// </summary>
/// <remarks>
/// A generation is whole when none of its trials is running or waiting, or when as many trials after it are finished as it has:
/// a trial overtaken by a generation counts as worst until it is told.
/// <b>Threads.</b> Safe: the memory holds immutable snapshots that are replaced.
/// </remarks>
internal sealed class CmaReplay(CmaOptions options)
{
    private const int Kept = 4;

    // By the parameters of the first trial, which are one object for all snapshots of that trial and one for each study.
    private readonly ConditionalWeakTable<Params, Memory> _memories = [];

    /// <summary>The state from which the next trial is drawn; null while the trials of a warm start are missing.</summary>
    public CmaState? StateOf(SearchSpace space, History history)
    {
        var trials = history.Trials;
        if (trials.Count < options.WarmStartTrials)
            return null;
        var memory = trials.Count > 0 ? _memories.GetValue(trials[0].Params, _ => new Memory()) : new Memory();
        var known = memory.Last;
        var (at, state) = known is not null && ReferenceEquals(known.Space, space) && known.Direction == history.Directions[0]
            ? known.Longest(trials)
            : (0, null);
        var checkpoints = new List<(int End, CmaState State)>();
        // What an overtaken trial will change is not worth remembering.
        var remember = true;
        if (state is null)
        {
            (at, state) = (options.WarmStartTrials, First(space, history));
            if (remember = IsSettled(trials, 0, at))
                checkpoints.Add((at, state));
        }
        while (IsWhole(trials, at, at + state.Constants.Population))
        {
            var end = at + state.Constants.Population;
            state = Advance(state, history, at, end);
            if (remember &= IsSettled(trials, at, end))
                checkpoints.Add((end, state));
            at = end;
        }
        if (checkpoints.Count > 0)
            memory.Last = Snapshot.Of(space, history, known, checkpoints);
        return state;
    }

    private CmaState First(SearchSpace space, History history)
    {
        var layout = new CmaLayout(space, options);
        var state = new CmaState(layout, layout.Population, options.StepSize)
        {
            Rates = options.AdaptLearningRate ? new CmaRates(layout.Numbers.Length) : null,
        };
        var ranked = new List<(Standing Standing, double[] Unit)>();
        for (var i = 0; i < options.WarmStartTrials; i++)
            if (Standing.Of(history, history.Trials[i]) is { IsRanked: true } standing)
                ranked.Add((standing, history.Trials[i].Params.UnitIn(space)));
        ranked.Sort((a, b) => a.Standing.CompareTo(b.Standing));
        CmaWarmStart.Apply(state, [.. ranked.Take((int)Math.Ceiling(options.WarmStartShare * ranked.Count)).Select(item => item.Unit)]);
        return state;
    }

    private CmaState Advance(CmaState state, History history, int start, int end)
    {
        var space = state.Layout.Space;
        var standings = new Standing[end - start];
        var points = new double[end - start][];
        var (best, worst) = (double.NaN, double.NaN);
        var ranked = false;
        for (var i = 0; i < points.Length; i++)
        {
            var trial = history.Trials[start + i];
            standings[i] = Standing.Of(history, trial);
            points[i] = trial.Params.UnitIn(space);
            ranked |= standings[i].IsRanked;
            if (standings[i].Class == StandingClass.Complete)
                (best, worst) = (Min(best, standings[i].Loss), Max(worst, standings[i].Loss));
        }
        if (!ranked)
            return state;
        Array.Sort(standings, points);
        var numbers = Array.ConvertAll(standings, standing => standing.Number);
        return CmaProgress.Count(CmaUpdate.Next(state, points, numbers), best, worst, Fingerprint(points), options);
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

    // FNV-1a over the coordinates: restarts differ from study to study and depend on nothing but the trials.
    private static ulong Fingerprint(double[][] points)
    {
        var hash = 14695981039346656037UL;
        foreach (var point in points)
            foreach (var coordinate in point)
                hash = (hash ^ (double.IsNaN(coordinate) ? 0 : BitConverter.DoubleToUInt64Bits(coordinate))) * 1099511628211UL;
        return hash;
    }

    private static double Min(double a, double b) => double.IsNaN(a) || b < a ? b : a;

    private static double Max(double a, double b) => double.IsNaN(a) || b > a ? b : a;

    private sealed class Memory
    {
        public volatile Snapshot? Last;
    }

    // The last few states and the trials that led to them.
    private sealed record Snapshot(SearchSpace Space, Direction Direction, Trial[] Seen, (int End, CmaState State)[] Checkpoints)
    {
        public static Snapshot Of(SearchSpace space, History history, Snapshot? known, List<(int End, CmaState State)> added)
        {
            var seen = new Trial[added[^1].End];
            for (var i = 0; i < seen.Length; i++)
                seen[i] = history.Trials[i];
            var older = known is null || !ReferenceEquals(known.Space, space) || known.Direction != history.Directions[0]
                ? []
                : known.Checkpoints.Where(checkpoint => checkpoint.End < added[0].End && known.Matches(history.Trials, checkpoint.End));
            (int End, CmaState State)[] all = [.. older, .. added];
            return new(space, history.Directions[0], seen, all[Math.Max(0, all.Length - Kept)..]);
        }

        public (int End, CmaState? State) Longest(IReadOnlyList<Trial> trials)
        {
            var same = 0;
            var limit = Math.Min(trials.Count, Seen.Length);
            while (same < limit && ReferenceEquals(trials[same], Seen[same]))
                same++;
            for (var c = Checkpoints.Length - 1; c >= 0; c--)
                if (Checkpoints[c].End <= same)
                    return Checkpoints[c];
            return (0, null);
        }

        private bool Matches(IReadOnlyList<Trial> trials, int end)
        {
            for (var i = 0; i < end; i++)
                if (!ReferenceEquals(trials[i], Seen[i]))
                    return false;
            return true;
        }
    }
}
