using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Execution.Tests;

public sealed class SpaceArgumentTests
{
    public static TheoryData<string, Parameter> Forms { get; } = new()
    {
        { "lr=log:1e-5..1e-1", new FloatParameter("lr", 1e-5, 1e-1, log: true) },
        { "x=0.5..2", new FloatParameter("x", 0.5, 2) },
        { "x=-1..1:0.25", new FloatParameter("x", -1, 1, step: 0.25) },
        { "x=float:0..1", new FloatParameter("x", 0, 1) },
        { "n=1..10", new IntParameter("n", 1, 10) },
        { "n=int:32..512:32", new IntParameter("n", 32, 512, step: 32) },
        { "n=logint:1..1024", new IntParameter("n", 1, 1024, log: true) },
        { "act=relu,gelu", new CategoricalParameter("act", "relu", "gelu") },
        { "b=true,false", new CategoricalParameter("b", true, false) },
        { "n=1,2,0.5,'3'", new CategoricalParameter("n", 1, 2, 0.5, "3") },
        { "c=adam", new CategoricalParameter("c", "adam") },
        { "url=http://a/b", new CategoricalParameter("url", "http://a/b") },
        { "size=ordered:s,m,l", new OrdinalParameter("size", "s", "m", "l") },
        { "x=normal:0,1", new DistributedParameter("x", ParameterLaw.Normal, 0, 1) },
        { "opt.lr=choice(0.1, 0.2)", new CategoricalParameter("opt.lr", 0.1, 0.2) },
        { "x=interval(0,1)", new FloatParameter("x", 0, 1) },
        { "x=tag(log, interval(1e-5,1))", new FloatParameter("x", 1e-5, 1, log: true) },
        { "x=tag(log, int(interval(1, 9)))", new IntParameter("x", 1, 9, log: true) },
        { "x=int(interval(1, 9))", new IntParameter("x", 1, 9) },
        { "x=range(1,10)", new IntParameter("x", 1, 9) },
        { "x=range(5)", new IntParameter("x", 0, 4) },
        { "x=range(1,10,step=4)", new IntParameter("x", 1, 9, step: 4) },
        { "x=range(0,1,step=0.25)", new FloatParameter("x", 0, 0.75, step: 0.25) },
        { "x=[0.1,0.2]", new CategoricalParameter("x", 0.1, 0.2) },
        { "x=uniform[0:1]", new FloatParameter("x", 0, 1) },
        { "x=loguniform[1e-5:1]", new FloatParameter("x", 1e-5, 1, log: true) },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Parse_Form_GivesTheParameter(string text, Parameter expected) => Assert.Equal(expected, SpaceArgument.Parse(text));

    [Theory]
    [InlineData("lr", "wanted NAME=DOMAIN")]
    [InlineData("lr=", "wanted NAME=DOMAIN")]
    [InlineData("lr=lgo:1..2", "no kind 'lgo'")]
    [InlineData("lr=log:1e-5", "LOW..HIGH")]
    [InlineData("lr=log:0..1", "low > 0")]
    [InlineData("n=int:1..2.5", "'2.5' is no whole number")]
    [InlineData("n=9..1", "low ≤ high")]
    [InlineData("n=a,,b", "empty")]
    [InlineData("n=a,a", "twice")]
    [InlineData("n=glob(*)", "not understood")]
    [InlineData("n=range[1:10:2]", "not understood")]
    public void Parse_SomethingElse_SaysWhat(string text, string said)
    {
        var error = Assert.Throws<LodeException>(() => SpaceArgument.Parse(text));
        Assert.StartsWith($"-s {text}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AnyText_IsAParameterOrAnError() => Check.One(Config.QuickThrowOnFailure.WithReplay(1, 3), Prop.ForAll<NonNull<string>>(text =>
    {
        try
        {
            SpaceArgument.Parse("x=" + text.Get);
        }
        catch (LodeException)
        {
            // A refusal.
        }
    }));
}
