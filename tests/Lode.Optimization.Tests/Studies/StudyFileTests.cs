using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Lode.Core;

namespace Lode.Optimization.Tests.Studies;

public sealed class StudyFileTests
{
    [Fact]
    public void Read_OfWrite_IsTheSameStudy() => Check.One(Config.QuickThrowOnFailure.WithReplay(1, 3), Prop.ForAll<ulong>(seed =>
    {
        var rng = new Rng(seed);
        var space = rng.NextInt32(3) == 0 ? Lode.TestKit.Optimization.Spaces.Everything : Lode.TestKit.Optimization.Spaces.Random(rng);
        var messy = Lode.TestKit.Optimization.Spaces.Messy(space, rng, rng.NextInt32(40), Direction.Maximize);
        var file = new StudyFile(messy.Directions, space, seed, rng.NextInt32(4), [.. messy.Trials.Select(trial => trial with { Constraints = rng.NextInt32(3) == 0 ? [rng.NextGaussian(), -0.0] : [], Failure = trial.Failure is null ? null : "it \"broke\"\nñ→😀" })]);
        var text = Write(file);
        var back = StudyFile.Read(new StringReader(text));
        Assert.Equal(text, Write(back));
        Assert.Equal(file.Directions, back.Directions);
        Assert.Equal(file.Space, back.Space);
        Assert.Equal((file.Seed, file.RepeatableWidth), (back.Seed, back.RepeatableWidth));
        Assert.Equal(file.Trials.Select(Print), back.Trials.Select(Print));
        Assert.All(back.Trials, trial => Assert.Same(back.Space, trial.Space));
    }));

    [Fact]
    public void Write_KindsOfValues_AreAsDocumented()
    {
        var space = new SearchSpace(
            [new FloatParameter("f", 0, 4, step: 2) { Default = 2.0 }, new IntParameter("i", 1, 9, log: true), new CategoricalParameter("c", "1", 1, 1.0, true), new OrdinalParameter("o", "s", "l") { When = new("c", [1]) }],
            [new LinearConstraint([new("f", 1), new("i", 0.5)], Relation.AtLeast, 1, "sum"), new PredicateConstraint("code", _ => true, "f")]);
        var trial = new Trial(0, TrialState.Complete, new Params([new("f", 2.0), new("i", 3), new("c", 1.0)])) { Space = space, Values = [double.NegativeInfinity], Constraints = [-1], Reports = [new(4, [double.NaN])] };
        Assert.Equal(
            """
            {"lode_study":1,"directions":["minimize"],"seed":18446744073709551615,"repeatable_width":0,"space":0}
            {"space":0,"parameters":[{"name":"f","type":"float","low":0.0,"high":4.0,"step":2.0,"default":2.0},{"name":"i","type":"int","low":1,"high":9,"log":true},{"name":"c","type":"categorical","choices":["1",1,1.0,true]},{"name":"o","type":"ordinal","choices":["s","l"],"when":{"parent":"c","values":[1]}}],"constraints":[{"name":"sum","terms":[["f",1],["i",0.5]],"relation":"at_least","bound":1},{"name":"code","predicate_reads":["f"]}]}
            {"trial":0,"space":0,"state":"complete","params":{"f":2.0,"i":3,"c":1.0},"values":["-Infinity"],"constraints":[-1],"reports":[[4,["NaN"]]]}

            """.ReplaceLineEndings("\n"),
            Write(new StudyFile([Direction.Minimize], space, ulong.MaxValue, 0, [trial])));
    }

    [Fact]
    public void Read_UnknownFieldsLinesAndDroppedPoints_AreIgnored()
    {
        var file = StudyFile.Read(new StringReader("""
            {"lode_study":1,"made_by":"x","directions":["minimize"],"seed":1,"space":0}

            {"comment":"hello"}
            {"space":0,"colour":"red","parameters":[{"name":"f","type":"float","low":0,"high":4,"unit":"m"}]}
            {"trial":0,"space":0,"state":"complete","params":{"f":2},"values":[1],"note":{"a":[1]}}
            """));
        Assert.Equal(ParamKind.Float, file.Trials[0].Params["f"].Kind);
        Assert.Equal(1, Assert.Single(file.Trials).Values[0]);
    }

    [Theory]
    [InlineData("""{"trial":0,"space":0,"state":"compl""", "Line 4 of the study file is damaged")]
    [InlineData("""{"trial":1,"space":0,"state":"complete","params":{},"values":[1]}""", "trial 1 stands where trial 0 should")]
    [InlineData("""{"trial":0,"space":7,"state":"complete","params":{},"values":[1]}""", "a space that no line before it gives")]
    [InlineData("""{"trial":0,"space":0,"state":"done","params":{},"values":[1]}""", "'done' is none of running, complete, pruned, failed, waiting")]
    [InlineData("""{"trial":0,"space":0,"state":"complete","params":{},"values":[1,2]}""", "2 values for 1 objectives")]
    [InlineData("""{"trial":0,"space":0,"state":"pruned","params":{},"reports":[[1]]}""", "Line 4")]
    [InlineData("""{"trial":0,"space":0,"state":"complete","params":{"f":null},"values":[1]}""", "got null")]
    [InlineData("""{"trial":0,"space":0,"state":"complete","params":{"f":1.5,"f":2.5},"values":[1]}""", "given twice")]
    [InlineData("""{"space":1,"parameters":[{"name":"f","type":"float","low":2,"high":1}]}""", "low ≤ high")]
    [InlineData("""{"space":1,"parameters":[{"name":"f","type":"complex"}]}""", "there are: float, int")]
    public void Read_DamagedLine_IsNamed(string line, string message)
    {
        var error = Assert.Throws<LodeException>(() => StudyFile.Read(new StringReader("{\"lode_study\":1,\"directions\":[\"minimize\"],\"seed\":1}\n{\"space\":0,\"parameters\":[]}\n\n" + line)));
        Assert.Equal(ErrorCode.DataLoss, error.Code);
        Assert.Contains("Line 4", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("a,b,c\n1,2,3", "Line 1 does not begin a study")]
    [InlineData("""{"lode_study":2}""", "version 2; this build reads up to 1")]
    public void Read_NoStudy_IsSaid(string text, string message) =>
        Assert.Contains(message, Assert.Throws<LodeException>(() => StudyFile.Read(new StringReader(text))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Resume_ExportedInTheMiddle_GoesOnAsIfNothingHappened(int width)
    {
        static Outcome Objective(LiveTrial trial)
        {
            var x = trial.Params.Float("x");
            return trial.Number % 7 == 3 ? Outcome.Failed("x") : x + trial.Int("n", 0, 9);
        }
        var options = new StudyOptions { Space = new([new FloatParameter("x", 0, 1), new CategoricalParameter("c", "a", "b"), new FloatParameter("y", 0, 1) { When = new("c", ["b"]) }]), Seed = 3, RepeatableWidth = width };
        var whole = new Study(options);
        whole.Optimize(Objective, new OptimizeOptions { Trials = 40 });
        var half = new Study(options);
        half.Optimize(Objective, new OptimizeOptions { Trials = 20 });
        var resumed = StudyFile.Read(new StringReader(Write(StudyFile.Of(half)))).Resume(new StudyOptions());
        resumed.Optimize(Objective, new OptimizeOptions { Trials = 20 });
        Assert.Equal(whole.Trials.Select(Print), resumed.Trials.Select(Print));
        Assert.Equal(Write(StudyFile.Of(whole)), Write(StudyFile.Of(resumed)));
    }

    private static string Write(StudyFile file)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        file.Write(text);
        return text.ToString();
    }

    private static string Print(Trial trial) => string.Create(CultureInfo.InvariantCulture,
        $"{trial.Number} {trial.State} {string.Join(';', trial.Params.Select(item => $"{item.Key}={item.Value.Kind}:{item.Value}"))} [{string.Join(' ', trial.Values)}] [{string.Join(' ', trial.Constraints)}] {trial.Failure} {string.Join(' ', trial.Reports.Select(report => $"{report.Step}:{report.Values[0]}"))}");
}
