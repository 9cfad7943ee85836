using Lode.Core;
using Lode.Optimization;

namespace Lode.Learning;

/// <summary>One family's part of the search: its study, and what it has cost and gained.</summary>
internal sealed class FamilyArm
{
    // Until so many results, a family's spread is not known well enough to judge it by.
    private const int Warm = 3;

    // Proposals in a row that may be too costly for the time left.
    private const int MostPassed = 10;

    private readonly Study _study;
    private readonly Queue<Params> _portfolio;
    private readonly List<double> _losses = [];
    private int _sinceGain;
    private readonly List<(double Share, double Fit, double Predict)> _paces = [];
    private readonly DataTraits _traits;
    private readonly bool _byClock;

    public FamilyArm(IModelFamily family, DataTraits traits, ulong seed, bool byClock)
    {
        (Family, _traits, _byClock) = (family, traits, byClock);
        _study = new Study(new StudyOptions { Space = family.Space(traits), Seed = seed });
        _portfolio = new Queue<Params>(family.Portfolio(traits));
    }

    public IModelFamily Family { get; }

    public bool HasPortfolio => _portfolio.Count > 0;

    /// <summary>Whether nothing is left to try.</summary>
    public bool Exhausted { get; private set; }

    public int Tried { get; private set; }

    /// <summary>The least loss, on whatever part of the rows.</summary>
    public double Best { get; private set; } = double.PositiveInfinity;

    /// <summary>The largest share of the rows that it was tried on, 0 to 1.</summary>
    public double TriedShare { get; private set; }

    /// <summary>Elementary steps of what comes next, of the portfolio or as usual, in one fit on all rows.</summary>
    public double NextCost => CostOf(Next, 1);

    private Params Next => _portfolio.Count > 0 ? _portfolio.Peek() : _usual ?? Params.Empty;

    private Params? _usual;
    private Params? _cheapest;
    private bool _late;

    /// <summary>Seconds that an elementary step of fitting takes here, all folds together; NaN while nothing was run.</summary>
    public double FitPace => Pace(pace => pace.Fit);

    /// <summary>
    /// Seconds that what comes next takes with a share of the training rows, all folds together. Fits cost as the family says of so many rows;
    /// predictions are of all rows, however many were fitted on, and cost as much more as the model is larger.
    /// </summary>
    /// <param name="share">In (0, 1].</param>
    /// <param name="otherwise">Seconds for an elementary step where nothing was run yet; NaN: the answer is NaN then.</param>
    public double SecondsFor(double share, double otherwise) => SecondsOf(Next, share, otherwise);

    /// <summary>Whether something that is left may end in time: what is next of the portfolio, or else settings as cheap as the cheapest that were tried.</summary>
    /// <param name="share">In (0, 1].</param>
    /// <param name="otherwise">As for <see cref="SecondsFor"/>.</param>
    /// <param name="ends">Whether what takes so many seconds ends in time.</param>
    public bool Fits(double share, double otherwise, Func<double, bool> ends) => !_late && SecondsOf(_portfolio.Count > 0 ? Next : _cheapest ?? Next, share, otherwise) is var seconds && (double.IsNaN(seconds) || ends(seconds));

    /// <summary>Puts in front what of the portfolio ends in time on all rows. Where nothing of it does any more, it is dropped: the study may find cheaper settings.</summary>
    public void Arrange(Func<double, bool> ends)
    {
        if (_portfolio.Count == 0 || _paces.Count == 0)
            return;
        if (_portfolio.FirstOrDefault(settings => ends(SecondsOf(settings, 1, double.NaN))) is { } first)
            Prefer(first);
        else if (TriedShare >= 1)
            _portfolio.Clear();
    }

    private double SecondsOf(Params settings, double share, double otherwise) => _paces.Count == 0
        ? otherwise * CostOf(settings, share)
        : (FitPace * CostOf(settings, share)) + (Pace(pace => pace.Predict) * CostOf(settings, 1));

    /// <summary>Settings that were good on the same data before come first.</summary>
    public void Prefer(Params settings)
    {
        Params[] later = [.. _portfolio];
        _portfolio.Clear();
        _portfolio.Enqueue(settings);
        foreach (var item in later.Where(item => !item.Equals(settings)))
            _portfolio.Enqueue(item);
    }

    /// <summary>The next settings: of the portfolio, then of the study.</summary>
    /// <param name="ends">Whether what takes so many seconds ends in time; of the study, what would not is passed over. Null: everything does.</param>
    /// <returns>Null where the study proposed nothing that ends in time.</returns>
    public (LiveTrial Trial, Params Settings, bool FromPortfolio)? Ask(Func<double, bool>? ends = null)
    {
        var listed = _portfolio.TryDequeue(out var settings);
        if (listed)
            _study.Enqueue(settings!);
        var trial = _study.Ask();
        for (var passed = 0; !listed && ends is not null && _paces.Count > 0 && trial.Repeats is null && !ends(SecondsOf(trial.Params, 1, double.NaN)); passed++)
        {
            _study.Tell(trial.Number, Outcome.Failed("it would not have ended in time"));
            if (passed == MostPassed)
            {
                _late = true;
                return null;
            }
            trial = _study.Ask();
        }
        _usual = trial.Params;
        if (_cheapest is null || CostOf(trial.Params, 1) < CostOf(_cheapest, 1))
            _cheapest = trial.Params;
        // A space that is used up proposes what was tried before.
        Exhausted = !listed && trial.Repeats is not null;
        return (trial, trial.Params, listed);
    }

    /// <summary>Takes a result.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="loss">Lower is better; an estimate where folds are missing; null: it failed.</param>
    /// <param name="share">The share of the rows that it was fitted on: what a part of them gave is no guide to settings for all.</param>
    /// <param name="noise">How far losses of equals may differ.</param>
    public void Tell(LiveTrial trial, double? loss, double share, double noise)
    {
        _study.Tell(trial.Number, loss is { } value && double.IsFinite(value) && share >= 1 ? Outcome.Complete(value) : Outcome.Failed("no score"));
        Tried++;
        if (_study.Space.Count == 0)
            Exhausted = _portfolio.Count == 0;
        if (loss is not { } known || !double.IsFinite(known))
            return;
        if (share < 1)
        {
            Best = Math.Min(Best, known);
            return;
        }
        // Gains that noise may have made do not count.
        _sinceGain = _losses.Count == 0 || known < Best - (0.1 * noise) ? 0 : _sinceGain + 1;
        _losses.Add(known);
        Best = Math.Min(Best, known);
    }

    /// <summary>Takes what a trial cost, all folds together.</summary>
    /// <param name="settings">The trial's.</param>
    /// <param name="share">The share of the training rows that it was fitted on.</param>
    /// <param name="fit">Seconds by the clock, all but predicting.</param>
    /// <param name="predict">Seconds by the clock of predicting.</param>
    /// <param name="iterations">What early stopping found. Fewer than usual are no promise: more rows bear more.</param>
    public void Took(Params settings, double share, double fit, double predict, int? iterations = null)
    {
        if (iterations is { } found && share < 1)
            fit *= Math.Max(1, Family.UsualIterations(settings) / Math.Max(1, found));
        TriedShare = Math.Max(TriedShare, share);
        _paces.Add((share, fit / CostOf(settings, share), predict / CostOf(settings, 1)));
    }

    private double CostOf(Params settings, double share) => Math.Max(1, Family.Cost(settings, share >= 1 ? _traits : _traits with { Rows = Math.Max(1, (int)(share * _traits.Rows)) }));

    // Of the trials on most rows the middle one: what few rows take is mostly what any number of rows takes.
    private double Pace(Func<(double Share, double Fit, double Predict), double> of)
    {
        if (_paces.Count == 0)
            return double.NaN;
        var most = _paces.Max(pace => pace.Share);
        double[] alike = [.. _paces.Where(pace => pace.Share >= most).Select(of).Order()];
        return alike[alike.Length / 2];
    }

    /// <summary>
    /// What the next trial may be expected to gain on the best loss, by what it costs. The family's better half of results is taken
    /// for a normal distribution, and the gain is its expected improvement (Jones et al. 1998, eq. 15); where the family itself is not
    /// ahead, half of what it may gain on its own best counts too, since an ensemble gains by it. A family that has not gained for long is
    /// used up: its hope halves with every few trials in vain.
    /// </summary>
    public double GainPerCost(double best, double noise)
    {
        var cost = _byClock ? SecondsFor(1, 1e-9) : NextCost;
        if (_losses.Count < Warm)
            return double.PositiveInfinity;
        double[] half = [.. _losses.Order().Take((_losses.Count + 1) / 2)];
        var mean = half.Average();
        var deviation = Math.Max(noise, Math.Sqrt(half.Sum(loss => (loss - mean) * (loss - mean)) / half.Length));
        // Far behind: an ensemble hardly takes it.
        var near = Math.Exp(-Math.Max(0, Best - best) / (10 * noise));
        var hope = Math.Pow(0.5, _sinceGain / (3.0 + (2 * _study.Space.Count)));
        return hope * (ExpectedGain(best, mean, deviation) + (0.5 * near * ExpectedGain(Best, mean, deviation))) / cost;
    }

    private static double ExpectedGain(double best, double mean, double deviation)
    {
        var z = (best - mean) / deviation;
        return (deviation * SpecialFunctions.NormalPdf(z)) + ((best - mean) * SpecialFunctions.NormalCdf(z));
    }
}
