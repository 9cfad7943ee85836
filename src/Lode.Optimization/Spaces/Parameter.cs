using System.Globalization;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>When a parameter is active: its parent is active and has one of the values.</summary>
/// <param name="Parent">The name of a categorical, ordinal or integer parameter.</param>
/// <param name="Values">Values of the parent, at least one.</param>
public sealed record Condition(string Parent, IReadOnlyList<ParamValue> Values)
{
    /// <inheritdoc/>
    public bool Equals(Condition? other) => other is not null && Parent == other.Parent && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Parent, Values.Count);

    /// <inheritdoc/>
    public override string ToString() => $"{Parent} in {{{string.Join(", ", Values)}}}";
}

/// <summary>One dimension of a search space: a name, a domain, and when it is active. Two are equal when all of these are.</summary>
/// <remarks>The kinds are <see cref="FloatParameter"/>, <see cref="IntParameter"/>, <see cref="CategoricalParameter"/>, <see cref="OrdinalParameter"/> and <see cref="DistributedParameter"/>.</remarks>
public abstract record Parameter
{
    private readonly ParamValue? _default;

    private protected Parameter(string name)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new LodeException(ErrorCode.InvalidArgument, "A parameter needs a name; got an empty one.");
        Name = name;
    }

    /// <summary>The name, unique in its space.</summary>
    public string Name { get; }

    /// <summary>When the parameter is active; null for always.</summary>
    public Condition? When { get; init; }

    /// <summary>
    /// The value that trials had which did not know this parameter: when the space grows in mid-study, they take part in the model with
    /// it. Null (the default): such trials are taken as not knowing this coordinate.
    /// </summary>
    /// <exception cref="LodeException">InvalidArgument: the value is not in the domain.</exception>
    public ParamValue? Default
    {
        get => _default;
        init => _default = value is not { } given || Allows(given)
            ? value
            : throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{Name}' is {Domain}; got the default {given}.");
    }

    /// <summary>How samplers see this dimension.</summary>
    internal abstract UnitDimension Dimension { get; }

    /// <summary>The value at a coordinate in [0, 1].</summary>
    internal abstract ParamValue FromUnit(double unit);

    /// <summary>The coordinate of a value, in [0, 1]; NaN when the value is not in the domain.</summary>
    internal abstract double ToUnit(ParamValue value);

    /// <summary>The cell of coordinates that stand for the same value as <paramref name="unit"/>; a point where continuous.</summary>
    internal abstract UnitCell Cell(double unit);

    /// <summary>The coordinate of the value at a place, from 0, of a domain that is not continuous.</summary>
    internal abstract double AtLevel(long level);

    /// <summary>Whether the value is in the domain.</summary>
    public bool Allows(ParamValue value) => !double.IsNaN(ToUnit(value));

    /// <summary>The domain in words, for messages.</summary>
    internal abstract string Domain { get; }

    /// <summary>The coordinate that a uniform number of [0, 1) stands for where nothing is known yet.</summary>
    internal virtual double FromPrior(double uniform) => uniform;

    /// <inheritdoc/>
    public sealed override string ToString() => $"{Name}: {Domain}{(When is null ? "" : $" when {When}")}";
}

/// <summary>One of several values that are listed: <see cref="CategoricalParameter"/> without, <see cref="OrdinalParameter"/> with an order.</summary>
public abstract record ChoiceParameter : Parameter
{
    private protected ChoiceParameter(string name, IReadOnlyList<ParamValue> choices) : base(name)
    {
        if (choices.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{name}' needs at least one choice; got none.");
        if (choices.GroupBy(choice => choice).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{name}' has the choice '{twice.Key}' twice; choices must differ.");
        if (choices.Any(choice => choice.Kind == 0))
            throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{name}' has an empty choice; a choice is a string, a number or a bool.");
        Choices = [.. choices];
    }

    /// <summary>The values, in the order given.</summary>
    public IReadOnlyList<ParamValue> Choices { get; }

    internal override ParamValue FromUnit(double unit) => Choices[Index(unit)];

    internal override double ToUnit(ParamValue value)
    {
        for (var i = 0; i < Choices.Count; i++)
            if (Choices[i] == value)
                return (i + 0.5) / Choices.Count;
        return double.NaN;
    }

    internal override UnitCell Cell(double unit)
    {
        var index = Index(unit);
        return new((double)index / Choices.Count, (index + 0.5) / Choices.Count, (index + 1.0) / Choices.Count);
    }

    internal override double AtLevel(long level) => (level + 0.5) / Choices.Count;

    private int Index(double unit) => Math.Clamp((int)(unit * Choices.Count), 0, Choices.Count - 1);

    /// <inheritdoc/>
    public virtual bool Equals(ChoiceParameter? other) => base.Equals(other) && Choices.SequenceEqual(other.Choices);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Choices.Count);
}

/// <summary>An unordered choice.</summary>
public sealed record CategoricalParameter : ChoiceParameter
{
    /// <param name="name">The name.</param>
    /// <param name="choices">The values, at least one, all different; their order is kept but means nothing to samplers.</param>
    /// <exception cref="LodeException">InvalidArgument: no choice, or the same one twice.</exception>
    public CategoricalParameter(string name, params IReadOnlyList<ParamValue> choices) : base(name, choices)
    {
    }

    /// <summary>
    /// How likely each choice is where nothing is known yet: for `random`, and for what other samplers draw at random (their first trials). Shape: one a
    /// choice, each ≥ 0, not all 0. Null (the default): all alike.
    /// </summary>
    /// <exception cref="LodeException">InvalidArgument: another number of them, a negative one, or none above 0.</exception>
    public IReadOnlyList<double>? Weights
    {
        get;
        init => field = value is null || (value.Count == Choices.Count && value.All(weight => weight >= 0 && double.IsFinite(weight)) && value.Sum() is > 0 and < double.PositiveInfinity)
            ? value
            : throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"Parameter '{Name}' needs a weight ≥ 0 for each of its {Choices.Count} choices, one of them above 0; got {string.Join(", ", value)}."));
    }

    internal override double FromPrior(double uniform)
    {
        if (Weights is not { } weights)
            return uniform;
        var rest = uniform * weights.Sum();
        var last = 0;
        for (var i = 0; i < weights.Count; i++)
        {
            if (weights[i] == 0)
                continue;
            if (rest < weights[i])
                return AtLevel(i);
            rest -= weights[i];
            last = i;
        }
        return AtLevel(last);
    }

    /// <inheritdoc/>
    public bool Equals(CategoricalParameter? other) => base.Equals(other) && (Weights is null ? other.Weights is null : other.Weights is not null && Weights.SequenceEqual(other.Weights));

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    internal override UnitDimension Dimension => new(DimensionKind.Nominal, Choices.Count);

    internal override string Domain => $"one of {string.Join(", ", Choices)}";
}

/// <summary>An ordered choice: neighbours are alike (small, medium, large; or numbers that are no regular grid), equally far apart to samplers.</summary>
public sealed record OrdinalParameter : ChoiceParameter
{
    /// <param name="name">The name.</param>
    /// <param name="choices">The values from one end to the other, at least one, all different.</param>
    /// <exception cref="LodeException">InvalidArgument: no choice, or the same one twice.</exception>
    public OrdinalParameter(string name, params IReadOnlyList<ParamValue> choices) : base(name, choices)
    {
    }

    internal override UnitDimension Dimension => new(DimensionKind.Ordinal, Choices.Count);

    internal override string Domain => $"in the order {string.Join(" < ", Choices)}";
}

/// <summary>A real number in a closed interval, or on a grid in it.</summary>
public sealed record FloatParameter : Parameter
{
    private readonly Scale _scale;

    /// <param name="name">The name.</param>
    /// <param name="low">Smallest value, finite; greater than 0 when <paramref name="log"/>.</param>
    /// <param name="high">Largest value, finite, at least <paramref name="low"/>.</param>
    /// <param name="log">Whether equal ratios, not equal differences, are equally likely.</param>
    /// <param name="step">The spacing of the grid low, low + step, …, high; null for every value.</param>
    /// <exception cref="LodeException">InvalidArgument: bounds, log or step contradict each other; the message says how.</exception>
    public FloatParameter(string name, double low, double high, bool log = false, double? step = null) : base(name)
    {
        _scale = new Scale(name, low, high, log, step ?? 0, step is not null);
        (Low, High, Log, Step) = (low, high, log, step);
    }

    /// <summary>The smallest value.</summary>
    public double Low { get; }

    /// <summary>The largest value.</summary>
    public double High { get; }

    /// <summary>Whether the scale is logarithmic.</summary>
    public bool Log { get; }

    /// <summary>The spacing of the grid; null where every value is allowed.</summary>
    public double? Step { get; }

    internal override UnitDimension Dimension => _scale.Dimension;

    internal override string Domain => _scale.Describe("float");

    internal override ParamValue FromUnit(double unit) => _scale.FromUnit(unit);

    internal override double ToUnit(ParamValue value) =>
        value.Kind is ParamKind.Float or ParamKind.Int ? _scale.ToUnit(value.AsDouble()) : double.NaN;

    internal override UnitCell Cell(double unit) => _scale.Cell(unit);

    internal override double AtLevel(long level) => _scale.AtLevel(level);
}

/// <summary>An integer in a closed interval, or on a grid in it.</summary>
public sealed record IntParameter : Parameter
{
    private const long MaxMagnitude = 1L << 53;
    private readonly Scale _scale;

    /// <param name="name">The name.</param>
    /// <param name="low">Smallest value, at least -2^53; greater than 0 when <paramref name="log"/>.</param>
    /// <param name="high">Largest value, at most 2^53, at least <paramref name="low"/>.</param>
    /// <param name="log">Whether equal ratios, not equal differences, are equally likely.</param>
    /// <param name="step">The spacing of the grid low, low + step, …, high; at least 1.</param>
    /// <exception cref="LodeException">InvalidArgument: bounds, log or step contradict each other; the message says how.</exception>
    public IntParameter(string name, long low, long high, bool log = false, long step = 1) : base(name)
    {
        if (low < -MaxMagnitude || high > MaxMagnitude)
            throw new LodeException(ErrorCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"Parameter '{name}' must stay within ±2^53; got {low} to {high}."));
        _scale = new Scale(name, low, high, log, step, true);
        (Low, High, Log, Step) = (low, high, log, step);
    }

    /// <summary>The smallest value.</summary>
    public long Low { get; }

    /// <summary>The largest value.</summary>
    public long High { get; }

    /// <summary>Whether the scale is logarithmic.</summary>
    public bool Log { get; }

    /// <summary>The spacing of the grid.</summary>
    public long Step { get; }

    internal override UnitDimension Dimension => _scale.Dimension;

    internal override string Domain => _scale.Describe("int");

    internal override ParamValue FromUnit(double unit) => (long)_scale.FromUnit(unit);

    internal override double ToUnit(ParamValue value) => value.Kind == ParamKind.Int ? _scale.ToUnit(value.AsInt()) : double.NaN;

    internal override UnitCell Cell(double unit) => _scale.Cell(unit);

    internal override double AtLevel(long level) => _scale.AtLevel(level);
}
