namespace Lode.Tracking;

/// <summary>Where a run stands. 1 to 5 are MLflow's numbers; persisted and sent; append only.</summary>
public enum RunStatus
{
    /// <summary>Its program is at work.</summary>
    Running = 1,

    /// <summary>Created, not started.</summary>
    Scheduled = 2,

    /// <summary>Ended well.</summary>
    Finished = 3,

    /// <summary>Ended with an error.</summary>
    Failed = 4,

    /// <summary>Stopped from outside.</summary>
    Killed = 5,

    /// <summary>Said to be running, but its program has been silent for longer than the heartbeat allows. New data revives it.</summary>
    Stale = 6,
}
