using Lode.Tracking;

namespace Lode.Server.Mlflow;

/// <summary>MLflow's names of our enums, and of the tag that mirrors a run's name.</summary>
internal static class MlflowNames
{
    /// <summary>Shown on every run with the run's name; writing it renames the run. It is never stored.</summary>
    public const string RunNameTag = "mlflow.runName";

    /// <summary>MLflow knows no stale runs: to its clients they are running.</summary>
    public static string Of(RunStatus status) => status switch
    {
        RunStatus.Running or RunStatus.Stale => "RUNNING",
        RunStatus.Scheduled => "SCHEDULED",
        RunStatus.Finished => "FINISHED",
        RunStatus.Failed => "FAILED",
        RunStatus.Killed => "KILLED",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "A status without a name in MLflow."),
    };

    public static string Of(Lifecycle lifecycle) => lifecycle == Lifecycle.Active ? "active" : "deleted";

    /// <summary>A status by MLflow's name or number; null where it is absent.</summary>
    public static RunStatus? ParseStatus(string? text) => text switch
    {
        null => null,
        "RUNNING" or "1" => RunStatus.Running,
        "SCHEDULED" or "2" => RunStatus.Scheduled,
        "FINISHED" or "3" => RunStatus.Finished,
        "FAILED" or "4" => RunStatus.Failed,
        "KILLED" or "5" => RunStatus.Killed,
        _ => throw MlflowErrors.Invalid($"'{text}'", "status", "It must be one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED"),
    };

    public static string Of(LoggedModelStatus status) => status switch
    {
        LoggedModelStatus.Unspecified => "LOGGED_MODEL_STATUS_UNSPECIFIED",
        LoggedModelStatus.Pending => "LOGGED_MODEL_PENDING",
        LoggedModelStatus.Ready => "LOGGED_MODEL_READY",
        LoggedModelStatus.UploadFailed => "LOGGED_MODEL_UPLOAD_FAILED",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "A status without a name in MLflow."),
    };

    /// <summary>A logged model's status by MLflow's name or number.</summary>
    public static LoggedModelStatus ParseModelStatus(string text) => text switch
    {
        "LOGGED_MODEL_PENDING" or "1" => LoggedModelStatus.Pending,
        "LOGGED_MODEL_READY" or "2" => LoggedModelStatus.Ready,
        "LOGGED_MODEL_UPLOAD_FAILED" or "3" => LoggedModelStatus.UploadFailed,
        _ => throw MlflowErrors.Invalid($"'{text}'", "status", "It must be one of LOGGED_MODEL_PENDING, LOGGED_MODEL_READY, LOGGED_MODEL_UPLOAD_FAILED"),
    };

    /// <summary>A view type by MLflow's name or number; the active ones where it is absent.</summary>
    /// <param name="text">What was sent.</param>
    /// <param name="parameter">Its name, for the message.</param>
    public static LifecycleView ParseView(string? text, string parameter) => text switch
    {
        null or "ACTIVE_ONLY" or "1" => LifecycleView.Active,
        "DELETED_ONLY" or "2" => LifecycleView.Deleted,
        "ALL" or "3" => LifecycleView.All,
        _ => throw MlflowErrors.Invalid($"'{text}'", parameter, "It must be one of ACTIVE_ONLY, DELETED_ONLY, ALL"),
    };
}
