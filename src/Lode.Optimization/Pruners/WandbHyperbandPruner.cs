using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="WandbHyperbandPruner"/>, under the names that W&amp;B's sweep files have.</summary>
public sealed record WandbHyperbandOptions
{
    /// <summary>The first band, in reports: the next ones are eta times as far each. Not looked at with <see cref="MaxIter"/>. Range: ≥ 1. Default: null, 1 where there is no <see cref="MaxIter"/>.</summary>
    public int? MinIter { get; init; }

    /// <summary>Bands are this divided by eta, eta², …: <see cref="S"/> of them, as far as they are at least 1. Range: ≥ 1. Default: null.</summary>
    public int? MaxIter { get; init; }

    /// <summary>How many bands <see cref="MaxIter"/> gives; needed with it. Range: ≥ 1. Default: null.</summary>
    public int? S { get; init; }

    /// <summary>The ratio of bands; at each the best 1/eta go on. Range: &gt; 1. Default: 3.</summary>
    public double Eta { get; init; } = 3;

    /// <summary>Whether a trial is judged by its value at the band (true) or by its best so far (false, which stops fewer). Default: false.</summary>
    public bool Strict { get; init; }
}

/// <summary>
/// W&amp;B's <c>early_terminate: hyperband</c>: at bands of so many reports a trial stops unless it is among the best 1/eta of all trials' values at
/// that band. Between bands, the last one reached counts. With several objectives a trial stops where it would in each of them.
/// </summary>
/// <remarks>
/// W&amp;B's documentation of sweep configuration keys, with the rule of its open-source package of sweep algorithms (wandb/sweeps, state of 2024): bands count
/// reports that are finite numbers; all trials that reached a band take part, running ones and the judged one too; of n sorted values the one at place ⌊n/eta⌋
/// is the last that goes on. Li et al., "Hyperband" (JMLR 2018) is where it comes from; unlike there, nothing is ever resumed. O(n log n) for n trials.
/// </remarks>
public sealed class WandbHyperbandPruner : IPruner
{
    private const int MostBands = 100;
    private readonly WandbHyperbandOptions _options;
    private readonly List<long> _bands = [];

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range, or no band is left.</exception>
    public WandbHyperbandPruner(WandbHyperbandOptions? options = null)
    {
        _options = options ?? new();
        if (!(_options.Eta > 1 && double.IsFinite(_options.Eta)))
            throw Invalid($"WandbHyperbandOptions.Eta must be > 1; got {_options.Eta}.");
        if (_options.MinIter < 1)
            throw Invalid($"WandbHyperbandOptions.MinIter must be ≥ 1; got {_options.MinIter}.");
        if (_options.MaxIter is not { } most)
        {
            double band = _options.MinIter ?? 1;
            for (var i = 0; i < MostBands && band < long.MaxValue; i++, band *= _options.Eta)
                _bands.Add((long)band);
            return;
        }
        if (most < 1)
            throw Invalid($"WandbHyperbandOptions.MaxIter must be ≥ 1; got {most}.");
        if (_options.S is not >= 1)
            throw Invalid($"WandbHyperbandOptions.S must be ≥ 1 where MaxIter is given; got {(_options.S is { } s ? s : "none")}.");
        var down = most / _options.Eta;
        for (var i = 0; i < _options.S && down >= 1; i++, down /= _options.Eta)
            _bands.Insert(0, (long)down);
        if (_bands.Count == 0)
            throw Invalid($"WandbHyperbandOptions has no band: MaxIter / Eta must be ≥ 1; got {most} / {_options.Eta}.");

        static LodeException Invalid(FormattableString text) => new(ErrorCode.InvalidArgument, FormattableString.Invariant(text));
    }

    /// <summary>After how many reports a trial is judged, ascending.</summary>
    public IReadOnlyList<long> Bands => _bands;

    /// <inheritdoc/>
    public bool ShouldPrune(History history, Trial trial)
    {
        for (var objective = 0; objective < history.Directions.Count; objective++)
            if (!IsWorse(history, trial, objective))
                return false;
        return true;
    }

    private bool IsWorse(History history, Trial trial, int objective)
    {
        var (best, count) = (double.PositiveInfinity, 0L);
        foreach (var report in trial.Reports)
        {
            if (objective >= report.Values.Length || !double.IsFinite(report.Values[objective]))
                continue;
            best = Math.Min(best, history.Loss(objective, report.Values[objective]));
            count++;
        }
        var band = 0L;
        foreach (var next in _bands)
            if (next <= count)
                band = next;
        if (band == 0)
            return false;
        var own = AtBand(history, trial, objective, band)!.Value;
        var losses = new List<double> { own };
        foreach (var other in history.Trials)
            if (other.Number != trial.Number && AtBand(history, other, objective, band) is { } loss)
                losses.Add(loss);
        losses.Sort();
        return (_options.Strict ? own : best) > losses[(int)(losses.Count / _options.Eta)];
    }

    // The loss of the report that is the band's by count; null when there are fewer.
    private static double? AtBand(History history, Trial trial, int objective, long band)
    {
        if (trial.Reports.Length < band)
            return null;
        foreach (var report in trial.Reports)
            if (objective < report.Values.Length && double.IsFinite(report.Values[objective]) && --band == 0)
                return history.Loss(objective, report.Values[objective]);
        return null;
    }
}
