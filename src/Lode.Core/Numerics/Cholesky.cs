using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lode.Core;

/// <summary>The factor L of a symmetric positive definite matrix A = L·Lᵀ, and systems solved with it.</summary>
/// <remarks>
/// Golub and Van Loan, Matrix Computations (4th ed.), section 4.2, in the form of dot products of rows, in tiles of four rows by two
/// columns that stay in registers. Every number is summed in an order of its own that does not depend on the tile: so a factor that is
/// extended row by row is the factor made at once, bit for bit. In place, no allocation.
/// </remarks>
public static class Cholesky
{
    private const int Tile = 4;

    /// <summary>Replaces the lower triangle of A by L. The strict upper triangle is neither read nor written. n³/3 operations.</summary>
    /// <param name="a">Shape [n, n], row-major; on false, partly overwritten.</param>
    /// <param name="n">Rows and columns, at least 0.</param>
    /// <returns>False when A is not positive definite to working precision, or not finite.</returns>
    /// <exception cref="ArgumentException"><paramref name="a"/> does not hold n·n numbers.</exception>
    public static bool TryDecompose(Span<double> a, int n) => TryExtend(a, n, 0);

    /// <summary>Goes on with a factor whose first rows are known: O(n²) for each row more. The result is that of <see cref="TryDecompose"/>, bit for bit.</summary>
    /// <param name="a">Shape [n, n], row-major: L in the lower triangle of the first <paramref name="known"/> rows, A in that of the others.</param>
    /// <param name="n">Rows and columns, at least 0.</param>
    /// <param name="known">Rows that hold L already. Range: 0 to n.</param>
    /// <returns>False when A is not positive definite to working precision, or not finite.</returns>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static bool TryExtend(Span<double> a, int n, int known)
    {
        RequireShape(a.Length, n);
        if (known < 0 || known > n)
            throw new ArgumentException($"{known} of {n} rows cannot be known.");
        ref var matrix = ref MemoryMarshal.GetReference(a);
        for (var i = known; i < n;)
        {
            var block = i / Tile * Tile;
            var rows = Math.Min(block + Tile, n) - i;
            Forward(ref matrix, n, ref Unsafe.Add(ref matrix, i * n), n, rows, 0, block);
            for (var last = i + rows; i < last; i++)
            {
                // The columns of its own block, of which the rows above are done by now.
                Forward(ref matrix, n, ref Unsafe.Add(ref matrix, i * n), n, 1, 0, i, block);
                var row = a.Slice(i * n, i + 1);
                var pivot = row[i] - TileDot(row[..i], row[..i], block);
                if (!(pivot > 0) || double.IsInfinity(pivot))
                    return false;
                row[i] = Math.Sqrt(pivot);
            }
        }
        return true;
    }

    /// <summary>Solves A·x = b in place.</summary>
    /// <param name="factor">L from <see cref="TryDecompose"/>, shape [n, n].</param>
    /// <param name="b">Shape [n]; receives x.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static void Solve(ReadOnlySpan<double> factor, Span<double> b)
    {
        SolveLower(factor, b.Length, b);
        SolveUpper(factor, b);
    }

    /// <summary>Solves L·x = b in place for many right-hand sides.</summary>
    /// <param name="factor">L, shape [n, n].</param>
    /// <param name="n">Rows and columns.</param>
    /// <param name="b">Shape [m, n], one right-hand side a row; receives the solutions.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static void SolveLower(ReadOnlySpan<double> factor, int n, Span<double> b)
    {
        RequireShape(factor.Length, n);
        if (n == 0)
            return;
        if (b.Length % n != 0)
            throw new ArgumentException($"Right-hand sides of {n} numbers each are needed; got {b.Length} numbers.");
        var count = b.Length / n;
        for (var i = 0; i < count; i += Tile)
            Forward(ref MemoryMarshal.GetReference(factor), n, ref Unsafe.Add(ref MemoryMarshal.GetReference(b), i * n), n, Math.Min(Tile, count - i), 0, n);
    }

    /// <summary>Solves Lᵀ·x = b in place.</summary>
    /// <param name="factor">L, shape [n, n].</param>
    /// <param name="b">Shape [n]; receives x.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static void SolveUpper(ReadOnlySpan<double> factor, Span<double> b)
    {
        var n = b.Length;
        RequireShape(factor.Length, n);
        for (var i = n - 1; i >= 0; i--)
        {
            var row = factor.Slice(i * n, i + 1);
            b[i] /= row[i];
            Vectors.AddScaled(-b[i], row[..i], b);
        }
    }

    /// <summary>The logarithm of the determinant of A.</summary>
    /// <param name="factor">L, shape [n, n].</param>
    /// <param name="n">Rows and columns.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static double LogDeterminant(ReadOnlySpan<double> factor, int n)
    {
        RequireShape(factor.Length, n);
        var sum = 0.0;
        for (var i = 0; i < n; i++)
            sum += Math.Log(factor[(i * n) + i]);
        return 2 * sum;
    }

    /// <summary>The inverse of A, both triangles. 2n³/3 operations.</summary>
    /// <param name="factor">L, shape [n, n].</param>
    /// <param name="n">Rows and columns.</param>
    /// <param name="inverse">Receives A⁻¹, shape [n, n].</param>
    /// <param name="scratch">Shape [n, n], overwritten; the three must not overlap.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static void Inverse(ReadOnlySpan<double> factor, int n, Span<double> inverse, Span<double> scratch)
    {
        RequireShape(factor.Length, n);
        RequireShape(inverse.Length, n);
        RequireShape(scratch.Length, n);
        // Row i of the scratch is column i of L⁻¹, zero before i: so A⁻¹ = L⁻ᵀ·L⁻¹ is made of dot products of rows as well.
        scratch.Clear();
        ref var u = ref MemoryMarshal.GetReference(scratch);
        for (var i = 0; i < n; i += Tile)
        {
            for (var r = i; r < Math.Min(i + Tile, n); r++)
                scratch[(r * n) + r] = 1;
            Forward(ref MemoryMarshal.GetReference(factor), n, ref Unsafe.Add(ref u, i * n), n, Math.Min(Tile, n - i), i, n);
        }
        Span<double> sums = stackalloc double[Tile * 2];
        for (var i = 0; i < n; i += Tile)
        {
            var rows = Math.Min(Tile, n - i);
            for (var j = 0; j < i + rows; j += 2)
            {
                Dots(ref Unsafe.Add(ref u, (i * n) + i), n, rows, ref Unsafe.Add(ref u, (j * n) + i), n, Math.Min(2, n - j), n - i, sums);
                for (var r = 0; r < rows; r++)
                    for (var c = 0; c < 2 && j + c <= i + r; c++)
                        inverse[((i + r) * n) + j + c] = inverse[((j + c) * n) + i + r] = sums[(r * 2) + c];
            }
        }
    }

    // Rows x of X with L·x = b from column `start` (before which they are zero, a multiple of the tile) to `end`. With `first`, only
    // the columns from there on: those before are solved.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward(ref double l, int n, ref double x, int stride, int rows, int start, int end, int first = 0)
    {
        Span<double> sums = stackalloc double[Tile * 2];
        for (var j = Math.Max(start, first) / Tile * Tile; j < end; j += Tile)
        {
            var columns = Math.Min(Tile, end - j);
            for (var half = 0; half < columns; half += 2)
            {
                var width = Math.Min(2, columns - half);
                Dots(ref Unsafe.Add(ref x, start), stride, rows, ref Unsafe.Add(ref l, ((j + half) * n) + start), n, width, j - start, sums);
                for (var r = 0; r < rows; r++)
                {
                    ref var row = ref Unsafe.Add(ref x, r * stride);
                    for (var c = half; c < half + width; c++)
                    {
                        ref var other = ref Unsafe.Add(ref l, (j + c) * n);
                        var value = Unsafe.Add(ref row, j + c) - sums[(r * 2) + c - half];
                        for (var t = j; t < j + c; t++)
                            value -= Unsafe.Add(ref row, t) * Unsafe.Add(ref other, t);
                        Unsafe.Add(ref row, j + c) = value / Unsafe.Add(ref other, j + c);
                    }
                }
            }
        }
    }

    // The dot product in the order of the tiles: vectorised before the block, one by one in it.
    private static double TileDot(ReadOnlySpan<double> a, ReadOnlySpan<double> b, int block)
    {
        Span<double> sums = stackalloc double[Tile * 2];
        Dots(ref MemoryMarshal.GetReference(a), 0, 1, ref MemoryMarshal.GetReference(b), 0, 1, block, sums);
        var sum = sums[0];
        for (var t = block; t < a.Length; t++)
            sum += a[t] * b[t];
        return sum;
    }

    // Four rows of a times two rows of b; a row that is not there is replaced by the last that is, and its sums mean nothing.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots(ref double a, int strideA, int rowsA, ref double b, int strideB, int rowsB, int length, Span<double> sums)
    {
        ref var a1 = ref Unsafe.Add(ref a, rowsA > 1 ? strideA : 0);
        ref var a2 = ref Unsafe.Add(ref a, rowsA > 2 ? 2 * strideA : 0);
        ref var a3 = ref Unsafe.Add(ref a, rowsA > 3 ? 3 * strideA : 0);
        ref var b1 = ref Unsafe.Add(ref b, rowsB > 1 ? strideB : 0);
        var (s00, s01, s10, s11) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var (s20, s21, s30, s31) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var k = 0;
        if (rowsA == 1)
        {
            for (; k <= length - Tile; k += Tile)
            {
                var x = Vector256.LoadUnsafe(ref a, (nuint)k);
                s00 = Vector256.MultiplyAddEstimate(x, Vector256.LoadUnsafe(ref b, (nuint)k), s00);
                s01 = Vector256.MultiplyAddEstimate(x, Vector256.LoadUnsafe(ref b1, (nuint)k), s01);
            }
        }
        for (; k <= length - Tile; k += Tile)
        {
            var (y0, y1) = (Vector256.LoadUnsafe(ref b, (nuint)k), Vector256.LoadUnsafe(ref b1, (nuint)k));
            var x = Vector256.LoadUnsafe(ref a, (nuint)k);
            s00 = Vector256.MultiplyAddEstimate(x, y0, s00);
            s01 = Vector256.MultiplyAddEstimate(x, y1, s01);
            x = Vector256.LoadUnsafe(ref a1, (nuint)k);
            s10 = Vector256.MultiplyAddEstimate(x, y0, s10);
            s11 = Vector256.MultiplyAddEstimate(x, y1, s11);
            x = Vector256.LoadUnsafe(ref a2, (nuint)k);
            s20 = Vector256.MultiplyAddEstimate(x, y0, s20);
            s21 = Vector256.MultiplyAddEstimate(x, y1, s21);
            x = Vector256.LoadUnsafe(ref a3, (nuint)k);
            s30 = Vector256.MultiplyAddEstimate(x, y0, s30);
            s31 = Vector256.MultiplyAddEstimate(x, y1, s31);
        }
        (sums[0], sums[1], sums[2], sums[3]) = (Vector256.Sum(s00), Vector256.Sum(s01), Vector256.Sum(s10), Vector256.Sum(s11));
        (sums[4], sums[5], sums[6], sums[7]) = (Vector256.Sum(s20), Vector256.Sum(s21), Vector256.Sum(s30), Vector256.Sum(s31));
        for (; k < length; k++)
        {
            var (y0, y1) = (Unsafe.Add(ref b, k), Unsafe.Add(ref b1, k));
            sums[0] += Unsafe.Add(ref a, k) * y0;
            sums[1] += Unsafe.Add(ref a, k) * y1;
            sums[2] += Unsafe.Add(ref a1, k) * y0;
            sums[3] += Unsafe.Add(ref a1, k) * y1;
            sums[4] += Unsafe.Add(ref a2, k) * y0;
            sums[5] += Unsafe.Add(ref a2, k) * y1;
            sums[6] += Unsafe.Add(ref a3, k) * y0;
            sums[7] += Unsafe.Add(ref a3, k) * y1;
        }
    }

    private static void RequireShape(int length, int n)
    {
        if ((long)n * n != length)
            throw new ArgumentException($"The matrix holds {length} numbers; {n} x {n} are needed.");
    }
}
