using System.Globalization;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>What a <see cref="ParamValue"/> holds. The numbers are persisted; append only.</summary>
public enum ParamKind
{
    /// <summary>A double.</summary>
    Float = 1,

    /// <summary>A 64-bit integer.</summary>
    Int = 2,

    /// <summary>A string.</summary>
    Text = 3,

    /// <summary>True or false.</summary>
    Bool = 4,
}

/// <summary>One value of a parameter: a double, an integer, a string or a bool. Values of different kinds are never equal.</summary>
public readonly struct ParamValue : IEquatable<ParamValue>
{
    private readonly string? _text;
    private readonly long _bits;

    private ParamValue(ParamKind kind, long bits, string? text)
    {
        Kind = kind;
        _bits = bits;
        _text = text;
    }

    /// <summary>What this holds; 0 for <c>default</c>, which no parameter takes.</summary>
    public ParamKind Kind { get; }

    /// <summary>A value that holds a double.</summary>
    public static ParamValue Of(double value) => new(ParamKind.Float, BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>A value that holds an integer.</summary>
    public static ParamValue Of(long value) => new(ParamKind.Int, value, null);

    /// <summary>A value that holds a string.</summary>
    public static ParamValue Of(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new(ParamKind.Text, 0, value);
    }

    /// <summary>A value that holds a bool.</summary>
    public static ParamValue Of(bool value) => new(ParamKind.Bool, value ? 1 : 0, null);

    /// <inheritdoc cref="Of(double)"/>
    public static implicit operator ParamValue(double value) => Of(value);

    /// <inheritdoc cref="Of(long)"/>
    public static implicit operator ParamValue(long value) => Of(value);

    /// <inheritdoc cref="Of(long)"/>
    public static implicit operator ParamValue(int value) => Of((long)value);

    /// <inheritdoc cref="Of(string)"/>
    public static implicit operator ParamValue(string value) => Of(value);

    /// <inheritdoc cref="Of(bool)"/>
    public static implicit operator ParamValue(bool value) => Of(value);

    /// <summary>The number held, an integer widened.</summary>
    /// <exception cref="LodeException">InvalidArgument: this holds no number.</exception>
    public double AsDouble() => Kind switch
    {
        ParamKind.Float => BitConverter.Int64BitsToDouble(_bits),
        ParamKind.Int => _bits,
        _ => throw WrongKind("a number"),
    };

    /// <summary>The integer held.</summary>
    /// <exception cref="LodeException">InvalidArgument: this holds no integer.</exception>
    public long AsInt() => Kind == ParamKind.Int ? _bits : throw WrongKind("an integer");

    /// <summary>The string held.</summary>
    /// <exception cref="LodeException">InvalidArgument: this holds no string.</exception>
    public string AsText() => _text ?? throw WrongKind("a string");

    /// <summary>The bool held.</summary>
    /// <exception cref="LodeException">InvalidArgument: this holds no bool.</exception>
    public bool AsBool() => Kind == ParamKind.Bool ? _bits != 0 : throw WrongKind("true or false");

    /// <summary>64 bits that equal values share; different ones hardly ever, but for 0, 0.0 and false.</summary>
    internal ulong Bits => _text is null ? (ulong)_bits : TextHash.Of(_text);

    /// <inheritdoc/>
    public bool Equals(ParamValue other) => Kind == other.Kind && _bits == other._bits && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ParamValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Bits);

    /// <summary>Whether both hold the same value of the same kind.</summary>
    public static bool operator ==(ParamValue left, ParamValue right) => left.Equals(right);

    /// <summary>Whether kind or value differ.</summary>
    public static bool operator !=(ParamValue left, ParamValue right) => !left.Equals(right);

    /// <summary>The value as text, the same on every machine: shortest round-trip digits, <c>true</c>, <c>false</c>, strings as they are.</summary>
    public override string ToString() => Kind switch
    {
        ParamKind.Float => BitConverter.Int64BitsToDouble(_bits).ToString("R", CultureInfo.InvariantCulture),
        ParamKind.Int => _bits.ToString(CultureInfo.InvariantCulture),
        ParamKind.Bool => _bits != 0 ? "true" : "false",
        _ => _text ?? "",
    };

    private LodeException WrongKind(string wanted) =>
        new(ErrorCode.InvalidArgument, $"Wanted {wanted}; the parameter holds {(Kind == 0 ? "nothing" : $"'{this}' ({Kind})")}.");
}
