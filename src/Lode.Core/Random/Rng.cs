using System.Runtime.CompilerServices;

namespace Lode.Core;

/// <summary>
/// A random stream addressed by (seed, index): the same address gives the same numbers on every machine,
/// whatever else was drawn before and however many threads run. Streams of different addresses are independent.
/// </summary>
/// <remarks>
/// Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.3.
/// The seed is the key, the index the upper half of the counter, the block number the lower half; a stream is 2^66 32-bit words long.
/// <b>Threads.</b> Not thread-safe: give each thread, trial or tree its own stream.
/// Checked against the authors' known answers (tests: <c>Philox_KnownAnswers</c>).
/// </remarks>
public sealed class Rng
{
    private readonly ulong _seed;
    private readonly ulong _index;
    private readonly uint[] _block = new uint[4];
    private ulong _next;
    private int _used = 4;
    private double _spareGaussian = double.NaN;

    /// <param name="seed">The experiment's seed; any value.</param>
    /// <param name="index">The number of the stream: a trial, a fold, a tree; any value.</param>
    public Rng(ulong seed, ulong index = 0)
    {
        _seed = seed;
        _index = index;
    }

    /// <summary>
    /// A stream of its own for part <paramref name="index"/> of this one (a tree of a forest, a start of a search).
    /// Depends on this stream's address only, never on how much was drawn from it.
    /// </summary>
    public Rng Child(ulong index) => new(Mix(_seed ^ Mix(_index + 0x9E3779B97F4A7C15UL)), index);

    /// <summary>A seed that identifies this stream, for a component that takes a seed of its own.</summary>
    public ulong DeriveSeed(ulong index) => Mix(Mix(_seed ^ Mix(_index + 0x9E3779B97F4A7C15UL)) + index);

    /// <summary>32 uniform bits.</summary>
    public uint NextUInt32()
    {
        if (_used == 4)
        {
            Philox(_block, (uint)_seed, (uint)(_seed >> 32), _next++, _index);
            _used = 0;
        }
        return _block[_used++];
    }

    /// <summary>64 uniform bits.</summary>
    public ulong NextUInt64() => NextUInt32() | ((ulong)NextUInt32() << 32);

    /// <summary>A uniform double in [0, 1), a multiple of 2^-53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A uniform double in [low, high).</summary>
    public double NextDouble(double low, double high) => low + (NextDouble() * (high - low));

    /// <summary>A uniform integer in [0, <paramref name="bound"/>), without bias.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    /// <remarks>Lemire, "Fast random integer generation in an interval" (2019), algorithm 5.</remarks>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var product = (ulong)NextUInt32() * (uint)bound;
        if ((uint)product < (uint)bound)
        {
            var threshold = (uint)-bound % (uint)bound;
            while ((uint)product < threshold)
                product = (ulong)NextUInt32() * (uint)bound;
        }
        return (int)(product >> 32);
    }

    /// <summary>A standard normal deviate.</summary>
    /// <remarks>Marsaglia's polar method; two deviates from one accepted pair.</remarks>
    public double NextGaussian()
    {
        if (!double.IsNaN(_spareGaussian))
        {
            var spare = _spareGaussian;
            _spareGaussian = double.NaN;
            return spare;
        }
        while (true)
        {
            var u = (2 * NextDouble()) - 1;
            var v = (2 * NextDouble()) - 1;
            var s = (u * u) + (v * v);
            if (s is >= 1 or 0)
                continue;
            var scale = Math.Sqrt(-2 * Math.Log(s) / s);
            _spareGaussian = v * scale;
            return u * scale;
        }
    }

    /// <summary>Puts the items in a uniformly random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt32(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>One block of ten rounds; internal for the known-answer test.</summary>
    internal static void Philox(Span<uint> output, uint key0, uint key1, ulong counterLow, ulong counterHigh)
    {
        var (c0, c1, c2, c3) = ((uint)counterLow, (uint)(counterLow >> 32), (uint)counterHigh, (uint)(counterHigh >> 32));
        for (var round = 0; round < 10; round++)
        {
            var p0 = (ulong)0xD2511F53 * c0;
            var p1 = (ulong)0xCD9E8D57 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ key0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ key1, (uint)p0);
            key0 += 0x9E3779B9;
            key1 += 0xBB67AE85;
        }
        (output[0], output[1], output[2], output[3]) = (c0, c1, c2, c3);
    }

    /// <remarks>The finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
