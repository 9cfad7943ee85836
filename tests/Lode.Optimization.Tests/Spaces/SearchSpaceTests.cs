using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Space = Lode.Optimization.SearchSpace;

namespace Lode.Optimization.Tests.Spaces;

public sealed class SearchSpaceTests
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithReplay(1, 3);

    [Fact]
    public void FromUnit_OfToUnit_IsTheSameValue() => Check.One(s_config, Prop.ForAll<ulong>(seed =>
    {
        var rng = new Rng(seed);
        foreach (var space in new[] { Lode.TestKit.Optimization.Spaces.Everything, Lode.TestKit.Optimization.Spaces.Random(rng) })
        {
            var values = space.FromUnit(Lode.TestKit.Optimization.Spaces.Point(space, rng));
            space.Validate(values);
            var unit = new double[space.Count];
            space.ToUnit(values, unit);
            foreach (var (name, value) in space.FromUnit(unit))
                Assert.Equal(0, Distance(values[name], value), 1e-12);
            Assert.Equal(values.Count, space.FromUnit(unit).Count);
        }
    }));

    [Fact]
    public void FromUnit_AnyCoordinate_IsInsideAndOnTheGrid() => Check.One(s_config, Prop.ForAll<ulong>(seed =>
    {
        var rng = new Rng(seed);
        foreach (var u in new[] { 0, 1, Math.BitDecrement(1.0), rng.NextDouble() })
        {
            var (low, high, step) = (rng.NextDouble(-10, 10), 0.0, rng.NextDouble(1e-3, 1));
            high = low + (step * rng.NextInt32(50));
            var grid = new Space([new FloatParameter("x", low, high, step: step), new IntParameter("i", -3, 9, step: 4), new IntParameter("l", 1, 1000, log: true)]);
            var values = grid.FromUnit([u, u, u]);
            Assert.InRange(values.Float("x"), low, high);
            var steps = (values.Float("x") - low) / step;
            Assert.Equal(Math.Round(steps), steps, 1e-6);
            Assert.Contains(values.Int("i"), new long[] { -3, 1, 5, 9 });
            Assert.InRange(values.Int("l"), 1, 1000);
        }
    }));

    [Fact]
    public void FromUnit_LogScale_SpacesRatiosEqually()
    {
        var space = new Space([new FloatParameter("x", 1e-4, 1, log: true)]);
        foreach (var (u, expected) in new[] { (0.0, 1e-4), (0.25, 1e-3), (0.5, 1e-2), (1, 1) })
            Assert.Equal(expected, space.FromUnit([u]).Float("x"), expected * 1e-12);
    }

    [Fact]
    public void Cell_Grids_CoverTheUnitIntervalWithoutGaps()
    {
        foreach (var parameter in new Parameter[] { new IntParameter("x", 1, 30, log: true), new FloatParameter("x", -1, 1, step: 0.125), new CategoricalParameter("x", "a", "b", "c") })
        {
            var space = new Space([parameter]);
            var (at, cells) = (0.0, 0L);
            while (at < 1 - 1e-9)
            {
                var cell = space.Cell(0, at + 1e-9);
                Assert.Equal(at, cell.Low, 1e-9);
                Assert.InRange(cell.Center, cell.Low, cell.High);
                Assert.Equal(space.FromUnit([cell.Low + 1e-9]), space.FromUnit([cell.High - 1e-9]));
                (at, cells) = (cell.High, cells + 1);
            }
            Assert.Equal(space.Dimensions[0].Levels, cells);
        }
    }

    [Fact]
    public void FromUnit_InactiveBranches_AreLeftOut()
    {
        var space = Lode.TestKit.Optimization.Spaces.Everything;
        var unit = Enumerable.Repeat(0.01, space.Count).ToArray();
        Assert.False(space.FromUnit(unit).Contains("layers"));
        unit[space.IndexOf("model")] = 0.3; // "b"
        unit[space.IndexOf("layers")] = 0.3; // 2
        var values = space.FromUnit(unit);
        Assert.Equal("left", values.Text("branch"));
        Assert.True(values.Contains("deep"));
        unit[space.IndexOf("layers")] = 0.1; // 1: neither branch nor what hangs on it
        Assert.False(space.FromUnit(unit).Contains("branch"));
        Assert.False(space.FromUnit(unit).Contains("deep"));
    }

    [Fact]
    public void ToUnit_ForeignOrOutsideValues_AreNaN()
    {
        var space = new Space([new FloatParameter("x", 0, 1), new IntParameter("i", 0, 10, step: 5), new CategoricalParameter("c", 1, "1")]);
        var unit = new double[3];
        space.ToUnit(new Params([new("x", 1.5), new("i", 4), new("c", true), new("y", 1)]), unit);
        Assert.All(unit, u => Assert.True(double.IsNaN(u)));
        space.ToUnit(new Params([new("x", 1), new("i", 5), new("c", "1")]), unit);
        Assert.Equal([1, 0.5, 0.75], unit);
    }

    public static TheoryData<string, Func<object>> Refusals => new()
    {
        { "'x' needs low ≤ high", () => new FloatParameter("x", 1, 0) },
        { "'x' needs finite bounds", () => new FloatParameter("x", 0, double.PositiveInfinity) },
        { "'x' needs finite bounds", () => new FloatParameter("x", double.NaN, 1) },
        { "low > 0; got low 0", () => new FloatParameter("x", 0, 1, log: true) },
        { "low > 0; got low 0", () => new IntParameter("x", 0, 8, log: true) },
        { "needs a step > 0", () => new FloatParameter("x", 0, 1, step: 0) },
        { "needs a step > 0; got -2", () => new IntParameter("x", 0, 8, step: -2) },
        { "step that misses the bound: 0 to 10 by 4", () => new IntParameter("x", 0, 10, step: 4) },
        { "step that misses the bound: 0 to 1 by 0.3", () => new FloatParameter("x", 0, 1, step: 0.3) },
        { "2^53", () => new IntParameter("x", 0, long.MaxValue) },
        { "needs a name", () => new IntParameter(" ", 0, 1) },
        { "at least one choice", () => new CategoricalParameter("x") },
        { "choice 'a' twice", () => new CategoricalParameter("x", "a", "b", "a") },
        { "two parameters named 'x'", () => new Space([new IntParameter("x", 0, 1), new IntParameter("x", 0, 2)]) },
        { "depends on 'y', which the space does not have", () => new Space([new IntParameter("x", 0, 1) { When = new("y", [1]) }]) },
        { "a float", () => new Space([new IntParameter("x", 0, 1) { When = new("y", [1.0]) }, new FloatParameter("y", 0, 1)]) },
        { "which it never is", () => new Space([new IntParameter("x", 0, 1) { When = new("y", [7]) }, new IntParameter("y", 0, 1)]) },
        { "at least one", () => new Space([new IntParameter("x", 0, 1) { When = new("y", []) }, new IntParameter("y", 0, 1)]) },
        { "in a circle: x, y", () => new Space([new IntParameter("x", 0, 1) { When = new("y", [1]) }, new IntParameter("y", 0, 1) { When = new("x", [1]) }, new IntParameter("z", 0, 1)]) },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void Constructor_Nonsense_SaysWhatIsWrong(string message, Func<object> make)
    {
        var error = Assert.Throws<LodeException>(() => make());
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_StepMissesTheBound_HintNamesTheBoundsThatFit() =>
        Assert.Equal("The nearest bounds that fit are high 8 and 12.", Assert.Throws<LodeException>(() => new IntParameter("x", 0, 10, step: 4)).Hint);

    private static double Distance(ParamValue a, ParamValue b) =>
        a == b ? 0 : a.Kind == ParamKind.Float && b.Kind == ParamKind.Float ? Math.Abs(a.AsDouble() - b.AsDouble()) / Math.Max(1e-300, Math.Abs(a.AsDouble())) : 1;

    [Fact]
    public void FromUnit_SteppedFloat_GivesTheShortDecimals()
    {
        var space = new SearchSpace([new FloatParameter("x", 0.05, 1, step: 0.05), new FloatParameter("y", 1.0 / 3, 4.0 / 3, step: 0.25)]);
        var values = Enumerable.Range(0, 20).Select(level => space.FromUnit([(level + 0.5) / 20, 0.5]).Float("x"));
        Assert.Equal(Enumerable.Range(1, 20).Select(level => level * 5 / 100.0), values);
        Assert.Equal(1.0 / 3, space.FromUnit([0, 0]).Float("y"));
        Assert.False(double.IsNegative(new SearchSpace([new FloatParameter("z", -1, 1, step: 0.5)]).FromUnit([0.5]).Float("z")));
    }
}
