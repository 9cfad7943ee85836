using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lode.Core;

/// <summary>The eigenvalues and eigenvectors of a symmetric matrix: A = Σ λᵢ·vᵢ·vᵢᵀ.</summary>
/// <remarks>
/// Householder's reduction to tridiagonal form, then implicit QR steps with Wilkinson's shift: Golub and Van Loan, Matrix Computations
/// (4th ed.), algorithms 8.3.1 and 8.3.3. About 9n³ operations, most on whole rows; one thread; allocates 2n numbers.
/// Eigenvalues are right to a few units in the last place of the largest; vectors are orthonormal to the same accuracy
/// (tests: Decompose_RandomMatrices_GivesTheMatrixBack).
/// </remarks>
public static class SymmetricEigen
{
    private const int MaxStepsEach = 60;
    private static readonly double s_epsilon = Math.BitIncrement(1.0) - 1;

    /// <summary>Decomposes.</summary>
    /// <param name="a">Shape [n, n], row-major, symmetric; only the lower triangle is read. Overwritten.</param>
    /// <param name="n">Rows and columns, at least 0.</param>
    /// <param name="values">Receives the eigenvalues, shape [n], largest first.</param>
    /// <param name="vectors">Receives the eigenvectors, shape [n, n]: row i is the unit vector of <paramref name="values"/>[i], with the
    /// component of largest magnitude (the first of equals) positive. Must not overlap <paramref name="a"/>.</param>
    /// <returns>False when a number of A is not finite; then nothing that is received means anything.</returns>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static bool TryDecompose(Span<double> a, int n, Span<double> values, Span<double> vectors)
    {
        if (a.Length != (long)n * n || vectors.Length != a.Length || values.Length != n)
            throw new ArgumentException($"Matrices of {n} x {n} and {n} values are needed; got {a.Length}, {vectors.Length} and {values.Length} numbers.");
        var largest = 0.0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var size = Math.Abs(a[(i * n) + j]);
                if (!double.IsFinite(size))
                    return false;
                largest = Math.Max(largest, size);
            }
        }
        vectors.Clear();
        for (var i = 0; i < n; i++)
            vectors[i * (n + 1)] = 1;
        if (largest == 0)
        {
            values.Clear();
            return true;
        }
        // Numbers near 1 neither overflow nor vanish when squared.
        for (var i = 0; i < n; i++)
            for (var j = 0; j <= i; j++)
                a[(i * n) + j] = a[(j * n) + i] = a[(i * n) + j] / largest;
        var scratch = new double[2 * n];
        var beside = scratch.AsSpan(0, n);
        var work = scratch.AsSpan(n);
        Tridiagonalise(a, n, values, beside, vectors, work);
        if (!TryDiagonalise(values, beside, vectors, n))
            return false;
        Order(values, vectors, n);
        for (var i = 0; i < n; i++)
            values[i] *= largest;
        return true;
    }

    // A = Q·T·Qᵀ. Row k of A keeps Householder's vector behind the diagonal; Qᵀ is made of them from the last to the first.
    private static void Tridiagonalise(Span<double> a, int n, Span<double> diagonal, Span<double> beside, Span<double> transposed, Span<double> work)
    {
        for (var k = 0; k < n - 1; k++)
        {
            var v = a.Slice((k * n) + k + 1, n - k - 1);
            diagonal[k] = a[k * (n + 1)];
            var rest = Vectors.Dot(v[1..], v[1..]);
            work[k] = 0;
            if (rest == 0)
            {
                beside[k] = v[0];
                continue;
            }
            // Algorithm 5.1.1, with the sign that adds up.
            var length = Math.Sqrt((v[0] * v[0]) + rest);
            var first = v[0] <= 0 ? v[0] - length : -rest / (v[0] + length);
            var beta = 2 * first * first / (rest + (first * first));
            for (var i = 1; i < v.Length; i++)
                v[i] /= first;
            v[0] = 1;
            beside[k] = length;
            work[k] = beta;
            var p = diagonal[(k + 1)..];
            for (var i = 0; i < v.Length; i++)
                p[i] = beta * Vectors.Dot(v, a.Slice(((k + 1 + i) * n) + k + 1, v.Length));
            Vectors.AddScaled(-beta / 2 * Vectors.Dot(p[..v.Length], v), v, p);
            for (var i = 0; i < v.Length; i++)
            {
                var row = a.Slice(((k + 1 + i) * n) + k + 1, v.Length);
                Vectors.AddScaled(-v[i], p[..v.Length], row);
                Vectors.AddScaled(-p[i], v, row);
            }
        }
        diagonal[n - 1] = a[(n * n) - 1];
        beside[n - 1] = 0;
        for (var k = n - 2; k >= 0; k--)
        {
            if (work[k] == 0)
                continue;
            var v = a.Slice((k * n) + k + 1, n - k - 1);
            for (var row = k + 1; row < n; row++)
            {
                var part = transposed.Slice((row * n) + k + 1, v.Length);
                Vectors.AddScaled(-work[k] * Vectors.Dot(v, part), v, part);
            }
        }
    }

    private static bool TryDiagonalise(Span<double> d, Span<double> e, Span<double> transposed, int n)
    {
        for (var (high, steps) = (n - 1, 0); high > 0;)
        {
            var low = high;
            while (low > 0 && Math.Abs(e[low - 1]) > s_epsilon * (Math.Abs(d[low - 1]) + Math.Abs(d[low])))
                low--;
            if (low < high && low > 0)
                e[low - 1] = 0;
            if (low == high)
            {
                e[high - 1] = 0;
                (high, steps) = (high - 1, 0);
                continue;
            }
            if (steps++ == MaxStepsEach)
                return false;
            // The eigenvalue of the last 2 x 2 block that is nearer to its last number.
            var half = (d[high - 1] - d[high]) / 2;
            var side = e[high - 1];
            var shift = d[high] - (side * side / (half + Math.CopySign(Math.Sqrt((half * half) + (side * side)), half)));
            var (x, z) = (d[low] - shift, e[low]);
            for (var k = low; k < high; k++)
            {
                var length = Math.Sqrt((x * x) + (z * z));
                var (c, s) = length == 0 ? (1.0, 0.0) : (x / length, z / length);
                if (k > low)
                    e[k - 1] = length;
                var (p, q, r) = (d[k], e[k], d[k + 1]);
                d[k] = (c * c * p) + (2 * c * s * q) + (s * s * r);
                d[k + 1] = (s * s * p) - (2 * c * s * q) + (c * c * r);
                e[k] = (c * s * (r - p)) + (((c * c) - (s * s)) * q);
                if (k < high - 1)
                {
                    (x, z) = (e[k], s * e[k + 1]);
                    e[k + 1] *= c;
                }
                Rotate(transposed.Slice(k * n, n), transposed.Slice((k + 1) * n, n), c, s);
            }
        }
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rotate(Span<double> upper, Span<double> lower, double c, double s)
    {
        var width = Vector<double>.Count;
        var (cosine, sine) = (new Vector<double>(c), new Vector<double>(s));
        ref var first = ref MemoryMarshal.GetReference(upper);
        ref var second = ref MemoryMarshal.GetReference(lower);
        var i = 0;
        for (; i <= upper.Length - width; i += width)
        {
            var (x, y) = (Vector.LoadUnsafe(ref first, (nuint)i), Vector.LoadUnsafe(ref second, (nuint)i));
            ((cosine * x) + (sine * y)).StoreUnsafe(ref first, (nuint)i);
            ((cosine * y) - (sine * x)).StoreUnsafe(ref second, (nuint)i);
        }
        for (; i < upper.Length; i++)
            (upper[i], lower[i]) = ((c * upper[i]) + (s * lower[i]), (c * lower[i]) - (s * upper[i]));
    }

    private static void Order(Span<double> values, Span<double> vectors, int n)
    {
        for (var i = 0; i < n; i++)
        {
            var best = i;
            for (var j = i + 1; j < n; j++)
                best = values[j] > values[best] ? j : best;
            var row = vectors.Slice(i * n, n);
            if (best != i)
            {
                (values[i], values[best]) = (values[best], values[i]);
                var other = vectors.Slice(best * n, n);
                for (var j = 0; j < n; j++)
                    (row[j], other[j]) = (other[j], row[j]);
            }
            var peak = 0;
            for (var j = 1; j < n; j++)
                peak = Math.Abs(row[j]) > Math.Abs(row[peak]) ? j : peak;
            for (var j = 0; j < n && row[peak] < 0; j++)
                if (j != peak)
                    row[j] = -row[j];
            row[peak] = Math.Abs(row[peak]);
        }
    }
}
