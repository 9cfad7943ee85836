using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lode.Learning;

/// <summary>Exponentials that have the same bits on every machine: multiplications and additions only, in one order, no fused ones.</summary>
internal static class VectorMath
{
    // Adding it leaves a double's whole part in the low bits of its mantissa.
    private const double Magic = 6755399441055744.0;
    private const double Largest = 708;

    /// <summary>e^x; x is held within ±708.</summary>
    /// <remarks>x = n·ln 2 + r, |r| ≤ ln 2 / 2, and Taylor's series of degree 13 for e^r. Relative error below 1e-15
    /// (test: <c>Exp_AgreesWithTheLibrary</c>).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Exp(Vector256<double> x)
    {
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(-Largest)), Vector256.Create(Largest));
        var shifted = (x * 1.4426950408889634) + Vector256.Create(Magic);
        var n = shifted - Vector256.Create(Magic);
        var r = x - (n * 0.6931471803691238) - (n * 1.9082149292705877e-10);
        var sum = Vector256.Create(1.0 / 6227020800);
        sum = (sum * r) + Vector256.Create(1.0 / 479001600);
        sum = (sum * r) + Vector256.Create(1.0 / 39916800);
        sum = (sum * r) + Vector256.Create(1.0 / 3628800);
        sum = (sum * r) + Vector256.Create(1.0 / 362880);
        sum = (sum * r) + Vector256.Create(1.0 / 40320);
        sum = (sum * r) + Vector256.Create(1.0 / 5040);
        sum = (sum * r) + Vector256.Create(1.0 / 720);
        sum = (sum * r) + Vector256.Create(1.0 / 120);
        sum = (sum * r) + Vector256.Create(1.0 / 24);
        sum = (sum * r) + Vector256.Create(1.0 / 6);
        sum = (sum * r) + Vector256.Create(0.5);
        sum = (sum * r) + Vector256<double>.One;
        sum = (sum * r) + Vector256<double>.One;
        return (sum.AsInt64() + Vector256.ShiftLeft(shifted.AsInt64(), 52)).AsDouble();
    }

    /// <summary>e^x of each number, in place; each is held within ±708.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exp(Span<double> values)
    {
        var vectors = MemoryMarshal.Cast<double, Vector256<double>>(values);
        foreach (ref var vector in vectors)
            vector = Exp(vector);
        for (var i = vectors.Length * 4; i < values.Length; i++)
            values[i] = Exp(values[i]);
    }

    /// <summary>e^x, the same bits as in a vector.</summary>
    public static double Exp(double x) => Exp(Vector256.Create(x)).ToScalar();

    /// <summary>1 / (1 + e^-x) of each number, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sigmoid(Span<double> values)
    {
        var vectors = MemoryMarshal.Cast<double, Vector256<double>>(values);
        foreach (ref var vector in vectors)
            vector = Vector256<double>.One / (Vector256<double>.One + Exp(-vector));
        for (var i = vectors.Length * 4; i < values.Length; i++)
            values[i] = 1 / (1 + Exp(-values[i]));
    }
}
