using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// The tree-structured Parzen estimator: models where good trials lie, l(x), and where the others lie, g(x), draws candidates
/// from l and proposes the one with the highest l(x)/g(x), which is the one of highest expected improvement.
/// </summary>
/// <remarks>
/// Bergstra, Bardenet, Bengio, Kégl (NeurIPS 2011), section 4, eq. 2 and 3; Watanabe (arXiv 2304.11127, 2023), algorithm 1.
/// Multivariate: parameters that are always present together share one density, so interactions are seen; branches of a
/// conditional space are modelled each from its own trials. Running and failed trials count as bad (see Ranking).
/// O(n·d) for n trials per proposal, no allocation per candidate; one objective only.
/// </remarks>
public sealed class TpeSampler : ISampler
{
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
        if (history.Directions.Count != 1)
            throw new LodeException(ErrorCode.NotImplemented, $"The sampler 'tpe' takes one objective; the study has {history.Directions.Count}.", "Use the sampler 'random'.");
        var unit = new double[space.Count];
        var ranking = new Ranking(history);
        var (trials, points, ranked) = Known(space, history, ranking);
        if (ranked < _options.StartupTrials)
        {
            foreach (ref var coordinate in unit.AsSpan())
                coordinate = rng.NextDouble();
            return unit;
        }
        Array.Fill(unit, double.NaN);
        foreach (var group in Groups.Of(space, points))
            if (space.IsActive(group[0], unit))
                ProposeGroup(space, group, trials, points, ranking, rng, unit);
        return unit;
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

    private void ProposeGroup(SearchSpace space, int[] group, int[] trials, double[][] points, in Ranking ranking, Rng rng, double[] unit)
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
        var good = Best(members, trials, ranking, Math.Min(_options.GoodLimit, (int)Math.Ceiling(_options.GoodShare * ranked)));
        var bad = Others(members, good);
        var l = new ParzenEstimator(space, group, Pick(points, good), Weights(good, bad, trials, ranking), _options);
        var g = new ParzenEstimator(space, group, Pick(points, bad), Ones(bad.Length), _options);

        var candidate = new double[space.Count];
        var best = double.NegativeInfinity;
        for (var c = 0; c < _options.Candidates; c++)
        {
            l.Sample(rng, candidate);
            var score = l.LogDensity(candidate) - g.LogDensity(candidate);
            if (c > 0 && !(score > best))
                continue;
            best = score;
            foreach (var dim in group)
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

    // Watanabe 2023, the EI weighting: the improvement over the best of the others, in means; so scale and shift of the
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
