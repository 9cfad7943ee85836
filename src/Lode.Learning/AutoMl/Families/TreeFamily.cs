using Lode.Optimization;

namespace Lode.Learning;

/// <summary>One decision tree, small enough to be read.</summary>
internal sealed class TreeFamily : IModelFamily
{
    public string Name => "decision_tree";

    public int Complexity => 20;

    public bool Suits(DataTraits traits) => true;

    public SearchSpace Space(DataTraits traits) => new([new IntParameter("max_depth", 1, 8), new IntParameter("min_samples_leaf", 1, Math.Clamp(traits.Rows / 10, 2, 200), log: true)]);

    public IReadOnlyList<Params> Portfolio(DataTraits traits) => [FamilySteps.Of(("max_depth", 4), ("min_samples_leaf", Math.Min(10, Math.Clamp(traits.Rows / 10, 2, 200))))];

    public PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null) => new()
    {
        Transforms = [.. FamilySteps.Complete(), FamilySteps.OneHot(traits)],
        Learner = FamilySteps.Step("decision_tree", ("max_depth", settings.Int("max_depth")), ("min_samples_leaf", settings.Int("min_samples_leaf"))),
    };

    public double Cost(Params settings, DataTraits traits) => 6.0 * traits.Rows * Math.Log2(traits.Rows + 2) * traits.Encoded;
}
