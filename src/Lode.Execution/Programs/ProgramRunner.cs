using System.Collections;
using System.Threading.Channels;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>Runs a program, records it, and passes signals on to it.</summary>
/// <param name="time">The clock.</param>
/// <param name="warn">Told, in one line, of what the user should know.</param>
/// <param name="signals">What the program is told; one program at a time reads it.</param>
internal sealed class ProgramRunner(TimeProvider time, Action<string> warn, ChannelReader<int> signals)
{
    private static readonly TimeSpan s_leftBehind = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time = time;
    private readonly Action<string> _warn = warn;
    private Task<int> _nextSignal = signals.ReadAsync().AsTask();

    /// <summary>Runs a program to its end. Whatever goes wrong in recording it changes nothing for the program.</summary>
    /// <param name="run">Gets what there is to record, and its end; null = nothing is recorded.</param>
    /// <param name="options">What to run.</param>
    public async Task<ProgramOutcome> RunAsync(ActiveRun? run, ProgramOptions options)
    {
        var began = _time.GetTimestamp();
        var mark = $"{RunSession.MarkPrefix}{RunId.New().ToString()[..16]}";
        var environment = EnvironmentOf(options, mark);
        IProgram program;
        try
        {
            program = OperatingSystem.IsWindows()
                ? new ManagedProgram(options.Command, environment)
                : new PosixProgram(options.Command, environment, ownGroup: !options.InputIsTerminal, mark + "=1", hasInput: options.PassesOutput);
        }
        catch (LodeException error)
        {
            var end = new ProgramEnd(error.Code == ErrorCode.NotFound ? 127 : 126, null);
            run?.Tag([new("mlflow.source.name", Secrets.CommandLine(options.Command)), new("lode.exit.code", Text(end.Code)), new("lode.exit.message", error.Message)]);
            run?.Finish(RunStatus.Failed);
            return new ProgramOutcome(end, false, false, _time.GetElapsedTime(began), new Dictionary<string, double>(), error);
        }
        using (program)
        {
            options.Started?.Invoke(program.Id);
            return await WatchAsync(run, options, program, environment, began).ConfigureAwait(false);
        }
    }

    private async Task<ProgramOutcome> WatchAsync(ActiveRun? run, ProgramOptions options, IProgram program, IReadOnlyDictionary<string, string> environment, long began)
    {
        var log = new ConsoleLog();
        var scanner = run is not null && options.Scalars ? new MetricScanner(_time, (step, values, line) => Log(run, options, step, values.Span, line), options.FirstSteps) : null;
        var pumps = Task.WhenAll(new OutputPump(program.Out, 1, log.Open(), scanner, options.PassesOutput).Ended, new OutputPump(program.Error, 2, log.Open(), null, options.PassesOutput).Ended);
        using var recorder = run is null ? null : new RunRecorder(run, options, environment, program.Id, log, _time, _warn);
        var (end, timedOut, stopped, grace) = await UntilEndedAsync(program, options).ConfigureAwait(false);
        var duration = _time.GetElapsedTime(began);
        await EndLeftBehindAsync(program, pumps, timedOut || stopped ? grace : null).ConfigureAwait(false);
        if (scanner is { Dropped: > 0 })
            _warn($"{scanner.Dropped} metric values or lines were passed over: at most {MetricScanner.Burst} values at once, {MetricScanner.PerSecond} a second and {MetricScanner.MostKeys} names are taken from the output");
        if (recorder is not null)
            await recorder.FinishAsync(end, timedOut, stopped, duration).ConfigureAwait(false);
        return new ProgramOutcome(end, timedOut, stopped, duration, scanner?.Last ?? new Dictionary<string, double>(), null) { LastLine = log.LastLine() };
    }

    private async Task<(ProgramEnd End, bool TimedOut, bool Stopped, Task Grace)> UntilEndedAsync(IProgram program, ProgramOptions options)
    {
        var never = new TaskCompletionSource().Task;
        var timeout = options.Timeout is { } limit ? Task.Delay(limit, _time) : never;
        var grace = never;
        var (timedOut, told) = (false, 0);
        while (true)
        {
            var happened = await Task.WhenAny(program.Ended, _nextSignal, timeout, grace).ConfigureAwait(false);
            if (happened == program.Ended)
                return (await program.Ended.ConfigureAwait(false), timedOut, told > 0, grace);
            if (happened == grace)
            {
                program.Kill();
                grace = never;
                continue;
            }
            var signal = Libc.Terminate;
            if (happened == timeout)
            {
                (timedOut, timeout) = (true, never);
            }
            else
            {
                signal = await _nextSignal.ConfigureAwait(false);
                _nextSignal = signals.ReadAsync().AsTask();
                // The terminal has told the program already, and whether that means its end is for the program to say.
                if (options.InputIsTerminal && signal is Libc.Interrupt or 3)
                    continue;
                told++;
            }
            program.Signal(signal);
            if (grace == never)
                grace = Task.Delay(options.Grace, _time);
            // Who asks three times wants it now.
            if (told >= 3)
                program.Kill();
        }
    }

    /// <summary>Ends what the program has left running in its process group, as containers and schedulers do. What made a session of its own is let go, unless the program was stopped.</summary>
    private async Task EndLeftBehindAsync(IProgram program, Task pumps, Task? grace)
    {
        var isStopped = grace is not null;
        if (await EndsAsync(program, pumps, grace ?? Task.Delay(s_leftBehind, _time), isStopped).ConfigureAwait(false))
            return;
        if (isStopped)
        {
            program.Kill();
            await Task.WhenAny(pumps, Task.Delay(s_leftBehind, _time)).ConfigureAwait(false);
            return;
        }
        if (!program.HasOthers(all: false))
            return;
        _warn("the program left others running; they are ended (what should go on is started with setsid)");
        program.Signal(Libc.Terminate);
        if (!await EndsAsync(program, pumps, Task.Delay(s_leftBehind, _time), all: false).ConfigureAwait(false))
            program.Signal(Libc.Kill);
    }

    private async Task<bool> EndsAsync(IProgram program, Task pumps, Task until, bool all)
    {
        var wait = TimeSpan.FromMilliseconds(1);
        while (!pumps.IsCompleted || program.HasOthers(all))
        {
            if (until.IsCompleted)
                return false;
            await Task.WhenAny(pumps.IsCompleted ? until : pumps, Task.Delay(wait, _time), until).ConfigureAwait(false);
            wait = TimeSpan.FromMilliseconds(Math.Min(50, wait.TotalMilliseconds * 2));
        }
        return true;
    }

    private static void Log(ActiveRun run, ProgramOptions options, long step, ReadOnlySpan<(string Key, double Value)> values, string line)
    {
        run.Log(step, values);
        options.Metrics?.Invoke(step, values);
        if (options.Explain is { } explain)
            explain($"step {Text(step)}: {string.Join(", ", values.ToArray().Select(pair => $"{pair.Key} = {pair.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)}"))}  <- {(line.Length > 200 ? line[..200] + "…" : line)}");
    }

    private static Dictionary<string, string> EnvironmentOf(ProgramOptions options, string mark)
    {
        var all = new Dictionary<string, string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            all[(string)entry.Key] = (string)entry.Value!;
        // Python holds back what it prints into a pipe; with this it is seen when it is printed. Whoever has set it is left alone.
        all.TryAdd("PYTHONUNBUFFERED", "1");
        foreach (var (name, value) in options.Environment)
            all[name] = value;
        all[mark] = "1";
        return all;
    }

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
