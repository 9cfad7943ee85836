using Lode.Core;

namespace Lode.Learning.Tests.Pipelines;

public sealed class PipelineSpecTests
{
    private static readonly PipelineSpec s_spec = new()
    {
        Transforms =
        [
            new StepSpec { Name = "target_encode", Parameters = new Dictionary<string, object?> { ["smoothing"] = 2.5, ["cv"] = 3 }, Columns = new ColumnSelection { MinLevels = 3, Kind = ColumnKind.Categorical } },
            new StepSpec { Name = "impute", Parameters = new Dictionary<string, object?> { ["numeric"] = "mean", ["add_indicator"] = true, ["fill_number"] = null } },
            new StepSpec { Name = "one_hot" },
        ],
        Resampler = new StepSpec { Name = "class_weight" },
        Learner = new StepSpec { Name = "logistic", Parameters = new Dictionary<string, object?> { ["C"] = 0.5 } },
    };

    private static Dataset Data() => Dataset.Of(CsvReader.Read(new StringReader(
        "a,c,e,y\n1,u,k,no\n2,v,l,yes\n,w,k,no\n4,u,l,yes\n5,v,k,no\n6,w,l,yes\n7,u,k,yes\n"), "t.csv"), "y");

    [Fact]
    public void ToJson_RoundTrip_IsTheSameText_AndMakesTheSameModel()
    {
        var json = s_spec.ToJson();
        var again = PipelineSpec.FromJson(json);
        Assert.Equal(json, again.ToJson());
        Assert.Contains("\"min_levels\": 3", json, StringComparison.Ordinal);
        var (one, other) = (s_spec.Create().Fit(Data(), 1), again.Create().Fit(Data(), 1));
        Assert.Equal(new ModelBundle(one, "logistic").ToBytes(), new ModelBundle(other, "logistic").ToBytes());
    }

    [Fact]
    public void Create_ThenFit_SaysWhatWasFitted()
    {
        var fitted = s_spec.Create().Fit(Data(), 1);
        Assert.Same(s_spec, fitted.Spec);
        Assert.Equal(s_spec.ToJson(), ModelBundle.FromBytes(new ModelBundle(fitted, "logistic").ToBytes()).Header.Pipeline!.ToJson());
        Assert.Null(Pipeline.Default(new Dummy()).Fit(Data(), 1).Spec);
        Assert.Equal(["a", "a.missing", "c", "e=k", "e=l"], fitted.Layout.Columns.Select(column => column.Name));
    }

    [Theory]
    [InlineData("""{"transforms": []}""")]
    [InlineData("""{"learner": {"name": "dummy"}, "extra": 1}""")]
    [InlineData("""{"learner": {"name": "dummy", "parameters": []}}""")]
    [InlineData("null")]
    [InlineData("{")]
    public void FromJson_OtherJson_IsRefused(string json) =>
        Assert.StartsWith("This describes no pipeline: ", Assert.Throws<LodeException>(() => PipelineSpec.FromJson(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"learner": {"name": "dumy"}}""", "There is no learner 'dumy'.")]
    [InlineData("""{"transforms": [{"name": "scale"}], "learner": {"name": "dummy"}}""", "There is no transform 'scale'.")]
    [InlineData("""{"resampler": {"name": "x"}, "learner": {"name": "dummy"}}""", "There is no resampler 'x'.")]
    [InlineData("""{"learner": {"name": "logistic", "parameters": {"c": 1}}}""", "Learner 'logistic' has no option 'c'.")]
    public void Create_UnknownNames_AreNamed(string json, string message) =>
        Assert.Equal(message, Assert.Throws<LodeException>(() => PipelineSpec.FromJson(json).Create()).Message);
}
