using System.Runtime.CompilerServices;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Splits of features that some of the rows miss.</summary>
internal sealed partial class TreeGrower<TCriterion>
{
    /// <summary>Parts rows that have a feature, whatever its value, from rows that miss it: every number is at most this.</summary>
    private const double AllPresent = double.MaxValue;

    /// <summary>Scores every cut between different values twice, with the rows that miss the feature on the right and on the left, and these rows
    /// against all others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScoreCutsOfPresent(ReadOnlySpan<ulong> keys, int feature, int lowest, ref Cut best)
    {
        var values = _features.Values[feature];
        var present = keys.Length - 1;
        while (lowest + (int)(keys[present - 1] >> 32) == values.Length)
            present--;
        ScoreCutsOfPresent(keys, present, feature, lowest, missingRight: true, ref best);
        ScoreCutsOfPresent(keys, present, feature, lowest, missingRight: false, ref best);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScoreCutsOfPresent(ReadOnlySpan<ulong> keys, int present, int feature, int lowest, bool missingRight, ref Cut best)
    {
        var criterion = _criterion;
        criterion.Reset();
        for (var i = present; i < keys.Length && !missingRight; i++)
            criterion.Move((int)(uint)keys[i]);
        var values = _features.Values[feature];
        var beside = missingRight ? 0 : keys.Length - present;
        for (var i = 1; i <= present - (missingRight ? 0 : 1); i++)
        {
            var key = keys[i - 1];
            criterion.Move((int)(uint)key);
            var left = i + beside;
            if (left < _limits.MinSamplesLeaf || keys.Length - left < _limits.MinSamplesLeaf || (i < present && (key >> 32) == (keys[i] >> 32)))
                continue;
            var score = criterion.Score();
            if (!(score > best.Score))
                continue;
            var rank = lowest + (int)(key >> 32);
            best = new Cut(feature, rank, i == present ? AllPresent : Midpoint.Between(values[rank], values[lowest + (int)(keys[i] >> 32)]), score, missingRight);
        }
    }

    /// <summary>Draws a threshold between the smallest and the largest value that is there, and scores it with the rows that miss the feature on either
    /// side; where all values that are there are one, scores these rows against all others. False when the feature does not vary.</summary>
    private bool DrawAmongPresent(int feature, ReadOnlySpan<int> rows, Rng rng, ref Cut best)
    {
        var numbers = _numbers.AsSpan(0, rows.Length);
        var (low, high, missing) = FetchPresent(feature, rows, numbers, out var rounded);
        var varies = low < high;
        if (missing == rows.Length || (!varies && missing == 0))
            return false;
        var threshold = varies ? DrawThreshold(low, high, rounded, rng) : AllPresent;
        var cut = best;
        // Values that are there are finite.
        Replace(numbers, double.NaN, double.PositiveInfinity, missing);
        Try(feature, numbers, threshold, missing > 0 ? true : null, ref cut);
        if (varies && missing > 0)
        {
            Replace(numbers, double.PositiveInfinity, double.NegativeInfinity, missing);
            Try(feature, numbers, threshold, false, ref cut);
            if (cut.MissingRight)
                Replace(numbers, double.NegativeInfinity, double.PositiveInfinity, missing);
        }
        if (!(cut.Score > best.Score))
            return true;
        best = cut;
        (_numbers, _bestNumbers) = (_bestNumbers, _numbers);
        return true;
    }

    /// <param name="feature">The feature.</param>
    /// <param name="numbers">Its values; those that are missing lie beyond all others on the side where they go.</param>
    /// <param name="threshold">What parts them.</param>
    /// <param name="missingRight">That side; null: none is missing.</param>
    /// <param name="best">Becomes this cut if it is better.</param>
    private void Try(int feature, ReadOnlySpan<double> numbers, double threshold, bool? missingRight, ref Cut best)
    {
        var score = _criterion.ScoreAt(numbers, threshold, out var left, out var leftWeight);
        if (left >= _limits.MinSamplesLeaf && numbers.Length - left >= _limits.MinSamplesLeaf && score > best.Score)
            best = new Cut(feature, 0, threshold, score, missingRight ?? !(leftWeight > _criterion.Weight - leftWeight));
    }

    private static void Replace(Span<double> numbers, double from, double to, int count)
    {
        for (var i = 0; count > 0; i++)
        {
            if (!numbers[i].Equals(from))
                continue;
            numbers[i] = to;
            count--;
        }
    }

    /// <summary>As <see cref="Fetch"/>, of a feature that some rows may miss.</summary>
    private (double Low, double High, int Missing) FetchPresent(int feature, ReadOnlySpan<int> rows, Span<double> numbers, out bool rounded)
    {
        rounded = false;
        if (_near.Active)
        {
            SideSums.Gather(_near.Column(feature), rows, numbers);
        }
        else if (_features.Singles.Length == 0)
        {
            SideSums.Gather(_features.Numbers[feature], rows, numbers);
        }
        else
        {
            SideSums.Gather(_features.Singles[feature], rows, numbers);
            var range = SideSums.PresentRange(numbers);
            rounded = range.Low < range.High && double.IsFinite(range.Low) && double.IsFinite(range.High);
            if (rounded)
                return range;
            SideSums.Gather(_features.Matrix, feature, _features.Columns, rows, numbers);
        }
        return SideSums.PresentRange(numbers);
    }

    /// <summary>As <see cref="Divide"/>, with the rows that miss the feature on the left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int DivideMissingLeft(Span<int> rows, Cut cut)
    {
        var (ranks, missing) = (_features.Ranks[cut.Feature], _features.Values[cut.Feature].Length);
        var (left, right) = (0, 0);
        foreach (var row in rows)
        {
            var rank = ranks[row];
            var isLeft = (rank <= cut.Rank ? 1 : 0) | (rank == missing ? 1 : 0);
            (rows[left], _moved[right]) = (row, row);
            left += isLeft;
            right += 1 - isLeft;
        }
        _moved.AsSpan(0, right).CopyTo(rows[left..]);
        return left;
    }
}
