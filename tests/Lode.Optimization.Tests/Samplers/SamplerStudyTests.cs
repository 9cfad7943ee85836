using System.Globalization;
using Lode.Bench.Tuning;
using Lode.Core;

namespace Lode.Optimization.Tests.Samplers;

/// <summary>What every sampler of the catalogue must do in a whole study.</summary>
public sealed class SamplerStudyTests
{
    public static TheoryData<string> Names => [.. SamplerCatalog.Names];

    [Theory, MemberData(nameof(Names))]
    public void Optimize_AnyNumberOfWorkers_SameTrialsBitForBit(string name)
    {
        var alone = Run(name, 1);
        Assert.Equal(alone, Run(name, 4));
        Assert.Equal(alone, Run(name, 16));
    }

    [Theory]
    [InlineData("auto"), InlineData("cma"), InlineData("de"), InlineData("forest"), InlineData("tpe")]
    public void Propose_Constrained_KeepsToIt(string name)
    {
        var space = new SearchSpace(
            [new FloatParameter("x", 0, 1), new IntParameter("k", 0, 9), new CategoricalParameter("c", "a", "b"), new FloatParameter("z", 0, 1) { When = new("c", ["b"]) }],
            [new LinearConstraint([new("x", 10), new("k", 1)], Relation.AtMost, 6), new PredicateConstraint("z over x", p => p.Float("z") > p.Float("x"), "z", "x")]);
        var sampler = SamplerCatalog.Create(name);
        var trials = new List<Trial>();
        for (var i = 0; i < 60; i++)
        {
            var proposal = sampler.Propose(space, new History([Direction.Maximize], [.. trials]), new Rng(3, (ulong)i));
            Assert.True(space.IsFeasible(proposal), $"{name}, trial {i}");
            var values = space.FromUnit(proposal);
            trials.Add(new Trial(i, TrialState.Complete, values) { Values = [values.Float("x") + values.Float("k")] });
        }
    }

    // The better value lies where an outcome constraint is broken: 40 % of the space, more than 0.1 away from where it holds 30 %. The GP
    // looks there again once it knows the rest.
    [Theory]
    [InlineData("auto", -0.59, 16), InlineData("cma", -0.56, 4), InlineData("de", -0.53, 10), InlineData("forest", -0.59, 6), InlineData("tpe", -0.58, 7)]
    public void Propose_OutcomeConstraint_EndsWhereItHolds(string name, double wanted, int allowed)
    {
        for (var seed = 2UL; seed < (name == "auto" ? 3UL : 5UL); seed++)
        {
            var study = new Study(new StudyOptions { Space = new([new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1)]), Sampler = SamplerCatalog.Create(name), Seed = seed });
            study.Optimize(trial =>
            {
                var (x, y) = (trial.Params.Float("x"), trial.Params.Float("y"));
                return Outcome.Complete(Math.Abs(y - 0.5) - x).WithConstraints(x - 0.6);
            }, new OptimizeOptions { Trials = 120 });
            Assert.True(study.Best!.Values[0] < wanted, $"{study.Best.Values[0]}");
            var late = study.Trials.Skip(80).Count(trial => trial.Params.Float("x") > 0.7);
            Assert.True(late <= allowed, $"{late} of the last 40 trials lie where the constraint is broken");
        }
    }

    private static string Run(string name, int workers)
    {
        var study = new Study(new StudyOptions { Space = Problems.Conditional.Space, Sampler = SamplerCatalog.Create(name), Seed = 5, RepeatableWidth = 16 });
        study.Optimize(trial =>
        {
            Thread.SpinWait(trial.Rng.NextInt32(20_000)); // workers overtake each other
            return trial.Number % 9 == 4 ? throw new InvalidOperationException("it broke") : Problems.Conditional.Evaluate(trial.Params);
        }, new OptimizeOptions { Trials = 64, Parallel = workers });
        return string.Join('\n', study.Trials.Select(trial => string.Create(CultureInfo.InvariantCulture, $"{trial.Number} {trial.State} {trial.Params}")));
    }
}
