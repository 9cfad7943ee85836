using System.Globalization;
using Lode.Core;
using Lode.Learning;
using Lode.Optimization;
using Lode.Server;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>The recorded side of a search: its run, the candidates' runs below it, the dashboard while it runs, files at its end.</summary>
internal sealed class AutoMlTracking : IAsyncDisposable
{
    private const string Kind = "automl";
    private const string DataTag = "lode.data.sha256";
    private const string TargetTag = "lode.target";
    private const string MetricTag = "lode.automl.metric";
    private const string HoldoutTag = "lode.holdout.sha256";
    private const int MostEarlierPerFamily = 10;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly CommandContext _context;
    private readonly StoreAccess _access;
    private readonly LodeServer? _server;
    private readonly Tracker _tracker;
    private Project? _project;
    private ActiveRun? _run;
    private CandidateRuns? _candidates;

    private AutoMlTracking(CommandContext context, StoreAccess access, LodeServer? server)
    {
        (_context, _access, _server) = (context, access, server);
        _tracker = new Tracker(access.Store, access.Folder.JournalFolder, context.Time, Warn);
    }

    /// <summary>Opens the store, and the dashboard on it where nobody shows one; null where that fails: the search goes on without.</summary>
    /// <exception cref="LodeException">InvalidArgument: what was said of the store makes no sense.</exception>
    public static async Task<AutoMlTracking?> OpenAsync(CommandContext context, AutoMlRequest request, CancellationToken ct)
    {
        if (!request.Track)
            return null;
        StoreAccess? access = null;
        try
        {
            access = await context.OpenStoreAsync(ct);
            var server = access.Local is null || request.Port < 0 ? null : await DemoCommand.ServeAsync(context, access, access.Local, request.Port, ct);
            return new AutoMlTracking(context, access, server);
        }
        catch (Exception error) when (error is not OutOfMemoryException and not OperationCanceledException and not LodeException { Code: ErrorCode.InvalidArgument })
        {
            if (access is not null)
                await access.DisposeAsync();
            context.Terminal.Note($"lode: nothing is recorded: {error.Message}");
            return null;
        }
    }

    /// <summary>The search's run; null where recording failed.</summary>
    public RunId? RunId => _run?.Id;

    /// <summary>The project's page; null where no dashboard is.</summary>
    public string? Dashboard => _project is not null && (_server?.Address ?? (_access.Owner is { Address: { } heard } ? new Uri(heard) : null)) is { } address
        ? new Uri(address, $"p/{_project.Id}").ToString()
        : null;

    /// <summary>Told by the search; null where recording failed.</summary>
    public IAutoMlObserver? Observer => _candidates;

    /// <summary>Seconds that recording candidates took.</summary>
    public double Seconds => _candidates?.Seconds ?? 0;

    /// <summary>Candidates without a run of their own.</summary>
    public int Skipped => _candidates?.Skipped ?? 0;

    /// <summary>Starts the search's run.</summary>
    public async Task BeginAsync(AutoMlRequest request, AutoMlData data, Metric metric, CancellationToken ct)
    {
        try
        {
            _project = await _access.Store.FindProjectAsync(request.Project, ct) ?? await _access.Store.CreateProjectAsync(new NewProject { Name = request.Project }, ct);
            if (!_project.Tags.ContainsKey(ProjectGoal.MetricTag))
            {
                _project = await _access.Store.UpdateProjectAsync(_project.Id, new ProjectChange
                {
                    Tags = new Dictionary<string, string?> { [ProjectGoal.MetricTag] = $"cv_{metric.Name}", [ProjectGoal.GoalTag] = metric.HigherIsBetter ? "maximize" : "minimize" },
                }, ct);
            }
            var tags = new Dictionary<string, string>(SourceInfo.Capture(Environment.CurrentDirectory, _context.Command))
            {
                ["lode.kind"] = Kind,
                ["lode.data.name"] = data.Name,
                [DataTag] = data.Fingerprint.Sha256,
                ["lode.data.rows"] = data.Train.Rows.ToString(CultureInfo.InvariantCulture),
                [TargetTag] = data.Train.Target.Name,
                ["lode.task"] = data.Train.Target.Task.ToString().ToLowerInvariant(),
                [MetricTag] = GoalOf(request, metric),
            };
            _run = _tracker.Start(request.Project, request.Name ?? $"automl-{data.Train.Target.Name}", tags);
            _run.LogParams(ParamsOf(request, metric));
            _candidates = new CandidateRuns(_tracker, _run, request.Project, metric, _context.Time, Warn);
            _candidates.Begin();
        }
        catch (Exception error) when (error is not OutOfMemoryException and not OperationCanceledException)
        {
            Warn($"nothing is recorded: {error.Message}");
        }
    }

    /// <summary>What earlier searches of the project on the same data, target and metric found, the best of each family.</summary>
    public async Task<IReadOnlyList<EarlierTrial>> EarlierAsync(AutoMlRequest request, AutoMlData data, Metric metric, CancellationToken ct)
    {
        var project = await _access.Store.FindProjectAsync(request.Project, ct);
        if (project is null)
            return [];
        var searches = await FindAsync(project.Id, [Tag("lode.kind", Kind), Tag(DataTag, data.Fingerprint.Sha256), Tag(TargetTag, data.Train.Target.Name), Tag(MetricTag, GoalOf(request, metric))], ct);
        var traits = DataTraits.Of(data.Train);
        var trials = new List<EarlierTrial>();
        foreach (var search in searches)
        {
            foreach (var run in await FindAsync(project.Id, [Tag(RunTags.Parent, search.Id.ToString()), Tag("lode.trial.state", "complete")], ct))
            {
                if (run.Metrics.TryGetValue($"cv_{metric.Name}", out var score) && run.Params.TryGetValue("family", out var name) && Settings(name, run.Params, traits) is { } settings)
                    trials.Add(new EarlierTrial(name, settings, score.Last));
            }
        }
        return [.. trials.GroupBy(trial => trial.Family).SelectMany(family => family
            .DistinctBy(trial => trial.Settings)
            .OrderBy(trial => metric.HigherIsBetter ? -trial.Score : trial.Score)
            .Take(MostEarlierPerFamily))];
    }

    /// <summary>How often runs of the project were scored on the same rows before.</summary>
    public async Task<int> CountHoldoutScoresAsync(string sha256, CancellationToken ct)
    {
        try
        {
            await _tracker.FlushAsync(ct).WaitAsync(s_patience, _context.Time, ct);
            return _project is null ? 0 : (await FindAsync(_project.Id, [Tag(HoldoutTag, sha256)], ct)).Count;
        }
        catch (Exception error) when (error is LodeException or TimeoutException)
        {
            Warn($"whether these rows were scored before is not known: {error.Message}");
            return 0;
        }
    }

    /// <summary>Waits for the candidates' runs, and brings those that the winner is made of up to date.</summary>
    public async Task EndCandidatesAsync(AutoMlResult result)
    {
        if (_candidates is null)
            return;
        await _candidates.EndAsync();
        await GuardAsync(async () =>
        {
            await _tracker.FlushAsync(CancellationToken.None).WaitAsync(s_patience, _context.Time);
            var now = _context.Time.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var candidate in result.Leaderboard.Where(candidate => candidate.Weight > 0 || candidate.Repeats > 1))
            {
                if (!_candidates.Runs.TryGetValue(candidate.Number, out var run))
                    continue;
                await _access.Store.LogAsync(run.Id, new RunBatch
                {
                    Metrics =
                    [
                        new MetricPoint($"cv_{result.Metric.Name}", candidate.Score, now, candidate.Repeats),
                        new MetricPoint("fit_seconds", candidate.FitSeconds, now, candidate.Repeats),
                        new MetricPoint("winner_weight", candidate.Weight, now, 0),
                    ],
                    Tags = [new("lode.automl.winner", candidate.Weight > 0 ? "member" : null)],
                }, CancellationToken.None);
            }
        });
    }

    /// <summary>Ends the search's run: scores, tags, files.</summary>
    public async Task FinishAsync(AutoMlReport report, IReadOnlyDictionary<string, byte[]> files)
    {
        if (_run is not { } run)
            return;
        await GuardAsync(async () =>
        {
            var metric = report.Metric;
            run.Log(0, ($"cv_{metric}", report.Score.CrossValidated), ($"corrected_{metric}", report.Score.Corrected), ("corrected_low", report.Score.Low), ("corrected_high", report.Score.High),
                ("candidates", report.Candidates), ("search_seconds", report.SearchSeconds), ("model_bytes", report.Winner.Bytes));
            if (report.Nested is { Folds.Count: > 0 } nested)
            {
                for (var fold = 0; fold < nested.Folds.Count; fold++)
                    run.Log(fold, ($"nested_fold_{metric}", nested.Folds[fold]));
                run.Log(0, ($"nested_{metric}", nested.Mean), ($"nested_{metric}_se", nested.Error));
            }
            if (report.Quantiles is { Levels.Count: > 1 } quantiles)
            {
                run.Log(0, ("interval_coverage", quantiles.OutOfFold.Covered));
                if (quantiles.Test is { } onTest)
                    run.Log(0, ("test_interval_coverage", onTest.Covered));
            }
            if (report.Test is { Scores: { } scores } test)
            {
                run.Log(0, [.. scores.Select(score => ($"test_{score.Key}", score.Value))]);
                run.Tag([new(HoldoutTag, test.Sha256), new("lode.holdout.name", test.Name), new("lode.holdout.scored", test.TimesScored.ToString(CultureInfo.InvariantCulture))]);
            }
            run.Tag([new("lode.automl.winner", report.Winner.Kind), new("lode.automl.members", string.Join(", ", report.Winner.Members.Select(member => $"{member.Number}-{member.Family}"))), new("lode.automl.stopped", report.Stopped)]);
            if (Skipped > 0)
                run.Tag("lode.automl.unrecorded", Skipped.ToString(CultureInfo.InvariantCulture));
            await _tracker.FlushAsync(CancellationToken.None).WaitAsync(s_patience, _context.Time);
            var root = ArtifactPath.OfUri((await _access.Store.GetRunAsync(run.Id, CancellationToken.None)).ArtifactUri);
            if (root is not null)
            {
                foreach (var (path, bytes) in files)
                    await _access.Artifacts.PutAsync(ArtifactPath.Join(root, path), new MemoryStream(bytes), CancellationToken.None);
            }
        });
        run.Finish(report.Stopped == "interrupted" ? RunStatus.Killed : RunStatus.Finished);
    }

    /// <summary>Ends the search's run where the search failed.</summary>
    public async Task AbandonAsync(Exception error)
    {
        if (_candidates is not null)
            await _candidates.EndAsync();
        if (_run is { IsFinished: false } run)
        {
            run.Tag("lode.error", error.Message);
            run.Finish(error is OperationCanceledException ? RunStatus.Killed : RunStatus.Failed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await GuardAsync(async () => await _tracker.DisposeAsync());
        if (_server is not null)
            await _server.DisposeAsync();
        await _access.DisposeAsync();
    }

    private static Params? Settings(string family, IReadOnlyDictionary<string, string> texts, DataTraits traits)
    {
        if (!FamilyCatalog.Names.Contains(family))
            return null;
        var values = new List<KeyValuePair<string, ParamValue>>();
        foreach (var parameter in FamilyCatalog.Get(family).Space(traits))
        {
            if (!texts.TryGetValue(parameter.Name, out var text))
                continue;
            ParamValue? value = parameter switch
            {
                IntParameter => long.TryParse(text, CultureInfo.InvariantCulture, out var whole) ? whole : null,
                FloatParameter => double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null,
                ChoiceParameter choice => choice.Choices.Where(known => known.ToString() == text).Select(known => (ParamValue?)known).FirstOrDefault(),
                _ => null,
            };
            if (value is null || !parameter.Allows(value.Value))
                return null;
            values.Add(new(parameter.Name, value.Value));
        }
        return new Params(values);
    }

    private static Dictionary<string, string> ParamsOf(AutoMlRequest request, Metric metric)
    {
        var options = request.Options;
        var values = new Dictionary<string, string?>
        {
            ["metric"] = metric.Name,
            ["preset"] = options.Preset.ToString().ToLowerInvariant(),
            ["budget_seconds"] = options.Trials is null ? options.Budget!.Value.TotalSeconds.ToString(CultureInfo.InvariantCulture) : null,
            ["trials"] = options.Trials?.ToString(CultureInfo.InvariantCulture),
            ["folds"] = options.Folds?.ToString(CultureInfo.InvariantCulture),
            ["quantiles"] = options.Quantiles is { } levels ? string.Join(',', levels.Select(level => level.ToString("R", CultureInfo.InvariantCulture))) : null,
            ["nested"] = options.Nested?.ToString(CultureInfo.InvariantCulture),
            ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            ["threads"] = options.Threads.ToString(CultureInfo.InvariantCulture),
            ["ensemble"] = options.Ensemble?.ToString().ToLowerInvariant(),
            ["refit"] = options.Refit ? "true" : null,
            ["include"] = options.Include is { } include ? string.Join(',', include) : null,
            ["exclude"] = options.Exclude.Count > 0 ? string.Join(',', options.Exclude) : null,
            ["max_predict_ms"] = (options.MaxPredictSecondsPerRow * 1000)?.ToString(CultureInfo.InvariantCulture),
            ["memory_limit"] = options.MemoryLimit?.ToString(CultureInfo.InvariantCulture),
            ["ignore"] = request.Roles.Ignored.Count > 0 ? string.Join(',', request.Roles.Ignored) : null,
            ["groups"] = request.Roles.Group,
            ["time"] = request.Roles.Time,
            ["weights"] = request.Roles.Weight,
            ["resume"] = request.Resume ? "true" : null,
        };
        return values.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!);
    }

    // Losses over other quantiles are other goals.
    private static string GoalOf(AutoMlRequest request, Metric metric) => request.Options.Quantiles is { } levels ? $"{metric.Name}:{string.Join(',', levels.Select(level => level.ToString("R", CultureInfo.InvariantCulture)))}" : metric.Name;

    private static FilterClause Tag(string key, string value) => new(new RunField(FieldKind.Tag, key), FilterOperator.Equal, FilterValue.Of(value));

    private async Task<IReadOnlyList<Run>> FindAsync(ProjectId project, FilterClause[] clauses, CancellationToken ct) =>
        (await _access.Store.SearchRunsAsync(new RunQuery { Projects = [project], Filter = new RunFilter(clauses), Limit = 10_000 }, ct)).Runs;

    private async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Warn($"not everything was recorded: {error.Message}");
        }
    }

    private void Warn(string warning) => _context.Terminal.Note($"lode: {warning}");
}
