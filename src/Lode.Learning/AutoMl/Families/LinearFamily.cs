using Lode.Optimization;

namespace Lode.Learning;

/// <summary>Ridge-penalised linear models on imputed, scaled and one-hot encoded columns.</summary>
internal sealed class LinearFamily : IModelFamily
{
    public string Name => "linear";

    public int Complexity => 10;

    public bool Suits(DataTraits traits) => traits.Encoded <= 5000;

    public SearchSpace Space(DataTraits traits) => new([new FloatParameter("C", 1e-4, 1e3, log: true)]);

    public IReadOnlyList<Params> Portfolio(DataTraits traits) => [With(1), With(0.03), With(30)];

    public PipelineSpec Build(Params settings, DataTraits traits, int? iterations = null) => new()
    {
        Transforms = [new("impute_constant"), new("standard"), new("one_hot")],
        Learner = new StepSpec("logistic", new Dictionary<string, object?> { ["C"] = settings.Float("C") }),
    };

    public double Cost(Params settings, DataTraits traits) => 30.0 * traits.Rows * (traits.Encoded + 1) * traits.Outputs;

    private static Params With(double c) => new([new("C", c)]);
}
