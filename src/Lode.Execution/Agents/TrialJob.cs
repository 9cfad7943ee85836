using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>One trial at an agent: its run, its program, what becomes of it.</summary>
internal sealed class TrialJob : IDisposable
{
    private const string Pruned = "pruned";
    private const string Lost = "lost";
    private const string Stopped = "stopped";
    private const string Threads = "OMP_NUM_THREADS";

    private static readonly TimeSpan s_mind = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_flush = TimeSpan.FromSeconds(10);

    private readonly AgentWork _work;
    private readonly TrialInfo _trial;
    private readonly Slot _slot;
    private readonly IReadOnlyDictionary<string, string> _slotVariables;
    private readonly GoalReports _reports;
    private readonly Channel<int> _signals = Channel.CreateUnbounded<int>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _giveUp;
    private readonly Lock _gate = new();
    private string? _reason;
    private bool _isTold;
    private bool _prints;
    private bool _isDisposed;
    private int _followed;

    /// <param name="work">What all share.</param>
    /// <param name="trial">As the ask gave it.</param>
    /// <param name="slot">Its place.</param>
    /// <param name="slotVariables">What makes the program keep to it.</param>
    /// <param name="giveUp">Ends all patience: the agent has to go.</param>
    public TrialJob(AgentWork work, TrialInfo trial, Slot slot, IReadOnlyDictionary<string, string> slotVariables, CancellationToken giveUp)
    {
        (_work, _trial, _slot, _slotVariables, _giveUp) = (work, trial, slot, slotVariables, giveUp);
        _reports = new GoalReports(work.Goals);
        Ended = Task.Run(RunAsync);
    }

    public TrialKey Key => new(_trial.Number, _trial.Attempt);

    public Slot Slot => _slot;

    /// <summary>Its program has ended, and needs its slot no more.</summary>
    public Task<TrialEnd> Ended { get; }

    /// <summary>Whether its slot was given back.</summary>
    public bool HasNoSlot { get; set; }

    /// <summary>Whether its result is on the disk too.</summary>
    public bool IsSaved { get; set; }

    /// <summary>Stops the program.</summary>
    /// <param name="reason"><c>pruned</c>, <c>stopped</c> (it is given back) or <c>lost</c>. The first counts, but for a loss.</param>
    public void Stop(string reason)
    {
        lock (_gate)
        {
            if (_reason is not null && (reason != Lost || _reason == Lost))
                return;
            var isFirst = _reason is null;
            _reason = reason;
            if (!isFirst)
                return;
        }
        _signals.Writer.TryWrite(Libc.Terminate);
        lock (_gate)
        {
            if (!_isDisposed)
                _stopping.Cancel();
        }
    }

    /// <summary>It has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _stopping.Dispose();
        }
    }

    /// <summary>Whoever asks three times wants it now.</summary>
    public void Kill()
    {
        Stop(Stopped);
        _signals.Writer.TryWrite(Libc.Terminate);
        _signals.Writer.TryWrite(Libc.Terminate);
    }

    /// <summary>A server says that the lease is another's, or over.</summary>
    public async Task LostAsync()
    {
        try
        {
            // A program may tell its own result; then it is left to its end.
            var now = await _work.Stores.Studies.GetTrialAsync(_work.Study.Id, _trial.Number, _giveUp).ConfigureAwait(false);
            if (now.Attempt == _trial.Attempt && now.State is TrialState.Complete or TrialState.Pruned or TrialState.Failed)
            {
                _isTold = true;
                return;
            }
            if (now.Attempt == _trial.Attempt && now.State == TrialState.Running)
                return;
        }
        catch (LodeException error) when (error.Code == ErrorCode.Unavailable)
        {
            return;
        }
        catch (LodeException)
        {
            // The study is gone.
        }
        Stop(Lost);
    }

    private async Task<TrialEnd> RunAsync()
    {
        var began = _work.Time.GetTimestamp();
        var folder = Path.Combine(_work.Scratch, string.Create(CultureInfo.InvariantCulture, $"{_trial.Number}-{_trial.Attempt}"));
        ActiveRun? run = null;
        TrialEnd end = new();
        try
        {
            // The ask has made it, in the transaction of the lease.
            run = _trial.Attempt == 1
                ? _work.Tracker.TakeOver(_trial.Run!.Value, string.Create(CultureInfo.InvariantCulture, $"{_work.Study.Name}-{_trial.Number}"))
                : await _work.Patience.AskAsync(ct => _work.Tracker.ResumeRunAsync(_trial.Run!.Value, ct), _giveUp).ConfigureAwait(false);
            end = await RunAsync(run, Directory.CreateDirectory(folder).FullName).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The agent has to go, and no server could be told.
        }
        catch (Exception error) when (error is LodeException or IOException or UnauthorizedAccessException)
        {
            end = Fail($"The agent could not run it: {error.Message}");
        }
        finally
        {
            Remove(folder);
        }
        return end with { Run = run, Duration = _work.Time.GetElapsedTime(began) };
    }

    private async Task<TrialEnd> RunAsync(ActiveRun run, string folder)
    {
        var place = Directory.CreateDirectory(Path.Combine(folder, "checkpoint")).FullName;
        var facts = new TrialFacts
        {
            Params = _trial.Params,
            Number = _trial.Number,
            Study = _work.Study.Name,
            Run = run.Id.ToString(),
            Checkpoint = _trial.Checkpoint is null ? null : place,
            ParameterFile = Path.Combine(folder, "params.json"),
        };
        var filled = CommandTemplate.Fill(_work.Program, _work.Study.Spec.Space, facts);
        await File.WriteAllTextAsync(facts.ParameterFile, filled.Environment["LODE_PARAMS"] + "\n", _giveUp).ConfigureAwait(false);
        var checkpoint = new TrialCheckpoint(_work.Stores, _work.Study.Id, _trial, place, filled.Checkpoint);
        if (_trial.Checkpoint is not null)
            await _work.Patience.AskAsync(checkpoint.RestoreAsync, _giveUp).ConfigureAwait(false);
        if (_trial.Attempt > 1)
            run.Rewind(_trial.Checkpoint is null ? -1 : _trial.CheckpointStep ?? long.MaxValue);

        if (_slotVariables.Any(variable => variable.Key != Threads))
            run.Tag(RunOrigin.Slot, string.Join(' ', _slotVariables.Where(variable => variable.Key != Threads).Select(variable => $"{variable.Key}={variable.Value}").Order(StringComparer.Ordinal)));
        using var ended = new CancellationTokenSource();
        var minding = Task.WhenAll(SendReportsAsync(), MindAsync(run.Id, checkpoint, ended.Token));
        var process = 0;
        var outcome = await new ProgramRunner(_work.Time, line => _work.Options.Note($"trial {_trial.Number}: {line}"), _signals.Reader).RunAsync(run, new ProgramOptions
        {
            Command = filled.Command,
            Environment = EnvironmentOf(run.Id, filled, facts, place),
            Timeout = _work.Program.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Grace = TimeSpan.FromSeconds(_work.Program.GraceSeconds),
            Artifacts = filled.Artifacts,
            PassesOutput = false,
            Metrics = See,
            Started = id => _work.Guard.Started(process = id),
            EndsRun = () => _reason != Lost,
            Memory = _work.Memory,
        }).ConfigureAwait(false);
        if (process != 0)
            _work.Guard.Ended(process);
        await ended.CancelAsync().ConfigureAwait(false);
        _reports.End();
        await minding.ConfigureAwait(false);
        // What is left of its journal goes with the tell; where there is none, it goes before.
        if (_isTold || _reason is Lost or Stopped)
            await FlushAsync().ConfigureAwait(false);
        return _isTold ? new TrialEnd { Known = await _work.Patience.AskAsync(ct => _work.Stores.Studies.GetTrialAsync(_work.Study.Id, _trial.Number, ct), _giveUp).ConfigureAwait(false) }
            : _reason == Lost ? new TrialEnd()
            : await EndAsync(run.Id, outcome, checkpoint).ConfigureAwait(false);
    }

    private async Task<TrialEnd> EndAsync(RunId run, ProgramOutcome outcome, TrialCheckpoint checkpoint)
    {
        if (_reason == Pruned)
            return Tell(new TellRequest { Attempt = _trial.Attempt, State = TrialState.Pruned });
        if (outcome is { ExitCode: 0, NotStarted: null })
        {
            var (values, missing) = await ValuesAsync(run, outcome).ConfigureAwait(false);
            return missing is not null ? Fail(missing) : Tell(new TellRequest { Attempt = _trial.Attempt, Values = values });
        }
        if (_reason == Stopped || _trial.Losses < _work.Study.Spec.Retries)
            await KeepAsync(checkpoint, null, _giveUp).ConfigureAwait(false);
        if (_reason == Stopped)
            return new TrialEnd { Known = await ReleaseAsync().ConfigureAwait(false) };
        var said = outcome.LastLine.Length > 0 ? $": {outcome.LastLine}" : ".";
        return Fail(outcome switch
        {
            { NotStarted: { } error } => error.Message,
            { TimedOut: true } => FormattableString.Invariant($"It took longer than its timeout, {_work.Program.TimeoutSeconds} s."),
            { End.SignalName: { } signal } => $"It was ended by {signal}{said}",
            _ => string.Create(CultureInfo.InvariantCulture, $"It ended with exit code {outcome.End.Code}{said}"),
        });
    }

    // The last value that was printed counts; where none was, the last one that the program logged to its run.
    private async Task<(ImmutableArray<double> Values, string? Missing)> ValuesAsync(RunId id, ProgramOutcome outcome)
    {
        Run? run = null;
        var values = new double[_work.Goals.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var goal = _work.Goals[i];
            if (outcome.Metrics.TryGetValue(goal, out values[i]))
                continue;
            if (run is null)
                await FlushAsync().ConfigureAwait(false);
            run ??= await _work.Patience.AskAsync(ct => _work.Stores.Runs.GetRunAsync(id, ct), _giveUp).ConfigureAwait(false);
            if (run.Metrics.TryGetValue(goal, out var logged))
            {
                values[i] = logged.Last;
                continue;
            }
            var others = outcome.Metrics.Keys.Concat(run.Metrics.Keys).Where(key => !key.StartsWith("system/", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal).Take(8).ToList();
            return ([], $"It ended well and never reported '{goal}'; it {(others.Count == 0 ? "reported nothing" : $"reported {string.Join(", ", others)}")}. Print '{goal}: VALUE', or log it through MLflow.");
        }
        return ([.. values], null);
    }

    private TrialEnd Fail(string failure) => Tell(new TellRequest { Attempt = _trial.Attempt, State = TrialState.Failed, Failure = failure });

    private static TrialEnd Tell(TellRequest request) => new() { Tell = request };

    private async Task<TrialInfo?> ReleaseAsync()
    {
        try
        {
            await _work.Patience.AskAsync(ct => _work.Stores.Studies.ReleaseAsync(_work.Study.Id, _trial.Number, new LeaseRequest { Attempt = _trial.Attempt }, ct), _giveUp).ConfigureAwait(false);
            return _trial with { State = TrialState.Waiting };
        }
        catch (Exception error) when (error is LodeException or OperationCanceledException)
        {
            // Another has it already, or its lease will be over soon.
            return null;
        }
    }

    private void See(long step, ReadOnlySpan<(string Key, double Value)> values)
    {
        foreach (var (key, _) in values)
            _prints |= _work.Goals.Contains(key);
        _reports.Add(step, values);
    }

    private async Task SendReportsAsync()
    {
        await foreach (var report in _reports.Ready.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (!_work.Reports || _reason is not null || _giveUp.IsCancellationRequested)
                continue;
            try
            {
                var request = new ReportRequest { Attempt = _trial.Attempt, Step = report.Step, Values = report.Values };
                var answer = await _work.Patience.AskAsync(ct => _work.Stores.Studies.ReportAsync(_work.Study.Id, _trial.Number, request, ct), _stopping.Token).ConfigureAwait(false);
                if (answer.Reason == Lost)
                    await LostAsync().ConfigureAwait(false);
                else if (answer.Stop)
                    Stop(answer.Reason ?? Stopped);
            }
            catch (LodeException error) when (error.Code is ErrorCode.Conflict or ErrorCode.NotFound)
            {
                await LostAsync().ConfigureAwait(false);
            }
            catch (Exception error) when (error is OperationCanceledException or LodeException)
            {
                // It is being stopped; or this one is not wanted, for whatever reason: the next may be.
            }
        }
    }

    /// <summary>Looks now and then for what the program has logged through MLflow, and for new checkpoints.</summary>
    private async Task MindAsync(RunId run, TrialCheckpoint checkpoint, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(Math.Clamp(_work.Study.Spec.LeaseSeconds / 3, 0.2, s_mind.TotalSeconds)), _work.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended).ConfigureAwait(false))
            {
                await KeepAsync(checkpoint, _work.Time.GetUtcNow(), ended).ConfigureAwait(false);
                if (!_prints && _work.Reports && _work.Goals.Count == 1)
                    await FollowAsync(run, ended).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It has ended.
        }
    }

    private async Task FollowAsync(RunId run, CancellationToken ended)
    {
        try
        {
            var points = await _work.Stores.Runs.GetHistoryAsync(run, _work.Goals[0], _followed, 1000, ended).ConfigureAwait(false);
            _followed += points.Count;
            foreach (var point in points)
                _reports.Add(point.Step, [(_work.Goals[0], point.Value)]);
        }
        catch (LodeException)
        {
            // The server is away, or the program has logged nothing yet.
        }
    }

    private async Task KeepAsync(TrialCheckpoint checkpoint, DateTimeOffset? now, CancellationToken ct)
    {
        try
        {
            await checkpoint.KeepAsync(_reports.Step, now, ct).ConfigureAwait(false);
        }
        catch (Exception error) when (error is LodeException { Code: not ErrorCode.Unavailable and not ErrorCode.Conflict } or IOException or UnauthorizedAccessException)
        {
            _work.Options.Note($"trial {_trial.Number}: its checkpoint was not kept: {error.Message}");
        }
        catch (LodeException)
        {
            // Later, or another has the trial.
        }
    }

    private async Task FlushAsync()
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_giveUp);
            limit.CancelAfter(s_flush);
            await _work.Tracker.FlushAsync(limit.Token, files: false).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or LodeException)
        {
            // What is left follows.
        }
    }

    private Dictionary<string, string> EnvironmentOf(RunId run, TrialCommand filled, TrialFacts facts, string place)
    {
        var options = _work.Options;
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in _slotVariables)
        {
            // Whoever has set how many threads to start knows better.
            if (name != Threads || Environment.GetEnvironmentVariable(name) is null)
                all[name] = value;
        }
        foreach (var (name, value) in _trial.Params)
            all[$"LODE_PARAM_{VariableOf(name)}"] = ValueText.Plain(value);
        foreach (var (name, value) in filled.Environment)
            all[name] = value;
        all["LODE_PARAMS_FILE"] = facts.ParameterFile;
        all["LODE_CHECKPOINT_DIR"] = place;
        all["LODE_STUDY"] = _work.Study.Id.ToString();
        all["LODE_TRIAL"] = _trial.Number.ToString(CultureInfo.InvariantCulture);
        all["LODE_ATTEMPT"] = _trial.Attempt.ToString(CultureInfo.InvariantCulture);
        all["LODE_RUN_ID"] = all["MLFLOW_RUN_ID"] = run.ToString();
        all["LODE_SERVER"] = all["MLFLOW_TRACKING_URI"] = options.Server.ToString().TrimEnd('/');
        all["LODE_HOME"] = options.Home;
        if (options.Token is { } token)
            all["MLFLOW_TRACKING_TOKEN"] = token;
        all[ProgramGuard.MarkName] = _work.Guard.Mark;
        return all;
    }

    /// <summary>A parameter's name in a variable's: capital letters and digits, all else as <c>_</c>.</summary>
    internal static string VariableOf(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var letter in name)
            text.Append(char.IsAsciiLetterOrDigit(letter) ? char.ToUpperInvariant(letter) : '_');
        return text.ToString();
    }

    private static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The agent's own end tries again.
        }
    }
}

/// <summary>How a trial ended at its agent.</summary>
internal sealed record TrialEnd
{
    /// <summary>What the study is to be told; null = nothing.</summary>
    public TellRequest? Tell { get; init; }

    /// <summary>The trial as the study has it, where there is nothing more to tell; null where that is not known, or it is another's.</summary>
    public TrialInfo? Known { get; init; }

    /// <summary>Its run; null where there was no way to begin it.</summary>
    public ActiveRun? Run { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }
}
