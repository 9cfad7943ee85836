using Lode.Core;

namespace Lode.Optimization;

/// <summary>Finds a point near a proposal that is acceptable: keeps to the constraints, is no duplicate.</summary>
/// <remarks>
/// Deterministic given the stream. Three stages: draws around the proposal with a radius that grows from 1/256 to 1; repeated solving of
/// the first broken constraint for one of its parameters (a linear one exactly, by bisection, so equalities can be met; of a predicate
/// a redraw), from the proposal and from uniform points; and, when all of a small finite space can be seen, all of it.
/// </remarks>
internal sealed class Repair(SearchSpace space, Params fixedValues, Rng rng)
{
    private const int Draws = 256;
    private const int Restarts = 64;
    private const int Rounds = 64;
    private const int MaxSeen = 1 << 16;

    private readonly bool[] _fixed = [.. space.Select(parameter => fixedValues.TryGet(parameter.Name, out var value) && parameter.Allows(value))];

    /// <summary>Draws around a point until one is accepted.</summary>
    public bool TryNear(double[] unit, Func<double[], bool> accepts)
    {
        var start = Whole(unit);
        for (var draw = 0; draw < Draws; draw++)
        {
            var radius = Math.Pow(2, (8.0 * (draw + 1) / Draws) - 8);
            for (var i = 0; i < unit.Length; i++)
                unit[i] = _fixed[i] ? start[i] : Move(i, start[i], radius);
            if (accepts(unit))
                return true;
        }
        start.CopyTo(unit, 0);
        return false;
    }

    /// <summary>Solves broken constraints one after the other until none is left; names the last when it fails.</summary>
    public bool TrySolve(double[] unit, out SpaceConstraint? broken)
    {
        broken = null;
        var start = Whole(unit);
        for (var restart = 0; restart < Restarts; restart++)
        {
            for (var i = 0; i < unit.Length; i++)
                unit[i] = _fixed[i] || restart == 0 ? start[i] : rng.NextDouble();
            for (var round = 0; round < Rounds; round++)
            {
                if (space.FirstViolated(unit) is not { } violated)
                    return true;
                broken = violated;
                if (!TryMend(violated, unit))
                    break;
            }
        }
        return TryAll(unit);
    }

    private double[] Whole(double[] unit)
    {
        foreach (ref var coordinate in unit.AsSpan())
            coordinate = double.IsNaN(coordinate) ? rng.NextDouble() : coordinate;
        return [.. unit];
    }

    private double Move(int i, double from, double radius)
    {
        var move = rng.NextDouble(-radius, radius);
        if (space.Dimensions[i].Kind == DimensionKind.Nominal)
            return Math.Abs(move) > 0.5 * rng.NextDouble() ? rng.NextDouble() : from;
        // Reflected at the borders.
        var to = Math.Abs(from + move);
        return to > 1 ? 2 - to : to;
    }

    private bool TryMend(SpaceConstraint broken, double[] unit)
    {
        var reads = broken.Reads.Count > 0 ? broken.Reads : [.. space.Select(parameter => parameter.Name)];
        var free = new List<int>(reads.Count);
        foreach (var name in reads)
            if (space.IndexOf(name) is var i && !_fixed[i])
                free.Add(i);
        if (free.Count == 0)
            return false;
        var at = free[rng.NextInt32(free.Count)];
        if (broken is LinearConstraint linear)
            Solve(linear, at, unit);
        else
            unit[at] = rng.NextDouble();
        return true;
    }

    // The value is monotone in its coordinate, so the sum is.
    private void Solve(LinearConstraint linear, int at, double[] unit)
    {
        var numbers = linear.Terms.Select(term => space[space.IndexOf(term.Parameter)].FromUnit(unit[space.IndexOf(term.Parameter)]).AsDouble()).ToArray();
        var place = linear.Terms.Select(term => term.Parameter).ToList().IndexOf(space[at].Name);
        double Excess(double coordinate)
        {
            numbers[place] = space[at].FromUnit(coordinate).AsDouble();
            return linear.Excess(numbers);
        }
        var (good, bad) = Excess(0) <= Excess(1) ? (0.0, 1.0) : (1.0, 0.0);
        var end = good;
        if (Excess(good) > 0)
        {
            unit[at] = good;
            return;
        }
        for (var i = 0; i < 60 && good != bad; i++)
        {
            var middle = 0.5 * (good + bad);
            if (Excess(middle) <= 0)
                good = middle;
            else
                bad = middle;
        }
        // Half of the time tight, which an equality needs; otherwise anywhere that holds.
        unit[at] = rng.NextInt32(2) == 0 ? good : good + (rng.NextDouble() * (end - good));
    }

    private bool TryAll(double[] unit)
    {
        var total = 1L;
        for (var i = 0; i < space.Count; i++)
        {
            if (_fixed[i])
                continue;
            var levels = space.Dimensions[i].Levels;
            if (levels == 0 || levels > MaxSeen || (total *= levels) > MaxSeen)
                return false;
        }
        var first = rng.NextInt32((int)total);
        for (var n = 0; n < total; n++)
        {
            var rest = (first + n) % total;
            for (var i = 0; i < unit.Length; i++)
            {
                if (_fixed[i])
                    continue;
                unit[i] = space.AtLevel(i, rest % space.Dimensions[i].Levels);
                rest /= space.Dimensions[i].Levels;
            }
            if (space.IsFeasible(unit))
                return true;
        }
        return false;
    }
}
