namespace Lode.Optimization;

/// <summary>What a Gaussian process may learn of a history, in the order of trials.</summary>
internal sealed class GpData
{
    private GpData(Embedding embedding, double[] raw, double[] losses, double[][] constraints, double[] pending, int told)
    {
        (Embedding, Raw, Losses, Constraints, Pending, Told) = (embedding, raw, losses, constraints, pending, told);
    }

    /// <summary>How points are seen.</summary>
    public Embedding Embedding { get; }

    /// <summary>The points of finished trials, shape [n, D].</summary>
    public double[] Raw { get; }

    /// <summary>Their losses, shape [n], finite; those of trials that have none are put in (see <see cref="Of"/>).</summary>
    public double[] Losses { get; }

    /// <summary>Their outcome constraints, shape [K][n], feasible where ≤ 0; NaN where not told.</summary>
    public double[][] Constraints { get; }

    /// <summary>The points of running trials, shape [p, D].</summary>
    public double[] Pending { get; }

    /// <summary>How many of the trials told a finite loss.</summary>
    public int Told { get; }

    /// <summary>The number of points n.</summary>
    public int Count => Losses.Length;

    /// <summary>The coordinates of one.</summary>
    public ReadOnlySpan<double> Point(int index) => Raw.AsSpan(index * Embedding.Dims.Length, Embedding.Dims.Length);

    /// <summary>Whether all constraints of a point are known and hold.</summary>
    public bool IsFeasible(int index)
    {
        foreach (var constraint in Constraints)
            if (!(constraint[index] <= 0))
                return false;
        return true;
    }

    /// <summary>
    /// Reads a history. A failed trial counts as the worst loss told (a failure is usually a region; Song et al., "The Vizier Gaussian process bandit algorithm", 2024, do likewise), a pruned
    /// one as its last report, but no better than the middle and no worse than the worst; infinite and absurd losses as the worst or best finite one.
    /// </summary>
    public static GpData Of(SearchSpace space, History history, bool warping)
    {
        var (known, pending) = (new List<Trial>(history.Trials.Count), new List<Trial>());
        var absent = new bool[space.Count];
        var constraints = 0;
        foreach (var trial in history.Trials)
        {
            if (trial.State == TrialState.Waiting)
                continue;
            (trial.IsFinished ? known : pending).Add(trial);
            constraints = Math.Max(constraints, trial.Constraints.Length);
            var unit = trial.Params.UnitIn(space);
            for (var i = 0; i < absent.Length; i++)
                absent[i] |= double.IsNaN(unit[i]);
        }
        var embedding = new Embedding(space, absent, warping);
        var losses = new double[known.Count];
        var (least, worst) = (double.PositiveInfinity, double.NegativeInfinity);
        var told = new List<double>(known.Count);
        for (var i = 0; i < losses.Length; i++)
        {
            losses[i] = known[i].State == TrialState.Complete && !known[i].Values.IsEmpty ? history.Loss(0, known[i].Values[0]) : double.NaN;
            // Differences of such numbers must stay finite.
            if (!(Math.Abs(losses[i]) <= 1e300))
                continue;
            (least, worst) = (Math.Min(least, losses[i]), Math.Max(worst, losses[i]));
            told.Add(losses[i]);
        }
        told.Sort();
        for (var i = 0; i < losses.Length && told.Count > 0; i++)
        {
            if (known[i].State == TrialState.Pruned)
            {
                var report = known[i].LastReport is { } last ? history.Loss(0, last.Values[0]) : double.NaN;
                losses[i] = double.IsNaN(report) ? worst : Math.Clamp(report, told[told.Count / 2], worst);
            }
            losses[i] = double.IsNaN(losses[i]) ? worst : Math.Clamp(losses[i], least, worst);
        }
        var outcomes = new double[constraints][];
        for (var k = 0; k < constraints; k++)
            outcomes[k] = [.. known.Select(trial => k < trial.Constraints.Length ? trial.Constraints[k] : double.NaN)];
        return new GpData(embedding, Encode(embedding, space, known), losses, outcomes, Encode(embedding, space, pending), told.Count);
    }

    /// <summary>
    /// Some of the first points: a third the best, a third the latest, the rest those farthest from all chosen before. Ascending.
    /// </summary>
    /// <param name="count">How many of the first points to choose from.</param>
    /// <param name="limit">How many to choose at most.</param>
    public int[] Choose(int count, int limit)
    {
        if (count <= limit)
            return [.. Enumerable.Range(0, count)];
        var chosen = new bool[count];
        var best = Enumerable.Range(0, count).ToArray();
        Array.Sort(best, (a, b) => Losses[a] != Losses[b] ? Losses[a].CompareTo(Losses[b]) : a.CompareTo(b));
        var left = limit;
        for (var i = 0; i < limit / 3; i++, left--)
            chosen[best[i]] = true;
        for (var i = count - 1; i >= 0 && left > limit - (2 * (limit / 3)); i--)
        {
            left -= chosen[i] ? 0 : 1;
            chosen[i] = true;
        }
        var nearest = new double[count];
        Array.Fill(nearest, double.PositiveInfinity);
        for (var i = 0; i < count; i++)
            if (chosen[i])
                Approach(nearest, i);
        for (; left > 0; left--)
        {
            var farthest = -1;
            for (var i = 0; i < count; i++)
                if (!chosen[i] && (farthest < 0 || nearest[i] > nearest[farthest]))
                    farthest = i;
            chosen[farthest] = true;
            Approach(nearest, farthest);
        }
        return [.. Enumerable.Range(0, count).Where(i => chosen[i])];
    }

    /// <summary>The squared distance of two points: numbers by their difference, choices and absences by 1.</summary>
    public static double Distance(Embedding embedding, ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var f = 0; f < embedding.Kinds.Length; f++)
        {
            var d = embedding.Owners[f];
            if (embedding.Kinds[f] == Embedding.Kind.Sine || a[d].Equals(b[d]))
                continue;
            var difference = embedding.Kinds[f] == Embedding.Kind.Choice ? 1 : a[d] - b[d];
            sum += double.IsNaN(difference) ? 1 : difference * difference;
        }
        return sum;
    }

    private void Approach(double[] nearest, int chosen)
    {
        for (var i = 0; i < nearest.Length; i++)
            nearest[i] = Math.Min(nearest[i], Distance(Embedding, Point(i), Point(chosen)));
    }

    private static double[] Encode(Embedding embedding, SearchSpace space, List<Trial> trials)
    {
        var d = embedding.Dims.Length;
        var raw = new double[trials.Count * d];
        for (var i = 0; i < trials.Count; i++)
            embedding.Encode(trials[i].Params.UnitIn(space), raw.AsSpan(i * d, d));
        return raw;
    }
}
