namespace Lode.Learning;

/// <summary>A transform or learner by its catalogue name, with parameters.</summary>
public sealed record StepSpec
{
    /// <summary>Its name in the catalogue.</summary>
    public required string Name { get; init; }

    /// <summary>Numbers, texts and booleans by name. Default: none.</summary>
    public IReadOnlyDictionary<string, object?> Parameters { get; init; } = new Dictionary<string, object?>();
}

/// <summary>A pipeline in words: what to make it from. Equal words make equal pipelines.</summary>
public sealed record PipelineSpec
{
    /// <summary>The transforms, in order.</summary>
    public IReadOnlyList<StepSpec> Transforms { get; init; } = [];

    /// <summary>The learner.</summary>
    public required StepSpec Learner { get; init; }

    /// <summary>The pipeline.</summary>
    /// <exception cref="Lode.Core.LodeException">InvalidArgument: a name or parameter that is not there, or a value out of range.</exception>
    public Pipeline Create() => new([.. Transforms.Select(step => TransformCatalog.Create(step.Name))], LearnerCatalog.Create(Learner.Name, Learner.Parameters));
}
