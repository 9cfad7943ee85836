using Lode.Optimization;

namespace Lode.Learning;

/// <summary>The classes' shares, or the mean: what everything must beat.</summary>
internal sealed class DummyFamily : IModelFamily
{
    public string Name => "dummy";

    public int Complexity => 0;

    public bool SaysQuantiles => true;

    public bool Suits(DataTraits traits) => true;

    public SearchSpace Space(DataTraits traits) => SearchSpace.Empty;

    public IReadOnlyList<Params> Portfolio(DataTraits traits) => [Params.Empty];

    public PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null) => new()
    {
        Transforms = [FamilySteps.Step("date_parts")],
        Learner = FamilySteps.Step("dummy"),
        Quantiles = FamilySteps.Levels(traits),
    };

    public double Cost(Params settings, DataTraits traits) => traits.Rows;
}
