using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.Optimization;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Execution.Tests;

public sealed class SweepFileTests
{
    private const string Small = "command: x {args}\ngoal: minimize loss\nspace: { lr: { log: [1e-5, 1e-1] } }\n";

    [Fact]
    public void Read_EveryKey_IsTaken()
    {
        var path = FileOf("lode-full.yaml");
        var spec = SweepFile.Read(path);
        Assert.Equal(("digits", "wide", "every key of a sweep file"), (spec.Project, spec.Name, spec.Description));
        Assert.Equal(["python", "train.py", "{args}", "--out", "runs/{trial}"], spec.Program.Command);
        Assert.Equal(Path.Combine(Path.GetDirectoryName(path)!, "sub"), spec.Program.Folder);
        Assert.Equal(("2", "t-{trial}"), (spec.Program.Environment["OMP_NUM_THREADS"], spec.Program.Environment["TAG"]));
        var study = spec.Study;
        Assert.Equal([new StudyGoal("val/loss"), new StudyGoal("acc", Direction.Maximize)], study.Goals);
        Assert.Equal(
        [
            new FloatParameter("lr", 1e-5, 1e-1, log: true),
            new IntParameter("units", 32, 512, step: 32),
            new IntParameter("layers", 1, 64, log: true) { Default = 2 },
            new FloatParameter("drop", 0, 0.5, step: 0.1),
            new CategoricalParameter("act", "relu", "gelu"),
            new FloatParameter("wd", 1e-6, 1e-2, log: true) { When = new("act", ["gelu"]) },
            new CategoricalParameter("deep", "yes", "no") { Weights = [3, 1], When = new("layers", [62, 63, 64]) },
            new OrdinalParameter("size", "s", "m", "l"),
            new DistributedParameter("start", ParameterLaw.Normal, 0, 1),
            new DistributedParameter("heads", ParameterLaw.LogNormal, 1, 0.5, 2, whole: true),
            new DistributedParameter("share", ParameterLaw.Beta, 2, 5),
            new CategoricalParameter("seed", 7),
            new CategoricalParameter("word", "12"),
        ], study.Space.AsEnumerable());
        Assert.Equal(["units + 10 * layers <= 600", "drop <= 0.4"], study.Space.Constraints.Select(constraint => constraint.Name));
        Assert.Equal(("tpe", 5), (study.Sampler.Name, study.Sampler.Options!.Value.GetProperty("startup_trials").GetInt32()));
        Assert.Equal("median", study.Pruner.Name);
        Assert.Equal(["target", "stagnation"], study.Terminators.Select(terminator => terminator.Name));
        Assert.Equal(new StudyBudget { Trials = 200, Hours = 4, Parallel = 8 }, study.Budget);
        Assert.Equal((3UL, 8, DuplicatePolicy.Allow, 2, 4, 6, 90.0), (study.Seed, study.RepeatableWidth, study.Duplicates, study.Retries, study.MaxLosses, study.FirstFailures, study.LeaseSeconds));
        Assert.Equal(64, spec.First.Single().Int("units"));
        Assert.Equal(["out/*.pt"], spec.Program.Checkpoint);
        Assert.Equal(["a.txt", "b/*.bin"], spec.Program.Artifacts);
        Assert.Equal(new ResourceRequest { Cpus = 2, Gpus = 0.5, MemoryBytes = 8L << 30 }, spec.Program.Resources);
        Assert.Equal((5400.0, 60.0, "slurm", "main"), (spec.Program.TimeoutSeconds, spec.Program.GraceSeconds, spec.Program.Launcher, spec.Program.LauncherOptions!.Value.GetProperty("partition").GetString()));
        Assert.Empty(spec.Notes);
    }

    [Fact]
    public void Read_WandbsDistributions_AreThoseOfWandb()
    {
        var spec = SweepFile.Read(FileOf("wandb-all.yaml"));
        Assert.Equal(("random", "wandb_hyperband", 40), (spec.Study.Sampler.Name, spec.Study.Pruner.Name, spec.Study.Budget.Trials));
        Assert.Equal("""{"max_iter":27,"s":2,"eta":3,"strict":true}""", spec.Study.Pruner.Options!.Value.GetRawText());
        Assert.Equal("""{"target":[0.99]}""", spec.Study.Terminators.Single().Options!.Value.GetRawText());
        Assert.Equal(new StudyGoal("val_loss", Direction.Maximize), spec.Study.Goals.Single());
        Assert.Equal(
        [
            new CategoricalParameter("constant", 5),
            new CategoricalParameter("listed", "[64,32]"),
            new CategoricalParameter("nothing", "null"),
            new CategoricalParameter("choice", "a", "b") { Weights = [1, 2] },
            new CategoricalParameter("switch", true, false),
            new CategoricalParameter("layers", "[64]", "[64,64]"),
            new CategoricalParameter("weighted", 1, 2) { Weights = [0.25, 0.75] },
            new IntParameter("ints", 1, 9),
            new FloatParameter("floats", 0, 1),
            new FloatParameter("mixed", 0, 1),
            new FloatParameter("uniform", 1, 3),
            new FloatParameter("q_uniform", 0, 1, step: 0.1),
            new IntParameter("q_int", 10, 100, step: 5),
            new FloatParameter("log_uniform", Math.Exp(-2), 1, log: true),
            new FloatParameter("log_uniform_values", 1e-4, 0.1, log: true),
            new FloatParameter("inv_log_uniform", Math.Exp(-2), 1, log: true),
            new FloatParameter("inv_log_uniform_values", 0.5, 2, log: true),
            new IntParameter("q_log_uniform", 1, 20, log: true),
            new IntParameter("q_log_uniform_values", 16, 256, log: true, step: 8),
            new DistributedParameter("normal", ParameterLaw.Normal, 0, 1),
            new DistributedParameter("q_normal", ParameterLaw.Normal, 10, 2, 1, whole: true),
            new DistributedParameter("log_normal", ParameterLaw.LogNormal, 1, 0.5),
            new DistributedParameter("q_log_normal", ParameterLaw.LogNormal, 0, 1, 1),
            new DistributedParameter("beta", ParameterLaw.Beta, 2, 5),
            new DistributedParameter("q_beta", ParameterLaw.Beta, 1, 1, 0.25),
            new CategoricalParameter("optimizer.lr", 0.1, 0.01),
            new CategoricalParameter("optimizer.nadam.beta", 0.9),
        ], spec.Study.Space.AsEnumerable());
        Assert.Equal(["${env}", "${interpreter}", "${program}", "--fixed", "3", "${args_no_boolean_flags}"], spec.Program.Command);
        Assert.Equal(["optimizer", "nadam", "beta"], spec.Program.Paths["optimizer.nadam.beta"]);
        Assert.Equal(["listed", "nothing", "layers"], spec.Program.JsonParameters);
        Assert.Contains(spec.Notes, note => note.StartsWith("q_int: ", StringComparison.Ordinal));
        Assert.Contains(spec.Notes, note => note.StartsWith("entity ", StringComparison.Ordinal));
        var unit = spec.Study.Space.FromUnit([.. Enumerable.Repeat(0.3, spec.Study.Space.Count)]);
        var filled = CommandTemplate.Fill(spec.Program, spec.Study.Space, new TrialFacts { Params = unit });
        Assert.Contains("--optimizer={'lr': 0.1, 'nadam': {'beta': 0.9}}", filled.Command);
        Assert.Contains("--listed=[64, 32]", filled.Command);
        Assert.Contains("--nothing=None", filled.Command);
        Assert.Contains("--switch", filled.Command);
    }

    [Theory]
    [InlineData("grid", "grid")]
    [InlineData("bayes", "gp")]
    [InlineData("random", "random")]
    public void Parse_WandbMethod_IsASampler(string method, string sampler)
    {
        var spec = SweepFile.Parse("w.yaml", $"method: {method}\nprogram: t.py\nmetric: {{name: loss}}\nparameters: {{a: {{values: [1, 2]}}}}\nearly_terminate: {{type: hyperband, min_iter: 3}}\n");
        Assert.Equal((sampler, Direction.Minimize), (spec.Study.Sampler.Name, spec.Study.Goals[0].Direction));
        Assert.Equal(["/usr/bin/env", CommandTemplate.Interpreter, "t.py", "--a=2"], CommandTemplate.Fill(spec.Program, spec.Study.Space, new TrialFacts { Params = new Params([new("a", 2)]) }).Command);
    }

    // Each with the place that an editor would jump to.
    [Theory]
    [InlineData("command: x\ngoal: minimize loss\nspac: {}\n", "s.yaml:3:1: 'spac' is no key", "'space'")]
    [InlineData("command: x\ngoal: minimise\nspace: {a: 1}\n", "s.yaml:2:7: goal: wanted `minimize METRIC`", null)]
    [InlineData("command: x\ngoal: minimze loss\nspace: {a: 1}\n", "s.yaml:2:7: goal: wanted", "'minimize'")]
    [InlineData("goal: minimize loss\nspace: {a: 1}\n", "s.yaml:1:1: there is no `command:`", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace:\n  lr: { lgo: [1, 2] }\n", "s.yaml:4:9: 'lgo' is no key", "'log'")]
    [InlineData("command: x\ngoal: minimize loss\nspace:\n  lr: { log: [0, 2] }\n", "s.yaml:4:7: space.lr: Parameter 'lr' has a log scale", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace:\n  lr: { log: [1, two] }\n", "s.yaml:4:18: space.lr.log[1]: wanted a bound, a number; got 'two'", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace:\n  lr: { log: [1] }\n", "s.yaml:4:14: space.lr.log: wanted two numbers", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace:\n  lr: {}\n", "s.yaml:4:7: space.lr: says nothing", "One of: float")]
    [InlineData("command: x\ngoal: minimize loss\nspace:\n  lr: { float: [0, 1], int: [0, 1] }\n", "space.lr: has float and int", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace:\n  a: [x, y]\n  b: { if: a == z, int: [1, 2] }\n", "s.yaml:5:12: space.b.if: The condition 'a == z' compares 'a' with z", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace:\n  act: [x, y]\n  b: { if: atc == x, int: [1, 2] }\n", "names 'atc'", "'act'")]
    [InlineData("command: x\ngoal: minimize loss\nspace:\n  a: [x, [1]]\n", "s.yaml:4:10: space.a[1]: wanted a text", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: 1}\nsampler: tep\n", "s.yaml:4:10: sampler: there is no sampler 'tep'", "'tpe'")]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: 1}\nsampler: {name: tpe, gama: 1}\n", "s.yaml:4:10: sampler: 'tpe' cannot take", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: 1}\nbudget: {trials: 0}\n", "s.yaml:4:18: budget.trials: wanted", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: 1}\nresources: {gpus: 1.5}\n", "s.yaml:4:12: resources: gpus is", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: 1}\nresources: {memory: lots}\n", "resources.memory: wanted memory", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: 1}\ntimeout: soon\n", "timeout: wanted a time", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: {int: [1, 3]}}\nfirst: {a: 9}\n", "s.yaml:4:12: first.a: 9 is not in the space", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: {int: [1, 3]}}\nconstraints: a * a <= 1\n", "no linear constraint", null)]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: {int: [1, 3]}}\nconstraints: [b <= 1]\n", "'b' is no parameter", null)]
    [InlineData("command: x {lrr}\ngoal: minimize loss\nspace: {lr: {int: [1, 3]}}\n", "'{lrr}'", "'lr'")]
    [InlineData("command: x | y\ngoal: minimize loss\nspace: {a: 1}\n", "s.yaml:1:10: command: The command has '|'", "sh, -c")]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: 1}\nlauncher: {name: slurm, partion: a}\n", "s.yaml:4:11: launcher: The Slurm launcher has no option 'partion'", "'partition'")]
    [InlineData("command: x\ngoal: minimize loss\nspace: {a: 1}\nlauncher: {name: slurm, time: soon}\n", "time is a time", null)]
    [InlineData("command: x\ncommand: y\n", "s.yaml:2:1: ", "")]
    [InlineData("command: [x\ngoal: y\n", "s.yaml:", "")]
    [InlineData("\tx: y", "s.yaml:1:", "")]
    [InlineData("", "s.yaml is empty", null)]
    [InlineData("[1, 2]", "s.yaml:1:1: a sweep is", null)]
    [InlineData("a: 1\n---\nb: 2\n", "s.yaml:3:1: a second document", null)]
    public void Parse_Mistake_HasItsPlaceAndTheNearestWord(string text, string said, string? hint)
    {
        var error = Assert.Throws<LodeException>(() => SweepFile.Parse("s.yaml", text));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        if (!string.IsNullOrEmpty(hint))
            Assert.Contains(hint, error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metod: grid", "'metod' is no key of a W&B sweep", "'method'")]
    [InlineData("method: gird", "there is no method 'gird'", "'grid'")]
    [InlineData("method: custom", "W&B's scheduler", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nparameters: {a: {distribution: unifrom, min: 0, max: 1}}", "w.yaml:5:32: parameters.a.distribution: there is no distribution 'unifrom'", "'uniform'")]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nparameters: {a: {min: 2, max: 1}}", "min is less than max", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nparameters: {a: {distribution: log_uniform_values, min: 0, max: 1}}", "logarithmic scale needs", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nparameters: {a: {distribution: log_uniform, min: 1, max: 1000}}", "logarithmic scale needs", "log_uniform_values")]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nparameters: {a: {distribution: q_log_uniform_values, min: 0.1, max: 8, q: 1}}", "rounds its smallest values to 0", "Raise")]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nparameters: {a: {values: [1, 2], probabilities: [0.5, 0.4]}}", "add up to 1", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nparameters: {a: {values: [1, 2], min: 3}}", "does not belong to categorical", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nparameters: {a: {values: [010, 2]}}", "read as another number", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nparameters: {a: {}}", "says nothing about its values", null)]
    [InlineData("method: grid\nmetric: {name: l}\nprogram: t\nparameters: {a: {min: 0.0, max: 1.0}}", "has no grid", null)]
    [InlineData("method: random\nprogram: t\nparameters: {a: {value: 1}}", "there is no `metric:`", null)]
    [InlineData("method: random\nmetric: {name: l}\nparameters: {a: {value: 1}}", "there is no `program:`", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\njob: j\nparameters: {a: {value: 1}}", "W&B Launch", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\ncommand: python\nparameters: {a: {value: 1}}", "wanted a list of words", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nearly_terminate: {type: hyperband, max_iter: 9}\nparameters: {a: {value: 1}}", "S must be", null)]
    [InlineData("method: random\nmetric: {name: l}\nprogram: t\nearly_terminate: {type: envelope}\nparameters: {a: {value: 1}}", "no type of early_terminate 'envelope'", null)]
    public void Parse_WandbMistake_IsNamed(string text, string said, string? hint)
    {
        // A line on top makes it W&B's whatever else is wrong.
        var error = Assert.Throws<LodeException>(() => SweepFile.Parse("w.yaml", (text.Contains("parameters", StringComparison.Ordinal) ? "# W&B\n" : "parameters: {a: {value: 1}}\n") + text));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        if (hint is not null)
            Assert.Contains(hint, error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AliasesAndMerges_AreFollowed()
    {
        var spec = SweepFile.Parse("s.yaml", "command: x\ngoal: minimize loss\nspace:\n  a: &a { log: [1, 10] }\n  b: *a\n  c: { <<: *a, default: 2 }\n");
        Assert.Equal([new FloatParameter("a", 1, 10, log: true), new FloatParameter("b", 1, 10, log: true), new FloatParameter("c", 1, 10, log: true) { Default = 2.0 }], spec.Study.Space.AsEnumerable());
        Assert.Contains("LODE_PARAMS", spec.Notes.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Json_IsYaml() =>
        Assert.Equal(0.1, ((FloatParameter)SweepFile.Parse("s.json", """{"command": ["x", "{args}"], "goal": "minimize loss", "space": {"lr": {"log": [1e-5, 0.1]}}}""").Study.Space[0]).High);

    [Fact]
    public void Parse_DeepOrVast_IsRefused()
    {
        Assert.Contains("deep", Assert.Throws<LodeException>(() => SweepFile.Parse("s.yaml", new string('[', 100_000))).Message, StringComparison.Ordinal);
        Assert.Contains("at most", Assert.Throws<LodeException>(() => SweepFile.Parse("s.yaml", new string('a', 2_000_000))).Message, StringComparison.Ordinal);
        var bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 8).Select(i => $"{(char)('a' + i)}: &{(char)('a' + i)} [{string.Join(',', Enumerable.Repeat($"*{(char)('a' + i - 1)}", 10))}]\n"));
        Assert.Throws<LodeException>(() => SweepFile.Parse("s.yaml", bomb));
    }

    [Fact]
    public void Parse_AnyDamage_IsAnErrorOrASweep()
    {
        var texts = new[] { File.ReadAllText(FileOf("lode-full.yaml")), File.ReadAllText(FileOf("wandb-all.yaml")), Small };
        Check.One(Config.QuickThrowOnFailure.WithReplay(7, 3).WithMaxTest(600), Prop.ForAll<ulong>(seed =>
        {
            var rng = new Rng(seed);
            var text = texts[rng.NextInt32(texts.Length)];
            var at = rng.NextInt32(text.Length);
            text = rng.NextInt32(4) switch
            {
                0 => text[..at],
                1 => text.Remove(at, Math.Min(1 + rng.NextInt32(8), text.Length - at)),
                2 => text.Insert(at, "{}[]:,&*#|>'\"-\n \t0ä"[rng.NextInt32(19)].ToString()),
                _ => text[..at] + text[rng.NextInt32(text.Length)..],
            };
            try
            {
                SweepFile.Parse("s.yaml", text);
            }
            catch (LodeException)
            {
                // A refusal.
            }
        }));
    }

    [Fact]
    public void Read_NoFile_IsNotFound() => Assert.Equal(ErrorCode.NotFound, Assert.Throws<LodeException>(() => SweepFile.Read("/nowhere/s.yaml")).Code);

    [Fact]
    public void Schema_Keys_AreThoseThatAreRead()
    {
        using var schema = JsonDocument.Parse(SweepFile.Schema);
        Assert.Equal(File.ReadAllText(Path.Combine(Repository.Root, "docs", "sweep.schema.json")), SweepFile.Schema);
        foreach (var key in schema.RootElement.GetProperty("properties").EnumerateObject())
            Assert.DoesNotContain("is no key", Assert.ThrowsAny<Exception>(() => SweepFile.Parse("s.yaml", $"{key.Name}: !!map {{}}\nspace: 3\nspace: 3")).Message, StringComparison.Ordinal);
        var unknown = Assert.Throws<LodeException>(() => SweepFile.Parse("s.yaml", "space: 3\nqqqqqqqqqqqqqq: 1\n"));
        Assert.Equal(schema.RootElement.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal), unknown.Hint!["There are: ".Length..].TrimEnd('.').Split(", ").Order(StringComparer.Ordinal));
        unknown = Assert.Throws<LodeException>(() => SweepFile.Parse("s.yaml", "command: x\ngoal: minimize l\nspace: {a: {qqqqqqqqqqqqqq: 1}}\n"));
        Assert.Equal(schema.RootElement.GetProperty("$defs").GetProperty("parameter").GetProperty("oneOf")[2].GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal), unknown.Hint!["There are: ".Length..].TrimEnd('.').Split(", ").Order(StringComparer.Ordinal));
    }

    private static string FileOf(string name) => Path.Combine(Repository.Root, "tests", "Lode.Execution.Tests", "Sweeps", "files", name);
}
