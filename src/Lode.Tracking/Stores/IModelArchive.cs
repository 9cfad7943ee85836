using Lode.Core;

namespace Lode.Tracking;

/// <summary>Logged and registered models as they are, whole: for exports and imports.</summary>
/// <remarks>Threads, durability and retry as <see cref="IRunStore"/>. Webhooks do not hear of what is put. <b>Check.</b> Every implementation passes ModelArchiveContract.</remarks>
public interface IModelArchive
{
    /// <summary>The logged model of that id; null where there is none.</summary>
    Task<LoggedModel?> FindLoggedAsync(string id, CancellationToken ct);

    /// <summary>A project's logged models by id.</summary>
    /// <param name="project">The project.</param>
    /// <param name="after">Only ids greater than this; empty = from the first.</param>
    /// <param name="limit">At least 1.</param>
    /// <param name="ct">Stops the read.</param>
    Task<IReadOnlyList<LoggedModel>> ListLoggedAsync(ProjectId project, string after, int limit, CancellationToken ct);

    /// <summary>Puts a logged model as it was elsewhere; one of that id is replaced.</summary>
    /// <exception cref="LodeException">NotFound: no such project. Conflict: it was deleted here. InvalidArgument: its id is not <c>m-</c> and 32 hexadecimal digits, or something breaks the rules of names.</exception>
    Task PutLoggedAsync(LoggedModel model, CancellationToken ct);

    /// <summary>The registered model of that name; null where there is none.</summary>
    Task<ArchivedModel?> FindRegisteredAsync(string name, CancellationToken ct);

    /// <summary>Registered models in the order in which they were made.</summary>
    /// <param name="after">Only those made after the one of this name; empty = from the first.</param>
    /// <param name="limit">At least 1.</param>
    /// <param name="ct">Stops the read.</param>
    Task<IReadOnlyList<ArchivedModel>> ListRegisteredAsync(string after, int limit, CancellationToken ct);

    /// <summary>Puts a registered model as it was elsewhere; one of that name is replaced. Numbers that were given here are not given again.</summary>
    /// <exception cref="LodeException">InvalidArgument: a name, alias, tag or number breaks the rules.</exception>
    Task PutRegisteredAsync(ArchivedModel model, CancellationToken ct);
}
