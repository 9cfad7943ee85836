using System.Runtime.CompilerServices;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Proposes every configuration of a finite space once, also where the objective asks for its parameters as it runs and the
/// space is found out on the way. Continuous parameters have no end: their values are drawn at random, and a branch that has one is
/// never used up.
/// </summary>
/// <remarks>
/// As Optuna's BruteForceSampler: a tree whose nodes are the parameters in the order in which trials have them, whose branches are values;
/// branches below which all was tried are avoided, the others are equally likely. A running trial counts as tried as far as it is known. The tree of
/// finished trials is remembered: O(d) per proposal and per trial since the first that is not finished, apart from infeasible points,
/// which are struck out anew each time, and from levels that are looked through where most are done.
/// </remarks>
public sealed class BruteForceSampler : IFiniteSampler
{
    // How many infeasible points are struck out in one proposal before it is left to the study's repair.
    private const int MaxStruck = 10_000;

    // By the parameters of the first trial, which are one object for all snapshots of that trial and one for each study.
    private readonly ConditionalWeakTable<Params, Memory> _memories = [];

    /// <inheritdoc/>
    public double[] Propose(SearchSpace space, History history, Rng rng) => Search(space, history, rng, out _) ?? Random(space, rng);

    /// <inheritdoc/>
    public bool IsExhausted(SearchSpace space, History history) =>
        // What runs may show more.
        history.Trials.Count > 0 && Search(space, history, new Rng(history.Seed), out var running) is null && !running;

    private double[]? Search(SearchSpace space, History history, Rng rng, out bool running)
    {
        running = false;
        var memory = history.Trials.Count > 0 ? _memories.GetValue(history.Trials[0].Params, _ => new Memory()) : new Memory();
        lock (memory)
        {
            var root = memory.TreeOf(space, history.Trials);
            var undo = new List<Change>();
            try
            {
                for (var i = memory.Settled; i < history.Trials.Count; i++)
                {
                    running |= history.Trials[i].State == TrialState.Running;
                    if (history.Trials[i].State != TrialState.Waiting)
                        root.Add(space, history.Trials[i].Params, undo);
                }
                for (var struck = 0; struck < MaxStruck && !root.IsDone; struck++)
                {
                    var unit = Random(space, rng);
                    root.Walk(space, unit, rng);
                    if (space.IsFeasible(unit))
                        return unit;
                    root.Add(space, space.FromUnit(unit), undo);
                }
                return root.IsDone ? null : Random(space, rng);
            }
            finally
            {
                for (var i = undo.Count - 1; i >= 0; i--)
                    undo[i].Revert();
            }
        }
    }

    private static double[] Random(SearchSpace space, Rng rng) => new RandomSampler().Propose(space, new History([Direction.Minimize], []), rng);

    // The tree of the trials up to the first that is not finished: these will not change any more.
    private sealed class Memory
    {
        private SearchSpace? _space;
        private IReadOnlyList<Trial> _seen = [];
        private Node _root = new();

        public int Settled { get; private set; }

        public Node TreeOf(SearchSpace space, IReadOnlyList<Trial> trials)
        {
            if (!ReferenceEquals(space, _space) || TrialList.SharedPrefix(_seen, trials) < Settled)
                (_space, _root, Settled) = (space, new Node(), 0);
            var before = Settled;
            for (; Settled < trials.Count && trials[Settled].IsFinished; Settled++)
                _root.Add(space, trials[Settled].Params, null);
            if (Settled > before)
                _seen = TrialList.Kept(trials);
            return _root;
        }
    }

    // A node as it was before something was added for the time of one search, and the branch that came.
    private readonly record struct Change(Node Node, string? Parameter, long Levels, long Done, Dictionary<ParamValue, Node>? Branches, bool IsDone, ParamValue? Added)
    {
        public void Revert()
        {
            if (Added is { } value)
                Node.Remove(value);
            else
                Node.Restore(this);
        }
    }

    private sealed class Node
    {
        // The parameter that is decided here; null where nothing is known yet.
        private string? _parameter;
        private long _levels;
        private long _done;
        private Dictionary<ParamValue, Node>? _branches;

        /// <summary>Whether all below has been tried.</summary>
        public bool IsDone { get; private set; }

        /// <param name="space">The space.</param>
        /// <param name="values">What was tried.</param>
        /// <param name="undo">Receives what changes, to revert it in the opposite order; null to keep it.</param>
        public void Add(SearchSpace space, Params values, List<Change>? undo) => Add(space, [.. values], 0, undo);

        public void Restore(in Change change) => (_parameter, _levels, _done, _branches, IsDone) = (change.Parameter, change.Levels, change.Done, change.Branches, change.IsDone);

        public void Remove(ParamValue value) => _branches!.Remove(value);

        private void Add(SearchSpace space, KeyValuePair<string, ParamValue>[] path, int at, List<Change>? undo)
        {
            undo?.Add(new(this, _parameter, _levels, _done, _branches, IsDone, null));
            // Parameters and values that the space does not know do not count.
            while (at < path.Length && (space.IndexOf(path[at].Key) is var known && (known < 0 || !space[known].Allows(path[at].Value))))
                at++;
            if (at == path.Length)
            {
                // An end, unless others went on from here: then this one stopped half-way.
                IsDone |= _parameter is null;
                return;
            }
            var name = path[at].Key;
            var i = space.IndexOf(name);
            // As this tree writes it: somebody may have typed 0.3 for 3 · 0.1.
            var value = space[i].FromUnit(space[i].ToUnit(path[at].Value));
            if (_parameter is null)
            {
                (_parameter, _levels, _branches) = (name, space.Dimensions[i].Levels, []);
                IsDone = false;
            }
            // An objective that asks in another order for the same values: it is not a tree.
            if (_parameter != name)
                return;
            if (!_branches!.TryGetValue(value, out var branch))
            {
                _branches[value] = branch = new Node();
                undo?.Add(new(this, null, 0, 0, null, false, value));
            }
            var before = branch.IsDone;
            branch.Add(space, path, at + 1, undo);
            _done += (branch.IsDone ? 1 : 0) - (before ? 1 : 0);
            IsDone = _levels > 0 && _done == _levels;
        }

        /// <summary>Sets the coordinates along a path that ends where nothing has been tried.</summary>
        public void Walk(SearchSpace space, double[] unit, Rng rng)
        {
            var node = this;
            while (node?._parameter is { } name)
            {
                var i = space.IndexOf(name);
                if (node._levels == 0)
                    return;
                unit[i] = space.AtLevel(i, Left(space, i, node, rng, out var next));
                node = next;
            }
        }

        // A value below which something is left, each equally likely.
        private static long Left(SearchSpace space, int i, Node node, Rng rng, out Node? branch)
        {
            while (node._done < node._levels / 2)
            {
                var level = Math.Min(node._levels - 1, (long)(rng.NextDouble() * node._levels));
                if (!IsDone(level, out branch))
                    return level;
            }
            var skip = (long)(rng.NextDouble() * (node._levels - node._done));
            for (var level = 0L; ; level++)
                if (!IsDone(level, out branch) && skip-- == 0)
                    return level;

            bool IsDone(long level, out Node? below) =>
                node._branches!.TryGetValue(space[i].FromUnit(space.AtLevel(i, level)), out below) && below.IsDone;
        }
    }
}
