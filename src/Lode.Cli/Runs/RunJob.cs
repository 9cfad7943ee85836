using System.Globalization;
using System.Text.Json;
using Lode.Core;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>The work of <c>lode run -- CMD</c>: a run for each seed and attempt, and what they say together.</summary>
internal sealed class RunJob(CommandContext context, RunRequest request)
{
    // Of a server that is slow: a first call that finds no run would fail the program.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longPatience = TimeSpan.FromSeconds(10);

    private readonly List<AttemptAnswer> _attempts = [];
    private readonly List<IReadOnlyDictionary<string, double>> _finals = [];
    private RunHost? _host;
    private Tracker? _tracker;
    private string? _first;

    /// <returns>The program's exit code; of several seeds the first that is not 0.</returns>
    public async Task<int> RunAsync()
    {
        using var session = new RunSession(context.Time, Warn);
        try
        {
            _host = await RunHost.ReserveAsync(context);
            _tracker = _host.NewTracker();
        }
        catch (Exception error) when (error is not OutOfMemoryException and not LodeException { Code: ErrorCode.InvalidArgument })
        {
            Warn($"nothing is recorded: {error.Message}");
        }
        var code = 0;
        foreach (var seed in request.Seeds?.Select(seed => (long?)seed) ?? [null])
        {
            var outcome = await RunSeedAsync(session, seed);
            if (code == 0)
                code = outcome;
            if (session.IsStopped || code is 126 or 127)
                break;
        }
        var seeds = request.Seeds is null ? null : SeedSummary.Of(_finals);
        if (context.Json)
            context.Terminal.Error.WriteLine(JsonSerializer.Serialize(new RunAnswer(_attempts, seeds), CliJson.Default.RunAnswer));
        else if (seeds is not null && !request.Quiet)
            Write(seeds);
        try
        {
            if (_host is not null && _tracker is not null)
                await _host.EndAsync(_tracker);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Warn($"the store was not closed well: {error.Message}");
        }
        return code;
    }

    private async Task<int> RunSeedAsync(RunSession session, long? seed)
    {
        for (var attempt = 1; ; attempt++)
        {
            var run = await StartAsync(seed, attempt);
            await PrepareAsync(run);
            if (run is not null)
                Note($"run {run.Name} ({run.Id.ToString()[..8]}){(_host!.Address is { } address ? $", live at {address}" : "")}");
            var outcome = await session.RunAsync(run, ProgramFor(run, seed));
            if (run is not null)
                LeavePlace(run, outcome.ExitCode == 0);
            var metrics = await FinalsAsync(run, outcome, seed);
            _attempts.Add(new AttemptAnswer(run?.Id.ToString(), run?.Name, outcome.ExitCode, outcome.End.SignalName, outcome.TimedOut, Math.Round(outcome.Duration.TotalSeconds, 3), attempt, seed, metrics));
            if (outcome.NotStarted is { } error)
            {
                context.Terminal.Refuse(error, context.Json);
                return outcome.ExitCode;
            }
            if (outcome.TimedOut)
                Warn($"stopped after {Format.Duration(request.Program.Timeout!.Value)} (--timeout)");
            Note($"{(outcome.ExitCode == 0 ? "finished" : outcome.End.SignalName is { } signal ? $"ended by {signal}" : $"failed with exit code {outcome.End.Code}")} in {Format.Duration(outcome.Duration)}"
                + string.Concat(metrics.OrderBy(pair => pair.Key, StringComparer.Ordinal).Take(5).Select(pair => $" · {pair.Key} {Format.Number(pair.Value)}")));
            if (outcome.ExitCode == 0)
                _finals.Add(metrics);
            if (outcome.ExitCode == 0 || session.IsStopped || attempt > request.Retries)
                return outcome.ExitCode;
            Note($"attempt {attempt + 1} of {request.Retries + 1}");
        }
    }

    private async Task<ActiveRun?> StartAsync(long? seed, int attempt)
    {
        if (_tracker is null)
            return null;
        try
        {
            var tags = new Dictionary<string, string>(request.Tags);
            if (seed is { } number)
                tags["lode.seed"] = number.ToString(CultureInfo.InvariantCulture);
            if (request.Retries > 0)
                tags["lode.attempt"] = attempt.ToString(CultureInfo.InvariantCulture);
            if (_first is not null)
                tags["lode.first"] = _first;
            var name = request.Name is null ? null : $"{request.Name}{(seed is { } of ? $"-seed{of}" : "")}{(attempt > 1 ? $"-attempt{attempt}" : "")}";
            ActiveRun run;
            if (request.Resumes is { } known && attempt == 1)
            {
                tags[RunOrigin.Attempt] = ((known.Tags.TryGetValue(RunOrigin.Attempt, out var last) && int.TryParse(last, CultureInfo.InvariantCulture, out var before) ? before : 1) + 1).ToString(CultureInfo.InvariantCulture);
                // In another place than before, it may be.
                tags.TryAdd(RunOrigin.OutputFile, "");
                run = await _tracker.ResumeRunAsync(known.Id, ResumeMode.Allow, request.Project, known.Name, CancellationToken.None);
                run.Tag(tags);
            }
            else
            {
                run = _tracker.Start(request.Project, name, tags, _first is null ? request.Id : null);
            }
            if (request.Params.Count > 0)
                run.LogParams(request.Params);
            if (_first is null)
                _host!.Begin(() => _tracker.FlushAsync(CancellationToken.None).WaitAsync(s_longPatience, context.Time));
            _first ??= run.Id.ToString();
            return run;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Warn($"nothing is recorded: {error.Message}");
            return null;
        }
    }

    // The program's first call may ask for its run at once. A server of our own answers only when it has it; another's must have it before.
    private async Task PrepareAsync(ActiveRun? run)
    {
        if (run is null || _host is null || _tracker is null || (!_host.IsElsewhere && run.Id.ToString() == _first))
            return;
        await _host.OpenedAsync(s_patience);
        if (_host.IsOpen)
            await FlushAsync(s_patience);
    }

    private async Task<bool> FlushAsync(TimeSpan patience)
    {
        try
        {
            using var limit = new CancellationTokenSource(patience, context.Time);
            await _tracker!.FlushAsync(limit.Token);
            return true;
        }
        catch (Exception error) when (error is OperationCanceledException or LodeException)
        {
            return false;
        }
    }

    private ProgramOptions ProgramFor(ActiveRun? run, long? seed)
    {
        var environment = new Dictionary<string, string>();
        Action<int>? started = null;
        if (run is not null)
        {
            if (PlaceOf(run) is { } place)
                environment["LODE_CHECKPOINT_DIR"] = place;
            // A terminal's own group is not the program's alone.
            started = id => run.Tag(RunOrigin.Process, RunProcess.Of(request.Program.InputIsTerminal ? null : id).ToString());
            environment["LODE_RUN_ID"] = run.Id.ToString();
            environment["LODE_HOME"] = _host!.Folder.Path;
            if (_host.Address is { } address)
            {
                environment["MLFLOW_TRACKING_URI"] = address.ToString().TrimEnd('/');
                environment["MLFLOW_RUN_ID"] = run.Id.ToString();
                if (_host.IsElsewhere && Environment.GetEnvironmentVariable(LodeHttp.TokenVariable) is { Length: > 0 } token)
                    environment["MLFLOW_TRACKING_TOKEN"] = token;
            }
        }
        var command = request.Program.Command;
        if (seed is { } number)
        {
            var text = number.ToString(CultureInfo.InvariantCulture);
            environment["LODE_SEED"] = text;
            command = [.. command.Select(word => word.Replace("{seed}", text, StringComparison.Ordinal))];
        }
        // What is masked for people would be another command.
        if (run is not null && !Secrets.CommandLine(command).Contains(Secrets.Mask, StringComparison.Ordinal) && JsonSerializer.Serialize([.. command], CliJson.Default.StringArray) is { Length: <= NameRules.MaxTagLength } words)
            run.Tag(RunOrigin.Command, words);
        return request.Program with { Command = command, Environment = environment, Started = started };
    }

    // Kept until the program has ended well: whoever resumes the run finds there what it left.
    private string? PlaceOf(ActiveRun run)
    {
        try
        {
            return Directory.CreateDirectory(Path.Combine(_host!.Folder.Path, "checkpoints", run.Id.ToString())).FullName;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Warn($"there is no folder for checkpoints: {error.Message}");
            return null;
        }
    }

    private void LeavePlace(ActiveRun run, bool isDone)
    {
        try
        {
            var place = new DirectoryInfo(Path.Combine(_host!.Folder.Path, "checkpoints", run.Id.ToString()));
            if (place.Exists && (isDone || !place.EnumerateFileSystemInfos().Any()))
                place.Delete(recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Warn($"the folder for checkpoints stays: {error.Message}");
        }
    }

    /// <summary>What was printed; for a comparison of seeds also what the program logged over MLflow.</summary>
    private async Task<IReadOnlyDictionary<string, double>> FinalsAsync(ActiveRun? run, ProgramOutcome outcome, long? seed)
    {
        if (seed is null || run is null)
            return outcome.Metrics;
        await _host!.OpenedAsync(s_longPatience);
        if (!_host.IsOpen || !await FlushAsync(s_longPatience))
            return outcome.Metrics;
        try
        {
            return (await _host.Store.GetRunAsync(run.Id, CancellationToken.None)).Metrics
                .Where(metric => !metric.Key.StartsWith("system/", StringComparison.Ordinal))
                .ToDictionary(metric => metric.Key, metric => metric.Value.Last);
        }
        catch (LodeException)
        {
            return outcome.Metrics;
        }
    }

    private void Write(IReadOnlyList<SeedSummary> seeds)
    {
        Note($"{_finals.Count} of {request.Seeds!.Count} seeds finished; mean ± standard deviation, and 95 % interval of the mean:");
        foreach (var metric in seeds)
            Note($"  {metric.Metric}  {Format.Number(metric.Mean)} ± {Format.Number(metric.Deviation)}  [{Format.Number(metric.Low)}, {Format.Number(metric.High)}]  n = {metric.Count}");
    }

    private void Note(string line)
    {
        if (!request.Quiet && !context.Json)
            context.Terminal.Note($"lode: {line}");
    }

    private void Warn(string warning) => context.Terminal.Note($"lode: {warning}");
}
