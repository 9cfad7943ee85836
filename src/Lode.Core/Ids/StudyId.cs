using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Lode.Core;

/// <summary>A study's id: a small number given by the store, written in decimal.</summary>
/// <param name="Value">At least 1.</param>
public readonly record struct StudyId(long Value) : IParsable<StudyId>
{
    /// <summary>The id written as <paramref name="text"/>.</summary>
    /// <exception cref="LodeException">InvalidArgument: not a whole number that is at least 1.</exception>
    public static StudyId Parse(string text) => TryParse(text, null, out var id)
        ? id
        : throw new LodeException(ErrorCode.InvalidArgument, $"A study id is a whole number that is at least 1; got '{text}'.");

    /// <inheritdoc/>
    public static StudyId Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out StudyId result)
    {
        var ok = long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0;
        result = new StudyId(value);
        return ok;
    }

    /// <summary>The number in decimal.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
