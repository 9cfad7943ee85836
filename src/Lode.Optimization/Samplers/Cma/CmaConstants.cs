namespace Lode.Optimization;

/// <summary>
/// The strategy parameters of CMA-ES for n numbers and λ trials per generation: Hansen, "The CMA evolution strategy: a tutorial"
/// (arXiv 1604.00772, version of 2016), table 1, eq. 48 to 58.
/// </summary>
internal sealed class CmaConstants
{
    public CmaConstants(int dimensions, int population, bool separable)
    {
        (Dimensions, Population, IsSeparable) = (dimensions, population, separable);
        var (n, lambda) = ((double)dimensions, population);
        Weights = new double[lambda];
        for (var i = 0; i < lambda; i++)
            Weights[i] = Math.Log((lambda + 1) / 2.0) - Math.Log(i + 1); // eq. 49
        Parents = lambda / 2;
        var (sum, squares, negativeSum, negativeSquares) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < lambda; i++)
        {
            if (i < Parents)
                (sum, squares) = (sum + Weights[i], squares + (Weights[i] * Weights[i]));
            else
                (negativeSum, negativeSquares) = (negativeSum + Weights[i], negativeSquares + (Weights[i] * Weights[i]));
        }
        ParentMass = sum * sum / squares;
        var negativeMass = negativeSum * negativeSum / negativeSquares;

        const double alpha = 2;
        var mass = ParentMass;
        RankOne = alpha / (((n + 1.3) * (n + 1.3)) + mass); // eq. 57
        RankMu = Math.Min(1 - RankOne, alpha * (mass - 2 + (1 / mass)) / (((n + 2) * (n + 2)) + (alpha * mass / 2))); // eq. 58
        if (separable)
        {
            // Ros and Hansen 2008: n variances are learnt (n + 2)/3 times faster than n² covariances.
            var faster = Math.Min((n + 2) / 3, 0.9 / (RankOne + RankMu));
            RankOne *= Math.Max(1, faster);
            RankMu *= Math.Max(1, faster);
        }
        var negative = Math.Min(1 + (RankOne / RankMu), 1 + (2 * negativeMass / (mass + 2))); // eq. 50, 51
        negative = Math.Min(negative, (1 - RankOne - RankMu) / (n * RankMu)); // eq. 52
        var (positiveTotal, negativeTotal) = (0.0, 0.0);
        foreach (var weight in Weights)
        {
            positiveTotal += Math.Max(weight, 0);
            negativeTotal -= Math.Min(weight, 0);
        }
        for (var i = 0; i < lambda; i++) // eq. 53
            Weights[i] *= Weights[i] >= 0 ? 1 / positiveTotal : negative / negativeTotal;
        WeightSum = 0;
        foreach (var weight in Weights)
            WeightSum += weight;
        StepPath = (mass + 2) / (n + mass + 5); // eq. 55
        StepDamping = 1 + (2 * Math.Max(0, Math.Sqrt((mass - 1) / (n + 1)) - 1)) + StepPath; // eq. 55
        CovariancePath = (4 + (mass / n)) / (n + 4 + (2 * mass / n)); // eq. 56
        NormalLength = Math.Sqrt(n) * (1 - (1 / (4 * n)) + (1 / (21 * n * n))); // below eq. 44
    }

    /// <summary>4 + ⌊3 ln d⌋, eq. 48.</summary>
    public static int DefaultPopulation(int dimensions) => 4 + (int)Math.Floor(3 * Math.Log(Math.Max(1, dimensions)));

    /// <summary>n.</summary>
    public int Dimensions { get; }

    /// <summary>λ.</summary>
    public int Population { get; }

    /// <summary>μ.</summary>
    public int Parents { get; }

    /// <summary>Whether variances alone are learnt.</summary>
    public bool IsSeparable { get; }

    /// <summary>w, shape [λ], best first; negative for the worse half.</summary>
    public double[] Weights { get; }

    /// <summary>Σ w.</summary>
    public double WeightSum { get; }

    /// <summary>μ_eff, eq. 8.</summary>
    public double ParentMass { get; }

    /// <summary>c_1.</summary>
    public double RankOne { get; }

    /// <summary>c_μ.</summary>
    public double RankMu { get; }

    /// <summary>c_σ.</summary>
    public double StepPath { get; }

    /// <summary>d_σ.</summary>
    public double StepDamping { get; }

    /// <summary>c_c.</summary>
    public double CovariancePath { get; }

    /// <summary>E‖N(0, I)‖.</summary>
    public double NormalLength { get; }
}
