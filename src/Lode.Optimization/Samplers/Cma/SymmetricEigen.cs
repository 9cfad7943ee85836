namespace Lode.Optimization;

/// <summary>Eigenvalues and eigenvectors of a small symmetric matrix.</summary>
internal static class SymmetricEigen
{
    /// <summary>Decomposes a = v·diag(values)·vᵀ.</summary>
    /// <param name="a">Shape [n, n], symmetric; destroyed.</param>
    /// <param name="n">The order.</param>
    /// <param name="vectors">Receives eigenvectors as columns, shape [n, n].</param>
    /// <param name="values">Receives eigenvalues, shape [n], in no order.</param>
    /// <remarks>Cyclic Jacobi rotations: Golub and Van Loan, "Matrix computations" (4th edition), algorithms 8.5.1 and 8.5.3.</remarks>
    public static void Decompose(Span<double> a, int n, Span<double> vectors, Span<double> values)
    {
        vectors.Clear();
        for (var i = 0; i < n; i++)
            vectors[(i * n) + i] = 1;
        for (var sweep = 0; sweep < 60; sweep++)
        {
            var (off, diagonal) = (0.0, 0.0);
            for (var i = 0; i < n; i++)
            {
                diagonal += a[(i * n) + i] * a[(i * n) + i];
                for (var j = i + 1; j < n; j++)
                    off += a[(i * n) + j] * a[(i * n) + j];
            }
            if (!(off > 1e-22 * diagonal)) // a sweep squares the error
                break;
            for (var p = 0; p < n - 1; p++)
                for (var q = p + 1; q < n; q++)
                    Rotate(a, vectors, n, p, q);
        }
        for (var i = 0; i < n; i++)
            values[i] = a[(i * n) + i];
    }

    private static void Rotate(Span<double> a, Span<double> vectors, int n, int p, int q)
    {
        var apq = a[(p * n) + q];
        if (apq == 0)
            return;
        var tau = (a[(q * n) + q] - a[(p * n) + p]) / (2 * apq);
        var t = tau >= 0 ? 1 / (tau + Math.Sqrt(1 + (tau * tau))) : 1 / (tau - Math.Sqrt(1 + (tau * tau)));
        var c = 1 / Math.Sqrt(1 + (t * t));
        var s = t * c;
        a[(p * n) + p] -= t * apq;
        a[(q * n) + q] += t * apq;
        a[(p * n) + q] = a[(q * n) + p] = 0;
        for (var k = 0; k < n; k++)
        {
            if (k != p && k != q)
            {
                var (akp, akq) = (a[(k * n) + p], a[(k * n) + q]);
                a[(k * n) + p] = a[(p * n) + k] = (c * akp) - (s * akq);
                a[(k * n) + q] = a[(q * n) + k] = (s * akp) + (c * akq);
            }
            var (vkp, vkq) = (vectors[(k * n) + p], vectors[(k * n) + q]);
            vectors[(k * n) + p] = (c * vkp) - (s * vkq);
            vectors[(k * n) + q] = (s * vkp) + (c * vkq);
        }
    }
}
