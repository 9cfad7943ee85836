using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lode.Optimization;

/// <summary>The Matérn-5/2 kernel of scaled features.</summary>
/// <remarks>Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), eq. 4.17: k(r) = (1 + √5·r + 5r²/3)·exp(-√5·r).
/// Vectorised over points, no allocation.</remarks>
internal static class Matern
{
    private const double Sqrt5 = 2.2360679774997896964;

    /// <summary>Squared distances between one point and many.</summary>
    /// <param name="embedding">What the features are.</param>
    /// <param name="parameters">The model's parameters: length scales of choices are read.</param>
    /// <param name="point">Features of the point, one every <paramref name="pointStride"/> numbers.</param>
    /// <param name="pointStride">The distance between its features.</param>
    /// <param name="points">Features of the points, shape [F, stride].</param>
    /// <param name="stride">The distance between features of the points.</param>
    /// <param name="squares">Receives shape [n], n ≤ stride.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Squares(Embedding embedding, ReadOnlySpan<double> parameters, ReadOnlySpan<double> point, int pointStride, ReadOnlySpan<double> points, int stride, Span<double> squares)
    {
        squares.Clear();
        var n = squares.Length;
        ref var sum = ref MemoryMarshal.GetReference(squares);
        for (var f = 0; f < embedding.Kinds.Length; f++)
        {
            var row = points.Slice(f * stride, n);
            ref var other = ref MemoryMarshal.GetReference(row);
            var x = point[f * pointStride];
            var all = Vector256.Create(x);
            var j = 0;
            if (embedding.Kinds[f] == Embedding.Kind.Choice)
            {
                var apart = Math.Exp(-2 * parameters[embedding.Owners[f]]);
                var step = Vector256.Create(apart);
                for (; j <= n - 4; j += 4)
                    (Vector256.LoadUnsafe(ref sum, (nuint)j) + Vector256.AndNot(step, Vector256.Equals(all, Vector256.LoadUnsafe(ref other, (nuint)j)))).StoreUnsafe(ref sum, (nuint)j);
                for (; j < n; j++)
                    squares[j] += row[j] == x ? 0 : apart;
                continue;
            }
            for (; j <= n - 4; j += 4)
            {
                var difference = all - Vector256.LoadUnsafe(ref other, (nuint)j);
                (Vector256.LoadUnsafe(ref sum, (nuint)j) + (difference * difference)).StoreUnsafe(ref sum, (nuint)j);
            }
            for (; j < n; j++)
                squares[j] += (x - row[j]) * (x - row[j]);
        }
    }

    /// <summary>Turns squared distances into covariances.</summary>
    /// <param name="signal">The variance at distance 0.</param>
    /// <param name="values">Shape [n]: squared distances; receives signal·k(r).</param>
    /// <param name="slopes">Shape [n], or empty: receives the derivative by the squared distance, -signal·(5/6)·(1 + √5·r)·exp(-√5·r).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Covariances(double signal, Span<double> values, Span<double> slopes)
    {
        ref var value = ref MemoryMarshal.GetReference(values);
        ref var slope = ref MemoryMarshal.GetReference(slopes);
        var j = 0;
        var variance = Vector256.Create(signal);
        for (; j <= values.Length - 4; j += 4)
        {
            var square = Vector256.LoadUnsafe(ref value, (nuint)j);
            var root = Sqrt5 * Vector256.Sqrt(square);
            var decay = variance * Vector256.Exp(-root);
            var linear = Vector256<double>.One + root;
            ((linear + ((5.0 / 3) * square)) * decay).StoreUnsafe(ref value, (nuint)j);
            if (!slopes.IsEmpty)
                ((-5.0 / 6) * linear * decay).StoreUnsafe(ref slope, (nuint)j);
        }
        if (j == values.Length)
            return;
        // The rest goes the same way, so that a number does not depend on its place in a row.
        Span<double> rest = stackalloc double[4];
        rest.Clear();
        values[j..].CopyTo(rest);
        var last = Vector256.Create<double>(rest);
        var lastRoot = Sqrt5 * Vector256.Sqrt(last);
        var lastDecay = variance * Vector256.Exp(-lastRoot);
        var lastLinear = Vector256<double>.One + lastRoot;
        ((lastLinear + ((5.0 / 3) * last)) * lastDecay).CopyTo(rest);
        rest[..(values.Length - j)].CopyTo(values[j..]);
        if (slopes.IsEmpty)
            return;
        ((-5.0 / 6) * lastLinear * lastDecay).CopyTo(rest);
        rest[..(values.Length - j)].CopyTo(slopes[j..values.Length]);
    }
}
