using System.Collections;
using System.Globalization;
using Lode.Core;
using Lode.Execution;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>How trials are run here.</summary>
internal sealed record SweepJobOptions
{
    /// <summary>Trials at once; null = as many as fit.</summary>
    public int? Slots { get; init; }

    /// <summary>Trials before the agent ends; null = all.</summary>
    public int? Trials { get; init; }

    /// <summary>No line for each trial.</summary>
    public bool Quiet { get; init; }
}

/// <summary>Makes a sweep and runs its trials, with its progress on standard error.</summary>
internal sealed class SweepJob(CommandContext context, SweepHost host, SweepJobOptions options)
{
    private static readonly TimeSpan s_line = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_slurm = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private TrialInfo? _best;
    private long? _lastLine;
    private int _failures;

    /// <summary>Makes the sweep.</summary>
    public async Task<StudyInfo> CreateAsync(SweepSpec spec, CancellationToken ct)
    {
        var studies = host.Stores.Studies;
        var study = await studies.CreateAsync(new NewStudy { Project = spec.Project!, Name = spec.Name, Spec = spec.ToStudySpec() }, ct);
        // The first in the list is the first to be given out.
        for (var i = 0; i < spec.First.Count; i++)
            await studies.EnqueueAsync(study.Id, new EnqueueRequest { Params = spec.First[i], Priority = spec.First.Count - i }, ct);
        foreach (var note in spec.Notes)
            Note(note);
        Note($"sweep {study.Project}/{study.Name} ({study.Id}) · {SweepText.Goals(study.Spec)} · live at {host.Address}");
        return study;
    }

    /// <summary>Runs trials until there are no more, and answers with the best.</summary>
    public async Task<int> RunAsync(StudyInfo study)
    {
        using var signals = new StopSignals(Note);
        if (SlurmSweep.Wants(study.Spec))
            await KeepSlurmAsync(study, signals.Stop);
        else
            await AgentAsync(study, signals);
        var now = await host.Stores.Studies.GetAsync(study.Id, CancellationToken.None);
        Note($"{SweepText.Word(now.State)}{(now.Reason is null ? "" : $": {now.Reason}")} · {SweepText.Progress(now)}");
        if (signals.Stop.IsCancellationRequested)
        {
            Note($"go on with: lode agent {now.Id}");
            return ExitCodes.Interrupted;
        }
        if (now.Counts.Complete == 0)
            throw new LodeException(ErrorCode.Internal, $"The sweep '{now.Name}' has no result: {now.Reason ?? SweepText.Progress(now)}", $"`lode sweep trials {now.Id}` shows how its trials ended.");
        await AnswerAsync(context, host.Stores.Studies, now, CancellationToken.None);
        return ExitCodes.Ok;
    }

    /// <summary>Runs trials as one of several agents.</summary>
    public async Task<AgentReport> AgentAsync(StudyInfo study, StopSignals signals)
    {
        var folder = SweepSpec.Of(study.Project, study.Name, study.Spec).Program.Folder;
        if (folder is not null && !Directory.Exists(folder))
            throw new LodeException(ErrorCode.NotFound, $"The sweep's programs run in '{folder}', which is not on this machine.", "Agents need the sweep's folder under the same path: a shared file system, or a copy.");
        if (folder is not null)
            Environment.CurrentDirectory = folder;
        if (study.Best is { } best)
            _best = best;
        var agent = new SweepAgent(host.Stores, new AgentOptions
        {
            Name = SweepAgent.NewName(),
            Server = host.Address,
            Token = host.IsOwn ? null : Environment.GetEnvironmentVariable(LodeHttp.TokenVariable) is { Length: > 0 } token ? token : null,
            Home = host.Folder.Path,
            Undelivered = host.IsOwn ? host.Folder.JournalFolder : null,
            Slots = options.Slots,
            Trials = options.Trials,
            Machine = await new MachineProbe().ReadAsync(Variables(), signals.Stop),
            Note = Note,
            Ended = news => Show(study, news),
        }, context.Time);
        var report = await agent.RunAsync(study, signals.Stop, signals.Hurry);
        if (report.Untold > 0)
            Note($"{report.Untold} trial{(report.Untold == 1 ? " was" : "s were")} not told: lost to others, or no server took {(report.Untold == 1 ? "it" : "them")}; what was lost is given out again");
        return report;
    }

    /// <summary>The best trial on standard output.</summary>
    public static async Task AnswerAsync(CommandContext context, IStudies studies, StudyInfo study, CancellationToken ct)
    {
        var best = await SweepText.BestAsync(studies, study, ct);
        if (context.Json)
            context.Terminal.Json(new TrialPage(best, best.Count), TrackingJson.Default.TrialPage);
        else
            SweepText.Write(context.Terminal, study, best);
    }

    // Slurm starts the agents; this process looks after them.
    private async Task KeepSlurmAsync(StudyInfo study, CancellationToken stop)
    {
        if (host.IsOwn)
            Note($"agents in Slurm reach this process at {host.Address}, which is this machine alone; `lode up --host 0.0.0.0 --token …` serves other nodes");
        string[] lode = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "lode.dll")] : [Environment.ProcessPath ?? "lode"];
        var slurm = new SlurmSweep(host.Stores.Studies, new SlurmHost(host.Address.ToString().TrimEnd('/'), Environment.GetEnvironmentVariable(LodeHttp.TokenVariable), lode), KeepEndAsync);
        var (said, away) = ("", false);
        while (true)
        {
            study = await host.Stores.Studies.GetAsync(study.Id, CancellationToken.None);
            if (study.State is StudyState.Finished or StudyState.Stopped)
                return;
            if (stop.IsCancellationRequested)
            {
                await SlurmLauncher.CancelAsync(SlurmSweep.KeyOf(study), CancellationToken.None);
                return;
            }
            try
            {
                var standing = await slurm.KeepAsync(study, CancellationToken.None);
                away = false;
                var line = string.Create(CultureInfo.InvariantCulture, $"{SweepText.Progress(study)} · Slurm: {standing.Running} tasks run, {standing.Waiting} wait{(standing.Reason is { } reason ? $" ({reason})" : "")}");
                if (line != said && !options.Quiet)
                    Note(said = line);
            }
            catch (LodeException error) when (error.Code == ErrorCode.Unavailable)
            {
                if (!away)
                    Note(error.Message);
                away = true;
            }
            await Task.Delay(s_slurm, context.Time, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task KeepEndAsync(RunId id, SlurmEnd end, CancellationToken ct)
    {
        var run = await host.Stores.Runs.GetRunAsync(id, ct);
        if (end.Log.Length == 0 || ArtifactPath.OfUri(run.ArtifactUri) is not { } root)
            return;
        using var text = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(end.Log));
        await host.Stores.Artifacts.PutAsync($"{root}/slurm-{end.Task.Id}.log", text, ct);
    }

    private void Show(StudyInfo study, TrialNews news)
    {
        lock (_gate)
        {
            var trial = news.Trial;
            var single = study.Spec.Goals.Count == 1 && trial.State == TrialState.Complete;
            var isBest = single && (_best is null || (study.Spec.Goals[0].Direction == Direction.Minimize ? trial.Values[0] < _best.Values[0] : trial.Values[0] > _best.Values[0]));
            if (isBest)
                _best = trial;
            var isFailure = trial.State == TrialState.Failed && ++_failures <= 3;
            // Thousands of short trials are not for reading.
            if (options.Quiet || (!isBest && !isFailure && _lastLine is { } last && context.Time.GetElapsedTime(last) < s_line))
                return;
            _lastLine = context.Time.GetTimestamp();
            var what = trial.State switch
            {
                TrialState.Complete => $"{SweepText.Values(study, trial)}{(isBest ? "  (best)" : single ? $"  (best {Format.Number(_best!.Values[0])})" : "")}",
                TrialState.Waiting => "given back",
                TrialState.Failed => $"failed: {trial.Failure}",
                _ => SweepText.Word(trial.State),
            };
            Note($"trial {trial.Number}  {what}  {SweepText.Params(trial)}  {Format.Duration(news.Duration)}");
        }
    }

    private static Dictionary<string, string> Variables()
    {
        var all = new Dictionary<string, string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            all[(string)entry.Key] = (string)entry.Value!;
        return all;
    }

    private void Note(string line)
    {
        lock (_gate)
            context.Terminal.Note($"lode: {line}");
    }
}
