using Lode.Core;

namespace Lode.Tracking;

/// <summary>Registered models, their versions, stages, aliases and tags.</summary>
/// <remarks>
/// <b>Threads.</b> All members may be called concurrently, from several processes. <b>Durability.</b> A change is on the disk when its task ends; all of it or nothing.
/// <b>Values.</b> Results are snapshots. <b>Refusals.</b> <see cref="LodeException"/>: NotFound for a model or version that does not exist, InvalidArgument for a name,
/// key or value against the rules of <see cref="ModelRules"/>; others per member. <b>Check.</b> Every implementation passes ModelRegistryContract.
/// </remarks>
public interface IModelRegistry
{
    /// <summary>Makes a model without versions.</summary>
    /// <exception cref="LodeException">AlreadyExists: the name is taken.</exception>
    Task<RegisteredModel> CreateModelAsync(NewRegisteredModel model, CancellationToken ct);

    /// <summary>The model of that name.</summary>
    Task<RegisteredModel> GetModelAsync(string name, CancellationToken ct);

    /// <summary>The models that pass.</summary>
    Task<RegisteredModelPage> SearchModelsAsync(RegistryQuery query, CancellationToken ct);

    /// <summary>Gives a model another description; null removes it.</summary>
    Task<RegisteredModel> DescribeModelAsync(string name, string? description, CancellationToken ct);

    /// <summary>Gives a model another name; versions, tags and aliases go along.</summary>
    /// <exception cref="LodeException">AlreadyExists: the new name is taken.</exception>
    Task<RegisteredModel> RenameModelAsync(string name, string newName, CancellationToken ct);

    /// <summary>Deletes a model with all that belongs to it. Its files stay.</summary>
    Task DeleteModelAsync(string name, CancellationToken ct);

    /// <summary>Sets a model's tag; null removes it, whether it was there or not.</summary>
    Task SetModelTagAsync(string name, string key, string? value, CancellationToken ct);

    /// <summary>Registers the next version.</summary>
    /// <remarks>
    /// Sources: a local path or <c>file:</c> URI only inside the artifacts of the run (or logged model) that is named; other URIs must be absolute and without
    /// <c>..</c>, also behind escapes; <c>models:/ID</c> means a logged model, <c>models:/NAME/VERSION</c> and <c>models:/NAME@ALIAS</c> another version.
    /// Prompts (versions with the tag <see cref="ModelRules.PromptTag"/>) may say what they like.
    /// </remarks>
    /// <exception cref="LodeException">InvalidArgument: the source is refused. NotFound: the model, the run of a local source or the logged model does not exist.</exception>
    Task<ModelVersion> CreateVersionAsync(NewModelVersion version, CancellationToken ct);

    /// <summary>One version.</summary>
    Task<ModelVersion> GetVersionAsync(string name, long version, CancellationToken ct);

    /// <summary>The version that an alias leads to (<c>latest</c>: the highest); null where the model has no such alias.</summary>
    /// <exception cref="LodeException">NotFound: the alias's version was deleted, or the model has no version at all.</exception>
    Task<ModelVersion?> FindByAliasAsync(string name, string alias, CancellationToken ct);

    /// <summary>Where a version's files lie: its source, with <c>models:/</c> resolved when it was registered.</summary>
    Task<string> GetLocationAsync(string name, long version, CancellationToken ct);

    /// <summary>The versions that pass.</summary>
    Task<ModelVersionPage> SearchVersionsAsync(RegistryQuery query, CancellationToken ct);

    /// <summary>Gives a version another description; null removes it.</summary>
    Task<ModelVersion> DescribeVersionAsync(string name, long version, string? description, CancellationToken ct);

    /// <summary>Moves a version to a stage.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">The version.</param>
    /// <param name="stage">Where to.</param>
    /// <param name="archiveOthers">Whether the versions that are there now go to Archived; only for Staging and Production.</param>
    /// <param name="ct">Cancels.</param>
    Task<ModelVersion> MoveVersionAsync(string name, long version, ModelStage stage, bool archiveOthers, CancellationToken ct);

    /// <summary>Deletes a version; its number is not given again. Its files stay.</summary>
    Task DeleteVersionAsync(string name, long version, CancellationToken ct);

    /// <summary>Sets a version's tag; null removes it, whether it was there or not.</summary>
    Task SetVersionTagAsync(string name, long version, string key, string? value, CancellationToken ct);

    /// <summary>Lets an alias lead to a version, and to no other; null removes it, whether it was there or not.</summary>
    Task SetAliasAsync(string name, string alias, long? version, CancellationToken ct);
}
