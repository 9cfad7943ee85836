using Lode.Core;

namespace Lode.Optimization;

/// <summary>Parameters fitted on the first trials of a study, and how losses are warped.</summary>
/// <param name="Trained">How many trials it was fitted on.</param>
/// <param name="Warp">The map of losses.</param>
/// <param name="Objective">The parameters of the objective's model.</param>
/// <param name="Draws">Other parameters that explain the losses about as well, see <see cref="LaplaceDraws"/>; empty once trials are many.</param>
/// <param name="Constraints">The parameters of each outcome constraint's model.</param>
internal sealed record GpFit(int Trained, OutputWarp.Kind Warp, double[] Objective, double[][] Draws, double[][] Constraints)
{
    private const int WarpSample = 64;

    // With more trials the parameters are known well, and each further model costs more.
    private const int DrawLimit = 80;

    /// <summary>
    /// How many of n trials the parameters are fitted on: all while they are few; then they are fitted anew each time that a sixteenth more is known.
    /// A function of n alone, so that it does not matter who asked before.
    /// </summary>
    public static int Schedule(int n)
    {
        var trained = Math.Min(n, 24);
        while (trained + (trained / 16) <= n && trained >= 16 && trained / 16 > 0)
            trained += trained / 16;
        return trained;
    }

    /// <summary>The parameters of highest posterior density, by a few deterministic starts.</summary>
    public static GpFit Of(GpData data, int trained, GpOptions options)
    {
        var losses = data.Losses[..trained];
        var kinds = OutputWarp.Choices(losses, options.OutputWarping);
        var best = kinds[0];
        if (kinds.Length > 1)
        {
            var sample = data.Choose(trained, WarpSample);
            var evidence = double.PositiveInfinity;
            foreach (var kind in kinds)
            {
                var warp = new OutputWarp(losses, kind);
                var some = Array.ConvertAll(sample, i => losses[i]);
                var (_, value) = Maximise(data.Embedding, Pick(data, sample), Array.ConvertAll(some, warp.Forward), options.NoiseFloor, [0.0], 30);
                value -= warp.LogSlopes(some);
                if (!(value < evidence))
                    continue;
                (evidence, best) = (value, kind);
            }
        }
        var chosen = data.Choose(trained, options.FitLimit);
        var map = new OutputWarp(losses, best);
        var (raw, targets) = (Pick(data, chosen), Array.ConvertAll(chosen, i => map.Forward(losses[i])));
        var (objective, _) = Maximise(data.Embedding, raw, targets, options.NoiseFloor, [0.0, 1.2], 50);
        var draws = trained > DrawLimit ? [] : LaplaceDraws.Of(new MarginalLikelihood(data.Embedding, raw, targets, options.NoiseFloor), objective, options.Draws, new Rng(0, (ulong)trained));
        var constraints = Array.ConvertAll(data.Constraints, outcome => FitConstraint(data, outcome, chosen, options));
        return new GpFit(trained, best, objective, draws, constraints);
    }

    /// <summary>The targets of a constraint's model: the sign is kept, far values are brought nearer.</summary>
    public static double[] Targets(double[] outcome)
    {
        var sizes = outcome.Where(double.IsFinite).Select(Math.Abs).Order().ToArray();
        var unit = sizes.Length == 0 || sizes[sizes.Length / 2] is not (> 0 and < 1e300) ? 1 : sizes[sizes.Length / 2];
        // What was not told counts as broken.
        return Array.ConvertAll(outcome, value => double.IsNaN(value) ? 1 : Math.Asinh(Math.Clamp(value, -1e300, 1e300) / unit));
    }

    private static double[] FitConstraint(GpData data, double[] outcome, int[] chosen, GpOptions options)
    {
        var targets = Targets(outcome);
        return Maximise(data.Embedding, Pick(data, chosen), Array.ConvertAll(chosen, i => targets[i]), options.NoiseFloor, [0.0], 50).Parameters;
    }

    private static (double[] Parameters, double Value) Maximise(Embedding embedding, double[] raw, double[] y, double noiseFloor, double[] lengths, int evaluations)
    {
        var likelihood = new MarginalLikelihood(embedding, raw, y, noiseFloor);
        var (d, count) = (embedding.Dims.Length, embedding.ParameterCount);
        var (lower, upper) = (new double[count], new double[count]);
        likelihood.Bounds(lower, upper);
        var search = new BoundedLbfgs(count);
        var (best, value) = (Array.Empty<double>(), double.PositiveInfinity);
        foreach (var length in lengths)
        {
            var parameters = new double[count];
            Array.Fill(parameters, MarginalLikelihood.LengthMode(d) + length, 0, d);
            // With few data two explanations compete: a function that bends and no noise, or a smooth one and much noise.
            parameters[d + 1] = Math.Log(length == 0 ? 1e-3 : 0.2);
            var found = search.Minimize(likelihood.Evaluate, parameters, lower, upper, evaluations, 1e-3);
            if (best.Length > 0 && !(found < value))
                continue;
            (best, value) = (parameters, found);
        }
        return (best, value);
    }

    private static double[] Pick(GpData data, int[] chosen)
    {
        var d = data.Embedding.Dims.Length;
        var raw = new double[chosen.Length * d];
        for (var i = 0; i < chosen.Length; i++)
            data.Point(chosen[i]).CopyTo(raw.AsSpan(i * d));
        return raw;
    }
}
