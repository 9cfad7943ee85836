namespace Lode.Optimization;

/// <summary>What a forest learns from: coordinates and targets of a study's trials.</summary>
internal sealed class ForestData
{
    // A loss equal to the best becomes the logarithm of this, the median that of a little more than 1.
    private const double Floor = 0.01;
    private const double Ceiling = 100;
    private readonly List<(Standing Standing, double[] Unit, bool Running)> _ranked = [];

    public ForestData(SearchSpace space, History history, int limit)
    {
        var rows = new List<(Standing Standing, double[] Unit, bool Running)>();
        foreach (var trial in history.Trials)
        {
            var standing = Standing.Of(history, trial);
            if (standing.Class == StandingClass.Absent)
                continue;
            rows.Add((standing, trial.Params.UnitIn(space), trial.State == TrialState.Running));
            All.Add(rows[^1].Unit);
            if (standing.Class == StandingClass.Complete && double.IsFinite(standing.Loss))
                _ranked.Add(rows[^1]);
        }
        _ranked.Sort((a, b) => a.Standing.CompareTo(b.Standing));
        Complete = _ranked.Count;
        if (Complete == 0)
        {
            (Points, Targets) = ([], []);
            return;
        }
        if (rows.Count > limit)
        {
            var kept = _ranked.Take(limit / 2).Select(row => row.Standing.Number).ToHashSet();
            var latest = rows.Count - (limit - kept.Count);
            rows = [.. rows.Where((row, i) => i >= latest || kept.Contains(row.Standing.Number))];
        }
        var (best, median) = (_ranked[0].Standing.Loss, _ranked[Complete / 2].Standing.Loss);
        var scale = median - best;
        double Target(double loss) => Math.Log(Floor + (scale > 0 && double.IsFinite(scale) ? Math.Min(Ceiling, (loss - best) / scale) : loss > best ? 1 : 0));
        var worst = Target(_ranked[^1].Standing.Loss);
        var mean = _ranked.Average(row => Target(row.Standing.Loss));
        Best = Target(best);
        Points = [.. rows.Select(row => row.Unit)];
        Targets = [.. rows.Select(row => row switch
        {
            { Running: true } => mean,
            { Standing: { Class: StandingClass.Complete, Loss: var loss } } when double.IsFinite(loss) => Target(loss),
            { Standing: { Class: StandingClass.Complete, Loss: double.NegativeInfinity } } => Best,
            _ => worst,
        })];
    }

    /// <summary>Trials with a finite loss.</summary>
    public int Complete { get; }

    /// <summary>Coordinates of all trials, NaN where inactive.</summary>
    public List<double[]> All { get; } = [];

    /// <summary>Coordinates of those to learn from.</summary>
    public double[][] Points { get; }

    /// <summary>Their targets.</summary>
    public double[] Targets { get; }

    /// <summary>The target of the best trial.</summary>
    public double Best { get; }

    /// <summary>The coordinates of the best trials, best first.</summary>
    public IEnumerable<double[]> BestPoints(int count) => _ranked.Take(count).Select(row => row.Unit);
}
