using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lode.Core;

/// <summary>Dense vector kernels over spans, vectorised. The order of summation is fixed for a given vector width.</summary>
public static class Vectors
{
    /// <summary>Σ a[i]·b[i].</summary>
    /// <param name="a">Shape [n].</param>
    /// <param name="b">Shape [n]; longer spans are read up to n.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="b"/> is shorter than <paramref name="a"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        b = b[..a.Length];
        var width = Vector<double>.Count;
        var i = 0;
        var sum = 0.0;
        if (a.Length >= 2 * width)
        {
            ref var x = ref MemoryMarshal.GetReference(a);
            ref var y = ref MemoryMarshal.GetReference(b);
            // Two sums hide the latency of the addition.
            var even = Vector<double>.Zero;
            var odd = Vector<double>.Zero;
            for (; i <= a.Length - (2 * width); i += 2 * width)
            {
                even += Vector.LoadUnsafe(ref x, (nuint)i) * Vector.LoadUnsafe(ref y, (nuint)i);
                odd += Vector.LoadUnsafe(ref x, (nuint)(i + width)) * Vector.LoadUnsafe(ref y, (nuint)(i + width));
            }
            sum = Vector.Sum(even + odd);
        }
        for (; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    /// <summary>y[i] += scale·x[i].</summary>
    /// <param name="scale">The factor.</param>
    /// <param name="x">Shape [n].</param>
    /// <param name="y">Shape [n], changed in place; longer spans are changed up to n.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="y"/> is shorter than <paramref name="x"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(double scale, ReadOnlySpan<double> x, Span<double> y)
    {
        y = y[..x.Length];
        var width = Vector<double>.Count;
        var i = 0;
        if (x.Length >= width)
        {
            ref var source = ref MemoryMarshal.GetReference(x);
            ref var sum = ref MemoryMarshal.GetReference(y);
            var factor = new Vector<double>(scale);
            for (; i <= x.Length - width; i += width)
                (Vector.LoadUnsafe(ref sum, (nuint)i) + (factor * Vector.LoadUnsafe(ref source, (nuint)i))).StoreUnsafe(ref sum, (nuint)i);
        }
        for (; i < x.Length; i++)
            y[i] += scale * x[i];
    }
}
