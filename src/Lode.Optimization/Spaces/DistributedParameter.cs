using Lode.Core;

namespace Lode.Optimization;

/// <summary>The law of a <see cref="DistributedParameter"/>. The numbers are persisted; append only.</summary>
public enum ParameterLaw
{
    /// <summary>Gaussian with a mean and a deviation.</summary>
    Normal = 1,

    /// <summary>Its logarithm is Gaussian with a mean and a deviation.</summary>
    LogNormal = 2,

    /// <summary>Beta with two shapes, in [0, 1].</summary>
    Beta = 3,
}

/// <summary>
/// A number that is known to lie near some place: uniform coordinates give values of a given law, so that `random` draws from it and samplers with a
/// model learn on the scale of its quantiles. The outermost millionth on each side is cut off at its edge.
/// </summary>
/// <remarks>Coordinates are the law's distribution function, as in W&amp;B's sweeps and in scikit-learn's randomised search over SciPy's laws.</remarks>
public sealed record DistributedParameter : Parameter
{
    private const double Cut = 1e-6;
    private readonly double _low;
    private readonly double _high;

    /// <param name="name">The name.</param>
    /// <param name="law">Which law.</param>
    /// <param name="first">The mean (of the logarithm with <see cref="ParameterLaw.LogNormal"/>); the first shape of a beta law, &gt; 0.</param>
    /// <param name="second">The standard deviation, &gt; 0; the second shape of a beta law, &gt; 0.</param>
    /// <param name="step">Values are rounded to multiples of it; null for every value.</param>
    /// <param name="whole">Whether values are integers: then the step is one.</param>
    /// <exception cref="LodeException">InvalidArgument: a number outside its range; the message says which.</exception>
    public DistributedParameter(string name, ParameterLaw law, double first, double second, double? step = null, bool whole = false) : base(name)
    {
        if (!Enum.IsDefined(law))
            throw Invalid($"has a law that there is not: {(int)law}.");
        if (!double.IsFinite(first) || (law == ParameterLaw.Beta && first <= 0))
            throw Invalid($"needs {(law == ParameterLaw.Beta ? "a first shape > 0" : "a finite mean")}; got {first}.");
        if (!(second > 0 && double.IsFinite(second)))
            throw Invalid($"needs {(law == ParameterLaw.Beta ? "a second shape" : "a deviation")} > 0; got {second}.");
        if (step is not null && !(step > 0 && double.IsFinite(step.Value)))
            throw Invalid($"needs a step > 0; got {step}.");
        if (whole && (step is not { } given || given != Math.Floor(given)))
            throw Invalid($"has integers, which need a whole step; got {step}.");
        (Law, First, Second, Step, IsWhole) = (law, first, second, step, whole);
        (_low, _high) = (Round(Quantile(Cut)), Round(Quantile(1 - Cut)));
        if (!double.IsFinite(_low) || !double.IsFinite(_high) || (whole && Math.Max(Math.Abs(_low), Math.Abs(_high)) > 1L << 53))
            throw Invalid($"spans more than {(whole ? "±2^53" : "a double can hold")}: {_low} to {_high}.");

        LodeException Invalid(FormattableString text) => new(ErrorCode.InvalidArgument, $"Parameter '{name}' {FormattableString.Invariant(text)}");
    }

    /// <summary>Which law.</summary>
    public ParameterLaw Law { get; }

    /// <summary>Mean, or first shape.</summary>
    public double First { get; }

    /// <summary>Standard deviation, or second shape.</summary>
    public double Second { get; }

    /// <summary>What values are multiples of; null where every value is allowed.</summary>
    public double? Step { get; }

    /// <summary>Whether values are integers.</summary>
    public bool IsWhole { get; }

    internal override UnitDimension Dimension => new(DimensionKind.Continuous, 0);

    internal override string Domain => FormattableString.Invariant($"{(Law == ParameterLaw.Beta ? "beta" : Law == ParameterLaw.Normal ? "normal" : "log-normal")} with {First} and {Second}") + (Step is { } step ? FormattableString.Invariant($" by {step}") : "");

    internal override ParamValue FromUnit(double unit)
    {
        var value = Round(Quantile(Math.Clamp(unit, Cut, 1 - Cut)));
        return IsWhole ? ParamValue.Of((long)value) : value;
    }

    internal override double ToUnit(ParamValue value)
    {
        if (value.Kind is not (ParamKind.Float or ParamKind.Int) || (IsWhole && value.Kind != ParamKind.Int))
            return double.NaN;
        var x = value.AsDouble();
        // A value that was typed or read again may be off by its last digits.
        var slack = 1e-9 * Math.Max(Step ?? 0, Math.Max(Math.Abs(_low), Math.Abs(_high)));
        if (!(x >= _low - slack && x <= _high + slack) || (Step is { } step && Math.Abs(Math.Round(x / step) * step - x) > 1e-9 * step * Math.Max(1, Math.Abs(x / step))))
            return double.NaN;
        return Math.Clamp(Law switch
        {
            ParameterLaw.Normal => SpecialFunctions.NormalCdf((x - First) / Second),
            ParameterLaw.LogNormal => x <= 0 ? 0 : SpecialFunctions.NormalCdf((Math.Log(x) - First) / Second),
            _ => Distributions.IncompleteBeta(Math.Clamp(x, 0, 1), First, Second),
        }, 0, 1);
    }

    internal override UnitCell Cell(double unit) => new(unit, unit, unit);

    internal override double AtLevel(long level) => throw new InvalidOperationException("A continuous parameter has no levels.");

    private double Round(double value) => Step is { } step ? (Math.Round(value / step) * step) + 0.0 : value;

    private double Quantile(double p) => Law switch
    {
        ParameterLaw.Normal => First + (Second * SpecialFunctions.NormalQuantile(p)),
        ParameterLaw.LogNormal => Math.Exp(First + (Second * SpecialFunctions.NormalQuantile(p))),
        _ => BetaQuantile(p),
    };

    // By bisection, of the smaller side where shapes press values against 1.
    private double BetaQuantile(double p)
    {
        var (low, high) = (0.0, 1.0);
        while (true)
        {
            var middle = low > 0 && high / low > 4 ? Math.Sqrt(low * high) : (low + high) / 2;
            if (middle <= low || middle >= high || high < 1e-300)
                return middle;
            if (Distributions.IncompleteBeta(middle, First, Second) < p)
                low = middle;
            else
                high = middle;
        }
    }
}
