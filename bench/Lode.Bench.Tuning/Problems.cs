using Lode.Optimization;

namespace Lode.Bench.Tuning;

/// <summary>A search with a known answer. Smaller is better; the optimum is far from the middle of the space.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Space">Its domain.</param>
/// <param name="Optimum">The smallest value.</param>
/// <param name="Evaluate">The objective.</param>
public sealed record Problem(string Name, SearchSpace Space, double Optimum, Func<Params, double> Evaluate);

/// <summary>The problems on which samplers are judged against random search.</summary>
public static class Problems
{
    /// <summary>Ackley's function of five numbers, optimum 0, shifted: many shallow holes around a deep one.</summary>
    public static Problem Ackley5 { get; } = new(
        "ackley5",
        new SearchSpace(Enumerable.Range(0, 5).Select(i => new FloatParameter($"x{i}", -32.768, 32.768))),
        0,
        p =>
        {
            var (squares, waves) = (0.0, 0.0);
            for (var i = 0; i < 5; i++)
            {
                var z = p.Float($"x{i}") - (-32.768 + (65.536 * (0.5 + (0.25 * Math.Sin(1.7 * (i + 1))))));
                squares += z * z / 5;
                waves += Math.Cos(2 * Math.PI * z) / 5;
            }
            return (-20 * Math.Exp(-0.2 * Math.Sqrt(squares))) - Math.Exp(waves) + 20 + Math.E;
        });

    /// <summary>Two choices with interactions, two integers, four numbers; optimum 0.</summary>
    public static Problem Mixed8 { get; } = new(
        "mixed8",
        new SearchSpace(
        [
            new CategoricalParameter("opt", "a", "b", "c", "d"),
            new CategoricalParameter("norm", "x", "y", "z"),
            new IntParameter("k", 1, 10),
            new IntParameter("n", 4, 1024, log: true),
            new FloatParameter("lr", 1e-5, 1, log: true),
            new FloatParameter("wd", 1e-7, 1e-1, log: true),
            new FloatParameter("u", 0, 1),
            new FloatParameter("v", 0, 1),
        ]),
        0,
        p =>
        {
            var (floor, best) = p.Text("opt") switch { "a" => (0.3, -3.0), "b" => (0, -2), "c" => (0.15, -1), _ => (0.4, -2.5) };
            var norm = p.Text("norm") switch { "x" => 0.2, "y" => 0, _ => 0.1 };
            var (k, u, v) = (p.Float("k"), p.Float("u"), p.Float("v"));
            return floor + (0.2 * Square(Math.Log10(p.Float("lr")) - best)) + norm + (0.02 * Square(k - 4))
                + (0.03 * Square(Math.Log2(p.Float("n")) - 6 - (0.25 * (k - 4)))) + (0.03 * Square(Math.Log10(p.Float("wd")) + 4))
                + (1.5 * Square(u - 0.7) * (1 + v)) + (0.8 * Square(v - 0.2));
        });

    /// <summary>A choice of model, each with parameters of its own, one of which decides on others; optimum 0.1 in the hardest branch.</summary>
    public static Problem Conditional { get; } = new(
        "conditional",
        new SearchSpace(
        [
            new CategoricalParameter("model", "svm", "net", "tree"),
            new CategoricalParameter("svm_kernel", "rbf", "poly") { When = new("model", ["svm"]) },
            new FloatParameter("svm_c", 1e-3, 1e3, log: true) { When = new("model", ["svm"]) },
            new FloatParameter("svm_gamma", 1e-4, 10, log: true) { When = new("svm_kernel", ["rbf"]) },
            new IntParameter("svm_degree", 2, 5) { When = new("svm_kernel", ["poly"]) },
            new IntParameter("net_layers", 1, 5) { When = new("model", ["net"]) },
            new FloatParameter("net_lr", 1e-5, 1e-1, log: true) { When = new("model", ["net"]) },
            new IntParameter("net_units", 8, 512, log: true) { When = new("model", ["net"]) },
            new FloatParameter("net_dropout", 0, 0.6) { When = new("model", ["net"]) },
            new CategoricalParameter("net_act", "relu", "tanh", "gelu") { When = new("model", ["net"]) },
            new IntParameter("tree_depth", 1, 12) { When = new("model", ["tree"]) },
            new FloatParameter("tree_eta", 1e-3, 1, log: true) { When = new("model", ["tree"]) },
            new FloatParameter("tree_subsample", 0.3, 1) { When = new("model", ["tree"]) },
        ]),
        0.1,
        p => p.Text("model") switch
        {
            "svm" => 0.3 + (0.02 * Square(Math.Log10(p.Float("svm_c")) - 1)) + (p.Text("svm_kernel") == "rbf"
                ? 0.03 * Square(Math.Log10(p.Float("svm_gamma")) + 1.5)
                : 0.05 + (0.04 * Square(p.Float("svm_degree") - 3))),
            "net" => 0.1 + (0.05 * Square(Math.Log10(p.Float("net_lr")) + 3 - (0.3 * (p.Float("net_layers") - 2)))) + (0.04 * Square(p.Float("net_layers") - 3))
                + (0.5 * Square(p.Float("net_dropout") - 0.25)) + (0.02 * Square(Math.Log2(p.Float("net_units")) - 7))
                + p.Text("net_act") switch { "relu" => 0.02, "tanh" => 0.05, _ => 0 },
            _ => 0.12 + (0.06 * Square(Math.Log10(p.Float("tree_eta")) + 1)) + (0.005 * Square(p.Float("tree_depth") - 6)) + (0.3 * Square(p.Float("tree_subsample") - 0.8)),
        });

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Problem> All { get; } = [Ackley5, Mixed8, Conditional];

    /// <summary>The best value of a study of so many trials.</summary>
    public static double BestOf(Problem problem, ISampler sampler, ulong seed, int trials)
    {
        var study = new Study(new StudyOptions { Space = problem.Space, Sampler = sampler, Seed = seed });
        study.Optimize(trial => problem.Evaluate(trial.Params), new OptimizeOptions { Trials = trials });
        return study.Best!.Values[0];
    }

    private static double Square(double x) => x * x;
}
