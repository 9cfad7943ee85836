namespace Lode.Optimization;

/// <summary>Sobol's sequence in base 2 with 32 bits, in Gray-code order.</summary>
/// <remarks>
/// Bratley and Fox, "Algorithm 659" (ACM TOMS 1988), eq. 4 to 6. Point n is computed from n alone in O(d): no state is kept. Dimensions beyond
/// <see cref="SobolDirections.MaxDimension"/> are those of Halton's sequence.
/// </remarks>
internal static class SobolSequence
{
    private const int Bits = SobolDirections.Bits;

    /// <param name="n">The point's number. Range: ≥ 0; repeats after 2^32.</param>
    /// <param name="seed">Addresses the scrambling; null for none.</param>
    /// <param name="unit">Receives the coordinates, shape [d], each in [0, 1).</param>
    public static void Point(long n, ulong? seed, Span<double> unit)
    {
        var sobol = Math.Min(unit.Length, SobolDirections.MaxDimension);
        var directions = SobolDirections.Of(sobol);
        var gray = (uint)n ^ ((uint)n >> 1);
        for (var i = 0; i < sobol; i++)
        {
            var x = 0u;
            for (var rest = gray; rest != 0; rest &= rest - 1)
                x ^= directions[(i * Bits) + System.Numerics.BitOperations.TrailingZeroCount(rest)];
            unit[i] = seed is { } key ? (Scramble(x, Scrambling.Bits(key, (ulong)i)) + 0.5) * (1.0 / 4294967296) : x * (1.0 / 4294967296);
        }
        if (unit.Length > sobol)
            HaltonSequence.Point(n, sobol, seed, unit[sobol..]);
    }

    // Nested uniform scrambling (Owen 1995): each bit is turned or not by chance, by another chance for every value of the bits before it.
    private static double Scramble(uint x, ulong key)
    {
        var result = 0u;
        for (var bit = 0; bit < Bits; bit++)
        {
            var before = bit == 0 ? 0 : x >> (Bits - bit);
            var turn = (uint)(Scrambling.Bits(key, ((ulong)bit << 32) | before) >> 63);
            result = (result << 1) | (((x >> (Bits - 1 - bit)) & 1) ^ turn);
        }
        return result;
    }
}
