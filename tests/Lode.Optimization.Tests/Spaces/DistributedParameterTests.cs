using Lode.Core;
using Space = Lode.Optimization.SearchSpace;

namespace Lode.Optimization.Tests.Spaces;

public sealed class DistributedParameterTests
{
    // Quantiles from published tables: Φ⁻¹(0.975) = 1.959964; Beta(2, 5) has its 0.5-quantile at 0.26445, Beta(1, 1) is uniform.
    [Theory]
    [InlineData(ParameterLaw.Normal, 1, 2, 0.975, 1 + (2 * 1.959963984540054))]
    [InlineData(ParameterLaw.LogNormal, 0, 1, 0.5, 1)]
    [InlineData(ParameterLaw.LogNormal, 1, 0.5, 0.025, 1.0202197)]
    [InlineData(ParameterLaw.Beta, 1, 1, 0.3, 0.3)]
    [InlineData(ParameterLaw.Beta, 2, 5, 0.5, 0.26444998)]
    public void FromUnit_IsTheQuantile(ParameterLaw law, double first, double second, double unit, double expected) =>
        Assert.Equal(expected, new Space([new DistributedParameter("x", law, first, second)]).FromUnit([unit]).Float("x"), 1e-6);

    [Fact]
    public void FromUnit_Ends_AreFinite()
    {
        foreach (var law in Enum.GetValues<ParameterLaw>())
        {
            var space = new Space([new DistributedParameter("x", law, 0.5, 0.5)]);
            foreach (var unit in new[] { 0.0, 1.0 })
            {
                var values = space.FromUnit([unit]);
                Assert.True(double.IsFinite(values.Float("x")));
                space.Validate(values);
            }
        }
    }

    [Fact]
    public void Random_Draws_FollowTheLawAndTheWeights()
    {
        var space = new Space([new DistributedParameter("x", ParameterLaw.Normal, 10, 2), new DistributedParameter("n", ParameterLaw.LogNormal, 1, 1, step: 3, whole: true), new CategoricalParameter("c", "a", "b", "c") { Weights = [1, 0, 3] }]);
        var draws = Enumerable.Range(0, 20_000).Select(i => space.FromUnit(new RandomSampler().Propose(space, new History([Direction.Minimize], []), new Rng(1, (ulong)i)))).ToList();
        Assert.Equal(10, draws.Average(values => values.Float("x")), 0.05);
        Assert.Equal(2, Math.Sqrt(draws.Average(values => Math.Pow(values.Float("x") - 10, 2))), 0.05);
        Assert.Equal(0.25, draws.Count(values => values.Text("c") == "a") / 20_000.0, 0.01);
        Assert.DoesNotContain(draws, values => values.Text("c") == "b");
        Assert.All(draws, values => Assert.Equal(0, values.Int("n") % 3));
        // P(0) = P(e^(1 + Z) < 1.5) = Φ(ln 1.5 - 1) = 0.27604.
        Assert.Equal(0.27604, draws.Count(values => values.Int("n") == 0) / 20_000.0, 0.01);
    }

    [Fact]
    public void Json_OfDistributedAndWeighted_ComesBackEqual()
    {
        var space = new Space([new DistributedParameter("x", ParameterLaw.Beta, 2, 5, step: 0.1), new DistributedParameter("n", ParameterLaw.Normal, 0, 9, step: 2, whole: true), new DistributedParameter("f", ParameterLaw.Normal, 0, 9, step: 2), new CategoricalParameter("c", "a", "b") { Weights = [1, 2] }]);
        using var json = System.Text.Json.JsonDocument.Parse(SpaceJson.Write(space));
        Assert.Equal(space.AsEnumerable(), SpaceJson.ReadSpace(json.RootElement));
    }

    [Fact]
    public void Constructor_Nonsense_IsNamed()
    {
        Assert.Contains("deviation > 0", Assert.Throws<LodeException>(() => new DistributedParameter("x", ParameterLaw.Normal, 0, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("first shape", Assert.Throws<LodeException>(() => new DistributedParameter("x", ParameterLaw.Beta, 0, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("whole step", Assert.Throws<LodeException>(() => new DistributedParameter("x", ParameterLaw.Beta, 1, 1, 0.5, whole: true)).Message, StringComparison.Ordinal);
        Assert.Contains("spans", Assert.Throws<LodeException>(() => new DistributedParameter("x", ParameterLaw.LogNormal, 0, 1000)).Message, StringComparison.Ordinal);
        Assert.Contains("weight", Assert.Throws<LodeException>(() => new CategoricalParameter("x", "a", "b") { Weights = [1] }).Message, StringComparison.Ordinal);
        Assert.Contains("a float", Assert.Throws<LodeException>(() => new Space([new DistributedParameter("x", ParameterLaw.Normal, 0, 1), new IntParameter("y", 0, 1) { When = new("x", [1.0]) }])).Message, StringComparison.Ordinal);
    }
}
