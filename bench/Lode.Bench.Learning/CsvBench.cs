using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lode.Core;
using Lode.Learning;

namespace Lode.Bench.Learning;

/// <summary>One learner on one pair of files: time, memory, test metrics. Names, options and preparation are those of the peers' program, so
/// that both sides can be run in turn.</summary>
internal sealed class CsvBench(CsvBenchOptions options)
{
    private static readonly HashSet<string> s_ignored = ["n_jobs", "random_state", "solver", "verbose", "warm_start", "copy_X", "dual"];

    private static readonly HashSet<string> s_scaled = ["logreg", "ridge", "lasso", "elastic_net", "huber", "bayesian_ridge", "poisson", "svm_rbf", "linear_svm", "knn_brute", "knn_kdtree", "mlp"];

    public JsonObject Run()
    {
        var (train, test) = PreparedData.Read(options.Train, options.Test, options.Task, options.Native && options.Learner is not "logreg", s_scaled.Contains(options.Learner));
        var (name, parameters) = Translate(train.Target.Task);
        var learner = LearnerCatalog.Create(name, parameters);
        GC.Collect();
        var baseMemory = Environment.WorkingSet / 1e6;
        var k = train.Target.Classes.Count;
        var output = new double[test.Features.Rows * Math.Max(1, k)];
        var (fit, fitCpu, predict, predictCpu) = (double.MaxValue, double.MaxValue, double.MaxValue, double.MaxValue);
        for (var repeat = 0; repeat < options.Repeats; repeat++)
        {
            // What the repeat before left is not this one's.
            GC.Collect();
            IModel? model = null;
            var (wall, cpu) = Time(() => model = learner.Fit(train, new FitContext(new Rng(options.Seed), options.Threads)));
            (fit, fitCpu) = (Math.Min(fit, wall), Math.Min(fitCpu, cpu));
            (wall, cpu) = Time(() => model!.Predict(test.Features, output, options.Threads));
            (predict, predictCpu) = (Math.Min(predict, wall), Math.Min(predictCpu, cpu));
        }
        var peak = PeakMemory();
        var result = new JsonObject
        {
            ["data"] = Path.GetFileName(options.Train).Replace(".train.csv", "", StringComparison.Ordinal),
            ["learner"] = options.Learner,
            ["params"] = JsonSerializer.SerializeToNode(parameters),
            ["n_train"] = train.Features.Rows,
            ["n_test"] = test.Features.Rows,
            ["d"] = train.Features.Columns,
            ["k"] = k,
            ["repeats"] = options.Repeats,
            ["fit_s"] = Math.Round(fit, 4),
            ["fit_cpu_s"] = Math.Round(fitCpu, 4),
            ["predict_s"] = Math.Round(predict, 4),
            ["predict_cpu_s"] = Math.Round(predictCpu, 4),
            ["base_mb"] = Math.Round(baseMemory, 1),
            ["peak_mb"] = Math.Round(peak, 1),
            ["extra_mb"] = Math.Round(peak - baseMemory, 1),
        };
        Score(test.Target, output, result);
        return result;
    }

    private (string Name, Dictionary<string, object?> Parameters) Translate(TaskKind task)
    {
        var name = options.Learner;
        var parameters = options.Parameters is { } text ? Values(JsonNode.Parse(text)!.AsObject()) : name switch
        {
            "hist_gb" => new() { ["max_iter"] = 100, ["max_leaf_nodes"] = 31, ["learning_rate"] = 0.1, ["min_samples_leaf"] = 20, ["max_bins"] = 255, ["l2_regularization"] = 0.0, ["early_stopping"] = false },
            "xgb_depth6" => new() { ["n_estimators"] = 100, ["max_depth"] = 6, ["learning_rate"] = 0.1, ["max_bin"] = 256, ["reg_lambda"] = 1.0, ["min_child_weight"] = 1.0 },
            "xgb_leaf31" => new() { ["n_estimators"] = 100, ["max_depth"] = 0, ["max_leaves"] = 31, ["grow_policy"] = "lossguide", ["learning_rate"] = 0.1, ["max_bin"] = 256, ["reg_lambda"] = 1.0, ["min_child_weight"] = 1.0 },
            "random_forest" or "extra_trees" => new() { ["n_estimators"] = 100 },
            "logreg" => task == TaskKind.Classification ? new() { ["C"] = 1.0, ["max_iter"] = 200, ["tol"] = 1e-4 } : new() { ["alpha"] = 1.0 },
            _ => new Dictionary<string, object?>(),
        };
        foreach (var ignored in s_ignored)
            parameters.Remove(ignored);
        return (name switch
        {
            "xgb_depth6" or "xgb_leaf31" => "xgb",
            "logreg" => task == TaskKind.Classification ? "logistic" : "ridge",
            _ => name,
        }, parameters);
    }

    private static Dictionary<string, object?> Values(JsonObject json) => json.ToDictionary(pair => pair.Key, object? (pair) => pair.Value switch
    {
        null => null,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<int>(out var whole) => whole,
        JsonValue value when value.TryGetValue<double>(out var number) => number,
        JsonObject inner => Values(inner),
        var other => other.ToString(),
    });

    private static void Score(Target target, double[] output, JsonObject result)
    {
        if (target.Task == TaskKind.Regression)
        {
            var mean = target.Values.ToArray().Average();
            var (errors, spread) = (0.0, 0.0);
            for (var row = 0; row < target.Rows; row++)
            {
                errors += Math.Pow(output[row] - target.Values[row], 2);
                spread += Math.Pow(target.Values[row] - mean, 2);
            }
            (result["metric"], result["value"], result["r2"]) = ("rmse", Math.Sqrt(errors / target.Rows), 1 - (errors / spread));
            return;
        }
        var k = target.Classes.Count;
        var (loss, right) = (0.0, 0);
        for (var row = 0; row < target.Rows; row++)
        {
            var shares = output.AsSpan(row * k, k);
            var (sum, best) = (0.0, 0);
            for (var label = 0; label < k; label++)
            {
                sum += Math.Clamp(shares[label], 1e-15, 1);
                best = shares[label] > shares[best] ? label : best;
            }
            loss -= Math.Log(Math.Clamp(shares[target.Labels[row]], 1e-15, 1) / sum);
            right += best == target.Labels[row] ? 1 : 0;
        }
        (result["metric"], result["value"], result["accuracy"]) = ("log_loss", loss / target.Rows, right / (double)target.Rows);
        if (k == 2)
            result["roc_auc"] = MetricCatalog.Get("roc_auc").Score(target, new Predictions(output, target.Classes));
    }

    private static (double Wall, double Cpu) Time(Action action)
    {
        var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        action();
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
    }

    /// <summary>The most memory that the process ever held, in MB.</summary>
    private static double PeakMemory()
    {
        const string name = "VmHWM:";
        if (!File.Exists("/proc/self/status"))
            return Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024 / 1e6;
    }
}

/// <summary>What the command line asks for.</summary>
internal sealed record CsvBenchOptions(string Train, string Test, TaskKind? Task, string Learner, string? Parameters, bool Native, int Threads, int Repeats, ulong Seed);
