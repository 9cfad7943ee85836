using System.Globalization;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Bench.Tuning;

/// <summary>The synthetic functions of the benchmark's definition (section 2), and more of the literature to check choices on; names with a
/// number at the end take that many coordinates x0, x1, ….</summary>
public static class Functions
{
    public static Func<Params, double> Find(string name, SearchSpace space)
    {
        var d = space.Count;
        if (name is "mixed8" or "mixcond")
            return name == "mixed8" ? Problems.Mixed8.Evaluate : Mixcond;
        Func<double[], double> function = name.Split('_')[0].TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9') switch
        {
            "branin" => Branin,
            "hartmann" => d == 3 ? Hartmann3 : Hartmann6,
            "shekel" => Shekel,
            "bumps" => Bumps(d, int.Parse(name[(name.IndexOf('_', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture)),
            "ackley" => Shifted(space, Ackley),
            "rosenbrock" => Rosenbrock,
            "levy" => Levy,
            "rastrigin" => Shifted(space, Rastrigin),
            "stybtang" => x => x.Sum(v => (v * v * v * v) - (16 * v * v) + (5 * v)) / 2,
            "griewank" => Shifted(space, z => (z.Sum(v => v * v) / 4000) - z.Select((v, i) => Math.Cos(v / Math.Sqrt(i + 1))).Aggregate(1.0, (a, b) => a * b) + 1),
            "zakharov" => Shifted(space, Zakharov),
            "dixonprice" => x => Square(x[0] - 1) + Enumerable.Range(1, d - 1).Sum(i => (i + 1) * Square((2 * x[i] * x[i]) - x[i - 1])),
            "schwefel" => x => (418.9828872724338 * d) - x.Sum(v => v * Math.Sin(Math.Sqrt(Math.Abs(v)))),
            "michalewicz" => x => -x.Select((v, i) => Math.Sin(v) * Math.Pow(Math.Sin((i + 1) * v * v / Math.PI), 20)).Sum(),
            "ellipsoid" => Shifted(space, z => z.Select((v, i) => Math.Pow(1e4, i / Math.Max(1.0, d - 1)) * v * v).Sum()),
            "camel" => x => ((4 - (2.1 * x[0] * x[0]) + (Math.Pow(x[0], 4) / 3)) * x[0] * x[0]) + (x[0] * x[1]) + (4 * ((x[1] * x[1]) - 1) * x[1] * x[1]),
            _ => throw new LodeException(ErrorCode.NotFound, $"Nobody knows the function '{name}', and the specification names no table for it."),
        };
        return p => function([.. Enumerable.Range(0, d).Select(i => p.Float($"x{i}"))]);
    }

    private static double Square(double x) => x * x;

    // An optimum in the middle of the box would be a present to methods that start there.
    private static Func<double[], double> Shifted(SearchSpace space, Func<double[], double> function)
    {
        var shift = space.Cast<FloatParameter>().Select((p, i) => p.Low + ((p.High - p.Low) * (0.5 + (0.25 * Math.Sin(1.7 * (i + 1)))))).ToArray();
        return x => function([.. x.Select((v, i) => v - shift[i])]);
    }

    private static double Branin(double[] x) =>
        Square(x[1] - (5.1 / (4 * Math.PI * Math.PI) * x[0] * x[0]) + (5 / Math.PI * x[0]) - 6) + (10 * (1 - (1 / (8 * Math.PI))) * Math.Cos(x[0])) + 10;

    private static double Ackley(double[] z) => (-20 * Math.Exp(-0.2 * Math.Sqrt(z.Sum(v => v * v) / z.Length)))
        - Math.Exp(z.Sum(v => Math.Cos(2 * Math.PI * v)) / z.Length) + 20 + Math.E;

    private static double Rosenbrock(double[] x) => Enumerable.Range(0, x.Length - 1).Sum(i => (100 * Square(x[i + 1] - (x[i] * x[i]))) + Square(1 - x[i]));

    private static double Rastrigin(double[] z) => (10 * z.Length) + z.Sum(v => (v * v) - (10 * Math.Cos(2 * Math.PI * v)));

    private static double Zakharov(double[] z)
    {
        var weighed = z.Select((v, i) => 0.5 * (i + 1) * v).Sum();
        return z.Sum(v => v * v) + Square(weighed) + Square(Square(weighed));
    }

    private static double Levy(double[] x)
    {
        var w = Array.ConvertAll(x, v => 1 + ((v - 1) / 4));
        return Square(Math.Sin(Math.PI * w[0])) + w[..^1].Sum(v => Square(v - 1) * (1 + (10 * Square(Math.Sin((Math.PI * v) + 1)))))
            + (Square(w[^1] - 1) * (1 + Square(Math.Sin(2 * Math.PI * w[^1]))));
    }

    private static double Hartmann6(double[] x)
    {
        double[] c = [1, 1.2, 3, 3.2];
        double[][] a = [[10, 3, 17, 3.5, 1.7, 8], [.05, 10, 17, .1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, .05, 10, .1, 14]];
        double[][] p = [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991], [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]];
        return -Enumerable.Range(0, 4).Sum(i => c[i] * Math.Exp(-Enumerable.Range(0, 6).Sum(j => a[i][j] * Square(x[j] - (1e-4 * p[i][j])))));
    }

    private static double Hartmann3(double[] x)
    {
        double[] c = [1, 1.2, 3, 3.2];
        double[][] a = [[3, 10, 30], [.1, 10, 35], [3, 10, 30], [.1, 10, 35]];
        double[][] p = [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]];
        return -Enumerable.Range(0, 4).Sum(i => c[i] * Math.Exp(-Enumerable.Range(0, 3).Sum(j => a[i][j] * Square(x[j] - (1e-4 * p[i][j])))));
    }

    private static double Shekel(double[] x)
    {
        double[] b = [.1, .2, .2, .4, .4, .6, .3, .7, .5, .5];
        double[][] c = [[4, 4, 4, 4], [1, 1, 1, 1], [8, 8, 8, 8], [6, 6, 6, 6], [3, 7, 3, 7], [2, 9, 2, 9], [5, 5, 3, 3], [8, 1, 8, 1], [6, 2, 6, 2], [7, 3.6, 7, 3.6]];
        return -Enumerable.Range(0, 10).Sum(i => 1 / (b[i] + Enumerable.Range(0, 4).Sum(j => Square(x[j] - c[i][j]))));
    }

    // Eight hills of nearly equal height at arbitrary places, each with its own width along each axis: many functions with several optima.
    private static Func<double[], double> Bumps(int d, int number)
    {
        double Draw(int k)
        {
            var value = Math.Sin((12.9898 * (k + 1)) + (78.233 * number)) * 43758.5453;
            return value - Math.Floor(value);
        }
        var bumps = Enumerable.Range(0, 8).Select(b => (
            Height: 1 - (0.06 * b) - (0.06 * Draw(1000 + b)),
            Center: Enumerable.Range(0, d).Select(i => Draw((b * d) + i)).ToArray(),
            Narrow: Enumerable.Range(0, d).Select(i => 1.5 * Math.Pow(20, Draw(5000 + (b * d) + i))).ToArray())).ToArray();
        return x => -bumps.Sum(b => b.Height * Math.Exp(-Enumerable.Range(0, d).Sum(i => b.Narrow[i] * Square(x[i] - b.Center[i]))));
    }

    // As Problems.Conditional, with the names of the definition.
    private static double Mixcond(Params p) => p.Text("model") switch
    {
        "svm" => 0.3 + (0.02 * Square(Math.Log10(p.Float("svm_C")) - 1)) + (p.Text("svm_kernel") == "rbf"
            ? 0.03 * Square(Math.Log10(p.Float("svm_gamma")) + 1.5)
            : 0.05 + (0.04 * Square(p.Float("svm_degree") - 3))),
        _ => Problems.Conditional.Evaluate(p),
    };
}
