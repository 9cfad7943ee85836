using Lode.Core;
using Space = Lode.Optimization.SearchSpace;

namespace Lode.Optimization.Tests.Spaces;

public sealed class SpaceConstraintTests
{
    private static readonly Parameter[] s_parameters =
    [
        new FloatParameter("x", 0, 10), new IntParameter("n", 0, 10), new CategoricalParameter("c", "a", "b"),
        new FloatParameter("y", 0, 10) { When = new("c", ["b"]) },
    ];

    [Fact]
    public void IsFeasible_LinearAndPredicate_AgreeWithTheValues()
    {
        var space = new Space(s_parameters,
        [
            new LinearConstraint([new("x", 1), new("n", 2)], Relation.AtMost, 12),
            new LinearConstraint([new("x", 1), new("y", 1)], Relation.AtLeast, 5),
            new PredicateConstraint("odd", values => values.Int("n") % 2 == 1),
            new PredicateConstraint("y over x", values => values.Float("y") >= values.Float("x"), "x", "y"),
        ]);
        var rng = new Rng(1);
        var held = 0;
        for (var i = 0; i < 2000; i++)
        {
            var unit = Lode.TestKit.Optimization.Spaces.Point(space, rng);
            var values = space.FromUnit(unit);
            var (x, n) = (values.Float("x"), values.Int("n"));
            var expected = x + (2 * n) <= 12 && n % 2 == 1 && (!values.TryGet("y", out var y) || (x + y.AsDouble() >= 5 && y.AsDouble() >= x));
            Assert.Equal(expected, space.IsFeasible(unit));
            Assert.Equal(expected, space.FirstViolated(values) is null);
            held += expected ? 1 : 0;
        }
        Assert.InRange(held, 100, 1900);
    }

    [Fact]
    public void FirstViolated_Broken_NamesIt()
    {
        var space = new Space(s_parameters, [new LinearConstraint([new("x", 1), new("n", -2.5)], Relation.AtMost, 0), new PredicateConstraint("never", _ => false)]);
        Assert.Equal("x + -2.5·n ≤ 0", space.FirstViolated([1, 0, 0, 0])!.Name);
        Assert.Equal("never", space.FirstViolated([0, 0, 0, 0])!.Name);
        Assert.Equal(2, space.With(new IntParameter("z", 0, 1)).Constraints.Count);
    }

    [Fact]
    public void IsFeasible_SumOfDecimals_IsNotLostToRounding()
    {
        var space = new Space([new FloatParameter("a", 0, 1, step: 0.1), new FloatParameter("b", 0, 1, step: 0.1)], [new LinearConstraint([new("a", 1), new("b", 1)], Relation.AtMost, 0.3)]);
        Assert.Null(space.FirstViolated(new Params([new("a", 0.1), new("b", 0.2)])));
    }

    public static TheoryData<string, Func<object>> Refusals => new()
    {
        { "needs a name", () => new PredicateConstraint(" ", _ => true) },
        { "at least one term", () => new LinearConstraint([], Relation.AtMost, 1) },
        { "each parameter once", () => new LinearConstraint([new("x", 1), new("x", 1)], Relation.AtMost, 1) },
        { "finite", () => new LinearConstraint([new("x", double.NaN)], Relation.AtMost, 1) },
        { "finite", () => new LinearConstraint([new("x", 1)], Relation.AtMost, double.PositiveInfinity) },
        { "reads 'z', which the space does not have", () => new Space(s_parameters, [new LinearConstraint([new("z", 1)], Relation.AtMost, 1, "sum")]) },
        { "adds up 'c', which is no float or int", () => new Space(s_parameters, [new LinearConstraint([new("c", 1)], Relation.AtMost, 1, "sum")]) },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void Constructor_Nonsense_SaysWhatIsWrong(string message, Func<object> make)
    {
        var error = Assert.Throws<LodeException>(() => make());
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tell_OutcomeConstraints_AreKeptAndBestIsFeasible()
    {
        var study = new Study(new StudyOptions { Space = new(s_parameters) });
        study.Tell(study.Ask().Number, Outcome.Complete(1).WithConstraints(0.5));
        Assert.Null(study.Best);
        study.Tell(study.Ask().Number, Outcome.Complete(2).WithConstraints(0, -1));
        study.Tell(study.Ask().Number, Outcome.Complete(0).WithConstraints(double.NaN));
        Assert.Equal(1, study.Best!.Number);
        Assert.Equal([0, -1], study.Best.Constraints.ToArray());
        Assert.Equal([true, false], study.Trials.Skip(1).Select(trial => trial.IsFeasible));
    }
}
