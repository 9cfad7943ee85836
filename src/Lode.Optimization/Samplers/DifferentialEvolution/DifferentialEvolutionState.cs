using Lode.Core;

namespace Lode.Optimization;

/// <summary>A member of the population: a trial that was told, as coordinates and a place.</summary>
internal readonly record struct Member(double[] Unit, Standing Standing);

/// <summary>A population, an archive of displaced members, and what settings have worked. Never changed once made.</summary>
internal sealed class DifferentialEvolutionState
{
    private const ulong SettingsSeed = 0x4C53_4841_4445;

    private DifferentialEvolutionState(SearchSpace space, int size, Member[] members, double[][] archive, double[] scales, double[] crossovers, int cursor) =>
        (Space, Size, Members, Archive, Scales, Crossovers, Cursor) = (space, size, members, archive, scales, crossovers, cursor);

    public SearchSpace Space { get; }

    /// <summary>Trials of the next generation.</summary>
    public int Size { get; }

    /// <summary>One per trial of the next generation; empty before the first.</summary>
    public Member[] Members { get; }

    public double[][] Archive { get; }

    /// <summary>M_F, shape [H].</summary>
    public double[] Scales { get; }

    /// <summary>M_CR, shape [H].</summary>
    public double[] Crossovers { get; }

    /// <summary>The place of the memory that is written next.</summary>
    public int Cursor { get; }

    public static DifferentialEvolutionState First(SearchSpace space, History history, DifferentialEvolutionOptions options)
    {
        var (scales, crossovers) = (new double[options.Memory], new double[options.Memory]);
        Array.Fill(scales, 0.5);
        Array.Fill(crossovers, 0.5);
        return new(space, FirstSize(space, history, options), [], [], scales, crossovers, 0);
    }

    /// <summary>F and CR of a trial: drawn around a place of the memory (Tanabe and Fukunaga, CEC 2013), by a stream that belongs to the trial, so that its success can be credited later.</summary>
    public (double Scale, double Crossover) SettingsOf(int number)
    {
        var rng = new Rng(SettingsSeed, (ulong)number);
        var place = rng.NextInt32(Scales.Length);
        var crossover = Math.Clamp(Crossovers[place] + (0.1 * rng.NextGaussian()), 0, 1);
        while (true)
        {
            var scale = Scales[place] + (0.1 * Math.Tan(Math.PI * (rng.NextDouble() - 0.5)));
            if (scale > 0)
                return (Math.Min(scale, 1), crossover);
        }
    }

    /// <summary>The state after the generation that begins at a place of the history.</summary>
    public DifferentialEvolutionState Advance(History history, int start, DifferentialEvolutionOptions options)
    {
        var members = new Member[Size];
        var archive = new List<double[]>(Archive);
        var successes = new List<(double Scale, double Crossover, double Gain)>();
        for (var i = 0; i < Size; i++)
        {
            var trial = history.Trials[start + i];
            var child = new Member(trial.Params.UnitIn(Space), Standing.Of(history, trial));
            members[i] = child;
            if (i >= Members.Length)
                continue;
            var parent = Members[i];
            // Equal values replace, so that plateaus can be crossed.
            var replaces = child.Standing.IsBetterThan(parent.Standing) || (child.Standing.IsRanked && child.Standing with { Number = 0 } == parent.Standing with { Number = 0 });
            if (!replaces)
            {
                members[i] = parent;
                continue;
            }
            archive.Add(parent.Unit);
            if (child.Standing.IsBetterThan(parent.Standing))
            {
                var (scale, crossover) = SettingsOf(trial.Number);
                successes.Add((scale, crossover, parent.Standing.Loss - child.Standing.Loss));
            }
        }
        members = Reduce(members, archive, SizeAt(history, start + Size, options));
        Shrink(archive, (int)(options.Archive * members.Length), start);
        var (scales, crossovers, cursor) = Remember(successes);
        return new(Space, members.Length, members, [.. archive], scales, crossovers, cursor);
    }

    private static int FirstSize(SearchSpace space, History history, DifferentialEvolutionOptions options) => options.Population > 0
        ? options.Population
        : Math.Clamp((history.Budget ?? 0) / 20, 10, Math.Max(10, 18 * space.Count));

    // Tanabe and Fukunaga 2014, section III: the population shrinks linearly with the budget, down to 4; without one it stays.
    private int SizeAt(History history, int done, DifferentialEvolutionOptions options)
    {
        var first = FirstSize(Space, history, options);
        var size = history.Budget is { } budget && budget > first
            ? (int)Math.Round(first + ((4.0 - first) * Math.Min(1, (double)done / budget)))
            : first;
        return Math.Min(Size, Math.Max(4, size));
    }

    private static Member[] Reduce(Member[] members, List<double[]> archive, int size)
    {
        if (members.Length == size)
            return members;
        var order = (Member[])members.Clone();
        Array.Sort(order, (a, b) => a.Standing.CompareTo(b.Standing));
        foreach (var lost in order.AsSpan(size))
            archive.Add(lost.Unit);
        return order[..size];
    }

    // Random ones go, by a stream that belongs to the generation.
    private static void Shrink(List<double[]> archive, int size, int start)
    {
        var rng = new Rng(SettingsSeed + 1, (ulong)start);
        while (archive.Count > size)
        {
            var at = rng.NextInt32(archive.Count);
            archive[at] = archive[^1];
            archive.RemoveAt(archive.Count - 1);
        }
    }

    // Tanabe and Fukunaga 2014, algorithm 1: the weighted Lehmer mean of the successful settings, weighted by what they gained.
    private (double[] Scales, double[] Crossovers, int Cursor) Remember(List<(double Scale, double Crossover, double Gain)> successes)
    {
        if (successes.Count == 0)
            return (Scales, Crossovers, Cursor);
        var total = successes.Sum(success => success.Gain);
        var equal = !(total > 0 && double.IsFinite(total));
        var (scale, scaleSquares, crossover, crossoverSquares) = (0.0, 0.0, 0.0, 0.0);
        foreach (var success in successes)
        {
            var weight = equal ? 1.0 / successes.Count : success.Gain / total;
            scale += weight * success.Scale;
            scaleSquares += weight * success.Scale * success.Scale;
            crossover += weight * success.Crossover;
            crossoverSquares += weight * success.Crossover * success.Crossover;
        }
        double[] scales = [.. Scales];
        double[] crossovers = [.. Crossovers];
        scales[Cursor] = scaleSquares / scale;
        crossovers[Cursor] = crossover > 0 ? crossoverSquares / crossover : 0;
        return (scales, crossovers, (Cursor + 1) % scales.Length);
    }
}
