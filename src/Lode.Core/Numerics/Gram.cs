using System.Buffers;

namespace Lode.Core;

/// <summary>Fills a tile of rows, see <see cref="RowTiles"/>.</summary>
/// <param name="start">The first row.</param>
/// <param name="count">How many rows, at most <see cref="RowTiles.Width"/>.</param>
/// <param name="tile">Receives shape [columns, Width]; places without a row must be 0.</param>
public delegate void TileLoader(int start, int count, Span<double> tile);

/// <summary>Products XᵀX of tall matrices, tile by tile, on several threads.</summary>
public static class Gram
{
    private const int MaxParts = 16;
    private const int MaxPartialSums = 1 << 24;

    /// <summary>XᵀX.</summary>
    /// <param name="rows">At least 0.</param>
    /// <param name="columns">At least 0.</param>
    /// <param name="load">Gives X, tile by tile; called from several threads at once.</param>
    /// <param name="gram">Receives shape [columns, columns], both triangles.</param>
    /// <param name="threads">At most so many threads, ≥ 1. Changes no bit: rows are parted in a way that depends on the shape alone, and partial
    /// sums are added in order.</param>
    /// <param name="cancellation">Looked at between parts.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <remarks>rows·columns² / 2 multiplications and additions. Memory: rented, a tile and the square of the columns a part.</remarks>
    public static void Product(int rows, int columns, TileLoader load, double[] gram, int threads = 1, CancellationToken cancellation = default)
    {
        if (gram.Length != (long)columns * columns)
            throw new ArgumentException($"The product of {columns} columns does not fit into {gram.Length} numbers.", nameof(gram));
        var parts = PartsFor(rows, gram.Length);
        var sums = ArrayPool<double>.Shared.Rent(Math.Max(1, parts * gram.Length));
        try
        {
            RunParts(parts, threads, part =>
            {
                var sum = sums.AsSpan(part * gram.Length, gram.Length);
                sum.Clear();
                var rented = ArrayPool<double>.Shared.Rent(Math.Max(1, columns * RowTiles.Width));
                var tile = rented.AsSpan(0, columns * RowTiles.Width);
                var (first, end) = TilesOf(part, parts, rows);
                for (var t = first; t < end; t++)
                {
                    load(t * RowTiles.Width, Math.Min(RowTiles.Width, rows - (t * RowTiles.Width)), tile);
                    RowTiles.AddProducts(tile, tile, sum, lower: true);
                }
                ArrayPool<double>.Shared.Return(rented);
            }, cancellation);
            Array.Clear(gram);
            for (var part = 0; part < parts; part++)
                Vectors.AddScaled(1, sums.AsSpan(part * gram.Length, gram.Length), gram);
        }
        finally
        {
            ArrayPool<double>.Shared.Return(sums);
        }
        for (var i = 0; i < columns; i++)
            for (var j = 0; j < i; j++)
                gram[(j * columns) + i] = gram[(i * columns) + j];
    }

    /// <summary>In how many parts rows are summed when a part's sums are so many numbers: a function of the shape alone, never of the machine.</summary>
    /// <param name="rows">At least 0.</param>
    /// <param name="numbers">Sums of a part.</param>
    public static int PartsFor(int rows, int numbers) =>
        Math.Clamp(Math.Min(RowTiles.CountFor(rows) / 4, MaxPartialSums / Math.Max(1, numbers)), 1, MaxParts);

    /// <summary>The tiles [first, end) of a part.</summary>
    public static (int First, int End) TilesOf(int part, int parts, int rows)
    {
        var tiles = RowTiles.CountFor(rows);
        return ((int)((long)tiles * part / parts), (int)((long)tiles * (part + 1) / parts));
    }

    /// <summary>Runs the parts of some work.</summary>
    /// <param name="parts">Numbered from 0.</param>
    /// <param name="threads">At most so many at once, ≥ 1.</param>
    /// <param name="run">Does one part; parts must not write where another reads or writes.</param>
    /// <param name="cancellation">Looked at between parts.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void RunParts(int parts, int threads, Action<int> run, CancellationToken cancellation = default)
    {
        if (threads > 1 && parts > 1)
        {
            Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, run);
            return;
        }
        for (var part = 0; part < parts; part++)
        {
            cancellation.ThrowIfCancellationRequested();
            run(part);
        }
    }
}
