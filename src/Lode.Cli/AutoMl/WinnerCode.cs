using System.Globalization;
using System.Text;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>The winner as a C# program: it fits the same pipelines on the same folds with the same seeds, and puts them together, calibrated and with the same threshold, in
/// the same way.</summary>
internal static class WinnerCode
{
    public static string Write(AutoMlRequest request, AutoMlData data, AutoMlResult result)
    {
        var recipe = result.Recipe;
        // In the order in which the mean takes them, which decides the last bit of its sums.
        int[] numbers = [.. recipe.Mean.Select(item => item.Number).Union(recipe.Stacked)];
        var members = numbers.Select(number => result.Leaderboard.First(candidate => candidate.Number == number)).ToList();
        var text = new StringBuilder();
        void Line(string line = "") => text.Append(line).Append('\n');
        Line($"// The winner of `lode automl {Plain(data.Name)} --target {Plain(request.Roles.Target)}`, as a program on Lode.Learning alone:");
        Line("// the same pipelines, fitted on the same rows with the same seeds and put together in the same way. From the same file it makes the same model.");
        Line("// Run it in a project that references Lode.Learning: dotnet run -- TRAIN.csv MODEL.lode");
        Line("using Lode.Learning;");
        Line();
        Line($"var table = CsvReader.Read(args.Length > 0 ? args[0] : {Literal(data.Name)});");
        if (request.DropMissingTarget)
            Line($"table = table.Select([.. Enumerable.Range(0, table.Rows).Where(row => !table[{Literal(request.Roles.Target)}].IsMissing(row))]);");
        Line("var data = Dataset.Of(table, new DatasetRoles");
        Line("{");
        Line($"    Target = {Literal(request.Roles.Target)},");
        Line($"    Task = TaskKind.{data.Train.Target.Task},");
        if (request.Roles.Ignored.Count > 0)
            Line($"    Ignored = [{string.Join(", ", request.Roles.Ignored.Select(Literal))}],");
        foreach (var (role, column) in new[] { ("Weight", request.Roles.Weight), ("Group", request.Roles.Group), ("Time", request.Roles.Time) })
        {
            if (column is not null)
                Line($"    {role} = {Literal(column)},");
        }
        Line("});");
        Line();
        Line("// Number, the share of each fold's training rows that it was fitted on, pipeline, and how its probabilities are made honest.");
        Line("(int Number, double Share, PipelineSpec Spec, ProbabilityCalibration? Calibration)[] members =");
        Line("[");
        foreach (var member in members)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"    // {member.Number:000}-{member.Family}: {result.Metric.Name} {member.Score:R}"));
            // JSON has no three quotes in a row.
            Line($"    ({member.Number}, {Number(member.TrainShare)}, PipelineSpec.FromJson(\"\"\"");
            foreach (var line in member.Spec.ToJson().Split('\n'))
                Line($"        {line.TrimEnd()}");
            Line($"        \"\"\"), {Calibration(member.Calibration)}),");
        }
        Line("];");
        Line();
        Line(string.Create(CultureInfo.InvariantCulture, $"const ulong Seed = {request.Options.Seed};"));
        Fits(Line, data, result);
        Line();
        if (recipe.Mean.Count > 0)
            Line(recipe.Mean.Count == 1 ? $"IPredictor mean = fitted[{recipe.Mean[0].Number}];"
                : $"IPredictor mean = new WeightedEnsemble([{string.Join(", ", recipe.Mean.Select(item => $"new WeightedMember(fitted[{item.Number}], {Number(item.Weight)})"))}]);");
        if (recipe.Stacked.Count > 0)
            Stack(Line, data, recipe);
        Line($"IPredictor winner = {result.Kind switch { WinnerKind.Stack => "stack", WinnerKind.Blend => "WeightedEnsemble.Bag([mean, stack])", _ => "mean" }};");
        if (result.Threshold is { } threshold)
            Line($"winner = new ThresholdPredictor(winner, {Number(threshold.Value)});");
        Line();
        Line("File.WriteAllBytes(args.Length > 1 ? args[1] : \"model.lode\", new ModelBundle(winner, \"winner.cs\").ToBytes());");
        Line($"Console.WriteLine($\"fitted on {{data.Rows}} rows: {result.Metric.Name} on them {{MetricCatalog.Get({Literal(result.Metric.Name)}).Score(data.Target, winner.Predict(data.Features), data.Weights)}}\");");
        return text.ToString();
    }

    private static void Fits(Action<string> line, AutoMlData data, AutoMlResult result)
    {
        var recipe = result.Recipe;
        line("var fitted = new Dictionary<int, IPredictor>();");
        if (recipe.Refit && recipe.Stacked.Count == 0)
        {
            line("foreach (var member in members)");
            line("{");
            line("    IPredictor whole = member.Spec.Create().Fit(data, WinnerRecipe.RefitSeed(Seed, member.Number));");
            line("    fitted[member.Number] = member.Calibration is null ? whole : new CalibratedPredictor(whole, member.Calibration);");
            line("}");
            return;
        }
        var classes = data.Train.Target.Task == TaskKind.Classification;
        var splitter = (data.Train.Times.IsEmpty, data.Train.Groups.IsEmpty) switch
        {
            (false, _) => "TimeSeriesSplit",
            (_, false) => classes ? "StratifiedGroupKFold" : "GroupKFold",
            _ => classes ? "StratifiedKFold" : "KFold",
        };
        line("// The models of the folds, and what each says of the rows that it has not seen.");
        line(string.Create(CultureInfo.InvariantCulture, $"var folds = new {splitter}({result.Folds});"));
        line(string.Create(CultureInfo.InvariantCulture, $"const int Repeats = {recipe.Repeats};"));
        line(result.Predictor.Quantiles.Count > 0 ? $"var outputs = {result.Predictor.Quantiles.Count};" : "var outputs = Math.Max(1, data.Target.Classes.Count);");
        line("int[] tested = [.. folds.Split(data, WinnerRecipe.SplitSeed(Seed, 0)).SelectMany(split => split.Test).Distinct().Order()];");
        line("var unseen = new Dictionary<int, Predictions>();");
        line("foreach (var member in members)");
        line("{");
        line("    var (models, sums) = (new List<IPredictor>(), new double[data.Rows * outputs]);");
        line("    for (var repeat = 0; repeat < Repeats; repeat++)");
        line("    {");
        line("        var streams = new Lode.Core.Rng(WinnerRecipe.FitSeed(Seed, repeat, member.Number));");
        line("        var splits = folds.Split(data, WinnerRecipe.SplitSeed(Seed, repeat));");
        line("        for (var fold = 0; fold < splits.Count; fold++)");
        line("        {");
        line("            var (train, test) = (splits[fold].Train.ToArray(), splits[fold].Test);");
        line("            if (member.Share < 1)");
        line("            {");
        line("                streams.Child((ulong)fold).Shuffle<int>(train);");
        line("                train = train[..Math.Max(1, (int)(member.Share * train.Length))];");
        line("                Array.Sort(train);");
        line("            }");
        line("            var model = member.Spec.Create().Fit(data.Select(train), streams.DeriveSeed((ulong)fold + 1));");
        line("            models.Add(model);");
        line("            var said = model.Predict(data.Select(test).Features);");
        line("            for (var i = 0; i < test.Length; i++)");
        line("            {");
        line("                for (var j = 0; j < outputs; j++)");
        line("                    sums[(test[i] * outputs) + j] += said.Row(i)[j];");
        line("            }");
        line("        }");
        line("    }");
        line("    var values = new double[tested.Length * outputs];");
        line("    for (var i = 0; i < values.Length; i++)");
        line("        values[i] = sums[(tested[i / outputs] * outputs) + (i % outputs)] / Repeats;");
        line("    member.Calibration?.Apply(values);");
        if (result.Predictor.Quantiles.Count == 0)
            line("    unseen[member.Number] = new Predictions(values, data.Target.Classes);");
        line(recipe.Refit ? "    IPredictor bag = member.Spec.Create().Fit(data, WinnerRecipe.RefitSeed(Seed, member.Number));" : "    IPredictor bag = models.Count == 1 ? models[0] : WeightedEnsemble.Bag(models);");
        line("    fitted[member.Number] = member.Calibration is null ? bag : new CalibratedPredictor(bag, member.Calibration);");
        line("}");
    }

    private static void Stack(Action<string> line, AutoMlData data, WinnerRecipe recipe)
    {
        var learner = data.Train.Target.Task == TaskKind.Classification
            ? $"\"logistic\", Parameters = new Dictionary<string, object?> {{ [\"C\"] = {Number(recipe.Strength!.Value)} }}"
            : $"\"ridge\", Parameters = new Dictionary<string, object?> {{ [\"alpha\"] = {Number(1 / recipe.Strength!.Value)} }}";
        line("// The second layer sees what was said of rows not seen.");
        line($"int[] stacked = [{string.Join(", ", recipe.Stacked)}];");
        line($"var second = new PipelineSpec {{ Transforms = [new StepSpec {{ Name = \"standard\" }}], Learner = new StepSpec {{ Name = {learner} }} }};");
        line("var rows = data.Select(tested);");
        line("IPredictor stack = new StackPredictor([.. stacked.Select(number => fitted[number])],");
        line("    second.Create().Fit(new Dataset(StackPredictor.Features([.. stacked.Select(number => unseen[number])]), rows.Target, rows.Weights.IsEmpty ? null : rows.Weights.ToArray()), 1));");
    }

    private static string Calibration(ProbabilityCalibration? calibration) => calibration is null
        ? "null"
        : $"new ProbabilityCalibration({Number(calibration.Temperature)}, {Number(calibration.Mixture)}, [{string.Join(", ", calibration.Shares.Select(Number))}])";

    private static string Number(double value) => double.IsFinite(value)
        ? value.ToString("R", CultureInfo.InvariantCulture) is var text && text.AsSpan().IndexOfAny(".E") < 0 ? text + ".0" : value.ToString("R", CultureInfo.InvariantCulture)
        : double.IsNaN(value) ? "double.NaN" : value > 0 ? "double.PositiveInfinity" : "double.NegativeInfinity";

    private static string Plain(string text) => text.ReplaceLineEndings(" ");

    private static string Literal(string text)
    {
        var literal = new StringBuilder("\"");
        foreach (var letter in text)
        {
            literal.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                _ when char.IsControl(letter) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                _ => letter.ToString(),
            });
        }
        return literal.Append('"').ToString();
    }
}
