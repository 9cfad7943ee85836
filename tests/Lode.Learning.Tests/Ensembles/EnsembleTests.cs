using Lode.Core;
using Lode.Learning.Tests.Oracles;

namespace Lode.Learning.Tests.Ensembles;

public sealed class EnsembleTests
{
    private static readonly Metric s_logLoss = MetricCatalog.Get("log_loss");

    [Fact]
    public void Choose_OracleCases_PickTheSameAtEveryRound() => Assert.All(Oracle.Cases("misc"), item =>
    {
        var greedy = item.GetProperty("greedy_ensemble_caruana");
        var truth = greedy.GetProperty("y").Classes();
        Predictions[] models = [.. greedy.GetProperty("models").Rows().Select(model => Binary(truth, model))];
        var losses = new EnsembleLoss(s_logLoss, truth, [], models);
        var state = losses.Start();
        foreach (var pick in greedy.GetProperty("picks").EnumerateArray())
        {
            var best = Enumerable.Range(0, models.Length).MinBy(state.With);
            Assert.Equal(pick.GetProperty("pick").GetInt32(), best);
            Assert.Equal(pick.GetProperty("loss").GetDouble(), state.With(best), 1e-9);
            state.Add(best);
        }
        var picks = greedy.GetProperty("picks").EnumerateArray().Select(pick => pick.GetProperty("loss").GetDouble()).ToArray();
        var (weights, loss) = EnsembleSelection.Choose(losses, picks.Length);
        Assert.Equal(picks.Min(), loss, 1e-7);
        Assert.Equal(1, weights.Sum(), 1e-12);
    });

    [Fact]
    public void Calibration_OfTooSureProbabilities_FindsTheTemperatureAndTakesZerosAway()
    {
        // Honest probabilities sharpened by a temperature of 1/2, a few of them to exact zeros on rows of the other class.
        var rng = new Rng(3);
        var (honest, sharp, labels) = (new double[8000], new double[8000], new int[4000]);
        for (var row = 0; row < labels.Length; row++)
        {
            var p = 0.05 + (0.9 * rng.NextDouble());
            labels[row] = rng.NextDouble() < p ? 1 : 0;
            var q = p * p / ((p * p) + ((1 - p) * (1 - p)));
            (honest[2 * row], honest[(2 * row) + 1], sharp[2 * row], sharp[(2 * row) + 1]) = (1 - p, p, 1 - q, q);
        }
        var truth = Target.Classification("y", labels, ["no", "yes"]);
        var calibration = ProbabilityCalibration.Fit(truth, new Predictions(sharp, truth.Classes));
        Assert.InRange(calibration.Temperature, 1.7, 2.3);
        var calibrated = sharp.ToArray();
        calibration.Apply(calibrated);
        Assert.Equal(s_logLoss.Score(truth, new Predictions(honest, truth.Classes)), s_logLoss.Score(truth, new Predictions(calibrated, truth.Classes)), 0.005);

        var zeros = sharp.ToArray();
        for (var row = 0; row < labels.Length; row += 100)
            (zeros[(2 * row) + labels[row]], zeros[(2 * row) + 1 - labels[row]]) = (0, 1);
        calibration = ProbabilityCalibration.Fit(truth, new Predictions(zeros, truth.Classes));
        calibration.Apply(zeros);
        Assert.True(calibration.Mixture > 0);
        Assert.All(zeros, value => Assert.InRange(value, 1e-9, 1 - 1e-9));
    }

    [Fact]
    public void Correct_TheBestOfManyThatKnowNothing_IsSeenThrough()
    {
        // Forty guessers of coins: the best looks better than chance on these rows, and is not.
        var rng = new Rng(9);
        var truth = Target.Classification("y", [.. Enumerable.Range(0, 200).Select(_ => rng.NextInt32(2))], ["no", "yes"]);
        Predictions[] guesses = [.. Enumerable.Range(0, 40).Select(_ => Binary(truth, [.. Enumerable.Range(0, 200).Select(_ => rng.NextDouble())]))];
        var accuracy = MetricCatalog.Get("accuracy");
        var best = Enumerable.Range(0, guesses.Length).MaxBy(guess => accuracy.Score(truth, guesses[guess]));
        var score = BiasCorrection.Correct(accuracy, truth, [], guesses, best, new Rng(1));
        Assert.True(score.CrossValidated > 0.56, $"{score}");
        Assert.True(score.Corrected < score.CrossValidated - 0.03, $"{score}");
        Assert.InRange(0.5, score.Low - 0.02, score.High);
    }

    private static Predictions Binary(Target truth, double[] second) => new([.. second.SelectMany(p => new[] { 1 - p, p })], truth.Classes);
}
