using Lode.Optimization;

namespace Lode.Learning;

/// <summary>Random forests on imputed and one-hot encoded columns.</summary>
internal sealed class RandomForestFamily : IModelFamily
{
    public string Name => "random_forest";

    public int Complexity => 50;

    public bool Suits(DataTraits traits) => true;

    public SearchSpace Space(DataTraits traits) => new(
    [
        new IntParameter("n_estimators", 50, 300, log: true),
        new FloatParameter("max_features", 0.05, 1),
        new IntParameter("min_samples_leaf", 1, 20, log: true),
    ]);

    public IReadOnlyList<Params> Portfolio(DataTraits traits) =>
    [
        With(100, traits.Task == TaskKind.Classification ? 1 / Math.Sqrt(Math.Max(1, traits.Encoded)) : 0.4, 1),
        With(200, 0.3, 3),
        With(200, 0.7, 1),
    ];

    public PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null) => new()
    {
        Transforms = [new("impute_constant"), new("one_hot")],
        Learner = new StepSpec("random_forest", new Dictionary<string, object?>
        {
            ["n_estimators"] = settings.Int("n_estimators"),
            ["max_features"] = settings.Float("max_features"),
            ["min_samples_leaf"] = settings.Int("min_samples_leaf"),
        }),
    };

    public double Cost(Params settings, DataTraits traits) => settings.TryGet("n_estimators", out var trees)
        ? trees.AsInt() * traits.Rows * Math.Log2(traits.Rows + 2) * Math.Max(1, settings.Float("max_features") * traits.Encoded)
        : 100.0 * traits.Rows * traits.Encoded;

    private static Params With(int trees, double features, int leaf) =>
        new([new("n_estimators", trees), new("max_features", Math.Clamp(features, 0.05, 1)), new("min_samples_leaf", leaf)]);
}
