using Lode.Core;
using Space = Lode.Optimization.SearchSpace;

namespace Lode.Optimization.Tests.Studies;

public sealed class GrowingSpaceTests
{
    private static readonly FloatParameter s_x = new("x", -10, 10);
    private static readonly FloatParameter s_y = new("y", -10, 10) { Default = 0.0 };

    [Fact]
    public void Redeclare_OneMoreWithoutDefault_WhatWasLearnedIsKept()
    {
        // What 60 trials in x have shown must still be known when y comes: the next proposals lie near the best x.
        var near = 0;
        for (var seed = 0UL; seed < 10; seed++)
        {
            var study = new Study(new StudyOptions { Space = new([s_x]), Seed = seed, Sampler = new TpeSampler() });
            study.Optimize(trial => Square(trial.Params.Float("x") - 3), new OptimizeOptions { Trials = 60 });
            study.Redeclare(new Space([s_x, s_y with { Default = null }]));
            study.Optimize(trial => Square(trial.Params.Float("x") - 3) + (0.1 * trial.Params.Float("y")), new OptimizeOptions { Trials = 10 });
            near += study.Trials.Skip(60).Count(trial => Math.Abs(trial.Params.Float("x") - 3) < 1);
        }
        Assert.True(near >= 40, $"{near} of 100"); // at random: 10
    }

    // A parameter that no trial has known is found as fast as by random search at first (1.3 times as many trials are allowed for the first
    // hit, since ten are drawn at random), and later four times as often. The deceptive one is good far from where it is best.
    [Theory]
    [InlineData("smooth")]
    [InlineData("deceptive")]
    [InlineData("choice")]
    public void Redeclare_OneMoreWithoutDefault_ItsGoodValuesAreFound(string kind)
    {
        Parameter added = kind == "choice" ? new CategoricalParameter("new", "a", "b", "c", "d", "e", "f", "g", "h") : new FloatParameter("new", -10, 10);
        bool IsGood(Params p) => kind == "choice" ? p.Text("new") == "f" : Math.Abs(p.Float("new") - 7) < 1;
        double Part(Params p) => kind switch
        {
            "smooth" => Square(p.Float("new") - 7),
            "deceptive" => Math.Min(5 + (0.1 * Square(p.Float("new") + 5)), 4 * Square(p.Float("new") - 7)),
            _ => IsGood(p) ? 0 : 5,
        };
        (double FirstHit, double LateHits) Run(ISampler sampler)
        {
            var (first, late) = (0, 0);
            for (var seed = 0UL; seed < 40; seed++)
            {
                var study = new Study(new StudyOptions { Space = new([s_x]), Seed = seed, Sampler = sampler });
                study.Optimize(trial => Square(trial.Params.Float("x") - 3) + 5, new OptimizeOptions { Trials = 60 });
                study.Redeclare(new Space([s_x, added]));
                study.Optimize(trial => Square(trial.Params.Float("x") - 3) + Part(trial.Params), new OptimizeOptions { Trials = 60 });
                var hits = study.Trials.Skip(60).Select(trial => IsGood(trial.Params)).ToList();
                first += hits.IndexOf(true) is var at && at < 0 ? 60 : at + 1;
                late += hits.Skip(30).Count(hit => hit);
            }
            return (first / 40.0, late / 40.0);
        }
        var (tpe, random) = (Run(new TpeSampler()), Run(new RandomSampler()));
        Assert.True(tpe.FirstHit <= 1.3 * random.FirstHit, $"the first hit after {tpe.FirstHit} trials, at random after {random.FirstHit}");
        Assert.True(tpe.LateHits >= 4 * random.LateHits, $"{tpe.LateHits} hits of 30, at random {random.LateHits}");
    }

    [Fact]
    public void Redeclare_OneMoreWithDefault_WhatWasLearnedIsKept()
    {
        // 25 more trials find a better point than 25 that know nothing.
        var grown = new Space([s_x, s_y]);
        var wins = 0;
        for (var seed = 0UL; seed < 20; seed++)
        {
            double Best(int before)
            {
                var study = new Study(new StudyOptions { Space = new([s_x]), Seed = seed, Sampler = new TpeSampler() });
                study.Optimize(trial => Square(trial.Params.Float("x") - 3) + 4, new OptimizeOptions { Trials = before });
                study.Redeclare(grown);
                study.Optimize(trial => Square(trial.Params.Float("x") - 3) + Square(trial.Params.Float("y") - 2), new OptimizeOptions { Trials = 25 });
                Assert.Equal(25, study.Trials.Count(trial => trial.Params.Contains("y")));
                return study.Trials.Skip(before).Min(trial => trial.Values[0]);
            }
            wins += Best(60) < Best(0) ? 1 : 0;
        }
        Assert.True(wins >= 13, $"{wins} of 20");
    }

    [Fact]
    public void Constructor_OtherSpaceThanTheTrials_GoesOnInTheNewOne()
    {
        var old = new Study(new StudyOptions { Space = new([s_x, new CategoricalParameter("gone", "a", "b")]) });
        old.Optimize(trial => trial.Params.Float("x"), new OptimizeOptions { Trials = 20 });
        var study = new Study(new StudyOptions { Space = new([new FloatParameter("x", -20, 5), s_y]) }, old.Trials);
        study.Optimize(trial => trial.Params.Float("x"), new OptimizeOptions { Trials = 20 });
        Assert.All(study.Trials.Skip(20), trial => Assert.Equal(["x", "y"], trial.Params.Select(item => item.Key).Order()));
        Assert.All(study.Trials.Skip(20), trial => Assert.InRange(trial.Params.Float("x"), -20, 5));
        Assert.Equal(["x", "y"], study.Space.Select(parameter => parameter.Name));
    }

    [Fact]
    public void Redeclare_LessOrOther_KeepsWhatObjectivesAskedForAndRefusesWhatWaits()
    {
        var study = new Study(new StudyOptions { Space = new([s_x, s_y]) });
        study.Optimize(trial => trial.Float("asked", 0, 1), new OptimizeOptions { Trials = 3 });
        study.Enqueue(new Params([new("x", 9.0)]));
        Assert.Contains("'x' is float 0 to 1; got 9", Assert.Throws<LodeException>(() => study.Redeclare(new Space([new FloatParameter("x", 0, 1)]))).Message, StringComparison.Ordinal);
        Assert.Equal(["x", "y", "asked"], study.Space.Select(parameter => parameter.Name));
        study.Tell(study.Ask().Number, 1);
        study.Redeclare(new Space([new FloatParameter("x", 0, 1)]));
        Assert.Equal(["x", "asked"], study.Space.Select(parameter => parameter.Name));
        Assert.InRange(study.Ask().Params.Float("x"), 0, 1);
    }

    [Fact]
    public void ToUnit_TrialWithoutAParameter_HasItsDefault()
    {
        var space = new Space([s_x, s_y, new FloatParameter("z", 0, 1)]);
        var unit = new double[3];
        space.ToUnit(new Params([new("x", 10.0)]), unit);
        Assert.Equal([1, 0.5, double.NaN], unit);
        Assert.Contains("got the default 11", Assert.Throws<LodeException>(() => new FloatParameter("y", 0, 1) { Default = 11 }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ordinal_Choices_AreOrderedCells()
    {
        var space = new Space([new OrdinalParameter("size", "s", "m", "l"), new IntParameter("n", 0, 1) { When = new("size", ["l"]) }]);
        Assert.Equal(new UnitDimension(DimensionKind.Ordinal, 3), space.Dimensions[0]);
        Assert.Equal(["s", "m", "l"], new[] { 0.1, 0.5, 0.9 }.Select(u => space.FromUnit([u, 0]).Text("size")));
        Assert.Equal("size: in the order s < m < l", space[0].ToString());
        Assert.True(space.FromUnit([0.9, 0]).Contains("n"));
        Assert.NotEqual<Parameter>(new OrdinalParameter("c", "a", "b"), new CategoricalParameter("c", "a", "b"));
        Assert.Equal(new OrdinalParameter("c", "a", "b"), new OrdinalParameter("c", "a", "b"));
        Assert.NotEqual(new OrdinalParameter("c", "a", "b"), new OrdinalParameter("c", "b", "a"));
        var trial = new Study(new StudyOptions()).Ask();
        Assert.Equal(trial.Ordinal("o", "s", "m"), trial.Ordinal("o", "s", "m"));
        Assert.Throws<LodeException>(() => trial.Choice("o", "s", "m"));
    }

    private static double Square(double x) => x * x;
}
