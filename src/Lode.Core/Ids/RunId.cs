using System.Diagnostics.CodeAnalysis;

namespace Lode.Core;

/// <summary>A run's id: 128 bits, written as 32 lower-case hexadecimal digits, as MLflow's.</summary>
/// <param name="Value">The bits.</param>
public readonly record struct RunId(Guid Value) : IParsable<RunId>
{
    /// <summary>A fresh id that nobody else has.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place where ids are made.")]
    public static RunId New() => new(Guid.NewGuid());

    /// <summary>The id written as <paramref name="text"/>.</summary>
    /// <exception cref="LodeException">InvalidArgument: not 32 hexadecimal digits.</exception>
    public static RunId Parse(string text) => TryParse(text, null, out var id)
        ? id
        : throw new LodeException(ErrorCode.InvalidArgument, $"A run id is 32 hexadecimal digits; got '{text}'.");

    /// <inheritdoc/>
    public static RunId Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out RunId result)
    {
        var ok = Guid.TryParseExact(s, "N", out var value);
        result = new RunId(value);
        return ok;
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("N");
}
