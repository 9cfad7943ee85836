using Lode.Core;
using Lode.Optimization;

namespace Lode.Learning;

/// <summary>One family's part of the search: its study, and what it has cost and gained.</summary>
internal sealed class FamilyArm
{
    // Until so many results, a family's spread is not known well enough to judge it by.
    private const int Warm = 3;

    private readonly Study _study;
    private readonly Queue<Params> _portfolio;
    private readonly List<double> _losses = [];
    private int _sinceGain;
    private readonly List<double> _pace = [];
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

    public double Best { get; private set; } = double.PositiveInfinity;

    /// <summary>Elementary steps of what comes next, of the portfolio or as usual.</summary>
    public double NextCost => Family.Cost(_portfolio.Count > 0 ? _portfolio.Peek() : _usual ?? Params.Empty, _traits);

    private Params? _usual;

    /// <summary>Seconds that so many elementary steps take here; NaN while nothing was run.</summary>
    public double SecondsPerStep => _pace.Count == 0 ? double.NaN : _pace.Order().ElementAt(_pace.Count / 2);

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
    public (LiveTrial Trial, Params Settings, bool FromPortfolio) Ask()
    {
        var listed = _portfolio.TryDequeue(out var settings);
        if (listed)
            _study.Enqueue(settings!);
        var trial = _study.Ask();
        _usual = trial.Params;
        // A space that is used up proposes what was tried before.
        Exhausted = !listed && trial.Repeats is not null;
        return (trial, trial.Params, listed);
    }

    /// <summary>Takes a result.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="loss">Lower is better; an estimate where folds are missing; null: it failed.</param>
    /// <param name="seconds">All that it took.</param>
    /// <param name="noise">How far losses of equals may differ.</param>
    public void Tell(LiveTrial trial, double? loss, double seconds, double noise)
    {
        _study.Tell(trial.Number, loss is { } value && double.IsFinite(value) ? Outcome.Complete(value) : Outcome.Failed("no score"));
        Tried++;
        _pace.Add(seconds / Math.Max(1, Family.Cost(trial.Params, _traits)));
        if (_study.Space.Count == 0)
            Exhausted = _portfolio.Count == 0;
        if (loss is not { } known || !double.IsFinite(known))
            return;
        // Gains that noise may have made do not count.
        _sinceGain = _losses.Count == 0 || known < Best - (0.1 * noise) ? 0 : _sinceGain + 1;
        _losses.Add(known);
        Best = Math.Min(Best, known);
    }

    /// <summary>
    /// What the next trial may be expected to gain on the best loss, by what it costs. The family's better half of results is taken
    /// for a normal distribution, and the gain is its expected improvement (Jones et al. 1998, eq. 15); where the family itself is not
    /// ahead, half of what it may gain on its own best counts too, since an ensemble gains by it. A family that has not gained for long is
    /// used up: its hope halves with every few trials in vain.
    /// </summary>
    public double GainPerCost(double best, double noise)
    {
        var cost = _byClock ? NextCost * (double.IsNaN(SecondsPerStep) ? 1e-9 : SecondsPerStep) : NextCost;
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
