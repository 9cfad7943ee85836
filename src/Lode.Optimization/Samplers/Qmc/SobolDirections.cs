using System.Numerics;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>The direction numbers of Sobol's sequence.</summary>
/// <remarks>
/// Dimension 1 is van der Corput's; each further one has the next primitive polynomial over GF(2), by degree and then by coefficients, and
/// initial numbers m_1 … m_s (m_k odd, below 2^k), any of which give a Sobol sequence. They decide how even the pairs of dimensions
/// are at few points. The first ten dimensions have those of Joe and Kuo (SIAM J. Sci. Comput. 2008); for the others, as they did, those are
/// taken that make the two-dimensional projections with the dimensions before best: here the best of some that are drawn from a fixed
/// stream, by the sum of 2^t over the projections' t-values (Niederreiter 1992, definition 4.7) at 4 to 256 points.
/// Computed when first wanted, some milliseconds for each ten dimensions.
/// </remarks>
internal static class SobolDirections
{
    /// <summary>Bits of a coordinate; direction numbers of a dimension.</summary>
    public const int Bits = 32;

    /// <summary>One more than there are primitive polynomials of degree up to 13.</summary>
    public const int MaxDimension = 1111;

    private const int MaxColumns = 8;

    private static readonly uint[][] s_published = [[1], [1, 3], [1, 3, 1], [1, 1, 1], [1, 1, 3, 3], [1, 3, 5, 13], [1, 1, 5, 5, 17], [1, 1, 5, 5, 5], [1, 1, 7, 11, 19]];

    private static readonly Lock s_gate = new();
    private static readonly List<(int Degree, uint Inner)> s_polynomials = [];
    private static uint[] s_directions = [];

    /// <summary>Direction numbers, shape [≥ dimensions, 32], each with its leading digit at bit 31.</summary>
    /// <param name="dimensions">Range: [0, 1111].</param>
    public static uint[] Of(int dimensions)
    {
        var known = Volatile.Read(ref s_directions);
        if (known.Length >= dimensions * Bits)
            return known;
        lock (s_gate)
        {
            known = s_directions;
            var first = known.Length / Bits;
            // Some more than asked for, so that growing spaces do not copy each time.
            var count = Math.Min(MaxDimension, Math.Max(dimensions, 16));
            Array.Resize(ref known, Math.Max(known.Length, count * Bits));
            for (var i = first; i < count; i++)
                Make(i, known);
            Volatile.Write(ref s_directions, known);
            return known;
        }
    }

    private static void Make(int dimension, uint[] all)
    {
        var mine = all.AsSpan(dimension * Bits, Bits);
        if (dimension == 0)
        {
            for (var k = 0; k < Bits; k++)
                mine[k] = 1u << (Bits - 1 - k);
            return;
        }
        var (degree, inner) = Polynomial(dimension - 1);
        if (dimension <= s_published.Length)
        {
            Extend(s_published[dimension - 1], degree, inner, mine);
            return;
        }
        // Far dimensions come seldom and matter little: they get fewer looks.
        var (candidates, neighbours) = dimension < 64 ? (24, 16) : (8, 6);
        var rng = new Rng(659, (ulong)dimension);
        Span<uint> initial = stackalloc uint[degree];
        Span<uint> trial = stackalloc uint[Bits];
        var best = double.PositiveInfinity;
        for (var candidate = 0; candidate < candidates; candidate++)
        {
            for (var k = 0; k < degree; k++)
                initial[k] = ((uint)rng.NextInt32(1 << k) << 1) | 1;
            Extend(initial, degree, inner, trial);
            var score = 0.0;
            for (var other = Math.Max(0, dimension - neighbours); other < dimension; other++)
                score += Unevenness(all.AsSpan(other * Bits, Bits), trial);
            if (!(score < best))
                continue;
            best = score;
            trial.CopyTo(mine);
        }
    }

    // Bratley and Fox, eq. 6.
    private static void Extend(ReadOnlySpan<uint> initial, int degree, uint inner, Span<uint> directions)
    {
        for (var k = 0; k < Bits; k++)
        {
            if (k < degree)
            {
                directions[k] = initial[k] << (Bits - 1 - k);
                continue;
            }
            var v = directions[k - degree] ^ (directions[k - degree] >> degree);
            for (var j = 1; j < degree; j++)
                if (((inner >> (degree - 1 - j)) & 1) != 0)
                    v ^= directions[k - j];
            directions[k] = v;
        }
    }

    // The sum of 2^t over 2^2 … 2^8 points.
    private static double Unevenness(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b)
    {
        Span<uint> rowsA = stackalloc uint[MaxColumns];
        Span<uint> rowsB = stackalloc uint[MaxColumns];
        var sum = 0.0;
        for (var columns = 2; columns <= MaxColumns; columns++)
        {
            Rows(a, columns, rowsA);
            Rows(b, columns, rowsB);
            var strength = 1;
            while (strength < columns && IsEven(rowsA, rowsB, strength + 1))
                strength++;
            sum += 1 << (columns - strength);
        }
        return sum;
    }

    private static void Rows(ReadOnlySpan<uint> directions, int columns, Span<uint> rows)
    {
        for (var row = 0; row < columns; row++)
        {
            rows[row] = 0;
            for (var column = 0; column < columns; column++)
                rows[row] |= ((directions[column] >> (Bits - 1 - row)) & 1) << column;
        }
    }

    // Whether every elementary interval of volume 2^-strength holds equally many points: all splits have independent rows.
    private static bool IsEven(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b, int strength)
    {
        Span<uint> basis = stackalloc uint[MaxColumns];
        for (var ofA = 0; ofA <= strength; ofA++)
        {
            basis.Clear();
            for (var i = 0; i < strength; i++)
            {
                var row = i < ofA ? a[i] : b[i - ofA];
                while (row != 0 && basis[BitOperations.Log2(row)] != 0)
                    row ^= basis[BitOperations.Log2(row)];
                if (row == 0)
                    return false;
                basis[BitOperations.Log2(row)] = row;
            }
        }
        return true;
    }

    private static (int Degree, uint Inner) Polynomial(int index)
    {
        while (s_polynomials.Count <= index)
        {
            var degree = s_polynomials.Count == 0 ? 1 : s_polynomials[^1].Degree + 1;
            for (var inner = 0u; inner < 1u << (degree - 1); inner++)
                if (IsPrimitive(degree, inner))
                    s_polynomials.Add((degree, inner));
        }
        return s_polynomials[index];
    }

    // x^degree + inner · x + 1 is primitive when the powers of x run through all 2^degree - 1 remainders.
    private static bool IsPrimitive(int degree, uint inner)
    {
        var polynomial = (1u << degree) | (inner << 1) | 1;
        var power = 1u;
        for (var n = 1; n < 1 << degree; n++)
        {
            power <<= 1;
            if (power >> degree != 0)
                power ^= polynomial;
            if (power == 1)
                return n == (1 << degree) - 1;
        }
        return false;
    }
}
