using Lode.Core;

namespace Lode.Learning;

/// <summary>One search, from the baselines to the winner.</summary>
internal sealed class AutoMlSearch : IDisposable
{
    // Members whose fold models are kept, and whose predictions are: an ensemble takes few, and only of the best.
    private const int KeptModels = 30;
    private const int KeptMembers = 80;

    // Members whose cross-validation is repeated.
    private const int Repeated = 16;
    private const int RepeatedOfAFamily = 4;

    // Above so many rows, families are first tried on a part of them.
    private const int ScoutAbove = 20_000;
    private const int ScoutRows = 8_000;

    private readonly AutoMlOptions _options;
    private readonly IAutoMlObserver? _observer;
    private readonly TimeProvider _time;
    private readonly CancellationToken _outside;
    private readonly Metric _metric;
    private readonly DataTraits _traits;
    private readonly Evaluator _evaluator;
    private readonly Rng _streams;
    private readonly Dataset _data;
    private readonly int _threads;
    private readonly long _start;
    private readonly long _memoryLimit;
    private readonly CancellationTokenSource _deadline;
    private readonly List<FamilyArm> _arms = [];
    private readonly List<Candidate> _candidates = [];
    private readonly List<PoolMember> _pool = [];
    private double _dummyFirstFold = double.NaN;

    public AutoMlSearch(Dataset data, Metric metric, AutoMlOptions options, IAutoMlObserver? observer, TimeProvider time, CancellationToken cancellation)
    {
        (_data, _metric, _options, _observer, _time, _outside) = (data, metric, options, observer, time, cancellation);
        _start = time.GetTimestamp();
        _threads = FitContext.ThreadCount(options.Threads);
        _streams = new Rng(options.Seed);
        _traits = DataTraits.Of(data);
        _memoryLimit = options.MemoryLimit ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3;
        Folds = options.Folds ?? (options.Preset == AutoMlPreset.Fast ? 3 : data.Rows <= 3000 ? 8 : data.Rows <= 50_000 ? 5 : 3);
        if (data.Target.Task == TaskKind.Classification)
            Folds = Math.Min(Folds, Math.Max(2, data.Target.CountClasses().Max()));
        Folds = Math.Min(Folds, data.Groups.IsEmpty ? data.Rows : Math.Max(2, data.GroupNames.Count));
        if (!data.Times.IsEmpty)
        {
            // Fold models have seen the earliest rows only; what predicts the future must have seen all.
            options = _options = options with { Refit = true };
            Folds = Math.Min(Folds, 5);
        }
        _evaluator = new Evaluator(data, Split(0), metric, _threads, time);
        _deadline = options.Trials is null
            ? new CancellationTokenSource(options.Budget!.Value * SearchShare, time)
            : new CancellationTokenSource();
        foreach (var name in options.Include ?? FamilyCatalog.Names)
        {
            var family = FamilyCatalog.Get(name);
            if (options.Exclude.Contains(name) || !(family.Suits(_traits) || options.Include is not null))
                continue;
            if (options.Preset == AutoMlPreset.Interpretable && family.Complexity > 30)
                continue;
            _arms.Add(new FamilyArm(Searched(family), _traits, _streams.DeriveSeed((ulong)(100 + family.Name.Length + _arms.Count)), options.Trials is null));
        }
        foreach (var earlier in options.Earlier.Where(trial => double.IsFinite(trial.Score)).OrderBy(trial => metric.HigherIsBetter ? trial.Score : -trial.Score))
            _arms.Find(arm => arm.Family.Name == earlier.Family)?.Prefer(earlier.Settings);
    }

    private int Folds { get; }

    private bool Repeats => _options.Preset is AutoMlPreset.Default or AutoMlPreset.Best && _data.Rows <= 5000 && _data.Times.IsEmpty;

    /// <summary>The part of the budget for the search itself; the rest repeats cross-validation on small data and makes the winner.</summary>
    private double SearchShare => !Repeats ? 0.93 : _options.Preset == AutoMlPreset.Best ? 0.6 : 0.72;

    private double Elapsed => _time.GetElapsedTime(_start).TotalSeconds;

    public void Dispose() => _deadline.Dispose();

    public AutoMlResult Run()
    {
        var stopped = "exhausted";
        using (var ending = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, _outside))
        {
            _observer?.Phase("baselines and portfolio");
            Dummy();
            Scout(ending.Token);
            Portfolio(ending.Token);
            _observer?.Phase("search");
            while (!Done(ending.Token) && Next() is { } arm)
                Try(arm, 1, ending.Token);
            stopped = _outside.IsCancellationRequested ? "interrupted" : _deadline.IsCancellationRequested ? "budget" : Done(ending.Token) ? "trials" : stopped;
        }
        RepeatBest();
        _observer?.Phase("ensemble");
        var left = _options.Trials is null ? _options.Budget!.Value.TotalSeconds - Elapsed : double.PositiveInfinity;
        var winner = new WinnerMaker(_evaluator, _pool, _options, _streams.Child(7), _threads).Make(left);
        var board = Leaderboard(winner);
        return new AutoMlResult
        {
            Predictor = winner.Predictor,
            Kind = winner.Kind,
            Metric = _metric,
            Score = winner.Score,
            Leaderboard = board,
            Simpler = winner.Simpler is { } simple ? board.First(candidate => candidate.Number == simple) : null,
            OutOfFold = winner.OutOfFold,
            Threshold = winner.Threshold,
            Recipe = winner.Recipe,
            Unseen = winner.Unseen,
            Folds = Folds,
            Stopped = stopped,
            Seconds = Elapsed,
            Notes = Notes(),
        };
    }

    private IModelFamily Searched(IModelFamily family) => family.Complexity > 0 && BalancedFamily.Helps(_traits, _metric) ? new BalancedFamily(family) : family;

    private IReadOnlyList<Split> Split(int repeat)
    {
        var classification = _data.Target.Task == TaskKind.Classification;
        ISplitter splitter = (_data.Times.IsEmpty, _data.Groups.IsEmpty) switch
        {
            (false, _) => new TimeSeriesSplit(Folds),
            (_, false) => classification ? new StratifiedGroupKFold(Folds) : new GroupKFold(Folds),
            _ => classification ? new StratifiedKFold(Folds) : new KFold(Folds),
        };
        return splitter.Split(_data, WinnerRecipe.SplitSeed(_options.Seed, repeat));
    }

    private bool Done(CancellationToken ending) => ending.IsCancellationRequested || _candidates.Count >= _options.Trials;

    // Always there, so that something predicts whatever happens; it is neither cancelled nor counted against the families.
    private void Dummy()
    {
        var arm = new FamilyArm(FamilyCatalog.Get("dummy"), _traits, 0, byClock: false);
        Try(arm, 1, CancellationToken.None);
        if (_pool.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"Not even a model without features could be fitted: {_candidates[^1].Reason}", "Mend the table.");
        _arms.RemoveAll(other => other.Family.Name == "dummy");
        _dummyFirstFold = _pool.Count > 0 ? Loss(_pool[0].Candidate.Folds[0]) : double.NaN;
    }

    private void Scout(CancellationToken ending)
    {
        if (_data.Rows <= ScoutAbove)
            return;
        foreach (var arm in CheapFirst())
        {
            if (!Done(ending))
                Try(arm, (double)ScoutRows / _data.Rows, ending);
        }
    }

    private void Portfolio(CancellationToken ending)
    {
        for (var round = 0; _arms.Exists(arm => arm.HasPortfolio); round++)
        {
            foreach (var arm in CheapFirst().Where(arm => arm.HasPortfolio).ToArray())
            {
                if (Done(ending))
                    return;
                if (round > 0 && (IsHopeless(arm) || !Fits(arm)))
                    continue;
                Try(arm, 1, ending);
            }
            if (round > 0 && _arms.TrueForAll(arm => !arm.HasPortfolio || IsHopeless(arm) || !Fits(arm)))
                return;
        }
    }

    private IEnumerable<FamilyArm> CheapFirst() => _arms.OrderBy(arm => arm.NextCost).ThenBy(arm => arm.Family.Name, StringComparer.Ordinal);

    private FamilyArm? Next()
    {
        var (best, noise) = (_pool.Min(member => member.Loss), Noise());
        return _arms.Where(arm => !arm.Exhausted && !IsHopeless(arm) && Fits(arm)).MaxBy(arm => arm.GainPerCost(best, noise));
    }

    private double Noise()
    {
        if (_pool.Count == 0)
            return 0;
        var best = _pool.MinBy(member => member.Loss)!;
        var gain = Math.Abs(_pool.Max(member => member.Loss) - best.Loss);
        return Math.Max(1e-12 + (1e-3 * gain), double.IsNaN(best.Candidate.Error) ? 0 : 0.3 * best.Candidate.Error);
    }

    /// <summary>Whether two tries left the family far behind.</summary>
    private bool IsHopeless(FamilyArm arm)
    {
        var (best, worst) = (_pool.Min(member => member.Loss), _pool.Max(member => member.Loss));
        return arm.Tried >= 2 && _arms.Count > 1 && arm.Best > best + (0.6 * (worst - best));
    }

    /// <summary>Whether what it would try next may be expected to end in time.</summary>
    private bool Fits(FamilyArm arm) => _options.Trials is not null || double.IsNaN(arm.SecondsPerStep)
        || Elapsed + (arm.NextCost * arm.SecondsPerStep) < _options.Budget!.Value.TotalSeconds * SearchShare;

    private void Try(FamilyArm arm, double share, CancellationToken ending)
    {
        var start = _time.GetTimestamp();
        var (trial, settings, listed) = arm.Ask();
        if (arm.Exhausted)
        {
            arm.Tell(trial, null, 0, 0);
            return;
        }
        var candidate = new Candidate
        {
            Number = _candidates.Count,
            Family = arm.Family.Name,
            Origin = listed ? "portfolio" : "search",
            Settings = settings,
            Spec = arm.Family.Build(settings, _traits),
            State = CandidateState.Complete,
            TrainShare = share,
        };
        _candidates.Add(candidate);
        _observer?.Started(candidate);
        double? told = null;
        try
        {
            var evaluation = _evaluator.Run(iterations => arm.Family.Build(settings, _traits, iterations).Create(), arm.Family.FindsIterations, share,
                WinnerRecipe.FitSeed(_options.Seed, 0, candidate.Number), GoOn, ending);
            candidate = candidate with
            {
                FitSeconds = evaluation.FitSeconds,
                PredictSecondsPerRow = evaluation.PredictSeconds / Math.Max(1, evaluation.Stopped ? _evaluator.Splits[0].Test.Length : _evaluator.Tested.Length),
                Iterations = evaluation.Iterations,
                Spec = arm.Family.Build(settings, _traits, evaluation.Iterations),
            };
            (candidate, told) = evaluation.Stopped ? Pruned(candidate, evaluation.FoldLosses[0]) : Keep(candidate, evaluation);
        }
        catch (OperationCanceledException)
        {
            candidate = candidate with { State = CandidateState.Cancelled, Reason = _outside.IsCancellationRequested ? "interrupted" : "the budget ran out" };
        }
        catch (Exception error) when (Cause(error) is LodeException or OutOfMemoryException)
        {
            candidate = candidate with { State = CandidateState.Failed, Reason = Cause(error) is OutOfMemoryException ? "out of memory" : Cause(error).Message };
        }
        arm.Tell(trial, share < 1 ? null : told, _time.GetElapsedTime(start).TotalSeconds / share, Noise());
        _candidates[candidate.Number] = candidate;
        _observer?.Finished(candidate);
    }

    private static Exception Cause(Exception error) => error is AggregateException { InnerExceptions: [var first, ..] } ? first : error;

    /// <summary>Whether a first fold is near enough to the best one's to run the others.</summary>
    private bool GoOn(double firstFold)
    {
        if (_pool.Count < 3)
            return true;
        var best = _pool.MinBy(member => member.Loss)!.Candidate.Folds[0];
        return firstFold <= Loss(best) + (0.25 * Math.Max(0, _dummyFirstFold - Loss(best)));
    }

    private (Candidate Candidate, double? Told) Pruned(Candidate candidate, double firstFold)
    {
        var best = _pool.MinBy(member => member.Loss)!;
        candidate = candidate with
        {
            State = CandidateState.Pruned,
            Score = Loss(firstFold),
            Folds = [Loss(firstFold)],
            Reason = "its first fold was far behind the best",
        };
        return (candidate, best.Loss + firstFold - Loss(best.Candidate.Folds[0]));
    }

    private (Candidate Candidate, double? Told) Keep(Candidate candidate, Evaluation evaluation)
    {
        var member = new PoolMember(candidate, evaluation, _evaluator);
        if (_pool.Find(other => other.Candidate.Family == candidate.Family && other.IsLike(member)) is { } twin)
        {
            // Nothing is gained by both in an ensemble, and many of a kind would crowd out others.
            if (twin.Loss <= member.Loss)
                return (member.Candidate, member.Loss);
            _pool.Remove(twin);
        }
        _pool.Add(member);
        _pool.Sort((one, other) => one.Loss != other.Loss ? one.Loss.CompareTo(other.Loss) : one.Candidate.Number.CompareTo(other.Candidate.Number));
        // The best of every family stay, whatever their place.
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < _pool.Count; i++)
        {
            var place = places[_pool[i].Candidate.Family] = places.GetValueOrDefault(_pool[i].Candidate.Family) + 1;
            if (i >= KeptModels && place > RepeatedOfAFamily)
                _pool[i].DropModels();
        }
        for (var i = _pool.Count - 1; i >= KeptMembers; i--)
        {
            if (!_pool[i].HasModels)
                _pool.RemoveAt(i);
        }
        // What is in use is not a pure function of the data: where trials bound the search, memory must not decide.
        for (var i = _pool.Count - 1; i > 0 && _options.Trials is null && GC.GetTotalMemory(false) > _memoryLimit; i--)
            _pool[i].DropModels();
        return (member.Candidate, member.Loss);
    }

    private double Loss(double score) => _metric.HigherIsBetter ? -score : score;

    /// <summary>Cross-validates the best once more with other folds, while there is time: on few rows, the folds decide much.</summary>
    private void RepeatBest()
    {
        if (!Repeats || _outside.IsCancellationRequested)
            return;
        _observer?.Phase("repeating cross-validation of the best");
        var most = _options.Trials is not null ? (_options.Preset == AutoMlPreset.Best ? 3 : 1) : 10;
        var end = _options.Trials is null ? _options.Budget!.Value.TotalSeconds * 0.93 : double.PositiveInfinity;
        var best = Diverse();
        using var deadline = _options.Trials is null ? new CancellationTokenSource(TimeSpan.FromSeconds(Math.Max(0.001, end - Elapsed)), _time) : new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _outside);
        for (var repeat = 1; repeat <= most; repeat++)
        {
            var evaluator = new Evaluator(_data, Split(repeat), _metric, _threads, _time);
            var done = new List<(PoolMember Member, Evaluation Evaluation)>();
            try
            {
                foreach (var member in best)
                {
                    var family = Searched(FamilyCatalog.Get(member.Candidate.Family));
                    var pipeline = family.Build(member.Candidate.Settings, _traits, member.Candidate.Iterations);
                    done.Add((member, evaluator.Run(_ => pipeline.Create(), false, 1, WinnerRecipe.FitSeed(_options.Seed, repeat, member.Candidate.Number), _ => true, ending.Token)));
                }
            }
            catch (Exception error) when (Cause(error) is OperationCanceledException or LodeException or OutOfMemoryException)
            {
                // Half a round would favour those that had their turn.
                break;
            }
            foreach (var (member, evaluation) in done)
            {
                member.Add(evaluation);
                _candidates[member.Candidate.Number] = member.Candidate;
                _observer?.Finished(member.Candidate);
            }
        }
        _pool.Sort((one, other) => one.Loss != other.Loss ? one.Loss.CompareTo(other.Loss) : one.Candidate.Number.CompareTo(other.Candidate.Number));
    }

    /// <summary>The best, but of each family few: an ensemble lives by members that err in different ways.</summary>
    private PoolMember[] Diverse()
    {
        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        var (least, most) = (_pool.Min(member => member.Loss), _pool.Max(member => member.Loss));
        var chosen = new List<PoolMember>();
        foreach (var member in _pool.Where(member => member.HasModels && member.Candidate.TrainShare >= 1 && member.Loss <= least + (0.4 * (most - least))))
        {
            var count = taken.GetValueOrDefault(member.Candidate.Family);
            if (count >= RepeatedOfAFamily || chosen.Count >= Repeated)
                continue;
            taken[member.Candidate.Family] = count + 1;
            chosen.Add(member);
        }
        return [.. chosen];
    }

    /// <summary>Families that never gave a model, and why.</summary>
    private string[] Notes() => [.. _candidates.GroupBy(candidate => candidate.Family)
        .Where(family => family.All(candidate => candidate.State == CandidateState.Failed))
        .OrderBy(family => family.Key, StringComparer.Ordinal)
        .Select(family => $"No {family.Key} could be fitted: {family.First().Reason}")];

    private Candidate[] Leaderboard(Winner winner)
    {
        foreach (var member in _pool)
            _candidates[member.Candidate.Number] = member.Candidate;
        foreach (var (number, weight) in winner.Weights)
            _candidates[number] = _candidates[number] with { Weight = weight };
        return [.. _candidates.OrderBy(candidate => (int)candidate.State).ThenBy(candidate => double.IsNaN(candidate.Score) ? double.PositiveInfinity : Loss(candidate.Score)).ThenBy(candidate => candidate.Number)];
    }
}
