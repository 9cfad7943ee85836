using Lode.Optimization;

namespace Lode.Learning;

/// <summary>A family whose search also asks whether rows of rare classes should count more, or be drawn more often. For classes of very unequal size, and metrics that look at
/// classes or their order: to scores of probabilities such weights do harm, since they say that rare is frequent.</summary>
internal sealed class BalancedFamily(IModelFamily inner) : IModelFamily
{
    private const string Setting = "balance";

    public string Name => inner.Name;

    public int Complexity => inner.Complexity;

    public bool SaysQuantiles => inner.SaysQuantiles;

    public bool FindsIterations => inner.FindsIterations;

    /// <summary>Whether the smallest class has less than half of an even share, and the metric may gain by it.</summary>
    public static bool Helps(DataTraits traits, Metric metric) => traits.Task == TaskKind.Classification && metric.Name is not ("log_loss" or "brier" or "accuracy")
        && (double)traits.SmallestClass * traits.Classes < 0.5 * traits.Rows;

    public bool Suits(DataTraits traits) => inner.Suits(traits);

    public SearchSpace Space(DataTraits traits) => new([.. inner.Space(traits), new CategoricalParameter(Setting, "none", "class_weight", "over_sample")], inner.Space(traits).Constraints);

    public IReadOnlyList<Params> Portfolio(DataTraits traits)
    {
        var plain = inner.Portfolio(traits);
        // The cheapest settings with and without come first; then in turn.
        return [plain[0].With(Setting, "none"), .. plain.Select((settings, i) => settings.With(Setting, i % 2 == 0 ? "class_weight" : "none"))];
    }

    public PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null)
    {
        var spec = inner.Build(new Params([.. settings.Where(pair => pair.Key != Setting)]), traits, iterations);
        var balance = settings.TryGet(Setting, out var value) ? value.AsText() : "none";
        return balance == "none" ? spec : spec with { Resampler = FamilySteps.Step(balance) };
    }

    public double UsualIterations(Params settings) => inner.UsualIterations(new Params([.. settings.Where(pair => pair.Key != Setting)]));

    public double Cost(Params settings, DataTraits traits) => inner.Cost(settings.Count == 0 ? settings : new Params([.. settings.Where(pair => pair.Key != Setting)]), traits);
}
