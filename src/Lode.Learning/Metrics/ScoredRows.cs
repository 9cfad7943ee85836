namespace Lode.Learning;

/// <summary>Rows in the order of a score, the highest first, with those of one class apart: what ranking metrics and curves are made of.</summary>
internal sealed class ScoredRows
{
    private readonly double[] _scores;
    private readonly double[] _positives;
    private readonly double[] _negatives;

    private ScoredRows(double[] scores, double[] positives, double[] negatives)
    {
        (_scores, _positives, _negatives) = (scores, positives, negatives);
        foreach (var weight in positives)
            Positives += weight;
        foreach (var weight in negatives)
            Negatives += weight;
    }

    /// <summary>The different scores, falling.</summary>
    public ReadOnlySpan<double> Scores => _scores;

    /// <summary>The weight of the class's rows with each score.</summary>
    public ReadOnlySpan<double> PositivesAt => _positives;

    /// <summary>The weight of other rows with each score.</summary>
    public ReadOnlySpan<double> NegativesAt => _negatives;

    /// <summary>The weight of all rows of the class.</summary>
    public double Positives { get; }

    /// <summary>The weight of all other rows.</summary>
    public double Negatives { get; }

    /// <param name="truth">A classification.</param>
    /// <param name="predicted">Of the same rows.</param>
    /// <param name="weights">Empty: each 1.</param>
    /// <param name="label">The class whose probability is the score.</param>
    /// <param name="against">The only other class whose rows count; -1: all.</param>
    public static ScoredRows Of(Target truth, Predictions predicted, ReadOnlySpan<double> weights, int label, int against = -1)
    {
        var scores = new double[truth.Rows];
        var rows = new int[truth.Rows];
        var used = 0;
        for (var row = 0; row < truth.Rows; row++)
        {
            var own = truth.Labels[row];
            if ((against >= 0 && own != label && own != against) || (!weights.IsEmpty && weights[row] == 0))
                continue;
            (scores[used], rows[used]) = (-predicted.Row(row)[label], row);
            used++;
        }
        Array.Sort(scores, rows, 0, used);
        var (positives, negatives) = (new double[used], new double[used]);
        var different = 0;
        for (var i = 0; i < used; i++)
        {
            if (i > 0 && scores[i] != scores[different])
                different++;
            scores[different] = scores[i];
            var weight = weights.IsEmpty ? 1 : weights[rows[i]];
            (truth.Labels[rows[i]] == label ? positives : negatives)[different] += weight;
        }
        different = used == 0 ? 0 : different + 1;
        for (var i = 0; i < different; i++)
            scores[i] = -scores[i];
        return new ScoredRows(scores[..different], positives[..different], negatives[..different]);
    }

    /// <summary>The area under the receiver operating characteristic; NaN without rows on both sides.</summary>
    public double RocArea()
    {
        if (!(Positives > 0 && Negatives > 0))
            return double.NaN;
        var (wins, above) = (0.0, 0.0);
        for (var i = 0; i < _scores.Length; i++)
        {
            wins += _negatives[i] * (above + (_positives[i] / 2));
            above += _positives[i];
        }
        return wins / (Positives * Negatives);
    }

    /// <summary>Σ of each rise in recall times the precision there; NaN without rows of the class.</summary>
    public double AveragePrecision()
    {
        if (!(Positives > 0))
            return double.NaN;
        var (sum, above, all) = (0.0, 0.0, 0.0);
        for (var i = 0; i < _scores.Length; i++)
        {
            above += _positives[i];
            all += _positives[i] + _negatives[i];
            sum += all > 0 ? _positives[i] * above / all : 0;
        }
        return sum / Positives;
    }
}
