using Lode.Optimization;

namespace Lode.Learning;

/// <summary>Ridge-penalised linear models (logistic regression, ridge regression) on completed, scaled and one-hot encoded columns.</summary>
internal sealed class LinearFamily : IModelFamily
{
    public string Name => "linear";

    public int Complexity => 10;

    public bool SaysQuantiles => true;

    public bool Suits(DataTraits traits) => traits.Encoded <= 5000;

    public SearchSpace Space(DataTraits traits) => new([new FloatParameter("C", 1e-4, 1e3, log: true), FamilySteps.ScaleParameter]);

    public IReadOnlyList<Params> Portfolio(DataTraits traits) =>
    [
        FamilySteps.Of(("C", 1.0), ("scale", "standard")),
        FamilySteps.Of(("C", 0.03), ("scale", "power")),
        FamilySteps.Of(("C", 0.3), ("scale", "quantile")),
    ];

    public PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null) => new()
    {
        Transforms = [.. FamilySteps.Complete(), FamilySteps.Scale(settings), FamilySteps.OneHot(traits)],
        Learner = LearnerOf(settings, traits),
        Quantiles = FamilySteps.Levels(traits),
    };

    public double Cost(Params settings, DataTraits traits) => FamilySteps.ScaleCost(settings, traits) + (30.0 * traits.Rows * (traits.Encoded + 1) * traits.Outputs * (traits.Quantiles.Count > 0 ? Math.Max(1, traits.Encoded / 4.0) : 1));

    /// <summary>The learner of a strength C.</summary>
    public static StepSpec LearnerOf(Params settings, DataTraits traits) => traits.Task == TaskKind.Classification
        ? FamilySteps.Step("logistic", ("C", settings.Float("C")), ("tol", 1e-4), ("max_iter", 100L))
        : traits.Quantiles.Count > 0 ? FamilySteps.Step("quantile", ("alpha", 1 / settings.Float("C")), ("max_iter", 40L)) : FamilySteps.Step("ridge", ("alpha", 1 / settings.Float("C")));
}
