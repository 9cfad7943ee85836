namespace Lode.Core;

/// <summary>Eigenvalues and eigenvectors of symmetric matrices.</summary>
public static class SymmetricEigen
{
    private const int MostSteps = 60;

    /// <summary>Takes a symmetric matrix apart: A = V·diag(values)·Vᵀ.</summary>
    /// <param name="matrix">Shape [n, n], row-major, symmetric; receives the eigenvectors as rows, in the order of the values.</param>
    /// <param name="n">Rows and columns, at least 0.</param>
    /// <param name="values">Receives the eigenvalues, shape [n], descending.</param>
    /// <exception cref="LodeException">InvalidArgument: the matrix holds numbers that are not finite.</exception>
    /// <remarks>Householder's reduction to three diagonals, then QL steps with implicit shifts: Golub and Van Loan, "Matrix computations" (4th ed.), sections
    /// 8.3.1 and 8.3.3. O(n³). Vectors are orthonormal to about n·1e-16 (tests: <c>SymmetricEigen_AnyMatrix_IsPutTogetherAgain</c>).</remarks>
    public static void Decompose(double[] matrix, int n, double[] values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(matrix.Length, n * n);
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, n);
        foreach (var value in matrix)
        {
            if (!double.IsFinite(value))
                throw new LodeException(ErrorCode.InvalidArgument, "A matrix with numbers that are not finite has no eigenvalues.");
        }
        var side = new double[n];
        // Vectors are kept as rows throughout, so that every rotation runs along memory.
        Reduce(matrix, n, values, side);
        Iterate(matrix, n, values, side);
        Sort(matrix, n, values);
    }

    /// <summary>Makes A tridiagonal: H·A·Hᵀ with diagonal <paramref name="diagonal"/> and, from index 0 on, side diagonal <paramref name="side"/>; A receives H.</summary>
    private static void Reduce(double[] a, int n, double[] diagonal, double[] side)
    {
        var reflectors = new List<(int First, double[] V)>(n);
        var product = new double[n];
        for (var k = 0; k < n - 2; k++)
        {
            // The reflector that leaves one number of column k below the diagonal (8.3.1).
            var length = n - k - 1;
            var v = new double[length];
            for (var i = 0; i < length; i++)
                v[i] = a[(k * n) + k + 1 + i];
            var norm = Math.Sqrt(Vectors.Dot(v, v));
            side[k] = norm == 0 ? 0 : v[0] > 0 ? -norm : norm;
            if (norm == 0)
                continue;
            v[0] -= side[k];
            var scale = Math.Sqrt(2 / Vectors.Dot(v, v));
            if (!double.IsFinite(scale))
            {
                side[k] = a[(k * n) + k + 1];
                continue;
            }
            for (var i = 0; i < length; i++)
                v[i] *= scale;
            // A ← A − v·wᵀ − w·vᵀ on the rest, with w = A·v − ½(vᵀ·A·v)·v and vᵀ·v = 2.
            var w = product.AsSpan(0, length);
            for (var i = 0; i < length; i++)
                w[i] = Vectors.Dot(v, a.AsSpan(((k + 1 + i) * n) + k + 1, length));
            Vectors.AddScaled(-0.5 * Vectors.Dot(v, w), v, w);
            for (var i = 0; i < length; i++)
            {
                var row = a.AsSpan(((k + 1 + i) * n) + k + 1, length);
                Vectors.AddScaled(-v[i], w, row);
                Vectors.AddScaled(-w[i], v, row);
            }
            reflectors.Add((k + 1, v));
        }
        if (n >= 2)
            side[n - 2] = a[((n - 2) * n) + n - 1];
        for (var i = 0; i < n; i++)
            diagonal[i] = a[(i * n) + i];

        // The product of all reflectors, built from the last.
        Array.Clear(a);
        for (var i = 0; i < n; i++)
            a[(i * n) + i] = 1;
        for (var r = reflectors.Count - 1; r >= 0; r--)
        {
            var (first, v) = reflectors[r];
            for (var i = first; i < n; i++)
            {
                var row = a.AsSpan((i * n) + first, n - first);
                Vectors.AddScaled(-Vectors.Dot(v, row), v, row);
            }
        }
    }

    private static void Iterate(double[] vectors, int n, double[] d, double[] e)
    {
        for (var low = 0; low < n; low++)
        {
            for (var step = 0; ; step++)
            {
                var m = low;
                while (m < n - 1 && Math.Abs(e[m]) > 1.1e-16 * (Math.Abs(d[m]) + Math.Abs(d[m + 1])))
                    m++;
                if (m == low)
                    break;
                if (step == MostSteps)
                    throw new InvalidOperationException("The QL steps did not end.");
                QlStep(vectors, n, d, e, low, m);
            }
        }
    }

    /// <summary>One QL step with Wilkinson's shift on the block from <paramref name="low"/> to <paramref name="m"/>.</summary>
    private static void QlStep(double[] vectors, int n, double[] d, double[] e, int low, int m)
    {
        var g = (d[low + 1] - d[low]) / (2 * e[low]);
        var r = Hypotenuse(g, 1);
        g = d[m] - d[low] + (e[low] / (g + (g >= 0 ? r : -r)));
        var (s, c, p) = (1.0, 1.0, 0.0);
        for (var i = m - 1; i >= low; i--)
        {
            var (f, b) = (s * e[i], c * e[i]);
            r = Hypotenuse(f, g);
            if (i + 1 < n)
                e[i + 1] = r;
            if (r == 0)
            {
                d[i + 1] -= p;
                e[m] = 0;
                return;
            }
            (s, c) = (f / r, g / r);
            g = d[i + 1] - p;
            r = ((d[i] - g) * s) + (2 * c * b);
            p = s * r;
            d[i + 1] = g + p;
            g = (c * r) - b;
            Rotate(vectors.AsSpan(i * n, n), vectors.AsSpan((i + 1) * n, n), c, s);
        }
        d[low] -= p;
        e[low] = g;
        e[m] = 0;
    }

    private static void Rotate(Span<double> a, Span<double> b, double c, double s)
    {
        for (var k = 0; k < a.Length; k++)
        {
            var f = b[k];
            b[k] = (s * a[k]) + (c * f);
            a[k] = (c * a[k]) - (s * f);
        }
    }

    private static double Hypotenuse(double a, double b)
    {
        var (x, y) = (Math.Abs(a), Math.Abs(b));
        if (x < y)
            (x, y) = (y, x);
        return x == 0 ? 0 : x * Math.Sqrt(1 + (y / x * (y / x)));
    }

    private static void Sort(double[] vectors, int n, double[] values)
    {
        var order = Enumerable.Range(0, n).ToArray();
        var keys = Array.ConvertAll(values, value => -value);
        Array.Sort(keys, order);
        var (oldVectors, oldValues) = (vectors.ToArray(), values.ToArray());
        for (var i = 0; i < n; i++)
        {
            values[i] = oldValues[order[i]];
            oldVectors.AsSpan(order[i] * n, n).CopyTo(vectors.AsSpan(i * n));
        }
    }
}
