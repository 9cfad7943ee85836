using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lode.Learning;

/// <summary>Sums over the rows on one side of a threshold, four at a time: always four, so that every machine adds in the same order.</summary>
internal static class SideSums
{
    /// <summary>Number, and sums of two columns, of the rows whose value is at most the threshold.</summary>
    /// <param name="values">Shape [n].</param>
    /// <param name="threshold">Finite.</param>
    /// <param name="first">At least n numbers.</param>
    /// <param name="second">At least n numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (int Count, double First, double Second) LeftOf(ReadOnlySpan<double> values, double threshold, ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        var border = Vector256.Create(threshold);
        var (counts, firsts, seconds) = (Vector256<long>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var blocks = MemoryMarshal.Cast<double, Vector256<double>>(values);
        var firstBlocks = MemoryMarshal.Cast<double, Vector256<double>>(first[..values.Length]);
        var secondBlocks = MemoryMarshal.Cast<double, Vector256<double>>(second[..values.Length]);
        for (var i = 0; i < blocks.Length; i++)
        {
            var left = Vector256.LessThanOrEqual(blocks[i], border);
            counts -= left.AsInt64();
            firsts += left & firstBlocks[i];
            seconds += left & secondBlocks[i];
        }
        var (count, firstSum, secondSum) = ((int)Vector256.Sum(counts), Sum(firsts), Sum(seconds));
        for (var i = blocks.Length * 4; i < values.Length; i++)
        {
            if (!(values[i] <= threshold))
                continue;
            count++;
            firstSum += first[i];
            secondSum += second[i];
        }
        return (count, firstSum, secondSum);
    }

    /// <summary>Fetches a column's values of some rows; gives the smallest and the largest.</summary>
    /// <param name="column">By row.</param>
    /// <param name="rows">At least one.</param>
    /// <param name="numbers">Receives the values, as many as rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Low, double High) Gather(ReadOnlySpan<double> column, ReadOnlySpan<int> rows, Span<double> numbers)
    {
        ref var value = ref MemoryMarshal.GetReference(column);
        ref var row = ref MemoryMarshal.GetReference(rows);
        ref var number = ref MemoryMarshal.GetReference(numbers[..rows.Length]);
        for (nint i = 0; i < rows.Length; i++)
            Unsafe.Add(ref number, i) = Unsafe.Add(ref value, (nint)Unsafe.Add(ref row, i));
        return Range(numbers[..rows.Length]);
    }

    /// <summary>The same of a column of single precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Low, double High) Gather(ReadOnlySpan<float> column, ReadOnlySpan<int> rows, Span<double> numbers)
    {
        ref var value = ref MemoryMarshal.GetReference(column);
        ref var row = ref MemoryMarshal.GetReference(rows);
        ref var number = ref MemoryMarshal.GetReference(numbers[..rows.Length]);
        for (nint i = 0; i < rows.Length; i++)
            Unsafe.Add(ref number, i) = Unsafe.Add(ref value, (nint)Unsafe.Add(ref row, i));
        return Range(numbers[..rows.Length]);
    }

    /// <summary>The same of one column of a row-major matrix.</summary>
    public static (double Low, double High) Gather(ReadOnlySpan<double> matrix, int column, int columns, ReadOnlySpan<int> rows, Span<double> numbers)
    {
        for (var i = 0; i < rows.Length; i++)
            numbers[i] = matrix[(rows[i] * columns) + column];
        return Range(numbers[..rows.Length]);
    }

    private static (double Low, double High) Range(ReadOnlySpan<double> numbers)
    {
        var (lows, highs) = (Vector256.Create(numbers[0]), Vector256.Create(numbers[0]));
        var blocks = MemoryMarshal.Cast<double, Vector256<double>>(numbers);
        foreach (var block in blocks)
        {
            lows = Vector256.MinNative(lows, block);
            highs = Vector256.MaxNative(highs, block);
        }
        var low = Math.Min(Math.Min(lows[0], lows[1]), Math.Min(lows[2], lows[3]));
        var high = Math.Max(Math.Max(highs[0], highs[1]), Math.Max(highs[2], highs[3]));
        for (var i = blocks.Length * 4; i < numbers.Length; i++)
            (low, high) = (Math.Min(low, numbers[i]), Math.Max(high, numbers[i]));
        return (low, high);
    }

    /// <summary>The smallest and the largest of the values that are not NaN, and the number of those that are; infinity and -infinity where all are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Low, double High, int Missing) PresentRange(ReadOnlySpan<double> numbers)
    {
        var (lows, highs, counts) = (Vector256.Create(double.PositiveInfinity), Vector256.Create(double.NegativeInfinity), Vector256<long>.Zero);
        var blocks = MemoryMarshal.Cast<double, Vector256<double>>(numbers);
        foreach (var block in blocks)
        {
            lows = Vector256.ConditionalSelect(Vector256.LessThan(block, lows), block, lows);
            highs = Vector256.ConditionalSelect(Vector256.GreaterThan(block, highs), block, highs);
            counts -= Vector256.IsNaN(block).AsInt64();
        }
        var (low, high, missing) = (lows[0], highs[0], (int)Vector256.Sum(counts));
        for (var i = 1; i < 4; i++)
            (low, high) = (Math.Min(low, lows[i]), Math.Max(high, highs[i]));
        for (var i = blocks.Length * 4; i < numbers.Length; i++)
        {
            if (double.IsNaN(numbers[i]))
                missing++;
            else
                (low, high) = (Math.Min(low, numbers[i]), Math.Max(high, numbers[i]));
        }
        return (low, high, missing);
    }

    private static double Sum(Vector256<double> sums) => sums[0] + sums[1] + (sums[2] + sums[3]);
}
