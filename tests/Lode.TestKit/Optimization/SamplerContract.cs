using Lode.Core;
using Lode.Optimization;

namespace Lode.TestKit.Optimization;

/// <summary>What every sampler keeps to. A plug-in derives from it and returns its own; Lode's run over the whole catalogue.</summary>
public abstract class SamplerContract
{
    private const int Cases = 60;

    /// <summary>The sampler under test.</summary>
    protected abstract ISampler Create(string name);

    protected void StaysInside(string name) => ForCases(name, (sampler, space, history, rng) =>
    {
        var unit = sampler.Propose(space, history, rng);
        Assert.Equal(space.Count, unit.Length);
        var values = space.FromUnit(unit);
        space.Validate(values);
        var back = new double[space.Count];
        space.ToUnit(values, back);
        foreach (var (parameter, i) in space.Select((parameter, i) => (parameter, i)))
        {
            Assert.Equal(space.IsActive(i, back), values.Contains(parameter.Name));
            if (values.Contains(parameter.Name))
                Assert.InRange(unit[i], 0, 1);
        }
    });

    protected void IsPure(string name) => ForCases(name, (sampler, space, history, rng) =>
    {
        var first = sampler.Propose(space, history, rng.Child(0));
        _ = sampler.Propose(space, history, rng.Child(1)); // must leave no trace
        Assert.Equal(first, sampler.Propose(space, history, rng.Child(0)));
        Assert.Equal(first, Create(name).Propose(space, history, rng.Child(0)));
        // Values that were stored and read again know no cached coordinates.
        var reloaded = history with { Trials = [.. history.Trials.Select(trial => trial with { Params = new Params([.. trial.Params]) })] };
        Assert.Equal(first, sampler.Propose(space, reloaded, rng.Child(0)));
    });

    protected void SurvivesEmptySpace(string name)
    {
        Assert.Empty(Create(name).Propose(SearchSpace.Empty, new History([Direction.Minimize], []), new Rng(1)));
        Assert.Empty(Create(name).Propose(SearchSpace.Empty, Spaces.Messy(SearchSpace.Empty, new Rng(2), 40), new Rng(1)));
    }

    /// <summary>Multiplying by a power of two, and turning both sign and direction, change no bit of a proposal.</summary>
    protected void IgnoresScaleAndSign(string name)
    {
        for (var i = 0; i < 20; i++)
        {
            var rng = new Rng(77, (ulong)i);
            var space = Spaces.Random(rng);
            var history = Spaces.Messy(space, rng, 50);
            history = history with { Trials = [.. history.Trials.Where(trial => trial.Values.All(v => Math.Abs(v) < 1e300) && trial.Reports.All(r => Math.Abs(r.Values[0]) < 1e300)).Select((trial, n) => trial with { Number = n })] };
            var proposal = Create(name).Propose(space, history, rng.Child(0));
            Assert.Equal(proposal, Create(name).Propose(space, Map(history, Direction.Minimize, v => 1024 * v), rng.Child(0)));
            Assert.Equal(proposal, Create(name).Propose(space, Map(history, Direction.Maximize, v => -v), rng.Child(0)));
        }
    }

    /// <summary>What a sampler remembers of earlier proposals (a fitted model, a list of points) changes no bit of the next ones.</summary>
    protected void IgnoresItsPast(string name)
    {
        for (var i = 0; i < 4; i++)
        {
            var rng = new Rng(41, (ulong)i);
            var space = i % 2 == 0 ? Spaces.Everything : Spaces.Constrained;
            var whole = Spaces.Messy(space, rng, 40);
            var old = Create(name);
            for (var n = 10; n <= 40; n += 6)
            {
                var history = whole with { Trials = [.. whole.Trials.Take(n)], Seed = (ulong)i };
                Assert.Equal(Create(name).Propose(space, history, rng.Child((ulong)n)), old.Propose(space, history, rng.Child((ulong)n)));
            }
            // Another study that begins alike but goes on otherwise.
            var other = whole with { Trials = [.. whole.Trials.Take(20), .. Spaces.Messy(space, rng.Child(7), 40).Trials.Skip(20)] };
            Assert.Equal(Create(name).Propose(space, other, rng.Child(0)), old.Propose(space, other, rng.Child(0)));
        }
    }

    /// <summary>Constraints are no reason to leave the cube, to fail or to go on for ever, not even when nothing keeps to them.</summary>
    protected void TakesConstraints(string name)
    {
        var impossible = new SearchSpace(Spaces.Constrained, [new PredicateConstraint("never", _ => false)]);
        foreach (var space in new[] { Spaces.Constrained, impossible })
        {
            for (var n = 0; n < 60; n += 20)
            {
                var unit = Create(name).Propose(space, Spaces.Messy(space, new Rng(3, (ulong)n), n), new Rng(4));
                space.Validate(space.FromUnit(unit));
                for (var i = 0; i < unit.Length; i++)
                    Assert.True(double.IsNaN(unit[i]) || unit[i] is >= 0 and <= 1);
            }
        }
    }

    /// <summary>Trials of a smaller space, with and without a default for what they lack, are taken.</summary>
    protected void TakesTrialsOfASmallerSpace(string name)
    {
        var rng = new Rng(12);
        for (var i = 0; i < 10; i++)
        {
            var small = Spaces.Random(rng.Child((ulong)i));
            var history = Spaces.Messy(small, rng, 40);
            var space = new SearchSpace([.. small, new FloatParameter("new", 0, 1), new IntParameter("new_with_default", 1, 9) { Default = 4 }]);
            var values = space.FromUnit(Create(name).Propose(space, history, rng.Child(99)));
            space.Validate(values);
            Assert.True(values.Contains("new") && values.Contains("new_with_default"));
        }
    }

    protected void ServesManyThreads(string name)
    {
        var sampler = Create(name);
        var space = Spaces.Everything;
        var history = Spaces.Messy(space, new Rng(5), 60);
        var alone = Enumerable.Range(0, 32).Select(i => sampler.Propose(space, history, new Rng(9, (ulong)i))).ToArray();
        var together = new double[32][];
        Parallel.For(0, 32, i => together[i] = sampler.Propose(space, history, new Rng(9, (ulong)i)));
        Assert.Equal(alone, together);
    }

    private static History Map(History history, Direction direction, Func<double, double> map) => new([direction], [.. history.Trials.Select(trial => trial with
    {
        Values = [.. trial.Values.Select(map)],
        Reports = [.. trial.Reports.Select(report => new Report(report.Step, [.. report.Values.Select(map)]))],
    })]);

    private void ForCases(string name, Action<ISampler, SearchSpace, History, Rng> check)
    {
        var sampler = Create(name);
        for (var i = 0; i < Cases; i++)
        {
            var rng = new Rng(2024, (ulong)i);
            var space = i % 3 == 0 ? Spaces.Everything : Spaces.Random(rng);
            check(sampler, space, Spaces.Messy(space, rng, (i % 5) * 20, i % 2 == 0 ? Direction.Minimize : Direction.Maximize), rng.Child(99));
        }
    }
}
