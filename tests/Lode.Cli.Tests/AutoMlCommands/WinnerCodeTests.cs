using System.Diagnostics;
using Lode.Learning;
using Lode.TestKit;

namespace Lode.Cli.Tests.AutoMlCommands;

public sealed class WinnerCodeTests
{
    [Fact]
    public async Task WinnerCode_OfEveryKind_CompilesAndMakesAModelThatPredicts()
    {
        using var work = new TemporaryFolder();
        var (train, test) = (AutoMlTests.Sample("iris.train.csv"), AutoMlTests.Sample("iris.test.csv"));
        var request = new AutoMlRequest { Train = train, Roles = new DatasetRoles { Target = "target" }, Options = new AutoMlOptions { Trials = 9, Seed = 3, Folds = 4, Include = ["linear", "extra_trees"] }, Started = 0, Project = "iris" };
        var data = AutoMlData.Load(request);
        // Whatever kind the winner is: it is made again, with repeats, calibration and randomness; and the other kinds from the same members.
        var result = Learning.AutoMl.Fit(data.Train, request.Options);
        var refit = Learning.AutoMl.Fit(data.Train, request.Options with { Refit = true });
        var (first, second) = (result.Leaderboard[0].Number, result.Leaderboard[1].Number);
        AutoMlResult Of(WinnerKind kind, IReadOnlyList<(int, double)> mean, IReadOnlyList<int> stacked) => result with { Kind = kind, Recipe = result.Recipe with { Mean = mean, Stacked = stacked, Strength = stacked.Count > 0 ? 0.03 : null } };
        (string Name, AutoMlResult Result)[] kinds =
        [
            ("found", result), ("refitted", refit), ("one", Of(WinnerKind.OneModel, [(first, 1)], [])), ("ensemble", Of(WinnerKind.Ensemble, [(first, 0.75), (second, 0.25)], [])),
            ("stack", Of(WinnerKind.Stack, [], [second, first])), ("blend", Of(WinnerKind.Blend, [(first, 0.75), (second, 0.25)], [first, second])),
        ];
        // One build for all: each program is the body of a method that the first argument chooses.
        var bodies = kinds.Select(kind =>
        {
            var lines = WinnerCode.Write(request, data, kind.Result).Split('\n').Where(line => line is not "using Lode.Learning;");
            return $"static void {kind.Name}(string[] args)\n{{\n{string.Join('\n', lines)}\n}}\n";
        });
        await File.WriteAllTextAsync(work["Program.cs"], $"using Lode.Learning;\nvar rest = args[1..];\nswitch (args[0])\n{{\n{string.Concat(kinds.Select(kind => $"case \"{kind.Name}\": {kind.Name}(rest); break;\n"))}}}\n{string.Concat(bodies)}");
        await File.WriteAllTextAsync(work["winner.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable><TreatWarningsAsErrors>true</TreatWarningsAsErrors></PropertyGroup>
              <ItemGroup>{string.Concat(new[] { "Lode.Learning", "Lode.Optimization", "Lode.Core" }.Select(name => $"<Reference Include=\"{name}\"><HintPath>{Path.Combine(AppContext.BaseDirectory, name + ".dll")}</HintPath></Reference>"))}</ItemGroup>
            </Project>
            """);
        var (code, output) = await DotnetAsync(work.Path, "build", "-c", "Release", "-o", "bin", "-v", "q", "--nologo");
        Assert.True(code == 0, output);
        var truth = Dataset.Of(CsvReader.Read(test), "target");
        foreach (var (name, _) in kinds)
        {
            (code, output) = await DotnetAsync(work.Path, Path.Combine("bin", "winner.dll"), name, train, $"{name}.lode");
            Assert.True(code == 0, output);
            Assert.Contains("fitted on 112 rows: log_loss on them ", output, StringComparison.Ordinal);
            var predicted = ModelBundle.FromBytes(await File.ReadAllBytesAsync(work[$"{name}.lode"])).Predictor.Predict(truth.Features);
            Assert.InRange(MetricCatalog.Get("log_loss").Score(truth.Target, predicted), 0, 0.35);
            if (name is "found" or "refitted")
                Assert.Equal((name == "found" ? result : refit).Predictor.Predict(truth.Features).Values.ToArray(), predicted.Values.ToArray());
        }
    }

    [Fact]
    public void WinnerCode_Quantiles_AreInTheDescriptionAndCountTheOutputs()
    {
        var request = new AutoMlRequest { Train = AutoMlTests.Sample("diabetes.train.csv"), Roles = new DatasetRoles { Target = "target" }, Options = new AutoMlOptions { Trials = 5, Seed = 3, Quantiles = [0.2, 0.8], Preset = AutoMlPreset.Fast, Include = ["linear", "hist_gb"] }, Started = 0, Project = "diabetes" };
        var data = AutoMlData.Load(request);
        foreach (var refit in (bool[])[false, true])
        {
            var result = Learning.AutoMl.Fit(data.Train, request.Options with { Refit = refit });
            var code = WinnerCode.Write(request, data, result);
            Assert.Equal(!refit, code.Contains("var outputs = 2;", StringComparison.Ordinal));
            Assert.DoesNotContain("new Predictions(", code, StringComparison.Ordinal);
            // Made again by hand from the descriptions in the program, as it does.
            var number = result.Recipe.Mean[0].Number;
            var spec = PipelineSpec.FromJson(code.Split("\"\"\"")[1]);
            Assert.Equal([0.2, 0.8], spec.Quantiles);
            if (!refit || result.Recipe.Mean.Count > 1)
                continue;
            var again = spec.Create().Fit(data.Train, WinnerRecipe.RefitSeed(3, number));
            Assert.Equal(result.Predictor.Predict(data.Train.Features).Values.ToArray(), again.Predict(data.Train.Features).Values.ToArray());
        }
    }

    [Fact]
    public void WinnerCode_OddNames_AreQuoted()
    {
        var data = Dataset.Of(new Table([new NumericColumn("a\"b\\c", [1, 2, 3, 4]), new CategoricalColumn("y", [0, 1, 0, 1], ["n", "y"])]), "y");
        var candidate = new Candidate { Number = 0, Family = "dummy", Origin = "portfolio", Settings = Optimization.Params.Empty, Spec = new PipelineSpec { Learner = new StepSpec { Name = "dummy", Parameters = new Dictionary<string, object?> { ["a"] = 1e-7, ["b"] = 3L, ["c"] = true, ["d"] = "x\"y", ["e"] = null, ["f"] = 2.0 } } }, State = CandidateState.Complete, Weight = 1 };
        var result = new AutoMlResult
        {
            Predictor = new Pipeline([], new Dummy()).Fit(data, 0), Kind = WinnerKind.OneModel, Metric = MetricCatalog.Get("log_loss"), Score = new HonestScore(1, 1, 1, 1), Leaderboard = [candidate],
            OutOfFold = new Predictions([], data.Target.Classes), Folds = 2, Stopped = "trials", Seconds = 1, Recipe = new WinnerRecipe([(0, 1)], [], null, 1, false),
        };
        var request = new AutoMlRequest { Train = "t\"1.csv", Roles = new DatasetRoles { Target = "y", Ignored = ["a\"b\\c"] }, Options = new AutoMlOptions(), Started = 0, Project = "p" };
        var code = WinnerCode.Write(request, new AutoMlData { Name = "t\"1.csv", Train = data, Fingerprint = data.Features.Fingerprint(), Warnings = [] }, result);
        Assert.Contains("Ignored = [\"a\\\"b\\\\c\"]", code, StringComparison.Ordinal);
        // The description between the quotes is the candidate's own.
        var json = code.Split("\"\"\"")[1];
        Assert.Equal(candidate.Spec.ToJson(), PipelineSpec.FromJson(json).ToJson());
    }

    private static async Task<(int Code, string Output)> DotnetAsync(string folder, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
