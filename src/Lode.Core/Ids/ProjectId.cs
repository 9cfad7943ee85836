using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Lode.Core;

/// <summary>A project's id: a small number given by the store, written in decimal, as MLflow's experiment ids.</summary>
/// <param name="Value">0 is the project "Default", which always exists.</param>
public readonly record struct ProjectId(long Value) : IParsable<ProjectId>
{
    /// <summary>The project that runs land in when none is named.</summary>
    public static ProjectId Default => new(0);

    /// <summary>The id written as <paramref name="text"/>.</summary>
    /// <exception cref="LodeException">InvalidArgument: not a whole number that is at least 0.</exception>
    public static ProjectId Parse(string text) => TryParse(text, null, out var id)
        ? id
        : throw new LodeException(ErrorCode.InvalidArgument, $"A project id is a whole number that is at least 0; got '{text}'.");

    /// <inheritdoc/>
    public static ProjectId Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ProjectId result)
    {
        var ok = long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        result = new ProjectId(value);
        return ok;
    }

    /// <summary>The number in decimal.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
