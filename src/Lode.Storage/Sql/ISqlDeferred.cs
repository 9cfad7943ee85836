namespace Lode.Storage;

/// <summary>
/// Writes of a group that wait, so that those of one kind can be made together, and what was read for them. The session settles
/// them before any other statement runs, so nobody sees that they waited.
/// </summary>
internal interface ISqlDeferred
{
    /// <summary>Makes the writes that wait.</summary>
    void Settle(SqlSession sql);

    /// <summary>Drops the writes that wait and all that is remembered: what is stored may have changed.</summary>
    void Forget();
}
