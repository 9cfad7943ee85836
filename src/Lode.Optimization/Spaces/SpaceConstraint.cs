using Lode.Core;

namespace Lode.Optimization;

/// <summary>What a configuration must keep to, known before it is evaluated.</summary>
/// <remarks>
/// The kinds are <see cref="LinearConstraint"/> and <see cref="PredicateConstraint"/>. A constraint speaks only where every parameter that
/// it names is active: elsewhere it holds.
/// </remarks>
public abstract class SpaceConstraint
{
    private protected SpaceConstraint(string name, IReadOnlyList<string> reads)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new LodeException(ErrorCode.InvalidArgument, "A constraint needs a name; got an empty one.");
        (Name, Reads) = (name, reads);
    }

    /// <summary>The name, for messages.</summary>
    public string Name { get; }

    /// <summary>The parameters that must be active for the constraint to speak; may be empty.</summary>
    public IReadOnlyList<string> Reads { get; }

    /// <summary>Whether the values keep to it; true where a parameter of <see cref="Reads"/> is not active.</summary>
    public bool Holds(Params values)
    {
        foreach (var name in Reads)
            if (!values.Contains(name))
                return true;
        return Judge(values);
    }

    /// <summary>As <see cref="Holds"/>, with all of <see cref="Reads"/> active.</summary>
    private protected abstract bool Judge(Params values);
}

/// <summary>How the two sides of a <see cref="LinearConstraint"/> relate.</summary>
public enum Relation
{
    /// <summary>The sum is at most the bound.</summary>
    AtMost = 1,

    /// <summary>The sum is at least the bound.</summary>
    AtLeast = 2,
}

/// <summary>One summand of a <see cref="LinearConstraint"/>.</summary>
/// <param name="Parameter">The name of a float or int parameter.</param>
/// <param name="Coefficient">Its factor, finite.</param>
public readonly record struct LinearTerm(string Parameter, double Coefficient);

/// <summary>A weighted sum of numbers has a bound: Σ coefficient · value ≤ bound, or ≥ bound.</summary>
/// <example><c>new LinearConstraint([new("x", 1), new("y", -1)], Relation.AtMost, 0)</c> is x ≤ y.</example>
public sealed class LinearConstraint : SpaceConstraint
{
    /// <param name="terms">At least one, each parameter once.</param>
    /// <param name="relation">How the sum relates to the bound.</param>
    /// <param name="bound">The bound, finite. A sum that misses it by rounding (1e-9 of the largest summand) holds.</param>
    /// <param name="name">For messages; null for the formula.</param>
    /// <exception cref="LodeException">InvalidArgument: no terms, a parameter twice, a number that is not finite.</exception>
    public LinearConstraint(IReadOnlyList<LinearTerm> terms, Relation relation, double bound, string? name = null)
        : base(name ?? Formula(terms, relation, bound), [.. terms.Select(term => term.Parameter)])
    {
        if (terms.Count == 0 || terms.Select(term => term.Parameter).Distinct(StringComparer.Ordinal).Count() != terms.Count)
            throw new LodeException(ErrorCode.InvalidArgument, $"Constraint '{Name}' needs at least one term, and each parameter once.");
        if (!double.IsFinite(bound) || !terms.All(term => double.IsFinite(term.Coefficient)))
            throw new LodeException(ErrorCode.InvalidArgument, $"Constraint '{Name}' needs finite coefficients and a finite bound.");
        if (!Enum.IsDefined(relation))
            throw new LodeException(ErrorCode.InvalidArgument, $"Constraint '{Name}' needs the relation AtMost or AtLeast; got {(int)relation}.");
        (Terms, Relation, Bound) = ([.. terms], relation, bound);
    }

    /// <summary>The summands.</summary>
    public IReadOnlyList<LinearTerm> Terms { get; }

    /// <summary>How the sum relates to the bound.</summary>
    public Relation Relation { get; }

    /// <summary>The bound.</summary>
    public double Bound { get; }

    /// <summary>By how much the values break it: ≤ 0 when it holds; in units of the sum.</summary>
    internal double Excess(ReadOnlySpan<double> values)
    {
        var (sum, scale) = (0.0, Math.Abs(Bound));
        for (var i = 0; i < values.Length; i++)
        {
            var summand = Terms[i].Coefficient * values[i];
            sum += summand;
            scale = Math.Max(scale, Math.Abs(summand));
        }
        return (Relation == Relation.AtMost ? sum - Bound : Bound - sum) - (1e-9 * scale);
    }

    private protected override bool Judge(Params values)
    {
        Span<double> numbers = Terms.Count <= 64 ? stackalloc double[Terms.Count] : new double[Terms.Count];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = values.Float(Terms[i].Parameter);
        return Excess(numbers) <= 0;
    }

    private static string Formula(IReadOnlyList<LinearTerm> terms, Relation relation, double bound) => FormattableString.Invariant(
        $"{string.Join(" + ", terms.Select(term => term.Coefficient == 1 ? term.Parameter : FormattableString.Invariant($"{term.Coefficient}·{term.Parameter}")))} {(relation == Relation.AtLeast ? "≥" : "≤")} {bound}");
}

/// <summary>Any condition on the values.</summary>
public sealed class PredicateConstraint : SpaceConstraint
{
    private readonly Func<Params, bool> _holds;

    /// <param name="name">For messages.</param>
    /// <param name="holds">Whether the active values keep to it. Pure: the same values, the same answer; called from several threads.</param>
    /// <param name="reads">The parameters that it reads: it is asked only where all of them are active. None: it is always asked.</param>
    /// <exception cref="LodeException">InvalidArgument: no name.</exception>
    public PredicateConstraint(string name, Func<Params, bool> holds, params IReadOnlyList<string> reads) : base(name, [.. reads]) => _holds = holds;

    private protected override bool Judge(Params values) => _holds(values);
}
