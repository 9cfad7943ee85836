using Lode.Core;
using Space = Lode.Optimization.SearchSpace;

namespace Lode.Optimization.Tests.Studies;

public sealed class ConstraintTests
{
    public static TheoryData<string> Samplers => [.. SamplerCatalog.Names];

    private static readonly Parameter[] s_parameters =
    [
        new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1), new IntParameter("n", 0, 20), new CategoricalParameter("c", "a", "b"),
        new FloatParameter("z", 1e-3, 1, log: true) { When = new("c", ["b"]) },
    ];

    [Theory, MemberData(nameof(Samplers))]
    public void Ask_AnySampler_KeepsToTheConstraints(string name)
    {
        var space = Lode.TestKit.Optimization.Spaces.Constrained;
        var study = new Study(new StudyOptions { Space = space, Sampler = SamplerCatalog.Create(name), Seed = 3 });
        study.Optimize(trial => (trial.Params.Float("x") - 0.5) * (trial.Params.Float("x") - 0.5), new OptimizeOptions { Trials = 30 });
        Assert.Equal(30, study.Trials.Count);
        Assert.All(study.Trials, trial => Assert.Null(space.FirstViolated(trial.Params)));
        Assert.True(study.Trials.Select(trial => trial.Params.Float("x")).Distinct().Count() > 1);
    }

    [Fact]
    public void Ask_Equalities_AreSolved()
    {
        var space = new Space([new FloatParameter("a", 0, 1), new FloatParameter("b", 0, 1), new FloatParameter("c", 1e-3, 1, log: true), new IntParameter("i", 0, 100), new IntParameter("j", 0, 100), new IntParameter("k", 0, 100)],
        [
            .. Equal([new("a", 1), new("b", 1), new("c", 1)], 1),
            .. Equal([new("i", 1), new("j", 1), new("k", 1)], 100),
        ]);
        var study = new Study(new StudyOptions { Space = space, Sampler = new RandomSampler() });
        study.Optimize(trial =>
        {
            Assert.Equal(1, trial.Params.Float("a") + trial.Params.Float("b") + trial.Params.Float("c"), 1e-8);
            Assert.Equal(100, trial.Params.Int("i") + trial.Params.Int("j") + trial.Params.Int("k"));
            return 0;
        }, new OptimizeOptions { Trials = 50, StopOnFailure = true });
        Assert.True(study.Trials.Select(trial => trial.Params.Int("i")).Distinct().Count() > 10);
    }

    [Fact]
    public void Ask_OneFeasibleCellOfMany_IsFound()
    {
        var space = new Space([new IntParameter("i", 0, 200), new IntParameter("j", 0, 200)], [new PredicateConstraint("there", values => values.Int("i") == 137 && values.Int("j") == 42)]);
        Assert.Equal("i=137, j=42", new Study(new StudyOptions { Space = space }).Ask().Params.ToString());
    }

    [Fact]
    public void Ask_NothingIsFeasible_NamesTheConstraintAndTheStudyStaysUsable()
    {
        var possible = true;
        var space = new Space(s_parameters, [new PredicateConstraint("always", _ => true), new PredicateConstraint("switch", _ => possible)]);
        var study = new Study(new StudyOptions { Space = space });
        study.Tell(study.Ask().Number, 1);
        possible = false;
        var error = Assert.Throws<LodeException>(() => study.Ask());
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains("the last one broken is 'switch'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'switch'", Assert.Throws<LodeException>(() => study.Optimize(_ => 1, new OptimizeOptions { Trials = 2, Parallel = 2 })).Message, StringComparison.Ordinal);
        Assert.Single(study.Trials);
        possible = true;
        Assert.Equal(1, study.Ask().Number);
    }

    [Fact]
    public void Ask_LinearContradiction_NamesOneOfTheTwo()
    {
        var space = new Space(s_parameters, [new LinearConstraint([new("x", 1), new("y", 1)], Relation.AtLeast, 1.5, "much"), new LinearConstraint([new("x", 1), new("y", 1)], Relation.AtMost, 0.5, "little")]);
        var message = Assert.Throws<LodeException>(() => new Study(new StudyOptions { Space = space }).Ask()).Message;
        Assert.True(message.Contains("'much'", StringComparison.Ordinal) || message.Contains("'little'", StringComparison.Ordinal), message);
    }

    [Fact]
    public void Enqueue_BreakingAConstraint_IsRefusedAndPartsAreCompletedWithinIt()
    {
        var space = new Space(s_parameters, [new LinearConstraint([new("x", 1), new("y", 1)], Relation.AtMost, 1, "sum")]);
        var study = new Study(new StudyOptions { Space = space });
        Assert.Contains("breaks the constraint 'sum'", Assert.Throws<LodeException>(() => study.Enqueue(new Params([new("x", 0.9), new("y", 0.2)]))).Message, StringComparison.Ordinal);
        for (var i = 0; i < 20; i++)
        {
            study.Enqueue(new Params([new("x", 0.99)]));
            var trial = study.Ask();
            Assert.Equal(0.99, trial.Params.Float("x"));
            Assert.InRange(trial.Params.Float("y"), 0, 0.01 + 1e-8);
        }
    }

    [Fact]
    public void Optimize_RepeatableWithConstraints_SameTrialsWithAnyNumberOfWorkers()
    {
        var space = new Space(s_parameters, [new LinearConstraint([new("x", 1), new("y", 1)], Relation.AtMost, 0.3)]);
        string Run(int workers)
        {
            var study = new Study(new StudyOptions { Space = space, RepeatableWidth = 16, Seed = 5 });
            study.Optimize(trial => trial.Params.Float("x"), new OptimizeOptions { Trials = 48, Parallel = workers });
            return string.Join('\n', study.Trials.Select(trial => trial.Params));
        }
        var alone = Run(1);
        Assert.Equal(alone, Run(4));
        Assert.Equal(alone, Run(16));
    }

    private static IEnumerable<SpaceConstraint> Equal(LinearTerm[] terms, double bound) => [new LinearConstraint(terms, Relation.AtMost, bound), new LinearConstraint(terms, Relation.AtLeast, bound)];
}
