namespace Lode.Learning;

/// <summary>A transform or learner by its catalogue name, with parameters.</summary>
/// <param name="Name">Its name in the catalogue.</param>
/// <param name="Params">Numbers, texts and booleans by name; null: the defaults.</param>
public sealed record StepSpec(string Name, IReadOnlyDictionary<string, object?>? Params = null);

/// <summary>A pipeline in words: what to make it from. Equal words make equal pipelines.</summary>
public sealed record PipelineSpec
{
    /// <summary>The transforms, in order.</summary>
    public IReadOnlyList<StepSpec> Transforms { get; init; } = [];

    /// <summary>The learner.</summary>
    public required StepSpec Learner { get; init; }

    /// <summary>The pipeline.</summary>
    /// <exception cref="Lode.Core.LodeException">InvalidArgument: a name or parameter that is not there, or a value out of range.</exception>
    public Pipeline Create() => new([.. Transforms.Select(step => TransformCatalog.Create(step.Name))], LearnerCatalog.Create(Learner.Name, Learner.Params));
}
