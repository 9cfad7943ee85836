using System.Globalization;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>Records a program that runs: what is around it while it runs, what it was when it has ended.</summary>
internal sealed class RunRecorder : IDisposable
{
    private const string ConsoleFile = "console.log";

    private static readonly TimeSpan s_consoleInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly ActiveRun _run;
    private readonly ProgramOptions _options;
    private readonly ConsoleLog _log;
    private readonly TimeProvider _time;
    private readonly Findings _findings;
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _giveUp = new();
    private readonly Task _watch;
    private readonly Task _capture;

    public RunRecorder(ActiveRun run, ProgramOptions options, IReadOnlyDictionary<string, string> environment, int process, ConsoleLog log, TimeProvider time, Action<string> warn)
    {
        (_run, _options, _log, _time) = (run, options, log, time);
        _findings = new Findings(run, warn);
        // The folder may be another by the time it is asked for.
        var folder = Environment.CurrentDirectory;
        _capture = Task.Run(() => CaptureAsync(environment, folder));
        _watch = Task.WhenAll(Task.Run(() => new SystemSampler(process, time).RunAsync(run, options.SystemInterval, _ended.Token)), Task.Run(KeepConsoleAsync));
    }

    /// <summary>Ends the run.</summary>
    public async Task FinishAsync(ProgramEnd end, bool timedOut, bool stopped, TimeSpan duration)
    {
        var status = !timedOut && end.Code == 0 ? RunStatus.Finished : !timedOut && (stopped || end.Signal is 1 or Libc.Interrupt or Libc.Kill or Libc.Terminate) ? RunStatus.Killed : RunStatus.Failed;
        try
        {
            await _ended.CancelAsync().ConfigureAwait(false);
            await _watch.ConfigureAwait(false);
            KeepConsole();
            foreach (var pattern in _options.Artifacts)
                Keep(pattern, "");
            _giveUp.CancelAfter(s_patience);
            await _capture.ConfigureAwait(false);
            var tags = new List<KeyValuePair<string, string>> { new("lode.exit.code", end.Code.ToString(CultureInfo.InvariantCulture)), new("lode.duration_seconds", duration.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)) };
            if (end.SignalName is { } signal)
                tags.Add(new(RunOrigin.ExitSignal, signal));
            if (timedOut)
                tags.Add(new("lode.exit.reason", "timeout"));
            _run.Tag(tags);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            _findings.Warn($"not everything was recorded: {error.Message}");
        }
        if (_options.EndsRun?.Invoke() != false)
            _run.Finish(status);
    }

    public void Dispose()
    {
        _ended.Dispose();
        _giveUp.Dispose();
    }

    private async Task CaptureAsync(IReadOnlyDictionary<string, string> environment, string folder)
    {
        _run.Tag([new("mlflow.source.name", NameRules.Truncate(Secrets.CommandLine(_options.Command), NameRules.MaxTagLength)), new("mlflow.source.type", "LOCAL"), new("lode.kind", "program"), new("lode.folder", NameRules.Truncate(folder, NameRules.MaxTagLength))]);
        // Sources first: they may be edited while the program runs.
        if (_options.Snapshot.Count > 0)
            await GuardAsync("source", () => Task.Run(() => _options.Snapshot.ToList().ForEach(pattern => Keep(pattern, "source")))).ConfigureAwait(false);
        await Task.WhenAll(
            GuardAsync("surroundings", () => SurroundingsAsync(environment)),
            GuardAsync("data", () => DataFiles.CaptureAsync(_findings, _options.Data, _giveUp.Token))).ConfigureAwait(false);
    }

    // What is the same for every run of one program at one place.
    private async Task SurroundingsAsync(IReadOnlyDictionary<string, string> environment)
    {
        if (_options.Memory is { } memory && await memory.TakeAsync(_run).ConfigureAwait(false))
            return;
        var findings = new Findings(_run, _findings.Warn) { Notes = _options.Memory is null ? null : [] };
        try
        {
            await Task.WhenAll(
                GuardAsync("environment", () => Task.Run(() => findings.File("environment.txt", MachineState.EnvironmentText(_options.Memory is null ? environment : environment.Where(pair => !_options.Environment.ContainsKey(pair.Key)))))),
                GuardAsync("git", () => GitState.CaptureAsync(findings, _giveUp.Token)),
                GuardAsync("machine", () => MachineState.CaptureAsync(findings, environment, _giveUp.Token)),
                GuardAsync("packages", () => Packages.CaptureAsync(findings, _options.Command, environment, _giveUp.Token))).ConfigureAwait(false);
        }
        finally
        {
            _options.Memory?.Keep(_run.Id, findings.Notes!);
        }
    }

    private async Task GuardAsync(string what, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _findings.Warn($"{what}: not found out within {s_patience.TotalSeconds:0} seconds after the program's end");
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            _findings.Warn($"{what} could not be recorded: {error.Message}");
        }
    }

    private void Keep(string pattern, string folder)
    {
        var files = Globs.Find(pattern);
        if (files.Count == 0)
            _findings.Warn($"no file matches '{pattern}'");
        foreach (var file in files)
        {
            // Files from elsewhere go by their names.
            var artifact = Path.IsPathRooted(file) || file.StartsWith("..", StringComparison.Ordinal) ? Path.GetFileName(file) : file;
            _findings.Copy(file, ArtifactPath.Join(folder, artifact));
        }
    }

    private async Task KeepConsoleAsync()
    {
        var kept = 0L;
        try
        {
            while (true)
            {
                await Task.Delay(s_consoleInterval, _time, _ended.Token).ConfigureAwait(false);
                if (_log.Bytes == kept)
                    continue;
                kept = _log.Bytes;
                KeepConsole();
            }
        }
        catch (OperationCanceledException)
        {
            // The end writes it once more.
        }
    }

    private void KeepConsole()
    {
        if (_log.Bytes == 0)
            return;
        using var text = new MemoryStream(_log.ToArray());
        _run.LogArtifact(ConsoleFile, text);
    }
}
