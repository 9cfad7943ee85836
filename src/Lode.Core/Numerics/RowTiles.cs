using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Lode.Core;

/// <summary>
/// Blocks of <see cref="Width"/> rows of a row-major matrix, turned so that each column lies together: what products of a matrix with
/// its own transpose and with weights of its columns are made of while a block is in the cache.
/// </summary>
/// <remarks>A row's results depend on that row alone, bit for bit: every lane sums in the order of the columns. Nothing is allocated.</remarks>
public static class RowTiles
{
    /// <summary>Rows in a tile.</summary>
    public const int Width = 128;

    /// <summary>How many tiles hold some rows.</summary>
    public static int CountFor(int rows) => (int)(((long)rows + Width - 1) / Width);

    /// <summary>Turns rows into a tile.</summary>
    /// <param name="x">The rows, shape [count, columns], row-major; longer spans are read up to there.</param>
    /// <param name="columns">At least 0.</param>
    /// <param name="count">Rows, at most <see cref="Width"/>.</param>
    /// <param name="tile">Receives shape [columns, Width]; places without a row are 0.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Load(ReadOnlySpan<double> x, int columns, int count, Span<double> tile)
    {
        if (count < 0 || count > Width || x.Length < (long)count * columns || tile.Length < columns * Width)
            throw new ArgumentException($"{count} rows of {columns} columns do not fit {x.Length} numbers and a tile of {tile.Length}.");
        if (count < Width)
            tile[..(columns * Width)].Clear();
        ref var source = ref MemoryMarshal.GetReference(x);
        ref var target = ref MemoryMarshal.GetReference(tile);
        var row = 0;
        for (; Avx.IsSupported && row <= count - 4; row += 4)
        {
            ref var first = ref Unsafe.Add(ref source, row * columns);
            var j = 0;
            for (; j <= columns - 4; j += 4)
            {
                var a = Vector256.LoadUnsafe(ref first, (nuint)j);
                var b = Vector256.LoadUnsafe(ref first, (nuint)(columns + j));
                var c = Vector256.LoadUnsafe(ref first, (nuint)((2 * columns) + j));
                var d = Vector256.LoadUnsafe(ref first, (nuint)((3 * columns) + j));
                var (even, odd) = (Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b));
                var (even2, odd2) = (Avx.UnpackLow(c, d), Avx.UnpackHigh(c, d));
                ref var at = ref Unsafe.Add(ref target, (j * Width) + row);
                Avx.Permute2x128(even, even2, 0x20).StoreUnsafe(ref at);
                Avx.Permute2x128(odd, odd2, 0x20).StoreUnsafe(ref at, Width);
                Avx.Permute2x128(even, even2, 0x31).StoreUnsafe(ref at, 2 * Width);
                Avx.Permute2x128(odd, odd2, 0x31).StoreUnsafe(ref at, 3 * Width);
            }
            for (; j < columns; j++)
                for (var r = 0; r < 4; r++)
                    Unsafe.Add(ref target, (j * Width) + row + r) = Unsafe.Add(ref first, (r * columns) + j);
        }
        for (; row < count; row++)
            for (var j = 0; j < columns; j++)
                Unsafe.Add(ref target, (j * Width) + row) = Unsafe.Add(ref source, (row * columns) + j);
    }

    /// <summary>Takes a number from each column and multiplies each row: tile[j, r] = (tile[j, r] - shift[j])·scale[r].</summary>
    /// <param name="tile">Shape [columns, Width], changed in place.</param>
    /// <param name="shift">Shape [columns]; empty: zeros.</param>
    /// <param name="scale">Shape [Width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ShiftAndScale(Span<double> tile, ReadOnlySpan<double> shift, ReadOnlySpan<double> scale)
    {
        scale = scale[..Width];
        ref var factors = ref MemoryMarshal.GetReference(scale);
        for (var j = 0; j < tile.Length / Width; j++)
        {
            ref var column = ref MemoryMarshal.GetReference(tile.Slice(j * Width, Width));
            var minus = Vector256.Create(shift.IsEmpty ? 0 : shift[j]);
            for (nuint r = 0; r < Width; r += 4)
                ((Vector256.LoadUnsafe(ref column, r) - minus) * Vector256.LoadUnsafe(ref factors, r)).StoreUnsafe(ref column, r);
        }
    }

    /// <summary>Weighted sums of the columns: sums[i, r] = Σⱼ weights[i, j]·tile[j, r].</summary>
    /// <param name="weights">Shape [count, columns], row-major.</param>
    /// <param name="count">Number of sums.</param>
    /// <param name="tile">Shape [columns, Width].</param>
    /// <param name="sums">Receives shape [count, Width].</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(ReadOnlySpan<double> weights, int count, ReadOnlySpan<double> tile, Span<double> sums)
    {
        var columns = tile.Length / Width;
        if (weights.Length < (long)count * columns || sums.Length < count * Width)
            throw new ArgumentException($"{weights.Length} weights and {sums.Length} sums do not fit {count} sums of {columns} columns.");
        ref var w = ref MemoryMarshal.GetReference(weights);
        ref var x = ref MemoryMarshal.GetReference(tile);
        ref var y = ref MemoryMarshal.GetReference(sums);
        if (count == 1)
        {
            MultiplyOne(ref w, columns, ref x, ref y);
            return;
        }
        for (var i = 0; i < count; i += 4)
        {
            // A sum that is not there is the last that is, made again.
            var (i1, i2, i3) = (Math.Min(i + 1, count - 1), Math.Min(i + 2, count - 1), Math.Min(i + 3, count - 1));
            ref var w0 = ref Unsafe.Add(ref w, i * columns);
            ref var w1 = ref Unsafe.Add(ref w, i1 * columns);
            ref var w2 = ref Unsafe.Add(ref w, i2 * columns);
            ref var w3 = ref Unsafe.Add(ref w, i3 * columns);
            for (nuint r = 0; r < Width; r += 8)
            {
                var (a0, b0, a1, b1) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
                var (a2, b2, a3, b3) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
                for (var j = 0; j < columns; j++)
                {
                    ref var column = ref Unsafe.Add(ref x, j * Width);
                    var (p, q) = (Vector256.LoadUnsafe(ref column, r), Vector256.LoadUnsafe(ref column, r + 4));
                    var factor = Vector256.Create(Unsafe.Add(ref w0, j));
                    (a0, b0) = (Vector256.MultiplyAddEstimate(factor, p, a0), Vector256.MultiplyAddEstimate(factor, q, b0));
                    factor = Vector256.Create(Unsafe.Add(ref w1, j));
                    (a1, b1) = (Vector256.MultiplyAddEstimate(factor, p, a1), Vector256.MultiplyAddEstimate(factor, q, b1));
                    factor = Vector256.Create(Unsafe.Add(ref w2, j));
                    (a2, b2) = (Vector256.MultiplyAddEstimate(factor, p, a2), Vector256.MultiplyAddEstimate(factor, q, b2));
                    factor = Vector256.Create(Unsafe.Add(ref w3, j));
                    (a3, b3) = (Vector256.MultiplyAddEstimate(factor, p, a3), Vector256.MultiplyAddEstimate(factor, q, b3));
                }
                Store(ref Unsafe.Add(ref y, i3 * Width), r, a3, b3);
                Store(ref Unsafe.Add(ref y, i2 * Width), r, a2, b2);
                Store(ref Unsafe.Add(ref y, i1 * Width), r, a1, b1);
                Store(ref Unsafe.Add(ref y, i * Width), r, a0, b0);
            }
        }
    }

    /// <summary>Adds products of columns: sums[i, j] += Σᵣ left[i, r]·right[j, r].</summary>
    /// <param name="left">Shape [count, Width].</param>
    /// <param name="right">Shape [columns, Width].</param>
    /// <param name="sums">Shape [count, columns], row-major, added to.</param>
    /// <param name="lower">Whether only j ≤ i is wanted (what is above may be added to or not): for a product of a tile with itself.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddProducts(ReadOnlySpan<double> left, ReadOnlySpan<double> right, Span<double> sums, bool lower = false)
    {
        var (count, columns) = (left.Length / Width, right.Length / Width);
        if (sums.Length < (long)count * columns)
            throw new ArgumentException($"{sums.Length} sums do not fit {count} by {columns} columns.");
        ref var a = ref MemoryMarshal.GetReference(left);
        ref var b = ref MemoryMarshal.GetReference(right);
        ref var y = ref MemoryMarshal.GetReference(sums);
        if (count == 1)
        {
            AddProductsOfOne(ref a, ref b, columns, ref y);
            return;
        }
        for (var i = 0; i < count; i += 4)
        {
            var rows = Math.Min(4, count - i);
            ref var x0 = ref Unsafe.Add(ref a, i * Width);
            ref var x1 = ref Unsafe.Add(ref x0, rows > 1 ? Width : 0);
            ref var x2 = ref Unsafe.Add(ref x0, rows > 2 ? 2 * Width : 0);
            ref var x3 = ref Unsafe.Add(ref x0, rows > 3 ? 3 * Width : 0);
            for (var j = 0; j < (lower ? Math.Min(columns, i + rows) : columns); j += 2)
            {
                var pair = j + 1 < columns;
                ref var y0 = ref Unsafe.Add(ref b, j * Width);
                ref var y1 = ref Unsafe.Add(ref y0, pair ? Width : 0);
                var (s00, s01, s10, s11) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
                var (s20, s21, s30, s31) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
                for (nuint r = 0; r < Width; r += 4)
                {
                    var (p, q) = (Vector256.LoadUnsafe(ref y0, r), Vector256.LoadUnsafe(ref y1, r));
                    var x = Vector256.LoadUnsafe(ref x0, r);
                    s00 = Vector256.MultiplyAddEstimate(x, p, s00);
                    s01 = Vector256.MultiplyAddEstimate(x, q, s01);
                    x = Vector256.LoadUnsafe(ref x1, r);
                    s10 = Vector256.MultiplyAddEstimate(x, p, s10);
                    s11 = Vector256.MultiplyAddEstimate(x, q, s11);
                    x = Vector256.LoadUnsafe(ref x2, r);
                    s20 = Vector256.MultiplyAddEstimate(x, p, s20);
                    s21 = Vector256.MultiplyAddEstimate(x, q, s21);
                    x = Vector256.LoadUnsafe(ref x3, r);
                    s30 = Vector256.MultiplyAddEstimate(x, p, s30);
                    s31 = Vector256.MultiplyAddEstimate(x, q, s31);
                }
                ref var sum = ref Unsafe.Add(ref y, (i * columns) + j);
                Add(ref sum, s00, s01, pair);
                if (rows > 1)
                    Add(ref Unsafe.Add(ref sum, columns), s10, s11, pair);
                if (rows > 2)
                    Add(ref Unsafe.Add(ref sum, 2 * columns), s20, s21, pair);
                if (rows > 3)
                    Add(ref Unsafe.Add(ref sum, 3 * columns), s30, s31, pair);
            }
        }
    }

    // Four chains of sums hide the latency of the addition.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyOne(ref double w, int columns, ref double x, ref double y)
    {
        for (nuint r = 0; r < Width; r += 16)
        {
            var (a, b, c, d) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
            for (var j = 0; j < columns; j++)
            {
                ref var column = ref Unsafe.Add(ref x, j * Width);
                var factor = Vector256.Create(Unsafe.Add(ref w, j));
                a = Vector256.MultiplyAddEstimate(factor, Vector256.LoadUnsafe(ref column, r), a);
                b = Vector256.MultiplyAddEstimate(factor, Vector256.LoadUnsafe(ref column, r + 4), b);
                c = Vector256.MultiplyAddEstimate(factor, Vector256.LoadUnsafe(ref column, r + 8), c);
                d = Vector256.MultiplyAddEstimate(factor, Vector256.LoadUnsafe(ref column, r + 12), d);
            }
            Store(ref y, r, a, b);
            Store(ref y, r + 8, c, d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddProductsOfOne(ref double a, ref double b, int columns, ref double y)
    {
        var j = 0;
        for (; j <= columns - 4; j += 4)
        {
            ref var b0 = ref Unsafe.Add(ref b, j * Width);
            var (s0, s1, s2, s3) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
            for (nuint r = 0; r < Width; r += 4)
            {
                var x = Vector256.LoadUnsafe(ref a, r);
                s0 = Vector256.MultiplyAddEstimate(x, Vector256.LoadUnsafe(ref b0, r), s0);
                s1 = Vector256.MultiplyAddEstimate(x, Vector256.LoadUnsafe(ref b0, r + Width), s1);
                s2 = Vector256.MultiplyAddEstimate(x, Vector256.LoadUnsafe(ref b0, r + (2 * Width)), s2);
                s3 = Vector256.MultiplyAddEstimate(x, Vector256.LoadUnsafe(ref b0, r + (3 * Width)), s3);
            }
            Add(ref Unsafe.Add(ref y, j), s0, s1, true);
            Add(ref Unsafe.Add(ref y, j + 2), s2, s3, true);
        }
        for (; j < columns; j++)
        {
            ref var b0 = ref Unsafe.Add(ref b, j * Width);
            var sum = Vector256<double>.Zero;
            for (nuint r = 0; r < Width; r += 4)
                sum = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref a, r), Vector256.LoadUnsafe(ref b0, r), sum);
            Add(ref Unsafe.Add(ref y, j), sum, sum, false);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref double at, nuint r, Vector256<double> a, Vector256<double> b)
    {
        a.StoreUnsafe(ref at, r);
        b.StoreUnsafe(ref at, r + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref double at, Vector256<double> first, Vector256<double> second, bool pair)
    {
        at += Vector256.Sum(first);
        if (pair)
            Unsafe.Add(ref at, 1) += Vector256.Sum(second);
    }
}
