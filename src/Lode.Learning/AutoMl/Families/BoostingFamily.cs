using Lode.Optimization;

namespace Lode.Learning;

/// <summary>Boosted trees on the columns as they are: missing values and levels are the learner's own business. Early stopping finds the
/// number of rounds.</summary>
internal sealed class BoostingFamily : IModelFamily
{
    // Rounds at most while early stopping looks for their number.
    private const long MostRounds = 1500;

    public string Name => "hist_gb";

    public int Complexity => 60;

    public bool FindsIterations => true;

    public bool SaysQuantiles => true;

    public bool Suits(DataTraits traits) => true;

    public SearchSpace Space(DataTraits traits) => new(
    [
        new FloatParameter("learning_rate", 0.015, 0.3, log: true),
        new IntParameter("max_leaf_nodes", 3, Math.Clamp(traits.Rows / 8, 8, 160), log: true),
        new IntParameter("min_samples_leaf", 1, Math.Clamp(traits.Rows / 8, 4, 100), log: true),
        new FloatParameter("l2_regularization", 1e-3, 30, log: true),
        new FloatParameter("subsample", 0.5, 1),
        new FloatParameter("colsample", 0.3, 1),
        new CategoricalParameter("growth", "leaf", "depth"),
    ]);

    public IReadOnlyList<Params> Portfolio(DataTraits traits) =>
    [
        With(traits, 0.1, 31, 20, 0.1, 1, 1, "leaf"),
        With(traits, 0.05, 15, 5, 3, 0.8, 0.6, "depth"),
        With(traits, 0.03, 64, 10, 1, 0.7, 0.5, "leaf"),
        With(traits, 0.05, 6, 10, 1, 0.8, 0.5, "leaf"),
    ];

    public PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null) => new()
    {
        Transforms = [FamilySteps.Step("date_parts")],
        Learner = FamilySteps.Step("hist_gb",
            ("learning_rate", settings.Float("learning_rate")),
            ("max_leaf_nodes", settings.Int("max_leaf_nodes")),
            ("min_samples_leaf", settings.Int("min_samples_leaf")),
            ("l2_regularization", settings.Float("l2_regularization")),
            ("subsample", settings.Float("subsample")),
            ("colsample", settings.Float("colsample")),
            ("depth_first", settings.Text("growth") == "depth"),
            ("early_stopping", iterations is null),
            // All rows bear a few rounds more than the part of them on which the number was found.
            ("max_iter", iterations is { } found ? (long)Math.Ceiling(1.1 * found) : MostRounds),
            ("n_iter_no_change", iterations is null ? (long)Math.Ceiling(2 / settings.Float("learning_rate")) : null),
            ("validation_fraction", iterations is null ? 0.15 : null),
            ("loss", traits.Quantiles.Count > 0 ? "quantile" : null)),
        Quantiles = FamilySteps.Levels(traits),
    };

    public double UsualIterations(Params settings) => 10 / settings.Float("learning_rate");

    public double Cost(Params settings, DataTraits traits)
    {
        var (rate, leaves, columns) = settings.Count == 0 ? (0.1, 31, 1) : (settings.Float("learning_rate"), settings.Int("max_leaf_nodes"), settings.Float("colsample"));
        var outputs = traits.Classes > 2 ? traits.Classes : Math.Max(1, traits.Quantiles.Count);
        // A tree looks at every row once a level, and at every bin once a leaf.
        return 10 / rate * outputs * Math.Max(1, columns * (traits.Numeric + traits.Categorical)) * ((2.0 * traits.Rows * Math.Log2(leaves + 1)) + (500.0 * leaves));
    }

    private static Params With(DataTraits traits, double rate, int leaves, int leafRows, double l2, double rows, double columns, string growth) => FamilySteps.Of(
        ("learning_rate", rate), ("max_leaf_nodes", Math.Min(leaves, Math.Clamp(traits.Rows / 8, 8, 160))), ("min_samples_leaf", Math.Min(leafRows, Math.Clamp(traits.Rows / 8, 4, 100))),
        ("l2_regularization", l2), ("subsample", rows), ("colsample", columns), ("growth", growth));
}
