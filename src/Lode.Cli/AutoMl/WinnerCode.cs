using System.Globalization;
using System.Text;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>The winner as a C# program: it fits the same pipelines on all training rows and puts them together in the same way.</summary>
internal static class WinnerCode
{
    public static string Write(AutoMlRequest request, AutoMlData data, AutoMlResult result)
    {
        var members = result.Leaderboard.Where(candidate => candidate.Weight > 0).OrderByDescending(candidate => candidate.Weight).ToList();
        var text = new StringBuilder();
        void Line(string line = "") => text.Append(line).Append('\n');
        Line($"// The winner of `lode automl {Plain(data.Name)} --target {Plain(request.Roles.Target)}`, as a program on Lode.Learning alone:");
        Line("// the same pipelines with the same settings, fitted on all rows (the model file holds the models of the folds instead).");
        Line("// Run it in a project that references Lode.Learning: dotnet run -- TRAIN.csv MODEL.lode");
        Line("using Lode.Learning;");
        Line();
        Line($"var table = CsvReader.Read(args.Length > 0 ? args[0] : {Literal(data.Name)});");
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
        Line("// Weight in the winner, then the pipeline.");
        Line("(double Weight, PipelineSpec Spec)[] members =");
        Line("[");
        foreach (var member in members)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"    // {member.Number:000}-{member.Family}: {result.Metric.Name} {member.Score:R}"));
            // JSON has no three quotes in a row.
            Line($"    ({Number(member.Weight)}, PipelineSpec.FromJson(\"\"\"");
            foreach (var line in member.Spec.ToJson().Split('\n'))
                Line($"        {line.TrimEnd()}");
            Line("        \"\"\")),");
        }
        Line("];");
        Line();
        Line(string.Create(CultureInfo.InvariantCulture, $"const ulong Seed = {request.Options.Seed};"));
        Line("var fitted = members.Select(member => member.Spec.Create().Fit(data, Seed)).ToArray();");
        if (result.Kind is WinnerKind.OneModel or WinnerKind.Ensemble)
            Line("IPredictor winner = fitted.Length == 1 ? fitted[0] : new WeightedEnsemble([.. fitted.Select((model, i) => new WeightedMember(model, members[i].Weight))]);");
        else
            Stack(Line, data, result);
        Line();
        Line("File.WriteAllBytes(args.Length > 1 ? args[1] : \"model.lode\", new ModelBundle(winner, \"winner.cs\").ToBytes());");
        Line($"Console.WriteLine($\"fitted on {{data.Rows}} rows: {result.Metric.Name} on them {{MetricCatalog.Get({Literal(result.Metric.Name)}).Score(data.Target, winner.Predict(data.Features), data.Weights)}}\");");
        return text.ToString();
    }

    private static void Stack(Action<string> line, AutoMlData data, AutoMlResult result)
    {
        var classes = data.Train.Target.Task == TaskKind.Classification;
        line("");
        line("// The second layer sees predictions of models that had not seen the row.");
        line(string.Create(CultureInfo.InvariantCulture, $"var folds = new {(classes ? "StratifiedKFold" : "KFold")}({result.Folds});"));
        line($"Metric[] metrics = [MetricCatalog.Get({Literal(result.Metric.Name)})];");
        line("var unseen = members.Select(member => CrossValidation.Run(member.Spec.Create(), data, folds, metrics, Seed).OutOfFold).ToArray();");
        line($"var second = new PipelineSpec {{ Transforms = [new StepSpec {{ Name = \"standard\" }}], Learner = new StepSpec {{ Name = {(classes ? "\"logistic\", Parameters = new Dictionary<string, object?> { [\"C\"] = 0.03 }" : "\"ridge\", Parameters = new Dictionary<string, object?> { [\"alpha\"] = 30.0 }")} }} }};");
        line("IPredictor winner = new StackPredictor(fitted, second.Create().Fit(new Dataset(StackPredictor.Features(unseen), data.Target, data.Weights.IsEmpty ? null : data.Weights.ToArray()), Seed));");
        if (result.Kind == WinnerKind.Blend)
            line("winner = WeightedEnsemble.Bag([winner, new WeightedEnsemble([.. fitted.Select((model, i) => new WeightedMember(model, members[i].Weight))])]);");
    }

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
