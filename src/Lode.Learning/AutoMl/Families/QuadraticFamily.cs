using Lode.Optimization;

namespace Lode.Learning;

/// <summary>Linear models on the numbers, their squares and their products two by two.</summary>
internal sealed class QuadraticFamily : IModelFamily
{
    private const int MostColumns = 600;

    public string Name => "quadratic";

    public int Complexity => 15;

    public bool SaysQuantiles => true;

    public bool Suits(DataTraits traits) => traits.Numeric is > 1 and <= 40 && Columns(traits) <= MostColumns && (double)traits.Rows * Columns(traits) * traits.Outputs <= 1e8;

    public SearchSpace Space(DataTraits traits) => new([new FloatParameter("C", 1e-5, 1e2, log: true), FamilySteps.ScaleParameter]);

    public IReadOnlyList<Params> Portfolio(DataTraits traits) =>
    [
        FamilySteps.Of(("C", 0.01), ("scale", "standard")),
        FamilySteps.Of(("C", 0.1), ("scale", "power")),
        FamilySteps.Of(("C", 0.003), ("scale", "quantile")),
    ];

    public PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null) => new()
    {
        // Products are taken of scaled numbers, and scaled again.
        Transforms = [.. FamilySteps.Complete(), FamilySteps.Scale(settings), FamilySteps.Step("polynomial"), FamilySteps.Step("standard"), FamilySteps.OneHot(traits)],
        Learner = LinearFamily.LearnerOf(settings, traits),
        Quantiles = FamilySteps.Levels(traits),
    };

    public double Cost(Params settings, DataTraits traits) => FamilySteps.ScaleCost(settings, traits) + (30.0 * traits.Rows * Columns(traits) * traits.Outputs);

    private static int Columns(DataTraits traits) => (traits.Numeric * (traits.Numeric + 3) / 2) + traits.Encoded - traits.Numeric;
}
