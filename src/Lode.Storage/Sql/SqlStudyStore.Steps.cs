using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Storage;

// Steps are decided by what was read at their beginning, since nobody else writes until they are committed: one question for all of
// them, and then statements that nobody waits for.
public sealed partial class SqlStudyStore
{
    private const string InsertTrial =
        """
        INSERT INTO trial (study_id, number, state, params, outcome, limits, run_uuid, agent, ask_key, logs_run, attempt, beat, losses, priority, created_at, started_at, version)
        VALUES (@0, @1, @2, @3, '', '', @4, @5, @6, @7, @8, 0, 0, @9, @10, @11, @12)
        """;

    private static readonly string s_metricsOfTrials =
        $"SELECT {OpenMetric.ColumnsOf("m")} FROM trial t JOIN run r ON r.uuid = t.run_uuid JOIN metric m ON m.run_id = r.id WHERE t.study_id = @0 AND t.number = ANY(@1) AND t.logs_run = 1";

    /// <inheritdoc/>
    public Task<StudyReceipt> ApplyAsync(StudyId id, long since, IReadOnlyList<TrialStep> steps, LateTrials? late, CancellationToken ct) => database.WriteAsync(sql =>
    {
        var read = Read(sql, id, since, steps, late?.Most ?? 0);
        var (head, others) = (read.Head, read.Others);
        var batch = new Batch(sql, _runs, id, head, read.Touched, read.FirstVersion);
        var (answers, taken) = (new List<StepAnswer>(steps.Count), new List<long?>(steps.Count));
        foreach (var step in steps)
        {
            taken.Add(batch.Take(step));
            answers.Add(batch.Apply(step));
        }
        foreach (var step in late?.Propose(others) ?? [])
        {
            taken.Add(null);
            answers.Add(batch.Apply(step));
        }
        batch.End();
        return new StudyReceipt(others with { Version = batch.Version, Count = batch.Trials }, answers, taken);
    }, ct);

    private BatchRead Read(SqlSession sql, StudyId id, long since, IReadOnlyList<TrialStep> steps, int late)
    {
        var (touched, metrics, questions) = (new Dictionary<int, Touched>(), new Dictionary<long, List<(string Key, OpenMetric Metric)>>(), new List<SqlQuestion>());
        var (numbers, logged, changes, first) = (new List<long>(), new List<long>(), late, 0L);
        foreach (var step in steps)
        {
            if (step is not (AddTrial or EnqueueTrial))
                numbers.Add(step.Number);
            if (step is TellTrial { State: TrialState.Complete, Journal: null } or ReportTrial)
                logged.Add(step.Number);
            // A lease makes a run and says where it stands.
            if (step is not (BeatTrial or ReportTrial or CheckpointTrial or EnqueueTrial))
                changes += 2;
        }
        if (numbers.Count > 0)
            questions.Add(ToTouched(id, numbers, touched));
        if (changes > 0)
            questions.Add(Versions.ToReserve(sql, changes, got => first = got));
        if (!sql.Gathers)
        {
            var head = ReadHead(sql, id);
            var others = ReadDelta(sql, id, since, head);
            sql.ReadTogether(questions);
            return new BatchRead(head, others, touched, first);
        }
        // All in one go, and what others changed too, whether they did or not; the metrics of all runs that are to be logged to, in place of several questions for each.
        var appends = sql.Deferred<MetricAppends>();
        if (logged.Count > 0)
        {
            questions.Add(new SqlQuestion(s_metricsOfTrials, [id.Value, logged.ToArray()], row =>
            {
                var (run, key, metric) = OpenMetric.MapWhole(row);
                if (!metrics.TryGetValue(run, out var list))
                    metrics.Add(run, list = []);
                list.Add((key, metric));
            }));
        }
        var heads = new List<StudyHead>(1);
        var (trials, reports) = (new List<TrialInfo>(), new List<TrialReport>());
        sql.ReadTogether([ToHead(sql, id, heads), ToTrials(id, since, trials), ToReports(id, since, reports), .. questions]);
        if (heads.Count == 0)
            throw NoStudy(id);
        foreach (var number in logged)
        {
            if (!touched.TryGetValue((int)number, out var trial) || trial is not { LogsRun: true, Row: { } row })
                continue;
            var run = new OpenRun(row, trial.Lifecycle);
            foreach (var (key, metric) in metrics.GetValueOrDefault(row) ?? [])
                run.Metrics.TryAdd(key, metric);
            appends.Know(RunId.Parse(trial.Run!), run);
        }
        return new BatchRead(heads[0], DeltaOf(sql, id, since, heads[0], trials, reports), touched, first);
    }

    private static SqlQuestion ToTouched(StudyId id, List<long> numbers, Dictionary<int, Touched> touched) => new(
        """
        SELECT t.number, t.state, t.attempt, t.beat, t.losses, t.run_uuid, t.logs_run, t.outcome, t.checkpoint, t.checkpoint_step, r.id, r.lifecycle
        FROM trial t LEFT JOIN run r ON r.uuid = t.run_uuid WHERE t.study_id = @0 AND t.number = ANY(@1)
        """,
        [id.Value, numbers.ToArray()],
        row => touched.TryAdd(row.GetInt32(0), new Touched(row.GetInt32(0))
        {
            State = (TrialState)row.GetInt32(1),
            Attempt = row.GetInt32(2),
            Beat = row.GetInt64(3),
            Losses = row.GetInt32(4),
            Run = row.IsDBNull(5) ? null : row.GetString(5),
            LogsRun = row.GetInt32(6) != 0,
            Outcome = row.GetString(7),
            KeepsTo = row.IsDBNull(8) ? -1 : row.IsDBNull(9) ? long.MaxValue : row.GetInt64(9),
            Row = row.IsDBNull(10) ? null : row.GetInt64(10),
            Lifecycle = row.IsDBNull(11) ? default : (Lifecycle)row.GetInt32(11),
        }));

    /// <summary>What steps are decided by.</summary>
    private sealed record BatchRead(StudyHead Head, StudyDelta Others, Dictionary<int, Touched> Touched, long FirstVersion);

    /// <summary>A trial as it stands in the middle of a batch.</summary>
    private sealed class Touched(int number)
    {
        public int Number => number;

        public TrialState State { get; set; }

        public int Attempt { get; set; }

        public long Beat { get; set; }

        public int Losses { get; set; }

        public string? Run { get; set; }

        public bool LogsRun { get; set; }

        /// <summary>The run's own row; null where it is gone.</summary>
        public long? Row { get; init; }

        public Lifecycle Lifecycle { get; init; }

        public string Outcome { get; set; } = "";

        /// <summary>The last step that its checkpoint knows; -1 where it has none.</summary>
        public long KeepsTo { get; set; }

        public HashSet<long>? Steps { get; set; }

        public bool IsRunning(int attempt) => State == TrialState.Running && Attempt == attempt;
    }

    private sealed class Batch(SqlSession sql, SqlRunStore runs, StudyId id, StudyHead head, Dictionary<int, Touched> touched, long firstVersion)
    {
        private IReadOnlyList<StudyGoal>? _goals;
        private bool _isStarted = head.IsStarted;
        private long _nextRunVersion = firstVersion;

        public long Version { get; private set; } = head.Version;

        public int Trials { get; private set; } = head.Trials;

        /// <summary>Takes the journal that comes with a step, before it. A lost lease does not matter: what a program did is true, and only the trial is another's.</summary>
        public long? Take(TrialStep step) => step is TellTrial { Journal: { } part } && touched.TryGetValue(step.Number, out var trial) && trial.Run == part.Run.ToString() ? runs.TryTake(sql, part) : null;

        public StepAnswer Apply(TrialStep step)
        {
            switch (step)
            {
                case AddTrial add:
                    return Add(add);
                case EnqueueTrial enqueue:
                    return Enqueue(enqueue);
            }
            if (!touched.TryGetValue(step.Number, out var trial))
                return StepAnswer.Unknown;
            return step switch
            {
                LeaseTrial lease => Lease(trial, lease),
                TellTrial tell => Tell(trial, tell),
                ReportTrial report => Report(trial, report),
                BeatTrial beat => trial.IsRunning(beat.Attempt) ? Beat(trial) : StepAnswer.Lost,
                CheckpointTrial checkpoint => Checkpoint(trial, checkpoint),
                ReleaseTrial release => trial.IsRunning(release.Attempt) ? Wait(trial, trial.Losses) : trial.State == TrialState.Waiting && trial.Attempt == release.Attempt ? StepAnswer.Repeated : StepAnswer.Lost,
                ExpireTrial expire => Expire(trial, expire),
                _ => throw new InvalidOperationException($"There is no step {step.GetType().Name}."),
            };
        }

        public void End()
        {
            if (Version == head.Version)
                return;
            if (_isStarted && !head.IsStarted)
                sql.Post("UPDATE study SET version = @1, trials = @2, started_at = @3, changed = @1 WHERE id = @0", id.Value, Version, (long)Trials, head.Now);
            else
                sql.Post("UPDATE study SET version = @1, trials = @2 WHERE id = @0", id.Value, Version, (long)Trials);
        }

        private StepAnswer Add(AddTrial step)
        {
            if (step.Number != Trials)
                return StepAnswer.Lost;
            sql.Post(InsertTrial, id.Value, step.Number, (int)TrialState.Running, StudyJson.Write(step.Params), step.Run.ToString(), step.Lease.Agent, step.Lease.AskKey, step.Lease.LogsRun ? 1 : 0, 1, 0, head.Now, head.Now, ++Version);
            TrialRuns.Make(sql, head.Project, id, head.Name, step.Number, step.Run, step.Params, head.Now, _nextRunVersion++);
            (Trials, _isStarted) = (Trials + 1, true);
            return StepAnswer.Done;
        }

        private StepAnswer Enqueue(EnqueueTrial step)
        {
            if (step.Number != Trials)
                return StepAnswer.Lost;
            sql.Post(InsertTrial, id.Value, step.Number, (int)TrialState.Waiting, StudyJson.Write(step.Params), null, null, null, 0, 0, step.Priority, head.Now, null, ++Version);
            Trials++;
            return StepAnswer.Done;
        }

        private StepAnswer Lease(Touched trial, LeaseTrial step)
        {
            if (trial.State != TrialState.Waiting || trial.Attempt != step.Attempt)
                return StepAnswer.Lost;
            (trial.State, trial.Attempt, trial.Beat, trial.LogsRun, trial.Run) = (TrialState.Running, trial.Attempt + 1, 0, step.Lease.LogsRun, step.Run.ToString());
            sql.Post(
                "UPDATE trial SET state = @2, params = @3, run_uuid = @4, agent = @5, ask_key = @6, logs_run = @7, attempt = @8, beat = 0, started_at = @9, version = @10 WHERE study_id = @0 AND number = @1",
                id.Value, trial.Number, (int)TrialState.Running, StudyJson.Write(step.Params), trial.Run, step.Lease.Agent, step.Lease.AskKey, step.Lease.LogsRun ? 1 : 0, trial.Attempt, head.Now, ++Version);
            // What it reported beyond its checkpoint it will report again.
            sql.Post("DELETE FROM trial_report WHERE study_id = @0 AND number = @1 AND step > @2", id.Value, trial.Number, trial.KeepsTo);
            TrialRuns.Make(sql, head.Project, id, head.Name, trial.Number, step.Run, step.Params, head.Now, _nextRunVersion++);
            TrialRuns.SetStatus(sql, trial.Run, RunStatus.Running, null, _nextRunVersion++);
            _isStarted = true;
            return StepAnswer.Done;
        }

        private StepAnswer Tell(Touched trial, TellTrial step)
        {
            var outcome = StudyJson.Write(step.Values);
            if (trial.Attempt != step.Attempt || trial.State is not (TrialState.Running or TrialState.Waiting))
                return trial.Attempt == step.Attempt && trial.State == step.State && trial.Outcome == outcome ? StepAnswer.Repeated : StepAnswer.Lost;
            if (step.State == TrialState.Failed && trial.Losses < step.Retries)
                return trial.State == TrialState.Waiting ? StepAnswer.Repeated : Wait(trial, trial.Losses + 1);
            (trial.State, trial.Outcome) = (step.State, outcome);
            sql.Post("UPDATE trial SET state = @2, outcome = @3, limits = @4, failure = @5, ended_at = @6, version = @7 WHERE study_id = @0 AND number = @1",
                id.Value, trial.Number, (int)step.State, outcome, StudyJson.Write(step.Constraints), step.Failure, head.Now, ++Version);
            if (trial.LogsRun)
            {
                if (step.State == TrialState.Complete)
                    TrialRuns.Log(sql, trial.Run!, Goals, null, step.Values, head.Now);
                TrialRuns.SetStatus(sql, trial.Run!, step.State == TrialState.Failed ? RunStatus.Failed : step.State == TrialState.Pruned ? RunStatus.Killed : RunStatus.Finished, head.Now, _nextRunVersion++);
            }
            return StepAnswer.Done;
        }

        private StepAnswer Report(Touched trial, ReportTrial step)
        {
            if (!trial.IsRunning(step.Attempt))
                return StepAnswer.Lost;
            trial.Steps ??= [.. sql.Query("SELECT step FROM trial_report WHERE study_id = @0 AND number = @1", [id.Value, trial.Number], row => row.GetInt64(0))];
            if (!trial.Steps.Add(step.Report.Step))
            {
                Beat(trial);
                return StepAnswer.Repeated;
            }
            sql.Post("INSERT INTO trial_report (study_id, number, step, outcome, version) VALUES (@0, @1, @2, @3, @4)", id.Value, trial.Number, step.Report.Step, StudyJson.Write(step.Report.Values), Version + 1);
            if (trial.LogsRun)
                TrialRuns.Log(sql, trial.Run!, Goals, step.Report.Step, step.Report.Values, head.Now);
            return Beat(trial);
        }

        private StepAnswer Beat(Touched trial)
        {
            sql.Post("UPDATE trial SET beat = @2, version = @3 WHERE study_id = @0 AND number = @1", id.Value, trial.Number, ++trial.Beat, ++Version);
            return StepAnswer.Done;
        }

        private StepAnswer Checkpoint(Touched trial, CheckpointTrial step)
        {
            if (!trial.IsRunning(step.Attempt))
                return StepAnswer.Lost;
            sql.Post("UPDATE trial SET checkpoint = @2, checkpoint_step = @3, beat = @4, version = @5 WHERE study_id = @0 AND number = @1", id.Value, trial.Number, step.Path, step.Step, ++trial.Beat, ++Version);
            trial.KeepsTo = step.Step ?? long.MaxValue;
            return StepAnswer.Done;
        }

        private StepAnswer Expire(Touched trial, ExpireTrial step)
        {
            if (!trial.IsRunning(step.Attempt) || trial.Beat != step.Beat)
                return StepAnswer.Lost;
            if (trial.Losses < step.MaxLosses)
                return Wait(trial, trial.Losses + 1);
            (trial.State, trial.Losses) = (TrialState.Failed, trial.Losses + 1);
            sql.Post("UPDATE trial SET state = @2, losses = @3, failure = @4, ended_at = @5, version = @6 WHERE study_id = @0 AND number = @1",
                id.Value, trial.Number, (int)TrialState.Failed, trial.Losses, TrialInfo.LostFailure(trial.Losses), head.Now, ++Version);
            TrialRuns.SetStatus(sql, trial.Run!, RunStatus.Failed, head.Now, _nextRunVersion++);
            return StepAnswer.Done;
        }

        private StepAnswer Wait(Touched trial, int losses)
        {
            (trial.State, trial.Losses) = (TrialState.Waiting, losses);
            sql.Post("UPDATE trial SET state = @2, losses = @3, version = @4 WHERE study_id = @0 AND number = @1", id.Value, trial.Number, (int)TrialState.Waiting, losses, ++Version);
            if (trial.Run is { } run)
                TrialRuns.SetStatus(sql, run, RunStatus.Scheduled, null, _nextRunVersion++);
            return StepAnswer.Done;
        }

        private IReadOnlyList<StudyGoal> Goals => _goals ??= ReadStudy(sql, id.Value)!.Spec.Goals;
    }
}
