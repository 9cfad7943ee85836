using Lode.Optimization;

namespace Lode.Learning;

/// <summary>Random forests or extremely randomised trees on completed columns, levels as columns of 0 and 1 or as ordered numbers.</summary>
/// <param name="learner"><c>random_forest</c> or <c>extra_trees</c>.</param>
/// <param name="stepsPerSplit">What it costs to look at a feature for a split, relative to sorting.</param>
internal sealed class ForestFamily(string learner, double stepsPerSplit) : IModelFamily
{
    public string Name => learner;

    public int Complexity => 50;

    public bool Suits(DataTraits traits) => true;

    public SearchSpace Space(DataTraits traits)
    {
        List<Parameter> parameters =
        [
            new IntParameter("n_estimators", 60, 300, log: true),
            new FloatParameter("max_features", 0.05, 1),
            new IntParameter("min_samples_leaf", 1, Math.Clamp(traits.Rows / 20, 2, 30), log: true),
        ];
        if (traits.Task == TaskKind.Classification)
            parameters.Add(new CategoricalParameter("criterion", "gini", "entropy"));
        if (traits.Categorical > 0)
            parameters.Add(new CategoricalParameter("levels", "one_hot", "ordinal", "target"));
        return new SearchSpace(parameters);
    }

    public IReadOnlyList<Params> Portfolio(DataTraits traits) =>
    [
        With(traits, 100, traits.Task == TaskKind.Classification ? 1 / Math.Sqrt(Math.Max(1, traits.Encoded)) : 0.4, 1, "gini", "one_hot"),
        With(traits, 200, 0.4, 2, "entropy", "ordinal"),
        With(traits, 200, 0.75, 1, "entropy", "target"),
    ];

    public PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null) => new()
    {
        Transforms = [.. FamilySteps.Complete(), Levels(settings, traits)],
        Learner = FamilySteps.Step(learner,
            ("n_estimators", settings.Int("n_estimators")),
            ("max_features", settings.Float("max_features")),
            ("min_samples_leaf", settings.Int("min_samples_leaf")),
            ("criterion", traits.Task == TaskKind.Classification ? settings.Text("criterion") : null)),
    };

    public double Cost(Params settings, DataTraits traits)
    {
        var (trees, features) = settings.Count == 0 ? (100, 0.3) : (settings.Int("n_estimators"), settings.Float("max_features"));
        return stepsPerSplit * trees * traits.Rows * Math.Log2(traits.Rows + 2) * Math.Max(1, features * traits.Encoded);
    }

    private static StepSpec Levels(Params settings, DataTraits traits) => (settings.TryGet("levels", out var levels) ? levels.AsText() : "one_hot") switch
    {
        "ordinal" => FamilySteps.Step("ordinal"),
        "target" => FamilySteps.Step("target_encode"),
        _ => FamilySteps.OneHot(traits),
    };

    private static Params With(DataTraits traits, int trees, double features, int leaf, string criterion, string levels)
    {
        var settings = FamilySteps.Of(("n_estimators", trees), ("max_features", Math.Clamp(features, 0.05, 1)), ("min_samples_leaf", Math.Min(leaf, Math.Clamp(traits.Rows / 20, 2, 30))));
        if (traits.Task == TaskKind.Classification)
            settings = settings.With("criterion", criterion);
        return traits.Categorical > 0 ? settings.With("levels", levels) : settings;
    }
}
