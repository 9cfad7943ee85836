using System.Diagnostics;
using System.Globalization;
using Lode.Core;

namespace Lode.TestKit.Faults;

/// <summary>How a server is killed again and again.</summary>
public sealed record KillOptions
{
    /// <summary>The program, <c>lode.dll</c>.</summary>
    public required string Dll { get; init; }

    /// <summary>Its data folder.</summary>
    public required string Home { get; init; }

    /// <summary>The address of a PostgreSQL database; null = SQLite in the data folder.</summary>
    public string? Store { get; init; }

    /// <summary>How often; default 5.</summary>
    public int Kills { get; init; } = 5;

    /// <summary>The longest load before a kill, in milliseconds; default 900.</summary>
    public int LongestLoadMs { get; init; } = 900;

    /// <summary>Of the moments at which it is killed.</summary>
    public ulong Seed { get; init; } = 1;
}

/// <summary>
/// Puts a real server under mixed load, kills it (SIGKILL) at random moments, also while it starts, and has every witness compare
/// what is there with what was acknowledged. Every other time <c>lode doctor</c> examines the folder before the restart.
/// </summary>
public static class KillRun
{
    private const int LongestStartMs = 500;

    /// <summary>Runs all kills.</summary>
    /// <param name="options">How.</param>
    /// <param name="log">Told of each kill, and of the sum at the end, a line each.</param>
    /// <returns>Writes that were acknowledged.</returns>
    /// <exception cref="FaultFoundException">A promise was broken.</exception>
    public static async Task<long> RunAsync(KillOptions options, Action<string> log)
    {
        var rng = new Rng(options.Seed);
        var witnesses = NewWitnesses();
        log("kill   after ms   acknowledged   in doubt, there   killed starting   doctor   ready ms   checked ms");
        long acknowledged = 0, landed = 0;
        var restarts = new List<double>();
        for (var kill = 1; kill <= options.Kills; kill++)
        {
            using var victim = Victim.Start(options.Dll, options.Home, options.Store);
            if (!await victim.ReadyAsync())
                throw new FaultFoundException($"the server did not start before kill {kill}");
            var after = rng.NextInt32(options.LongestLoadMs);
            await LoadAsync(victim, witnesses, TimeSpan.FromMilliseconds(after));
            var startsKilled = rng.NextInt32(4) == 0 ? 1 + rng.NextInt32(2) : 0;
            for (var i = 0; i < startsKilled; i++)
                await KillStartingAsync(options, rng.NextInt32(LongestStartMs));
            var examined = options.Store is null && kill % 2 == 0;
            if (examined)
                await ExamineAsync(options, kill);
            var clock = Stopwatch.StartNew();
            using var next = Victim.Start(options.Dll, options.Home, options.Store);
            if (!await next.ReadyAsync())
                throw new FaultFoundException($"the server did not start after kill {kill}");
            var ready = clock.Elapsed.TotalMilliseconds;
            restarts.Add(ready);
            using (var http = next.Client())
            {
                foreach (var witness in witnesses)
                    await witness.TestifyAsync(http, all: kill == options.Kills);
            }
            await next.TerminateAsync();
            var (acknowledgedNow, landedNow) = (witnesses.Sum(one => one.Acknowledged), witnesses.Sum(one => one.Landed));
            log(string.Create(CultureInfo.InvariantCulture, $"{kill,4}{after,11}{acknowledgedNow - acknowledged,15}{landedNow - landed,18}{startsKilled,18}{(examined ? "sound" : "-"),9}{ready,11:0}{clock.Elapsed.TotalMilliseconds - ready,13:0}"));
            (acknowledged, landed) = (acknowledgedNow, landedNow);
        }
        if (options.Store is null)
            await ExamineAsync(options, options.Kills);
        log(string.Create(CultureInfo.InvariantCulture, $"{options.Kills} kills, {acknowledged:N0} acknowledged writes: all there, none twice; {landed} unanswered ones had landed, whole. Ready again after {restarts.Order().ElementAt(restarts.Count / 2):0} ms (median), {restarts.Max():0} ms at most."));
        foreach (var witness in witnesses)
            log(string.Create(CultureInfo.InvariantCulture, $"  {witness.Name,-10}{witness.Acknowledged,10:N0} acknowledged{witness.Landed,6} unanswered but there"));
        return acknowledged;
    }

    /// <summary>One of each kind, and more of those whose writes share commits.</summary>
    public static Witness[] NewWitnesses() =>
    [
        new MetricWitness("metric-1"), new MetricWitness("metric-2"), new MetricWitness("metric-3"), new BatchWitness("batch"),
        new JournalWitness("journal"), new ArtifactWitness("artifact"), new RegistryWitness("registry"), new RunWitness("runs"),
    ];

    private static async Task LoadAsync(Victim victim, Witness[] witnesses, TimeSpan load)
    {
        using var http = victim.Client();
        var before = witnesses.Sum(witness => witness.Acknowledged);
        var writers = witnesses.Select(witness => Task.Run(() => witness.WriteAsync(http))).ToArray();
        var ended = Task.WhenAny(writers);
        // The load begins when something of it is acknowledged: a busy machine may need longer for that than the load lasts.
        while (witnesses.Sum(witness => witness.Acknowledged) == before && !ended.IsCompleted)
            await Task.Delay(5);
        await Task.WhenAny(Task.Delay(load), ended);
        await victim.KillAsync();
        // A writer that found a fault says so here.
        await Task.WhenAll(writers);
    }

    private static async Task KillStartingAsync(KillOptions options, int after)
    {
        using var starting = Victim.Start(options.Dll, options.Home, options.Store);
        await Task.Delay(after);
        await starting.KillAsync();
    }

    private static async Task ExamineAsync(KillOptions options, int kill)
    {
        var start = new ProcessStartInfo("dotnet", [options.Dll, "doctor", "--home", options.Home]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var doctor = Process.Start(start)!;
        var error = doctor.StandardError.ReadToEndAsync();
        var said = await doctor.StandardOutput.ReadToEndAsync();
        await doctor.WaitForExitAsync();
        if (doctor.ExitCode != 0)
            throw new FaultFoundException($"lode doctor after kill {kill} ended with {doctor.ExitCode}: {said}{await error}");
    }
}
