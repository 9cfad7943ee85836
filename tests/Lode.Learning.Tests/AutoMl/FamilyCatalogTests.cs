using Lode.Core;
using Lode.Optimization;

namespace Lode.Learning.Tests.AutoMl;

public sealed class FamilyCatalogTests
{
    public static TheoryData<string> Names => [.. FamilyCatalog.Names];

    [Fact]
    public void Names_AreFrozen() =>
        Assert.Equal(["dummy", "linear", "quadratic", "decision_tree", "extra_trees", "random_forest", "hist_gb"], FamilyCatalog.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void Family_AnySettings_FitMixedData(string name)
    {
        var family = FamilyCatalog.Get(name);
        foreach (var data in Mixed())
        {
            var traits = DataTraits.Of(data);
            var space = family.Space(traits);
            Params[] settings = [.. family.Portfolio(traits), .. Enumerable.Range(0, 3).Select(draw => Drawn(space, draw))];
            foreach (var one in settings)
            {
                space.Validate(one);
                Assert.True(family.Cost(one, traits) > 0);
                int?[] iterations = family.FindsIterations ? [null, 7] : [null];
                foreach (var count in iterations)
                {
                    var fitted = family.Build(one, traits, count).Create().Fit(data, 3, 1);
                    Assert.All(fitted.Predict(data.Features).Values.ToArray(), value => Assert.True(double.IsFinite(value)));
                    if (family.FindsIterations)
                        Assert.InRange(((IIterativeModel)fitted.Model).Iterations, 1, count is null ? 1500 : 8);
                }
            }
        }
    }

    private static Params Drawn(SearchSpace space, int draw)
    {
        var rng = new Rng(5, (ulong)draw);
        var unit = new double[space.Count];
        foreach (ref var value in unit.AsSpan())
            value = rng.NextDouble();
        return space.FromUnit(unit);
    }

    /// <summary>Numbers with missing values, levels, a date; classes and numbers to predict.</summary>
    private static IEnumerable<Dataset> Mixed()
    {
        var rng = new Rng(8);
        string[] colours = ["red", "blue", "green"];
        var text = new System.Text.StringBuilder("age,colour,when,flat,y,z\n");
        for (var row = 0; row < 90; row++)
        {
            var age = rng.NextDouble() * 50;
            text.Append(System.Globalization.CultureInfo.InvariantCulture,
                $"{(row % 9 == 0 ? "" : age.ToString("F2", System.Globalization.CultureInfo.InvariantCulture))},{(row % 11 == 0 ? "" : colours[row % 3])},2024-{1 + (row % 12):00}-03,1,{(age > 25 ? "old" : "young")},{age + row}\n");
        }
        var table = CsvReader.Read(new StringReader(text.ToString()), "t.csv");
        yield return Dataset.Of(table.Without("z"), "y");
        yield return Dataset.Of(table.Without("y"), "z");
    }
}
