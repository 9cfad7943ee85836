namespace Lode.Optimization;

/// <summary>What is believed after some trials: the models of the loss and of outcome constraints, running trials believed in.</summary>
internal sealed class GpPosterior
{
    private GpPosterior(OutputWarp warp, GpModel objective, (GpModel, double)[] draws, GpModel[] constraints, double best, bool anyFeasible, int[] ranked)
    {
        (Warp, Objective, Draws, Constraints, Best, AnyFeasible, Ranked) = (warp, objective, draws, constraints, best, anyFeasible, ranked);
    }

    /// <summary>The map of losses.</summary>
    public OutputWarp Warp { get; }

    /// <summary>The model of warped losses.</summary>
    public GpModel Objective { get; }

    /// <summary>The same losses explained by other parameters, see <see cref="LaplaceDraws"/>, and <see cref="Best"/> in their eyes.</summary>
    public (GpModel Model, double Best)[] Draws { get; }

    /// <summary>The models of constraints, see <see cref="GpFit.Targets"/>.</summary>
    public GpModel[] Constraints { get; }

    /// <summary>The lowest posterior mean of a (feasible) trial, warped: noise makes no incumbent.</summary>
    public double Best { get; }

    /// <summary>Whether any trial is feasible: if none, feasibility is all that is looked for.</summary>
    public bool AnyFeasible { get; }

    /// <summary>The model's points from low to high posterior mean, feasible ones first.</summary>
    public int[] Ranked { get; }

    /// <summary>The models of these data; at least one loss told.</summary>
    public static GpPosterior Of(GpData data, GpOptions options, GpCache cache)
    {
        var trained = GpFit.Schedule(data.Count);
        var whole = trained;
        int[] members;
        if (data.Count <= options.ModelLimit)
        {
            members = [.. Enumerable.Range(0, data.Count)];
        }
        else
        {
            // A part chosen now and then, and all that came since: so most proposals only add a row to what is known.
            var slack = options.ModelLimit / 8;
            whole = data.Count / slack * slack;
            trained = Math.Min(trained, whole);
            members = [.. data.Choose(whole, options.ModelLimit - slack), .. Enumerable.Range(whole, data.Count - whole)];
        }
        var fit = cache.Fit(data, trained, () => GpFit.Of(data, trained, options));
        var warp = new OutputWarp(data.Losses, fit.Warp);
        var raw = new double[members.Length * data.Embedding.Dims.Length];
        for (var i = 0; i < members.Length; i++)
            data.Point(members[i]).CopyTo(raw.AsSpan(i * data.Embedding.Dims.Length));
        var objective = Model(cache, fit, 0, fit.Objective, data.Embedding, raw, Array.ConvertAll(members, i => warp.Forward(data.Losses[i])));
        var constraints = new GpModel[data.Constraints.Length];
        for (var k = 0; k < constraints.Length; k++)
        {
            var targets = GpFit.Targets(data.Constraints[k]);
            constraints[k] = Model(cache, fit, k + 1, fit.Constraints[k], data.Embedding, raw, Array.ConvertAll(members, i => targets[i]));
        }
        var means = objective.FittedMeans();
        var feasible = Array.ConvertAll(members, data.IsFeasible);
        var ranked = Enumerable.Range(0, members.Length).ToArray();
        Array.Sort(ranked, (a, b) => feasible[a] != feasible[b] ? feasible[b].CompareTo(feasible[a]) : means[a] != means[b] ? means[a].CompareTo(means[b]) : a.CompareTo(b));
        var anyFeasible = feasible[ranked[0]];
        var limits = Array.ConvertAll(constraints, model => Believe(model, data.Pending));
        (GpModel, double) Explain(GpModel model, double[] seen)
        {
            var (believed, best) = (Believe(model, data.Pending), double.PositiveInfinity);
            for (var i = 0; i < seen.Length; i++)
                best = feasible[i] == anyFeasible ? Math.Min(best, seen[i]) : best;
            // What a running trial is believed to give, and to be feasible, is to be improved on as well.
            for (var i = seen.Length; i < believed.Count; i++)
                best = Array.TrueForAll(limits, limit => limit.Y[i] <= 0) ? Math.Min(best, believed.Y[i]) : best;
            return (believed, best);
        }
        var (expected, lowest) = Explain(objective, means);
        var draws = Array.ConvertAll(fit.Draws, draw => GpModel.Fit(data.Embedding, draw, raw, objective.Y));
        return new GpPosterior(warp, expected, Array.ConvertAll(draws, draw => Explain(draw, draw.FittedMeans())), limits, lowest, anyFeasible, ranked);
    }

    private static GpModel Model(GpCache cache, GpFit fit, int number, double[] parameters, Embedding embedding, double[] raw, double[] y)
    {
        var known = cache.Model(fit, number, raw);
        var model = known is null ? GpModel.Fit(embedding, parameters, raw, y)
            : known.Raw.Length == raw.Length ? known.With(y)
            : GpModel.Fit(embedding, known.Parameters, raw, y, known);
        cache.Keep(fit, number, model);
        return model;
    }

    private static GpModel Believe(GpModel model, double[] pending)
    {
        if (pending.Length == 0)
            return model;
        var count = pending.Length / model.Embedding.Dims.Length;
        var (means, variances) = (new double[count], new double[count]);
        model.Predict(pending, means, variances, new double[count * model.Count]);
        return model.Add(pending, means);
    }
}
