using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// The tree-structured Parzen estimator: models where good trials lie, l(x), and where the others lie, g(x), draws candidates
/// from l and proposes the one with the highest l(x)/g(x), which is the one of highest expected improvement.
/// </summary>
/// <remarks>
/// Bergstra, Bardenet, Bengio, Kégl (NeurIPS 2011), section 4; Watanabe (arXiv 2304.11127), section 3, kernels in appendix C.
/// Multivariate: parameters that are always present together share one density, so interactions are seen; branches of a conditional
/// space are modelled each from its own trials, and a bandit sees to it that a branch that is hard to tune gets its chance
/// (<see cref="TpeOptions.BranchByBandit"/>). Running and failed trials count as bad, those that break outcome constraints as worse than
/// all others (see Standing). Candidates that break a constraint of the space are passed over. Parameters by which the space has
/// grown are a group of their own, drawn at random until as many trials have them as a study starts with; trials without them go on to
/// teach the others.
/// O(n·d) for n trials per proposal, no allocation per candidate; one objective only.
/// </remarks>
public sealed class TpeSampler : ISampler
{
    // Whole proposals that break a constraint or were tried before are made anew so often, candidates within one so often.
    private const int Attempts = 10;
    private const int Redraws = 10;
    private readonly TpeOptions _options;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public TpeSampler(TpeOptions? options = null)
    {
        _options = options ?? new TpeOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    /// <exception cref="LodeException">NotImplemented: the study has several objectives.</exception>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        SamplerGuards.RequireOneObjective("tpe", history);
        var ranking = new Ranking(history);
        var (trials, points, ranked) = Known(space, history, ranking);
        if (ranked < _options.StartupTrials)
            return UniformDraw.Feasible(space, rng, _options.AvoidDuplicates && KnownPoints.CanRepeat(space) ? new KnownPoints(space, points) : null);
        var known = _options.AvoidDuplicates && KnownPoints.CanRepeat(space) ? new KnownPoints(space, points) : null;
        var groups = Groups.Of(space, points);
        var deciding = Branching.Deciding(space);
        var left = Math.Max(0, (history.Budget ?? (2 * history.Trials.Count)) - history.Trials.Count);
        var models = new GroupModel?[groups.Count];
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var unit = new double[space.Count];
            Array.Fill(unit, double.NaN);
            for (var g = 0; g < groups.Count; g++)
            {
                if (!space.IsActive(groups[g][0], unit))
                    continue;
                models[g] ??= Model(space, groups[g], deciding, trials, points, ranking, left, rng);
                Choose(models[g]!, space, g == groups.Count - 1 ? known : null, g == groups.Count - 1, rng, unit);
            }
            if (space.IsFeasible(unit) && known?.Contains(unit) != true)
                return unit;
        }
        return UniformDraw.Feasible(space, rng, known);
    }

    private static (int[] Trials, double[][] Points, int Ranked) Known(SearchSpace space, History history, in Ranking ranking)
    {
        var trials = new List<int>(history.Trials.Count);
        var points = new List<double[]>(history.Trials.Count);
        var ranked = 0;
        for (var i = 0; i < history.Trials.Count; i++)
        {
            if (!ranking.IsKnown(i))
                continue;
            trials.Add(i);
            points.Add(history.Trials[i].Params.UnitIn(space));
            ranked += ranking.IsRanked(i) ? 1 : 0;
        }
        return ([.. trials], [.. points], ranked);
    }

    // Two densities over a group of dimensions; those that decide on branches are set beforehand.
    private sealed record GroupModel(int[] Dims, ParzenEstimator Good, ParzenEstimator Bad, (int Dim, double Unit)[] Branches);

    private GroupModel Model(SearchSpace space, int[] group, bool[] deciding, int[] trials, double[][] points, in Ranking ranking, int left, Rng rng)
    {
        var members = new List<int>(trials.Length);
        var ranked = 0;
        for (var i = 0; i < trials.Length; i++)
        {
            if (double.IsNaN(points[i][group[0]]))
                continue;
            members.Add(i);
            ranked += ranking.IsRanked(trials[i]) ? 1 : 0;
        }
        // Parameters by which the space has grown (no trial since the first that has them lacks them) begin as a study does.
        if (ranked < _options.StartupTrials && (members.Count == 0 || (members[0] > 0 && members.Count == trials.Length - members[0])))
            members.Clear();
        var good = Best(members, trials, ranking, Math.Min(_options.GoodLimit, (int)Math.Ceiling(_options.GoodShare * ranked)));
        var bad = Others(members, good);
        var branches = new List<(int, double)>();
        if (_options.BranchByBandit)
            foreach (var dim in group)
                if (deciding[dim] && rng.NextDouble() < 0.5 && Branching.Neediest(space, dim, members, trials, points, ranking, left) is var branch && !double.IsNaN(branch))
                    branches.Add((dim, branch));
        return new(
            group,
            new ParzenEstimator(space, group, Pick(points, good), Weights(good, bad, trials, ranking), _options),
            new ParzenEstimator(space, group, Pick(points, bad), Ones(bad.Length), _options),
            [.. branches]);
    }

    // Of the candidates that may be proposed the one of the highest ratio; where the point is whole, those that may not are passed over.
    private void Choose(GroupModel model, SearchSpace space, KnownPoints? known, bool whole, Rng rng, double[] unit)
    {
        Span<double> candidate = space.Count <= 128 ? stackalloc double[space.Count] : new double[space.Count];
        unit.CopyTo(candidate);
        var best = double.NegativeInfinity;
        for (var c = 0; c < _options.Candidates; c++)
        {
            for (var redraw = 0; redraw < Redraws; redraw++)
            {
                model.Good.Sample(rng, candidate);
                foreach (var (dim, coordinate) in model.Branches)
                    candidate[dim] = coordinate;
                if (!whole || (space.IsFeasible(candidate) && known?.Contains(candidate) != true))
                    break;
            }
            var score = model.Good.LogDensity(candidate) - model.Bad.LogDensity(candidate);
            if (c > 0 && !(score > best))
                continue;
            best = score;
            foreach (var dim in model.Dims)
                unit[dim] = candidate[dim];
        }
    }

    // The few best of many, by one pass with a short sorted list; ascending by place.
    private static int[] Best(List<int> members, int[] trials, in Ranking ranking, int count)
    {
        var best = new List<int>(count + 1);
        foreach (var member in members)
        {
            if (!ranking.IsRanked(trials[member]) || (best.Count == count && (count == 0 || !ranking.IsBetter(trials[member], trials[best[^1]]))))
                continue;
            var at = best.Count;
            while (at > 0 && ranking.IsBetter(trials[member], trials[best[at - 1]]))
                at--;
            best.Insert(at, member);
            if (best.Count > count)
                best.RemoveAt(count);
        }
        best.Sort();
        return [.. best];
    }

    // Both ascend.
    private static int[] Others(List<int> members, int[] good)
    {
        var others = new int[members.Count - good.Length];
        var (next, skipped) = (0, 0);
        foreach (var member in members)
        {
            if (skipped < good.Length && good[skipped] == member)
                skipped++;
            else
                others[next++] = member;
        }
        return others;
    }

    // The EI weighting of Watanabe 2023: the improvement over the best of the others, in means; so scale and shift of the
    // objective do not matter. Where a loss is unknown or infinite all weigh the same.
    private double[] Weights(int[] good, int[] bad, int[] trials, in Ranking ranking)
    {
        var weights = Ones(good.Length);
        if (_options.Weighting == TpeWeighting.Uniform)
            return weights;
        var threshold = double.PositiveInfinity;
        foreach (var member in bad)
            if (ranking.Loss(trials[member]) < threshold)
                threshold = ranking.Loss(trials[member]);
        var sum = 0.0;
        for (var i = 0; i < good.Length; i++)
            sum += threshold - ranking.Loss(trials[good[i]]);
        if (!double.IsFinite(sum) || sum <= 0)
            return weights;
        for (var i = 0; i < good.Length; i++)
            weights[i] = Math.Max(1e-6, (threshold - ranking.Loss(trials[good[i]])) * good.Length / sum);
        return weights;
    }

    private static double[][] Pick(double[][] points, int[] members) => Array.ConvertAll(members, member => points[member]);

    private static double[] Ones(int count)
    {
        var ones = new double[count];
        Array.Fill(ones, 1);
        return ones;
    }
}
