using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Looks for the point of the highest acquisition: many candidates (random ones, and neighbours of the best trials at several distances) are
/// scored at once; the best are improved, numbers by their gradient, choices and short grids one at a time (as Optuna's GP sampler does).
/// Numbers stay in a <see cref="TrustRegion"/>.
/// </summary>
internal sealed class GpSearch
{
    private const int ShortGrid = 16;
    private const int Batch = 64;
    private const int Incumbents = 5;
    private readonly SearchSpace _space;
    private readonly GpData _data;
    private readonly GpPosterior _posterior;
    private readonly GpOptions _options;
    private readonly Embedding _embedding;
    private readonly GpModel[] _models;
    private readonly (GpModel Model, double Best)[] _draws;
    private readonly double[] _rows;
    private readonly double[] _raws;
    private readonly double[] _means;
    private readonly double[] _variances;
    private readonly double[] _memory;
    private readonly double[] _active;
    private readonly TrustRegion _region;
    private readonly double[] _reach;
    private IntegratedVariance? _integrated;

    public GpSearch(SearchSpace space, GpData data, GpPosterior posterior, GpOptions options, TrustRegion region)
    {
        (_space, _data, _posterior, _options, _embedding) = (space, data, posterior, options, data.Embedding);
        _models = [posterior.Objective, .. posterior.Constraints];
        // Only what is an expectation can be averaged.
        _draws = options.Acquisition is GpAcquisition.LogEi or GpAcquisition.Pi ? posterior.Draws : [];
        var n = posterior.Objective.Count;
        var d = _embedding.Dims.Length;
        _region = region;
        _reach = region.Reach(posterior.Objective.Parameters.AsSpan(0, d), Array.ConvertAll(_embedding.Dims, dim => space.Dimensions[dim].Kind != DimensionKind.Nominal));
        _rows = new double[Batch * n];
        (_raws, _means, _variances) = (new double[Batch * d], new double[Batch], new double[Batch]);
        (_memory, _active) = (new double[3 * n], new double[space.Count]);
    }

    /// <summary>The coordinates of the best point found that is not known yet; of all known ones a random one.</summary>
    public double[] Run(Rng rng)
    {
        var candidates = Candidates(rng.Child(1));
        if (candidates.Count == 0)
            return new RandomSampler().Propose(_space, new History([Direction.Minimize], []), rng);
        if (_options.Acquisition == GpAcquisition.IntegratedVariance)
            _integrated = new IntegratedVariance(_space, _posterior.Objective, rng.Child(2));
        var scores = new double[candidates.Count];
        if (_options.Acquisition == GpAcquisition.Thompson)
            Draw(candidates, scores, rng.Child(3));
        else
            Score(candidates, scores);
        var order = Enumerable.Range(0, scores.Length).ToArray();
        Array.Sort(order, (a, b) => scores[a] != scores[b] ? scores[b].CompareTo(scores[a]) : a.CompareTo(b));
        var (best, bestScore) = (Array.Empty<double>(), double.NegativeInfinity);
        if (_options.Acquisition != GpAcquisition.Thompson)
        {
            foreach (var start in Starts(candidates, scores, order))
            {
                var unit = (double[])candidates[start].Clone();
                var score = Improve(unit, scores[start]);
                if (score > bestScore && !IsKnown(unit))
                    (best, bestScore) = (unit, score);
            }
        }
        foreach (var c in order)
        {
            if (best.Length > 0 && !(scores[c] > bestScore))
                break;
            if (IsKnown(candidates[c]))
                continue;
            best = candidates[c];
            break;
        }
        return best.Length > 0 ? best : candidates[rng.Child(4).NextInt32(candidates.Count)];
    }

    /// <summary>Replaces the coordinates of inactive parameters by NaN.</summary>
    public static void Deactivate(SearchSpace space, Span<double> unit)
    {
        foreach (var i in space.ParentsFirstOrder)
            if (!space.IsActive(i, unit))
                unit[i] = double.NaN;
    }

    /// <summary>The score of a point, and the prediction of its warped loss.</summary>
    public (double Score, double Mean, double Deviation) Look(ReadOnlySpan<double> unit)
    {
        Encode(unit, _raws.AsSpan(0, _embedding.Dims.Length));
        Span<double> score = stackalloc double[1];
        ScoreBatch(1, score); // the objective comes last
        return (score[0], _means[0], Math.Sqrt(_variances[0]));
    }

    // Every candidate has a coordinate for every parameter, active or not: a branch that is switched on has one to start from.
    private List<double[]> Candidates(Rng rng)
    {
        var count = Math.Clamp((int)(_options.Candidates * 300.0 / Math.Max(300, _posterior.Objective.Count)), 16, _options.Candidates);
        var candidates = new List<double[]>(count);
        var incumbents = _posterior.Ranked[..Math.Min(_region.IsBounded ? 1 : Incumbents, _posterior.Ranked.Length)];
        for (var attempt = 0; candidates.Count < count && attempt < 20 * count; attempt++)
        {
            var unit = new double[_space.Count];
            foreach (ref var coordinate in unit.AsSpan())
                coordinate = rng.NextDouble();
            // Two of five near a good trial.
            if (attempt % 5 < 2)
                Perturb(incumbents[attempt / 5 % incumbents.Length], unit, rng);
            else if (_region.IsBounded)
                Approach(unit, rng);
            if (_space.IsFeasible(unit))
                candidates.Add(unit);
        }
        return candidates;
    }

    // The random point becomes a neighbour of a known one: each coordinate that is changed moves by a normal step, choices at random.
    private void Perturb(int member, double[] unit, Rng rng)
    {
        var raw = _posterior.Objective.Raw.AsSpan(member * _embedding.Dims.Length, _embedding.Dims.Length);
        var radius = Math.Pow(10, -0.5 - (2.5 * rng.NextDouble()));
        var share = rng.NextInt32(2) == 0 ? 1 : Math.Min(1, 2.0 / raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            var dim = _embedding.Dims[i];
            if (double.IsNaN(raw[i]))
                continue;
            var nominal = _space.Dimensions[dim].Kind == DimensionKind.Nominal;
            var change = rng.NextDouble() < (nominal ? 0.5 / raw.Length : share);
            if (nominal && change)
                continue;
            unit[dim] = nominal ? (raw[i] + 0.5) / _space.Dimensions[dim].Levels
                : change ? Reflect(raw[i] + Math.Clamp(radius * rng.NextGaussian(), -_reach[i], _reach[i])) : raw[i];
        }
    }

    // Draws a random point into the trust region; in many dimensions only some coordinates (about 20, Eriksson et al. 2019) leave
    // the best point, since points that differ from it in all of them are all far away.
    private void Approach(double[] unit, Rng rng)
    {
        var raw = Best;
        var share = 20.0 / raw.Length;
        for (var i = 0; i < raw.Length; i++)
        {
            var dim = _embedding.Dims[i];
            if (double.IsNaN(raw[i]) || _space.Dimensions[dim].Kind == DimensionKind.Nominal)
                continue;
            var (low, high) = (Math.Max(0, raw[i] - _reach[i]), Math.Min(1, raw[i] + _reach[i]));
            unit[dim] = share < 1 && rng.NextDouble() >= share ? raw[i] : low + ((high - low) * unit[dim]);
        }
    }

    private ReadOnlySpan<double> Best => _posterior.Objective.Raw.AsSpan(_posterior.Ranked[0] * _embedding.Dims.Length, _embedding.Dims.Length);

    private static double Reflect(double x) => Math.Clamp(x < 0 ? -x : x > 1 ? 2 - x : x, 0, 1);

    // The best candidates that are not close to one another, and the incumbent.
    private List<int> Starts(List<double[]> candidates, double[] scores, int[] order)
    {
        var starts = new List<int>();
        var limit = Math.Clamp((int)Math.Ceiling(_options.Starts * 400.0 / Math.Max(400, _posterior.Objective.Count)), 1, _options.Starts);
        foreach (var c in order)
        {
            if (starts.Count == limit || double.IsNegativeInfinity(scores[c]))
                break;
            var near = false;
            foreach (var start in starts)
            {
                var largest = 0.0;
                for (var i = 0; i < _space.Count; i++)
                    largest = Math.Max(largest, Math.Abs(candidates[c][i] - candidates[start][i]));
                near |= largest < 0.1;
            }
            if (!near)
                starts.Add(c);
        }
        return starts;
    }

    private void Score(List<double[]> candidates, double[] scores)
    {
        var d = _embedding.Dims.Length;
        for (var from = 0; from < candidates.Count; from += Batch)
        {
            var count = Math.Min(Batch, candidates.Count - from);
            for (var i = 0; i < count; i++)
                Encode(candidates[from + i], _raws.AsSpan(i * d, d));
            ScoreBatch(count, scores.AsSpan(from, count));
        }
    }

    private void Encode(ReadOnlySpan<double> unit, Span<double> raw)
    {
        unit.CopyTo(_active);
        Deactivate(_space, _active);
        _embedding.Encode(_active, raw);
    }

    // The first points of _raws. The objective itself comes last: its means and variances are left behind.
    private void ScoreBatch(int count, Span<double> scores)
    {
        scores.Clear();
        var raws = _raws.AsSpan(0, count * _embedding.Dims.Length);
        Span<double> gains = stackalloc double[count];
        gains.Fill(double.NegativeInfinity);
        foreach (var (draw, best) in _draws)
        {
            draw.Predict(raws, _means.AsSpan(0, count), _variances.AsSpan(0, count), _rows);
            for (var i = 0; i < count; i++)
                gains[i] = LogSum(gains[i], Score(0, _means[i], Math.Sqrt(_variances[i]), best).Value);
        }
        for (var k = _models.Length - 1; k >= 0; k--)
        {
            _models[k].Predict(raws, _means.AsSpan(0, count), _variances.AsSpan(0, count), _rows);
            for (var i = 0; i < count; i++)
                scores[i] += k == 0 && _integrated is not null
                    ? _integrated.Reduction(raws.Slice(i * _embedding.Dims.Length, _embedding.Dims.Length), _rows.AsSpan(i * _models[0].Count, _models[0].Count), _variances[i])
                    : LogSum(k == 0 ? gains[i] : double.NegativeInfinity, Score(k, _means[i], Math.Sqrt(_variances[i]), _posterior.Best).Value);
        }
    }

    private static double LogSum(double a, double b) => double.IsNegativeInfinity(a) ? b : Math.Max(a, b) + Math.Log(1 + Math.Exp(-Math.Abs(a - b)));

    private (double Value, double ByMean, double ByDeviation) Score(int model, double mean, double deviation, double best) =>
        model > 0 ? Acquisition.LogPi(mean, deviation, 0)
        : !_posterior.AnyFeasible && _options.Acquisition is not (GpAcquisition.MaxVariance or GpAcquisition.IntegratedVariance) ? default
        : Acquisition.Score(_options.Acquisition, mean, deviation, best, _options.Beta);

    private double Improve(double[] unit, double score)
    {
        for (var round = 0; round < 2; round++)
        {
            var before = score;
            if (_integrated is null)
                score = Climb(unit, score);
            score = Switch(unit, score);
            if (!(score > before + 1e-6))
                break;
        }
        return score;
    }

    // Numbers, by the gradient of the acquisition; a long grid as if it had no steps, then rounded.
    private double Climb(double[] unit, double score)
    {
        var d = _embedding.Dims.Length;
        var raw = new double[d];
        Encode(unit, raw);
        var free = new List<int>();
        for (var i = 0; i < d; i++)
            if (!double.IsNaN(raw[i]) && _space.Dimensions[_embedding.Dims[i]] is { Kind: not DimensionKind.Nominal, Levels: 0 or > ShortGrid })
                free.Add(i);
        if (free.Count == 0)
            return score;
        var x = free.Select(i => raw[i]).ToArray();
        var (lower, upper) = (new double[x.Length], new double[x.Length]);
        Array.Fill(upper, 1);
        for (var i = 0; i < x.Length && _region.IsBounded; i++)
        {
            var (center, reach) = (Best[free[i]], _reach[free[i]]);
            if (!double.IsNaN(center))
                (lower[i], upper[i]) = (Math.Max(0, Math.Min(center - reach, x[i])), Math.Min(1, Math.Max(center + reach, x[i])));
        }
        var (meanSlopes, varianceSlopes, gains) = (new double[d], new double[d], new double[x.Length]);
        new BoundedLbfgs(x.Length).Minimize((at, gradient) =>
        {
            for (var i = 0; i < at.Length; i++)
                raw[free[i]] = at[i];
            gradient.Clear();
            var (sum, gain) = (0.0, double.NegativeInfinity);
            for (var k = -_draws.Length; k < _models.Length; k++)
            {
                var (model, best) = k < 0 ? _draws[-1 - k] : (_models[k], _posterior.Best);
                var (mean, variance) = model.PredictOne(raw, meanSlopes, varianceSlopes, _memory);
                var deviation = Math.Sqrt(variance);
                var (value, byMean, byDeviation) = Score(Math.Max(k, 0), mean, deviation, best);
                var total = k > 0 ? value : LogSum(gain, value);
                // Of a logarithm of a sum every term's slope counts by its part of the sum.
                var (kept, part) = k > 0 ? (1, 1) : (Math.Exp(gain - total), Math.Exp(value - total));
                for (var i = 0; i < at.Length; i++)
                    gains[i] = (kept * (k == -_draws.Length ? 0 : gains[i])) + (part * ((byMean * meanSlopes[free[i]]) + (byDeviation * varianceSlopes[free[i]] / (2 * deviation))));
                (sum, gain) = k >= 0 ? (sum - total, total) : (sum, total);
            }
            for (var i = 0; i < at.Length; i++)
                gradient[i] = -gains[i];
            return sum;
        }, x, lower, upper, 40, 1e-6);
        var moved = (double[])unit.Clone();
        for (var i = 0; i < x.Length; i++)
            moved[_embedding.Dims[free[i]]] = x[i];
        return Accept(moved, unit, score);
    }

    // Choices and grids, one parameter after the other: every value of a short one, near and far neighbours on a long one.
    private double Switch(double[] unit, double score)
    {
        var trial = (double[])unit.Clone();
        Span<double> scores = stackalloc double[Batch];
        Span<double> places = stackalloc double[Batch];
        var d = _embedding.Dims.Length;
        for (var i = 0; i < d; i++)
        {
            var dim = _embedding.Dims[i];
            var levels = _space.Dimensions[dim].Levels;
            unit.CopyTo(_active, 0);
            Deactivate(_space, _active);
            if (levels == 0 || double.IsNaN(_active[dim]))
                continue;
            var count = Places(dim, levels, unit[dim], places);
            for (var c = 0; c < count; c++)
            {
                trial[dim] = places[c];
                Encode(trial, _raws.AsSpan(c * d, d));
            }
            ScoreBatch(count, scores[..count]);
            var best = -1;
            for (var c = 0; c < count; c++)
            {
                trial[dim] = places[c];
                if (scores[c] > score + 1e-9 && _space.IsFeasible(trial))
                    (best, score) = (c, scores[c]);
            }
            trial[dim] = unit[dim] = best < 0 ? unit[dim] : places[best];
        }
        return score;
    }

    private int Places(int dim, long levels, double at, Span<double> places)
    {
        var count = 0;
        if (levels <= Batch && (levels <= ShortGrid || _space.Dimensions[dim].Kind == DimensionKind.Nominal))
        {
            for (var level = 0; level < levels; level++)
                places[count++] = (level + 0.5) / levels;
            return count;
        }
        var cell = _space.Cell(dim, at);
        var width = Math.Max(cell.High - cell.Low, 1e-12);
        foreach (var step in (ReadOnlySpan<double>)[1, 2, 4, 8])
        {
            places[count++] = Math.Clamp(cell.Center + (step * width), 0, 1);
            places[count++] = Math.Clamp(cell.Center - (step * width), 0, 1);
        }
        return count;
    }

    private double Accept(double[] moved, double[] unit, double score)
    {
        if (!_space.IsFeasible(moved))
            return score;
        Encode(moved, _raws.AsSpan(0, _embedding.Dims.Length));
        Span<double> now = stackalloc double[1];
        ScoreBatch(1, now);
        if (!(now[0] > score))
            return score;
        moved.CopyTo(unit, 0);
        return now[0];
    }

    private bool IsKnown(double[] unit)
    {
        var raw = new double[_embedding.Dims.Length];
        Encode(unit, raw);
        for (var i = 0; i < _data.Count; i++)
            if (GpData.Distance(_embedding, raw, _data.Point(i)) == 0)
                return true;
        for (var i = 0; i < _data.Pending.Length; i += raw.Length)
            if (GpData.Distance(_embedding, raw, _data.Pending.AsSpan(i, raw.Length)) == 0)
                return true;
        return false;
    }

    // One function drawn from the posterior, at a part of the candidates (Thompson 1933; cubic in their number).
    private void Draw(List<double[]> candidates, double[] scores, Rng rng)
    {
        var d = _embedding.Dims.Length;
        var count = Math.Min(candidates.Count, 384);
        Array.Fill(scores, double.NegativeInfinity);
        var raws = new double[count * d];
        for (var i = 0; i < count; i++)
            Encode(candidates[i], raws.AsSpan(i * d, d));
        var penalties = new double[count];
        for (var k = _models.Length - 1; k >= 0; k--)
        {
            var model = _models[k];
            var (means, variances, rows) = (new double[count], new double[count], new double[count * model.Count]);
            model.Predict(raws, means, variances, rows);
            for (var i = 0; i < count && k > 0; i++)
                penalties[i] += Acquisition.LogPi(means[i], Math.Sqrt(variances[i]), 0).Value;
            if (k > 0)
                continue;
            var covariance = new double[count * count];
            for (var i = 0; i < count; i++)
                for (var j = 0; j <= i; j++)
                    covariance[(i * count) + j] = (i == j ? 1e-6 : 0) + model.Prior(raws.AsSpan(i * d, d), raws.AsSpan(j * d, d))
                        - Vectors.Dot(rows.AsSpan(i * model.Count, model.Count), rows.AsSpan(j * model.Count, model.Count));
            var normal = new double[count];
            foreach (ref var deviate in normal.AsSpan())
                deviate = rng.NextGaussian();
            var drawn = Cholesky.TryDecompose(covariance, count);
            for (var i = 0; i < count; i++)
                scores[i] = penalties[i] - means[i] - (drawn ? Vectors.Dot(covariance.AsSpan(i * count, i + 1), normal) : Math.Sqrt(variances[i]) * normal[i]);
        }
    }
}
