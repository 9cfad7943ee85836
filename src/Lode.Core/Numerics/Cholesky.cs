namespace Lode.Core;

/// <summary>The factor L of a symmetric positive definite matrix A = L·Lᵀ, and systems solved with it.</summary>
/// <remarks>Golub and Van Loan, Matrix Computations (4th ed.), section 4.2; by rows, so that every inner loop is a
/// contiguous dot product. n³/3 operations, in place, no allocation.</remarks>
public static class Cholesky
{
    /// <summary>Replaces the lower triangle of A by L. The strict upper triangle is neither read nor written.</summary>
    /// <param name="a">Shape [n, n], row-major; on false, partly overwritten.</param>
    /// <param name="n">Rows and columns, at least 0.</param>
    /// <returns>False when A is not positive definite to working precision, or not finite.</returns>
    /// <exception cref="ArgumentException"><paramref name="a"/> does not hold n·n numbers.</exception>
    public static bool TryDecompose(Span<double> a, int n)
    {
        RequireShape(a.Length, n);
        for (var i = 0; i < n; i++)
        {
            var row = a.Slice(i * n, i + 1);
            for (var j = 0; j < i; j++)
            {
                var other = a.Slice(j * n, j + 1);
                row[j] = (row[j] - Vectors.Dot(row[..j], other)) / other[j];
            }
            var pivot = row[i] - Vectors.Dot(row[..i], row);
            if (!(pivot > 0) || double.IsInfinity(pivot))
                return false;
            row[i] = Math.Sqrt(pivot);
        }
        return true;
    }

    /// <summary>Solves A·x = b in place.</summary>
    /// <param name="factor">L from <see cref="TryDecompose"/>, shape [n, n].</param>
    /// <param name="b">Shape [n]; receives x.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static void Solve(ReadOnlySpan<double> factor, Span<double> b)
    {
        var n = b.Length;
        RequireShape(factor.Length, n);
        for (var i = 0; i < n; i++)
        {
            var row = factor.Slice(i * n, i + 1);
            b[i] = (b[i] - Vectors.Dot(row[..i], b)) / row[i];
        }
        for (var i = n - 1; i >= 0; i--)
        {
            var row = factor.Slice(i * n, i + 1);
            b[i] /= row[i];
            Vectors.AddScaled(-b[i], row[..i], b);
        }
    }

    private static void RequireShape(int length, int n)
    {
        if ((long)n * n != length)
            throw new ArgumentException($"The matrix holds {length} numbers; {n} x {n} are needed.");
    }
}
