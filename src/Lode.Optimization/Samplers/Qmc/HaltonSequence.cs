namespace Lode.Optimization;

/// <summary>Halton's sequence: coordinate i of point n is n in the base of the i-th prime, mirrored at the point.</summary>
internal static class HaltonSequence
{
    private static int[] s_primes = [2, 3, 5, 7, 11, 13];

    /// <param name="n">The point's number. Range: ≥ 0.</param>
    /// <param name="first">The prime of the first coordinate, counted from 0.</param>
    /// <param name="seed">Addresses the permutations of digits; null for none.</param>
    /// <param name="unit">Receives the coordinates, shape [d], each in [0, 1).</param>
    public static void Point(long n, int first, ulong? seed, Span<double> unit)
    {
        var primes = Primes(first + unit.Length);
        for (var i = 0; i < unit.Length; i++)
            unit[i] = seed is { } key
                ? Scrambled(n, primes[first + i], Scrambling.Bits(key, (ulong)(first + i)))
                : Mirrored(n, primes[first + i]);
    }

    private static double Mirrored(long n, int prime)
    {
        var (sum, place) = (0.0, 1.0 / prime);
        for (; n > 0; n /= prime, place /= prime)
            sum += place * (n % prime);
        return sum;
    }

    // The zeros beyond the last digit are permuted too, as far as a double shows them.
    private static double Scrambled(long n, int prime, ulong key)
    {
        var (sum, place) = (0.0, 1.0 / prime);
        for (var position = 0UL; place > 1e-17; n /= prime, place /= prime, position++)
            sum += place * Scrambling.Permute(n % prime, prime, Scrambling.Bits(key, position));
        return Math.Min(sum, Math.BitDecrement(1.0));
    }

    private static int[] Primes(int count)
    {
        var known = Volatile.Read(ref s_primes);
        if (known.Length >= count)
            return known;
        var primes = new List<int>(known);
        for (var n = primes[^1] + 2; primes.Count < count; n += 2)
        {
            var isPrime = true;
            for (var i = 1; isPrime && primes[i] * primes[i] <= n; i++)
                isPrime = n % primes[i] != 0;
            if (isPrime)
                primes.Add(n);
        }
        // Two threads at once find the same primes.
        known = [.. primes];
        Volatile.Write(ref s_primes, known);
        return known;
    }
}
