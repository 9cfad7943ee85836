using Lode.Core;

namespace Lode.Optimization;

/// <summary>The distribution from which a generation is drawn. Not changed once it is made; <see cref="CmaUpdate"/> makes the next one from a copy.</summary>
internal sealed class CmaState
{
    // After so many draws outside the domain the next is pulled to its border.
    private const int Attempts = 100;

    public CmaState(CmaLayout layout, int population, double step)
    {
        var n = layout.Numbers.Length;
        Layout = layout;
        Constants = new CmaConstants(Math.Max(n, 1), population, layout.IsSeparable);
        (Step, FirstStep) = (step, step);
        Mean = new double[n];
        Array.Fill(Mean, 0.5);
        (StepPath, CovariancePath) = (new double[n], new double[n]);
        Stretch = Ones(n);
        Covariance = layout.IsSeparable ? Ones(n) : Identity(n);
        Factor = layout.IsSeparable ? Ones(n) : Identity(n);
        Choices = new CmaChoices(layout);
    }

    private CmaState(CmaState other)
    {
        (Layout, Constants, Step, FirstStep, Generation) = (other.Layout, other.Constants, other.Step, other.FirstStep, other.Generation);
        (Mean, StepPath, CovariancePath, Stretch) = (Copy(other.Mean), Copy(other.StepPath), Copy(other.CovariancePath), Copy(other.Stretch));
        (Covariance, Factor) = (Copy(other.Covariance), new double[other.Factor.Length]); // the next one's is computed
        (Choices, Rates, Progress) = (other.Choices.Clone(), other.Rates?.Clone(), other.Progress);
    }

    public CmaLayout Layout { get; }

    public CmaConstants Constants { get; }

    /// <summary>m, shape [n], unit-cube coordinates.</summary>
    public double[] Mean { get; set; }

    /// <summary>σ.</summary>
    public double Step { get; set; }

    /// <summary>σ of the run's first generation.</summary>
    public double FirstStep { get; }

    /// <summary>C, shape [n, n]; its diagonal, shape [n], where separable.</summary>
    public double[] Covariance { get; set; }

    /// <summary>The lower triangle L of C = L·Lᵀ, shape [n, n], zero above; the roots of the diagonal, shape [n], where separable.</summary>
    public double[] Factor { get; }

    /// <summary>A, the stretch of each coordinate that keeps neighbours on a grid within reach, shape [n].</summary>
    public double[] Stretch { get; }

    /// <summary>p_σ, shape [n].</summary>
    public double[] StepPath { get; }

    /// <summary>p_c, shape [n].</summary>
    public double[] CovariancePath { get; }

    /// <summary>Generations of this run so far.</summary>
    public int Generation { get; set; }

    /// <summary>The chances of the choices.</summary>
    public CmaChoices Choices { get; }

    /// <summary>The adapted learning rates; null where these are fixed.</summary>
    public CmaRates? Rates { get; set; }

    /// <summary>What decides on restarts.</summary>
    public CmaProgress Progress { get; set; } = CmaProgress.Start;

    public CmaState Clone() => new(this);

    /// <summary>σ·A_j·√C_jj: the deviation of one coordinate.</summary>
    public double DeviationOf(int j) => Step * Stretch[j] * Math.Sqrt(Layout.IsSeparable ? Covariance[j] : Covariance[(j * Mean.Length) + j]);

    /// <summary>Draws a trial, each coordinate at the centre of its cell: x = m + A·σ·L·z (Hansen, eq. 38 to 40), redrawn while it lies outside.</summary>
    public double[] Sample(Rng rng)
    {
        var space = Layout.Space;
        var unit = new double[space.Count];
        var n = Mean.Length;
        Span<double> z = n <= 128 ? stackalloc double[n] : new double[n];
        Array.Fill(unit, 0.5);
        for (var attempt = 0; ; attempt++)
        {
            var inside = true;
            for (var k = 0; k < n; k++)
                z[k] = rng.NextGaussian();
            for (var j = 0; j < n && (inside || attempt == Attempts); j++)
            {
                var y = Layout.IsSeparable ? Factor[j] * z[j] : Vectors.Dot(z[..(j + 1)], Factor.AsSpan(j * n, n));
                var x = Mean[j] + (Step * Stretch[j] * y);
                inside &= Layout.IsGrid[j] || (x >= 0 && x <= 1);
                unit[Layout.Numbers[j]] = space.Cell(Layout.Numbers[j], Math.Clamp(x, 0, 1)).Center;
            }
            if (!inside && attempt < Attempts)
                continue;
            Choices.Sample(rng, unit);
            if (attempt == Attempts || space.IsFeasible(unit))
                return unit;
        }
    }

    /// <summary>C = L·Lᵀ, after C has changed.</summary>
    /// <returns>ln √det C.</returns>
    public double Factorize()
    {
        var n = Mean.Length;
        var logs = 0.0;
        for (var j = 0; j < n; j++)
        {
            var row = Layout.IsSeparable ? [] : Factor.AsSpan(j * n, n);
            for (var k = 0; k < j && row.Length > 0; k++)
                row[k] = (Covariance[(j * n) + k] - Vectors.Dot(row[..k], Factor.AsSpan(k * n, n))) / Factor[(k * n) + k];
            var left = Layout.IsSeparable ? Covariance[j] : Covariance[(j * n) + j] - Vectors.Dot(row[..j], row);
            // Rounding may leave a tiny pivot below 0.
            var root = Math.Sqrt(Math.Max(left, 1e-20));
            Factor[Layout.IsSeparable ? j : (j * n) + j] = root;
            logs += Math.Log(root);
        }
        return logs;
    }

    /// <summary>B, the eigenvectors of C as columns, shape [n, n], and D², its eigenvalues, shape [n]; of a full covariance.</summary>
    public (double[] Vectors, double[] Values) Axes()
    {
        var n = Mean.Length;
        var (vectors, values) = (new double[n * n], new double[n]);
        SymmetricEigen.Decompose(Copy(Covariance), n, vectors, values);
        foreach (ref var value in values.AsSpan())
            value = Math.Max(value, 1e-20);
        return (vectors, values);
    }

    /// <summary>Moves a factor from C to σ, so that det C = 1, after <see cref="Factorize"/>.</summary>
    public void Normalize(double logs)
    {
        var scale = Math.Exp(logs / Mean.Length);
        Step *= scale;
        foreach (ref var entry in Covariance.AsSpan())
            entry /= scale * scale;
        foreach (ref var entry in Factor.AsSpan())
            entry /= scale;
    }

    private static double[] Copy(double[] values) => [.. values];

    private static double[] Ones(int n)
    {
        var ones = new double[n];
        Array.Fill(ones, 1);
        return ones;
    }

    private static double[] Identity(int n)
    {
        var identity = new double[n * n];
        for (var i = 0; i < n; i++)
            identity[(i * n) + i] = 1;
        return identity;
    }
}
