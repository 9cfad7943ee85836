namespace Lode.Core.Tests.Numerics;

public sealed class BoundedLbfgsTests
{
    [Fact]
    public void Minimize_Rosenbrock_FindsTheBottomOfTheValley()
    {
        double[] x = [-1.2, 1, -1.2, 1];
        var value = new BoundedLbfgs(4).Minimize(Rosenbrock, x, Fill(-5), Fill(5), 500, 1e-10);
        Assert.Equal(0, value, 1e-12);
        Assert.All(x, coordinate => Assert.Equal(1, coordinate, 1e-5));
    }

    // A convex quadratic in a box: the answer is known by its own conditions, slope 0 inside and outward at the bounds.
    [Fact]
    public void Minimize_QuadraticInABox_HoldsTheOptimalityConditions()
    {
        for (var c = 0; c < 50; c++)
        {
            var rng = new Rng(4, (ulong)c);
            var d = 1 + rng.NextInt32(12);
            var root = Enumerable.Range(0, d * d).Select(_ => rng.NextGaussian()).ToArray();
            var linear = Enumerable.Range(0, d).Select(_ => 3 * rng.NextGaussian()).ToArray();
            double Quadratic(ReadOnlySpan<double> x, Span<double> gradient)
            {
                linear.CopyTo(gradient);
                var value = 0.0;
                for (var i = 0; i < d; i++)
                {
                    var product = Vectors.Dot(root.AsSpan(i * d, d), x);
                    value += (0.5 * product * product) + (0.05 * x[i] * x[i]) + (linear[i] * x[i]);
                    Vectors.AddScaled(product, root.AsSpan(i * d, d), gradient);
                    gradient[i] += 0.1 * x[i];
                }
                return value;
            }
            double[] x = [.. Enumerable.Range(0, d).Select(_ => rng.NextDouble(-2, 2))], lower = new double[d], upper = new double[d];
            Array.Fill(lower, -1);
            Array.Fill(upper, 1);
            new BoundedLbfgs(d).Minimize(Quadratic, x, lower, upper, 2000, 1e-9);
            var slope = new double[d];
            Quadratic(x, slope);
            for (var i = 0; i < d; i++)
            {
                Assert.InRange(x[i], -1, 1);
                Assert.True(x[i] == -1 ? slope[i] > -1e-4 : x[i] == 1 ? slope[i] < 1e-4 : Math.Abs(slope[i]) < 1e-4, $"case {c}: slope {slope[i]} at {x[i]}");
            }
        }
    }

    [Fact]
    public void Minimize_StartWithoutValue_IsInfinite()
    {
        double[] x = [3];
        Assert.Equal(double.PositiveInfinity, new BoundedLbfgs(1).Minimize((_, _) => double.NaN, x, [0], [1], 10));
        Assert.Equal([1.0], x);
    }

    [Fact]
    public void Minimize_HoleInTheFunction_StepsBackFromIt()
    {
        double[] x = [0.9];
        new BoundedLbfgs(1).Minimize((at, gradient) =>
        {
            gradient[0] = 1 - (0.01 / at[0]);
            return at[0] < 0.005 ? double.NaN : at[0] - (0.01 * Math.Log(at[0]));
        }, x, [0], [1], 200);
        Assert.Equal(0.01, x[0], 1e-5);
    }

    [Fact]
    public void Minimize_FewEvaluations_KeepsToThemAndAllocatesNothing()
    {
        var calls = 0;
        DifferentiableFunction counted = (x, gradient) => { calls++; return Rosenbrock(x, gradient); };
        double[] x = [-1.2, 1, -1.2, 1], lower = Fill(-5), upper = Fill(5);
        var search = new BoundedLbfgs(4);
        search.Minimize(counted, x, lower, upper, 17);
        Assert.Equal(17, calls);
        var before = GC.GetAllocatedBytesForCurrentThread();
        search.Minimize(counted, x, lower, upper, 17);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static double[] Fill(double value) => [value, value, value, value];

    private static double Rosenbrock(ReadOnlySpan<double> x, Span<double> gradient)
    {
        gradient.Clear();
        var sum = 0.0;
        for (var i = 0; i + 1 < x.Length; i++)
        {
            var (a, b) = (x[i + 1] - (x[i] * x[i]), 1 - x[i]);
            sum += (100 * a * a) + (b * b);
            gradient[i] += (-400 * a * x[i]) - (2 * b);
            gradient[i + 1] += 200 * a;
        }
        return sum;
    }
}
