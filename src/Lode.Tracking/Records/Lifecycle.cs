namespace Lode.Tracking;

/// <summary>Whether a project or run is in use or in the trash. Persisted; append only.</summary>
public enum Lifecycle
{
    /// <summary>In use.</summary>
    Active = 1,

    /// <summary>In the trash; can be restored.</summary>
    Deleted = 2,
}

/// <summary>Which lifecycles a search looks at. Numbers as MLflow's ViewType.</summary>
public enum LifecycleView
{
    /// <summary>Only what is in use.</summary>
    Active = 1,

    /// <summary>Only the trash.</summary>
    Deleted = 2,

    /// <summary>Both.</summary>
    All = 3,
}
