using System.Collections.Concurrent;
using System.Diagnostics;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Bench.Tracking;

/// <summary>Many agents, each a client of its own that waits where a program would run, on many trials in the queue: whether a server holds steady under them.</summary>
internal static class FleetBench
{
    private const int Queued = 10_000;

    private static readonly TimeSpan s_trial = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(string lode, int agents)
    {
        Report.Head($"{agents} agents, {Queued} trials in the queue, {s_trial.TotalSeconds:0} s each");
        await using var server = await ServerProcess.StartAsync(lode);
        using var http = LodeHttp.ClientFor(server.Address);
        var studies = new HttpStudies(http);
        var spec = new StudySpec
        {
            Goals = [new StudyGoal("loss")],
            Space = new SearchSpace([new FloatParameter("x", 0, 1)]),
            Sampler = new NamedOptions("random"),
            Budget = new StudyBudget { Trials = Queued },
        };
        var study = (await studies.CreateAsync(new NewStudy { Project = "fleet", Spec = spec }, CancellationToken.None)).Id;
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(0, Queued, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, ct) =>
            await studies.EnqueueAsync(study, new EnqueueRequest { Params = new Params([new("x", i / (double)Queued)]) }, ct));
        Report.Row("queued, trials/s", Queued / clock.Elapsed.TotalSeconds, null, more: true);
        var (turns, beats, given) = (new ConcurrentBag<double>(), new ConcurrentBag<double>(), new ConcurrentDictionary<int, int>());
        var (cpu, memory) = (server.CpuMs, server.ResidentMiB);
        clock.Restart();
        await Task.WhenAll(Enumerable.Range(0, agents).Select(agent => Task.Run(() => AgentAsync(studies, study, agent, turns, beats, given))));
        var seconds = clock.Elapsed.TotalSeconds;
        var info = await studies.GetAsync(study, CancellationToken.None);
        if (info.Counts.Complete != Queued || given.Count != Queued || given.Values.Any(times => times != 1))
            throw new InvalidOperationException($"{info.Counts.Complete} trials are complete, {given.Count} were given out, {given.Values.Count(times => times != 1)} of them more than once.");
        Report.Row("from the first to the last, s", seconds, null, $">= {Math.Ceiling(Queued / (double)agents) * s_trial.TotalSeconds:0}");
        Report.Row("99 of 100 turns within, ms", Within(turns), null);
        Report.Row("99 of 100 signs of life within, ms", Within(beats), null);
        Report.Row("server CPU, ms a trial", (server.CpuMs - cpu) / Queued, null);
        Report.Row("server memory before, MiB", memory, null);
        Report.Row("server memory after, MiB", server.ResidentMiB, null);
    }

    private static double Within(ConcurrentBag<double> times) => times.IsEmpty ? double.NaN : times.Order().ElementAt((int)(times.Count * 0.99));

    private static async Task AgentAsync(HttpStudies studies, StudyId study, int agent, ConcurrentBag<double> turns, ConcurrentBag<double> beats, ConcurrentDictionary<int, int> given)
    {
        // Not all at the same moment.
        await Task.Delay(s_trial * (agent % 1000 / 1000.0));
        var ended = new List<TrialTurn>();
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await studies.TurnAsync(study, new TurnRequest { Ended = ended, Ask = new AskRequest { Agent = $"fleet-{agent}" } }, CancellationToken.None);
            turns.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (answer.Told.FirstOrDefault(told => told.Trial is null) is { } lost)
                throw new InvalidOperationException($"A trial was lost: {lost.Error?.Message}");
            if (answer.Ask!.Trials.Count == 0)
                return;
            ended.Clear();
            var trial = answer.Ask.Trials[0];
            given.AddOrUpdate(trial.Number, 1, (_, times) => times + 1);
            for (var left = s_trial; left > TimeSpan.Zero; left -= s_beat)
            {
                await Task.Delay(left < s_beat ? left : s_beat);
                began = Stopwatch.GetTimestamp();
                await studies.HeartbeatAsync(study, new HeartbeatRequest { Trials = [new TrialKey(trial.Number, trial.Attempt)] }, CancellationToken.None);
                beats.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            ended.Add(new TrialTurn { Number = trial.Number, Tell = new TellRequest { Attempt = trial.Attempt, Values = [trial.Params.Float("x")] } });
        }
    }
}
