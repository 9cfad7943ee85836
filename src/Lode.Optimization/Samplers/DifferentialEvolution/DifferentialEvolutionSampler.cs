using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Differential evolution that learns its own settings: each trial of a generation challenges one member of the population with a point
/// built from differences between others. Robust on rugged objectives with many trials, and cheap.
/// </summary>
/// <remarks>
/// L-SHADE: Tanabe and Fukunaga, "Improving the search performance of SHADE using linear population size reduction" (CEC 2014),
/// algorithms 1 and 2; mutation current-to-pbest/1 with archive and the treatment of bounds: Zhang and Sanderson, "JADE" (IEEE TEC 2009).
/// Grids take part by their coordinates in the unit cube, as in DEHB
/// (Awad, Mallik, Hutter, IJCAI 2021). Unordered choices have no differences: a trial takes over the choice of one of the members that
/// draw it on, or, while the two whose difference counts still disagree, any. Inactive parameters of a member stand for a uniform draw.
/// The population shrinks with <see cref="History.Budget"/> where that is known.
/// The first population is uniform.
/// <b>History.</b> A function of the trials alone: trial i of a generation challenges member i. A failed trial never replaces a member.
/// O(d) per proposal, apart from the first of a process, which replays the history. One objective only.
/// </remarks>
public sealed class DifferentialEvolutionSampler : ISampler
{
    private const int Attempts = 100;
    private readonly DifferentialEvolutionOptions _options;
    private readonly GenerationReplay<DifferentialEvolutionState> _replay;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public DifferentialEvolutionSampler(DifferentialEvolutionOptions? options = null)
    {
        _options = options ?? new DifferentialEvolutionOptions();
        _options.Validate();
        _replay = new(
            0,
            (space, history) => DifferentialEvolutionState.First(space, history, _options),
            state => state.Size,
            (state, history, start) => state.Advance(history, start, _options));
    }

    /// <inheritdoc/>
    /// <exception cref="LodeException">NotImplemented: the study has several objectives.</exception>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        SamplerGuards.RequireOneObjective("de", history);
        var (state, start) = _replay.StateOf(space, history)!.Value;
        if (state.Members.Length == 0)
            return UniformDraw.Feasible(space, rng);
        var number = history.Trials.Count;
        // More workers than members: those of the next generation challenge the same members again.
        var target = (number - start) % state.Members.Length;
        var (scale, crossover) = state.SettingsOf(number);
        double[] trial;
        var attempt = 0;
        do
        {
            trial = Cross(state, target, scale, crossover, rng);
        }
        while (++attempt < Attempts && (!space.IsFeasible(trial) || IsSame(space, trial, state.Members[target].Unit)));
        return trial;
    }

    private double[] Cross(DifferentialEvolutionState state, int target, double scale, double crossover, Rng rng)
    {
        var (space, members) = (state.Space, state.Members);
        var (best, first, second) = Pick(state, target, rng);
        var trial = new double[space.Count];
        var sure = space.Count > 0 ? rng.NextInt32(space.Count) : 0;
        for (var dim = 0; dim < trial.Length; dim++)
        {
            var own = Known(members[target].Unit[dim], rng);
            trial[dim] = own;
            if (dim != sure && rng.NextDouble() >= crossover)
                continue;
            var (drawn, a, b) = (Known(best[dim], rng), Known(first[dim], rng), Known(second[dim], rng));
            if (space.Dimensions[dim].Kind == DimensionKind.Nominal)
            {
                trial[dim] = Cell(space, dim, a) != Cell(space, dim, b) && rng.NextDouble() < scale * 0.5
                    ? rng.NextDouble()
                    : rng.NextDouble() < 0.5 ? drawn : a;
                continue;
            }
            var x = own + (scale * (drawn - own)) + (scale * (a - b));
            // JADE: half-way between the bound and the parent.
            trial[dim] = x < 0 ? own / 2 : x > 1 ? (1 + own) / 2 : x;
        }
        for (var dim = 0; dim < trial.Length; dim++)
            trial[dim] = space.Cell(dim, trial[dim]).Center;
        return trial;
    }

    private (double[] Best, double[] First, double[] Second) Pick(DifferentialEvolutionState state, int target, Rng rng)
    {
        var members = state.Members;
        var count = Math.Clamp((int)Math.Round(_options.BestShare * members.Length), 2, members.Length);
        var order = new int[members.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        Array.Sort(order, (a, b) => members[a].Standing.CompareTo(members[b].Standing));
        var best = order[rng.NextInt32(count)];
        int first, second;
        do
        {
            first = rng.NextInt32(members.Length);
        }
        while (first == target);
        do
        {
            second = rng.NextInt32(members.Length + state.Archive.Length);
        }
        while (second == target || second == first);
        return (members[best].Unit, members[first].Unit, second < members.Length ? members[second].Unit : state.Archive[second - members.Length]);
    }

    private static double Known(double coordinate, Rng rng) => double.IsNaN(coordinate) ? rng.NextDouble() : coordinate;

    private static double Cell(SearchSpace space, int dim, double unit) => space.Cell(dim, unit).Center;

    // Whether evaluating the trial would only repeat its target.
    private static bool IsSame(SearchSpace space, double[] trial, double[] other)
    {
        for (var dim = 0; dim < trial.Length; dim++)
            if (!double.IsNaN(other[dim]) && trial[dim] != space.Cell(dim, other[dim]).Center)
                return false;
        return true;
    }
}
