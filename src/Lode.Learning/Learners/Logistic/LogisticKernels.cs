using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Lode.Core;

namespace Lode.Learning;

/// <summary>What logistic regression does with the scores of a tile of rows, shape [score rows, tile width]: lane by lane, so that a row's
/// numbers depend on that row alone.</summary>
internal static class LogisticKernels
{
    private static int Width => RowTiles.Width;

    /// <summary>Turns scores into residuals w·(p - [label]).</summary>
    /// <param name="scores">Changed in place.</param>
    /// <param name="probabilities">Receives p, the same shape.</param>
    /// <param name="labels">Shape [tile width].</param>
    /// <param name="weights">Shape [tile width].</param>
    /// <returns>Σ w·loss.</returns>
    public static double Residuals(Span<double> scores, Span<double> probabilities, ReadOnlySpan<int> labels, ReadOnlySpan<double> weights)
    {
        Span<double> losses = stackalloc double[RowTiles.Width];
        var single = scores.Length == Width;
        for (var r = 0; r < Width; r++)
            losses[r] = single ? (labels[r] == 1 ? scores[r] : 0) : scores[(labels[r] * Width) + r];
        // The logarithm of the sum of exponentials, less the own score.
        Span<double> logs = stackalloc double[RowTiles.Width];
        Probabilities(scores, probabilities, logs);
        var value = 0.0;
        for (var r = 0; r < Width; r++)
            value += weights[r] * (logs[r] - losses[r]);
        ref var weight = ref MemoryMarshal.GetReference(weights);
        for (var row = 0; row < scores.Length; row += Width)
        {
            ref var p = ref MemoryMarshal.GetReference(probabilities.Slice(row, Width));
            ref var residual = ref MemoryMarshal.GetReference(scores.Slice(row, Width));
            for (nuint r = 0; r < RowTiles.Width; r += 4)
                (Vector256.LoadUnsafe(ref weight, r) * Vector256.LoadUnsafe(ref p, r)).StoreUnsafe(ref residual, r);
        }
        for (var r = 0; r < Width; r++)
        {
            if (single)
                scores[r] -= labels[r] == 1 ? weights[r] : 0;
            else
                scores[(labels[r] * Width) + r] -= weights[r];
        }
        return value;
    }

    /// <summary>Class probabilities of scores: of the second class for one score row, else by softmax.</summary>
    /// <param name="scores">Kept.</param>
    /// <param name="probabilities">Receives the same shape; may be <paramref name="scores"/>.</param>
    /// <param name="logs">Receives the logarithm of the sum of the classes' exponentials, shape [tile width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Probabilities(ReadOnlySpan<double> scores, Span<double> probabilities, Span<double> logs)
    {
        logs = logs[..Width];
        probabilities = probabilities[..scores.Length];
        ref var s = ref MemoryMarshal.GetReference(scores);
        ref var p = ref MemoryMarshal.GetReference(probabilities);
        ref var log = ref MemoryMarshal.GetReference(logs);
        var rows = scores.Length / Width;
        var one = Vector256<double>.One;
        for (nuint r = 0; r < RowTiles.Width; r += 4)
        {
            if (rows == 1)
            {
                var score = Vector256.LoadUnsafe(ref s, r);
                // Of the smaller of the two exponentials, so that nothing overflows.
                var small = Vector256.Exp(-Vector256.Abs(score));
                var larger = one / (one + small);
                var positive = Vector256.GreaterThan(score, Vector256<double>.Zero);
                Vector256.ConditionalSelect(positive, larger, small * larger).StoreUnsafe(ref p, r);
                (Vector256.Max(score, Vector256<double>.Zero) + Vector256.Log(one + small)).StoreUnsafe(ref log, r);
                continue;
            }
            var largest = Vector256.LoadUnsafe(ref s, r);
            for (var row = 1; row < rows; row++)
                largest = Vector256.Max(largest, Vector256.LoadUnsafe(ref s, (nuint)(row * RowTiles.Width) + r));
            var sum = Vector256<double>.Zero;
            for (var row = 0; row < rows; row++)
            {
                var at = (nuint)(row * RowTiles.Width) + r;
                var power = Vector256.Exp(Vector256.LoadUnsafe(ref s, at) - largest);
                sum += power;
                power.StoreUnsafe(ref p, at);
            }
            (largest + Vector256.Log(sum)).StoreUnsafe(ref log, r);
            var share = one / sum;
            for (var row = 0; row < rows; row++)
            {
                var at = (nuint)(row * RowTiles.Width) + r;
                (Vector256.LoadUnsafe(ref p, at) * share).StoreUnsafe(ref p, at);
            }
        }
    }

    /// <summary>Both classes' probabilities, each from its own side: a small one keeps its digits.</summary>
    /// <param name="scores">The second class's log-odds, shape [tile width]; receives its probabilities.</param>
    /// <param name="first">Receives the first class's, the same shape.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs(Span<double> scores, Span<double> first)
    {
        ref var s = ref MemoryMarshal.GetReference(scores[..Width]);
        ref var f = ref MemoryMarshal.GetReference(first[..Width]);
        var one = Vector256<double>.One;
        for (nuint r = 0; r < RowTiles.Width; r += 4)
        {
            var score = Vector256.LoadUnsafe(ref s, r);
            var small = Vector256.Exp(-Vector256.Abs(score));
            var larger = one / (one + small);
            var positive = Vector256.GreaterThan(score, Vector256<double>.Zero);
            Vector256.ConditionalSelect(positive, larger, small * larger).StoreUnsafe(ref s, r);
            Vector256.ConditionalSelect(positive, small * larger, larger).StoreUnsafe(ref f, r);
        }
    }

    /// <summary>Turns changes of scores into changes of residuals: w·p·(u - Σ p·u).</summary>
    /// <param name="changes">u, changed in place.</param>
    /// <param name="probabilities">The same shape.</param>
    /// <param name="weights">Shape [tile width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Curve(Span<double> changes, ReadOnlySpan<double> probabilities, ReadOnlySpan<double> weights)
    {
        probabilities = probabilities[..changes.Length];
        ref var u = ref MemoryMarshal.GetReference(changes);
        ref var p = ref MemoryMarshal.GetReference(probabilities);
        ref var w = ref MemoryMarshal.GetReference(weights);
        var rows = changes.Length / Width;
        for (nuint r = 0; r < RowTiles.Width; r += 4)
        {
            var weight = Vector256.LoadUnsafe(ref w, r);
            if (rows == 1)
            {
                var share = Vector256.LoadUnsafe(ref p, r);
                (weight * share * (Vector256<double>.One - share) * Vector256.LoadUnsafe(ref u, r)).StoreUnsafe(ref u, r);
                continue;
            }
            var mean = Vector256<double>.Zero;
            for (var row = 0; row < rows; row++)
            {
                var at = (nuint)(row * RowTiles.Width) + r;
                mean += Vector256.LoadUnsafe(ref p, at) * Vector256.LoadUnsafe(ref u, at);
            }
            for (var row = 0; row < rows; row++)
            {
                var at = (nuint)(row * RowTiles.Width) + r;
                (weight * Vector256.LoadUnsafe(ref p, at) * (Vector256.LoadUnsafe(ref u, at) - mean)).StoreUnsafe(ref u, at);
            }
        }
    }
}
