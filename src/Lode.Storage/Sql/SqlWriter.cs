using Lode.Core;

namespace Lode.Storage;

/// <summary>What a <see cref="SqlWriter"/> needs to know of its database.</summary>
internal interface ISqlWriterHost
{
    /// <summary>The statement that begins a group's transaction.</summary>
    string Begin { get; }

    /// <summary>Whether nobody else ever writes to the database, so that what is remembered of it stays true between groups.</summary>
    bool IsSoleWriter { get; }

    /// <summary>The session to write with. Called before each group, so that a lost connection can be replaced.</summary>
    SqlSession OpenWriter();

    /// <summary>Whether what the database said is the fault of one write (a constraint that it broke), not of the database's state.</summary>
    bool IsRefusal(Exception error);

    /// <summary>Whether the database said it, of whatever kind.</summary>
    bool IsDatabaseError(Exception error);

    /// <summary>Whether a group that failed so has surely changed nothing and may fare better at once: a race lost to another server, a connection that was found broken.</summary>
    /// <param name="error">What the database said.</param>
    /// <param name="committing">True when the commit had been sent.</param>
    bool MayRunAgain(Exception error, bool committing);

    /// <summary>What to tell the callers of a write that it refused, or of a group that could not be committed.</summary>
    LodeException Explain(Exception error);
}

/// <summary>
/// Group commit: all writes that are waiting are put into one transaction, and each is answered only after the commit that holds it.
/// A refused write takes only itself back; its neighbours in the group stand.
/// </summary>
/// <remarks>
/// A thread commits group after group until nothing waits. Where <see cref="CallersCommit"/>, a write that finds nobody committing is
/// committed by its own caller instead: two thread switches less. One of the two commits at a time.
///
/// A group is first run as one piece. Only if a write refuses after it changed something is the group taken back and run again
/// with a savepoint around each, so work must give the same when it is run twice. Refusals are rare and savepoints cost each write.
/// </remarks>
internal sealed class SqlWriter : IAsyncDisposable
{
    private const int MaxWaiting = 10_000;
    private const int MaxAttempts = 3;

    private readonly ISqlWriterHost _host;
    private readonly SemaphoreSlim _room = new(MaxWaiting);
    private readonly object _gate = new();
    private readonly Thread _thread;
    private List<IWrite> _waiting = [];
    private List<IWrite> _group = []; // whoever commits has it
    private bool _committing;
    private bool _closed;
    private volatile bool _holds;

    /// <param name="name">Of the thread.</param>
    /// <param name="host">The database; the caller keeps and closes its connections.</param>
    public SqlWriter(string name, ISqlWriterHost host)
    {
        _host = host;
        _thread = new Thread(Loop) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>See <see cref="SqlDatabase.CallersCommit"/>.</summary>
    public bool CallersCommit { get; set; }

    /// <summary>Whether answered writes wait to be put in their places (<see cref="SqlSession.Keep"/>): readers call <see cref="SettleAsync"/> first.</summary>
    public bool Holds { get => _holds; set => _holds = value; }

    /// <summary>Puts what answered writes hold in its places.</summary>
    public Task SettleAsync(CancellationToken ct) => WriteAsync(
        sql =>
        {
            sql.Settle();
            return true;
        },
        ct);

    /// <summary>See <see cref="SqlDatabase.WriteAsync"/>.</summary>
    public async Task<T> WriteAsync<T>(Func<SqlSession, T> work, CancellationToken ct)
    {
        await _room.WaitAsync(ct).ConfigureAwait(false);
        var write = new Write<T>(work);
        bool mine;
        lock (_gate)
        {
            if (_closed)
                throw new LodeException(ErrorCode.Unavailable, "The store is closing.");
            _waiting.Add(write);
            mine = CallersCommit && !_committing;
            if (mine)
                TakeWaiting();
            else if (!_committing && _waiting.Count == 1)
                Monitor.Pulse(_gate);
        }
        if (mine)
        {
            try
            {
                CommitGroup();
            }
            finally
            {
                lock (_gate)
                {
                    _committing = false;
                    if (_waiting.Count > 0 || _closed)
                        Monitor.Pulse(_gate);
                }
            }
        }
        return await write.Result.ConfigureAwait(false);
    }

    /// <summary>Takes no more writes, commits those that wait, and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
        await Task.Run(_thread.Join).ConfigureAwait(false);
    }

    private void Loop()
    {
        for (var mine = false; ; mine = true)
        {
            lock (_gate)
            {
                if (mine)
                    _committing = false;
                // A plain wait: whatever spins here takes more from the machine than a commit does.
                while (_committing || _waiting.Count == 0)
                {
                    if (_closed && !_committing)
                        return;
                    Monitor.Wait(_gate);
                }
                TakeWaiting();
            }
            CommitGroup();
        }
    }

    private void TakeWaiting()
    {
        (_group, _waiting) = (_waiting, _group);
        _committing = true;
    }

    private void CommitGroup()
    {
        var failed = Commit(_group);
        foreach (var write in _group)
            write.Answer(failed, _host);
        _room.Release(_group.Count);
        _group.Clear();
    }

    /// <summary>Commits a group; what kept it from being committed, or null.</summary>
    private LodeException? Commit(List<IWrite> group)
    {
        for (var attempt = 1; ; attempt++)
        {
            SqlSession? session = null;
            var committing = false;
            try
            {
                session = _host.OpenWriter();
                if (!_host.IsSoleWriter)
                    session.Forget();
                session.Run(_host.Begin);
                if (!TryRun(session, group))
                {
                    session.Lose();
                    session.Run("ROLLBACK");
                    session.Run(_host.Begin);
                    RunEachAlone(session, group);
                }
                session.Keep();
                committing = true;
                session.Commit();
                _holds = session.Waits;
                StoreMeter.Committed(group.Count);
                return null;
            }
            catch (Exception error)
            {
                // The whole group is taken back; the thread lives on, since the next group may fare better (space freed, database back).
                Rollback(session);
                if (!_host.IsDatabaseError(error))
                    return error as LodeException ?? new LodeException(ErrorCode.Internal, $"The store made a mistake: {error.Message}", null, error);
                if (attempt == MaxAttempts || !_host.MayRunAgain(error, committing))
                    return _host.Explain(error);
            }
        }
    }

    /// <summary>Runs a group as one piece; false when a refused write left something behind.</summary>
    private bool TryRun(SqlSession session, List<IWrite> group)
    {
        foreach (var write in group)
        {
            var before = session.Changes;
            if (!write.TryRun(session, _host) && (session.Changes != before || _host.IsDatabaseError(write.Refusal!)))
                return false;
        }
        return true;
    }

    private void RunEachAlone(SqlSession session, List<IWrite> group)
    {
        foreach (var write in group)
        {
            session.Settle();
            session.Run("SAVEPOINT one");
            if (!write.TryRun(session, _host))
            {
                session.DropPosted();
                session.Forget();
                session.Run("ROLLBACK TO SAVEPOINT one");
            }
            session.Settle();
            session.Run("RELEASE SAVEPOINT one");
        }
    }

    private static void Rollback(SqlSession? session)
    {
        try
        {
            session?.Lose();
            session?.Run("ROLLBACK");
        }
        catch (Exception)
        {
            // There is none where the database took it back itself, or the connection is gone.
        }
    }

    private interface IWrite
    {
        /// <summary>Why the last <see cref="TryRun"/> refused.</summary>
        Exception? Refusal { get; }

        /// <summary>Does the work; false when it refused.</summary>
        bool TryRun(SqlSession session, ISqlWriterHost host);

        /// <summary>Tells the caller; <paramref name="failed"/> is what kept the whole group from being committed.</summary>
        void Answer(LodeException? failed, ISqlWriterHost host);
    }

    private sealed class Write<T>(Func<SqlSession, T> work) : IWrite
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _value = default!;

        public Task<T> Result => _result.Task;

        public Exception? Refusal { get; private set; }

        public bool TryRun(SqlSession session, ISqlWriterHost host)
        {
            Refusal = null;
            try
            {
                _value = work(session);
                return true;
            }
            catch (Exception error) when (!host.IsDatabaseError(error) || host.IsRefusal(error))
            {
                Refusal = error;
                return false;
            }
        }

        public void Answer(LodeException? failed, ISqlWriterHost host)
        {
            // What a write was refused for may have been a neighbour that is taken back as well.
            if (failed is not null)
                _result.SetException(failed);
            else if (Refusal is not null)
                _result.SetException(host.IsDatabaseError(Refusal) ? host.Explain(Refusal) : Refusal);
            else
                _result.SetResult(_value);
        }
    }
}
