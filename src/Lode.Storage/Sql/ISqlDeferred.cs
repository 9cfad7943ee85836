namespace Lode.Storage;

/// <summary>
/// Writes of a group that wait, so that those of one kind can be made together, and what was read for them. The session settles
/// them before any other statement runs, so nobody sees that they waited.
/// </summary>
internal interface ISqlDeferred
{
    /// <summary>Makes the writes that wait.</summary>
    void Settle(SqlSession sql);

    /// <summary>Before a commit: stores what waits in a form that <see cref="Lose"/> finds again, and lets it wait on; false where it should rather be made.</summary>
    bool TryKeep(SqlSession sql);

    /// <summary>Drops the writes that wait and all that is remembered: what is stored may have changed. What waits has not been kept.</summary>
    void Forget();

    /// <summary>As <see cref="Forget"/>, after a transaction was taken back or the process began: what was kept is read again by the next <see cref="Settle"/>.</summary>
    void Lose();
}
