using Lode.Core;

namespace Lode.Tracking;

/// <summary>Remembers the models that runs log.</summary>
/// <remarks>
/// Threads, durability and retry as <see cref="IRunStore"/>. <b>Refusals.</b> <see cref="LodeException"/>: NotFound for an id that is
/// unknown or deleted, InvalidArgument for names and values that break the rules; more at each member.
/// <b>Check.</b> Every implementation passes LoggedModelStoreContract.
/// </remarks>
public interface ILoggedModelStore
{
    /// <summary>Makes a model, status pending. Sent again with the same id, returns the model as it is.</summary>
    /// <exception cref="LodeException">NotFound: no such project. Conflict: it is in the trash.</exception>
    Task<LoggedModel> CreateAsync(NewLoggedModel model, CancellationToken ct);

    /// <summary>The model of that id.</summary>
    Task<LoggedModel> GetAsync(string id, CancellationToken ct);

    /// <summary>Models that pass a filter, in order, a page of them.</summary>
    Task<IReadOnlyList<LoggedModel>> SearchAsync(LoggedModelQuery query, CancellationToken ct);

    /// <summary>Changes a model's status; returns it as it is then.</summary>
    Task<LoggedModel> SetStatusAsync(string id, LoggedModelStatus status, CancellationToken ct);

    /// <summary>Writes params, all or none.</summary>
    /// <exception cref="LodeException">InvalidArgument: a param was written before with another value.</exception>
    Task LogParamsAsync(string id, IReadOnlyList<KeyValuePair<string, string>> @params, CancellationToken ct);

    /// <summary>Sets tags, later ones win; a null value removes the tag. Returns the model as it is then.</summary>
    /// <exception cref="LodeException">NotFound: a tag to remove is not there.</exception>
    Task<LoggedModel> SetTagsAsync(string id, IReadOnlyList<KeyValuePair<string, string?>> tags, CancellationToken ct);

    /// <summary>Adds points to models, all or none; of points equal in model, key, time, step and run the first stays.</summary>
    Task LogMetricsAsync(IReadOnlyList<ModelMetric> metrics, CancellationToken ct);

    /// <summary>Deletes a model: from then on its id is unknown. Its files stay.</summary>
    Task DeleteAsync(string id, CancellationToken ct);
}
