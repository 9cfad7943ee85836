using System.Numerics;
using System.Runtime.CompilerServices;

namespace Lode.Optimization;

/// <summary>Random bits and permutations addressed by numbers: what many points of one sequence share without storing it.</summary>
internal static class Scrambling
{
    /// <summary>64 random bits of an address.</summary>
    /// <remarks>The finaliser of SplitMix64 (Steele, Lea, Flood 2014), twice.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Bits(ulong key, ulong index) => Mix(Mix(key + 0x9E3779B97F4A7C15UL) ^ (index + 0xD1B54A32D192ED03UL));

    /// <summary>The image of a number under a random permutation of 0 … count - 1.</summary>
    /// <remarks>A Feistel network of four rounds on the next even power of two, walked until it is back inside (Black and Rogaway 2002). O(1), no table.</remarks>
    public static long Permute(long index, long count, ulong key)
    {
        if (count <= 1)
            return 0;
        var half = (BitOperations.Log2((ulong)(count - 1)) + 2) / 2;
        var mask = (1UL << half) - 1;
        var value = (ulong)index;
        do
        {
            var (left, right) = (value >> half, value & mask);
            for (var round = 0UL; round < 4; round++)
                (left, right) = (right, left ^ (Bits(key + round, right) & mask));
            value = (left << half) | right;
        }
        while (value >= (ulong)count);
        return (long)value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
