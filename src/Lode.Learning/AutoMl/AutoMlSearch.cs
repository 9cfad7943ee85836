using Lode.Core;
using Lode.Optimization;

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
    private const int FewestRepeated = 6;

    // Above so many rows, families are first tried on a part of them.
    private const int ScoutAbove = 20_000;
    private const int ScoutRows = 8_000;

    // The part of the search's time after which no further family is looked at on a part of the rows.
    private const double ScoutTime = 0.4;

    // How much longer than expected a fit may take.
    private const double Margin = 1.25;

    // What a winner is usually made of, and what writing a byte of its file takes, its checksum and copies included.
    private const int LikelyMembers = 5;
    private const double SecondsPerByte = 6e-9;

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
    private readonly SearchClock _clock;
    private readonly long _memoryLimit;
    private readonly List<FamilyArm> _arms = [];
    private readonly List<Candidate> _candidates = [];
    private readonly List<PoolMember> _pool = [];
    private double _dummyFirstFold = double.NaN;

    public AutoMlSearch(Dataset data, Metric metric, AutoMlOptions options, IAutoMlObserver? observer, TimeProvider time, CancellationToken cancellation)
    {
        (_data, _metric, _options, _observer, _time, _outside) = (data, metric, options, observer, time, cancellation);
        _clock = new SearchClock(options.Trials is null ? options.Budget!.Value.TotalSeconds : double.PositiveInfinity, SearchShare, time);
        _threads = FitContext.ThreadCount(options.Threads);
        _streams = new Rng(options.Seed);
        _traits = DataTraits.Of(data) with { Quantiles = options.Quantiles ?? [] };
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
        _evaluator = new Evaluator(data, Split(0), metric, _threads, time, _traits.Quantiles);
        foreach (var name in options.Include ?? FamilyCatalog.Names)
        {
            var family = FamilyCatalog.Get(name);
            if (options.Exclude.Contains(name) || !(family.Suits(_traits) || options.Include is not null))
                continue;
            if ((options.Preset == AutoMlPreset.Interpretable && family.Complexity > 30) || (_traits.Quantiles.Count > 0 && !family.SaysQuantiles))
                continue;
            _arms.Add(new FamilyArm(Searched(family), _traits, _streams.DeriveSeed((ulong)(100 + family.Name.Length + _arms.Count)), options.Trials is null));
        }
        foreach (var earlier in options.Earlier.Where(trial => double.IsFinite(trial.Score)).OrderBy(trial => metric.HigherIsBetter ? trial.Score : -trial.Score))
            _arms.Find(arm => arm.Family.Name == earlier.Family)?.Prefer(earlier.Settings);
    }

    private int Folds { get; }

    private bool Repeats => _options.Preset is AutoMlPreset.Default or AutoMlPreset.Best && _data.Rows <= 5000 && _data.Times.IsEmpty;

    /// <summary>The part of the time for the search itself; the rest repeats cross-validation on small data.</summary>
    private double SearchShare => !Repeats ? 1 : _options.Preset == AutoMlPreset.Best ? 0.65 : 0.77;

    public void Dispose() => _clock.Dispose();

    public AutoMlResult Run()
    {
        var stopped = "exhausted";
        using (var ending = CancellationTokenSource.CreateLinkedTokenSource(_clock.Token, _outside))
        {
            _observer?.Phase("baselines and portfolio");
            Dummy();
            Scout(ending.Token);
            Portfolio(ending.Token);
            _observer?.Phase("search");
            while (!Done(ending.Token) && Next() is { } next)
            {
                // What was good on a part of the rows is tried on more, while there is time.
                if (Try(next.Arm, next.Share, ending.Token) is { } settings && next.Share < 1)
                    next.Arm.Prefer(settings);
            }
            stopped = _outside.IsCancellationRequested ? "interrupted" : _candidates.Count >= _options.Trials ? "trials"
                : _clock.Token.IsCancellationRequested || _arms.Exists(arm => !arm.Exhausted && !IsHopeless(arm)) ? "budget" : stopped;
        }
        RepeatBest();
        _observer?.Phase("ensemble");
        var (ensembling, models) = (_clock.Elapsed, _clock.Models);
        var (refitting, after) = AfterWinner();
        var maker = new WinnerMaker(_evaluator, _pool, _options, _streams.Child(7), _clock, refitting, after);
        var winner = maker.Make();
        var board = Leaderboard(winner);
        var ensemble = _clock.Elapsed - ensembling - (_clock.Models - models);
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
            Seconds = _clock.Elapsed,
            AfterSeconds = after,
            Times = new AutoMlTimes(_clock.Models, ensembling - models, ensemble),
            Notes = [.. Notes(), .. maker.Notes],
        };
    }

    private IModelFamily Searched(IModelFamily family) => family.Complexity > 0 && BalancedFamily.Helps(_traits, _metric) ? new BalancedFamily(family) : family;

    /// <summary>What parts such data: the past predicts the future, groups stay together, classes have the same shares in each fold.</summary>
    public static ISplitter SplitterFor(Dataset data, int folds)
    {
        var classification = data.Target.Task == TaskKind.Classification;
        return (data.Times.IsEmpty, data.Groups.IsEmpty) switch
        {
            (false, _) => new TimeSeriesSplit(folds),
            (_, false) => classification ? new StratifiedGroupKFold(folds) : new GroupKFold(folds),
            _ => classification ? new StratifiedKFold(folds) : new KFold(folds),
        };
    }

    private IReadOnlyList<Split> Split(int repeat) => SplitterFor(_data, Folds).Split(_data, WinnerRecipe.SplitSeed(_options.Seed, repeat));

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
        var share = (double)ScoutRows / _data.Rows;
        foreach (var arm in CheapFirst().ToArray())
        {
            // What was learned from the cheap ones may have to suffice, so that one of them can still be fitted on all rows.
            if (Done(ending) || (_clock.Elapsed > ScoutTime * _clock.SearchEnd && _pool.Count > 1))
                return;
            if (!Fits(arm, share))
                continue;
            var settings = Try(arm, share, ending);
            // They were a first look: on all rows they are tried again.
            if (settings is not null && !IsHopeless(arm))
                arm.Prefer(settings);
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
                Arrange(arm);
                if (!Fits(arm, 1) || (round > 0 && IsHopeless(arm)))
                    continue;
                Try(arm, 1, ending);
            }
            if (_arms.TrueForAll(arm => !arm.HasPortfolio || !Fits(arm, 1) || (round > 0 && IsHopeless(arm))))
                return;
        }
    }

    private IEnumerable<FamilyArm> CheapFirst() => _arms.OrderBy(arm => arm.NextCost).ThenBy(arm => arm.Family.Name, StringComparer.Ordinal);

    /// <summary>What is tried next: on all rows where that fits into the time, else on as many as do.</summary>
    private (FamilyArm Arm, double Share)? Next()
    {
        var (best, noise) = (_pool.Min(member => member.Loss), Noise());
        FamilyArm[] able = [.. _arms.Where(arm => !arm.Exhausted && !IsHopeless(arm))];
        Array.ForEach(able, Arrange);
        // Of the family that is ahead, more rows than so far bring more than further settings of those behind it.
        if (able.MinBy(arm => arm.Best) is { TriedShare: < 1 } leader && double.IsFinite(leader.Best) && !Fits(leader, 1) && PartOf(leader) is > 0 and var most)
            return (leader, most);
        if (able.Where(arm => Fits(arm, 1)).MaxBy(arm => arm.GainPerCost(best, noise)) is { } whole)
            return (whole, 1);
        var parts = able.Select(arm => (Arm: arm, Share: PartOf(arm))).Where(part => part.Share > 0).ToArray();
        if (parts.Length > 0)
            return parts.MinBy(part => part.Arm.Best);
        // Nothing that ends in time is left. Only where nothing but the baseline was found is something begun all the same.
        return _pool.Count <= 1 && able.Where(arm => arm.Tried == 0).MinBy(arm => arm.NextCost) is { } last ? (last, Math.Min(1, (double)ScoutRows / _data.Rows)) : null;
    }

    /// <summary>The largest share of the rows that a family can be fitted on in the time left; 0 where that is hardly more than it was tried on.</summary>
    private double PartOf(FamilyArm arm)
    {
        var least = Math.Max(2 * arm.TriedShare, (double)ScoutRows / _data.Rows);
        // What is not known at all is looked at on few rows first.
        if (arm.TriedShare == 0)
            return least < 1 && Fits(arm, least) ? least : 0;
        for (var share = 0.75; share >= least; share *= 0.75)
        {
            if (Fits(arm, share))
                return share;
        }
        return 0;
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

    /// <summary>Whether what it would try next on a share of the rows may be expected to end in time. Steps of different families take different times, so one that
    /// was not tried yet is not known: on few rows it is begun, on many as much is asked as of the dearest other.</summary>
    private bool Fits(FamilyArm arm, double share)
    {
        if (!_clock.IsBound)
            return true;
        var others = _data.Rows <= ScoutAbove ? double.NaN : _arms.Select(other => other.FitPace).Where(pace => !double.IsNaN(pace)).DefaultIfEmpty(double.NaN).Max();
        return arm.Fits(share, others, Ends);
    }

    private bool Ends(double seconds) => _clock.Elapsed + (Margin * seconds) < _clock.SearchEnd;

    private void Arrange(FamilyArm arm)
    {
        if (_clock.IsBound)
            arm.Arrange(Ends);
    }

    /// <summary>Tries what is next of a family; the answer is its settings, or null where it has nothing left.</summary>
    private Params? Try(FamilyArm arm, double share, CancellationToken ending)
    {
        var start = _clock.Elapsed;
        if (arm.Ask(_clock.IsBound && share >= 1 ? Ends : null) is not var (trial, settings, listed))
            return null;
        if (arm.Exhausted)
        {
            arm.Tell(trial, null, 1, 0);
            return null;
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
        Evaluation? evaluation = null;
        try
        {
            evaluation = _evaluator.Run(iterations => arm.Family.Build(settings, _traits, iterations).Create(), arm.Family.FindsIterations, share,
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
        arm.Tell(trial, told, share, Noise());
        Account(arm, settings, share, _clock.Elapsed - start, evaluation);
        _candidates[candidate.Number] = candidate;
        _observer?.Finished(candidate);
        return settings;
    }

    /// <summary>Remembers what a trial took, for what comes after it.</summary>
    private void Account(FamilyArm arm, Params settings, double share, double seconds, Evaluation? evaluation)
    {
        var models = evaluation?.Seconds ?? seconds;
        _clock.Models += models;
        if (evaluation is { FitSeconds: var fit, PredictSeconds: var predict })
        {
            var fitting = models * fit / Math.Max(1e-12, fit + predict);
            // After a first fold that was bad the others are missing; they go on side by side.
            var missing = evaluation.Stopped ? 1 + ((_evaluator.Splits.Count - 1.0) / Math.Min(_threads, _evaluator.Splits.Count - 1) * _threads / 2) : 1;
            arm.Took(settings, share, missing * fitting, missing * (seconds - fitting), evaluation.Iterations);
        }
        else
        {
            // It failed or was cut off: it takes that at least.
            arm.Took(settings, share, seconds, 0);
        }
        var (refitting, after) = AfterWinner();
        _clock.KeepBack(EnsembleSeconds() + refitting + after);
    }

    /// <summary>About what it takes to put the winner together and to correct its score; a twenty-fifth of the budget at most, since it can do with less.</summary>
    private double EnsembleSeconds()
    {
        var members = Math.Min(KeptModels, _pool.Count);
        if (!_clock.IsBound || members < 2)
            return 0;
        var scoring = _pool.Max(member => member.ScoreSeconds) * members;
        return Math.Min(0.04 * _clock.Budget, 1.5 * scoring * ((40.0 * _evaluator.Splits.Count / _threads) + 20));
    }

    /// <summary>About what is still to be done with the winner: fitting its members on all rows; predicting the caller's rows and writing its file.</summary>
    private (double Refitting, double After) AfterWinner()
    {
        var (refitting, after) = (0.0, 0.0);
        foreach (var candidate in _pool.Where(member => member.HasModels).Take(LikelyMembers).Select(member => member.Candidate))
        {
            var copies = _options.Refit ? 1 : _evaluator.Splits.Count * candidate.Repeats;
            // Folds are predicted side by side, a thread each; the caller's rows by all threads.
            after += copies * ((candidate.PredictSecondsPerRow * _options.PredictRows / Math.Min(2, _threads)) + (candidate.ModelBytes * SecondsPerByte));
            refitting += _options.Refit ? 1.2 * candidate.FitSeconds / _evaluator.Splits.Count : 0;
        }
        return (refitting, after);
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
        var best = Diverse();
        if (_clock.IsBound)
        {
            // Where there is no time for all, the best alone; but an ensemble needs some.
            var (left, all) = (_clock.End - _clock.Elapsed, best.Length);
            best = [.. best.TakeWhile(member => (left -= member.Seconds) > 0)];
            if (best.Length < Math.Min(all, FewestRepeated))
                return;
        }
        using var deadline = _clock.IsBound ? new CancellationTokenSource(TimeSpan.FromSeconds(Math.Max(0.001, _clock.End - _clock.Elapsed)), _time) : new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _outside);
        for (var repeat = 1; repeat <= most; repeat++)
        {
            // A round that cannot end is not begun.
            if (_clock.IsBound && _clock.Elapsed + best.Sum(member => member.Seconds) > _clock.End)
                break;
            var evaluator = new Evaluator(_data, Split(repeat), _metric, _threads, _time, _traits.Quantiles);
            var done = new List<(PoolMember Member, Evaluation Evaluation)>();
            try
            {
                foreach (var member in best)
                {
                    var family = Searched(FamilyCatalog.Get(member.Candidate.Family));
                    var pipeline = family.Build(member.Candidate.Settings, _traits, member.Candidate.Iterations);
                    done.Add((member, evaluator.Run(_ => pipeline.Create(), false, 1, WinnerRecipe.FitSeed(_options.Seed, repeat, member.Candidate.Number), _ => true, ending.Token)));
                    _clock.Models += done[^1].Evaluation.Seconds;
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
