using Lode.Core;

namespace Lode.Learning;

/// <summary>How many of d features a split looks at: a count, a share or a rule.</summary>
public readonly record struct MaxFeatures
{
    private readonly Func<int, double>? _rule;

    private MaxFeatures(string text, Func<int, double> rule) => (Text, _rule) = (text, rule);

    /// <summary>How it is written as an option.</summary>
    public string Text { get; }

    /// <summary>⌊√d⌋.</summary>
    public static MaxFeatures Sqrt { get; } = new("sqrt", d => Math.Sqrt(d));

    /// <summary>⌊log₂ d⌋.</summary>
    public static MaxFeatures Log2 { get; } = new("log2", d => Math.Log2(d));

    /// <summary>All d.</summary>
    public static MaxFeatures All { get; } = new("all", d => d);

    /// <summary>A number of features, ≥ 1; more than there are means all.</summary>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public static MaxFeatures Count(int count) => count >= 1
        ? new MaxFeatures($"{count}", _ => count)
        : throw new LodeException(ErrorCode.InvalidArgument, $"max_features must be at least 1; got {count}.");

    /// <summary>A share of the features, in (0, 1].</summary>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public static MaxFeatures Fraction(double share) => share is > 0 and <= 1
        ? new MaxFeatures($"{share:R}", d => share * d)
        : throw new LodeException(ErrorCode.InvalidArgument, $"max_features as a share must be in (0, 1]; got {share}.");

    /// <summary>The number for d features, in [1, d].</summary>
    public int Resolve(int d) => Math.Clamp((int)(_rule ?? throw new InvalidOperationException("A default MaxFeatures has no rule."))(d), 1, d);

    internal static MaxFeatures? Read(ParameterReader read) => read.Find("max_features") switch
    {
        null => null,
        "sqrt" => Sqrt,
        "log2" => Log2,
        "all" => All,
        int or long => Count(read.Int32("max_features", 1)),
        double or float => Fraction(read.Double("max_features", 1)),
        var other => throw read.Bad("max_features", "sqrt, log2, all, a count (whole number) or a share in (0, 1]", other),
    };
}
