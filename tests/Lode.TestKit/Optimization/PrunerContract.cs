using Lode.Core;
using Lode.Optimization;

namespace Lode.TestKit.Optimization;

/// <summary>What every pruner keeps to. A plug-in derives from it and returns its own; Lode's run over the whole catalogue.</summary>
public abstract class PrunerContract
{
    /// <summary>The pruner under test.</summary>
    protected abstract IPruner Create(string name);

    protected void IsPure(string name)
    {
        var pruner = Create(name);
        for (var i = 0; i < 100; i++)
        {
            var rng = new Rng(31, (ulong)i);
            var history = Spaces.Messy(Spaces.Everything, rng, 30);
            var trial = Running(30, [.. Enumerable.Range(0, 1 + (i % 4)).Select(_ => rng.NextInt32(4) == 0 ? double.NaN : rng.NextGaussian())]);
            var first = pruner.ShouldPrune(history, trial);
            Assert.Equal(first, pruner.ShouldPrune(history, trial));
            Assert.Equal(first, Create(name).ShouldPrune(history, trial));
            Assert.Equal(first, pruner.ShouldPrune(Turned(history), Turned(trial)));
        }
    }

    /// <summary>Nothing to compare with, or nothing reported: the trial goes on.</summary>
    protected void LetsGoOnWithoutEvidence(string name)
    {
        var empty = new History([Direction.Minimize], []);
        Assert.False(Create(name).ShouldPrune(empty, Running(0, [])));
        Assert.False(Create(name).ShouldPrune(empty, Running(0, [1e9])));
        Assert.False(Create(name).ShouldPrune(Reported([.. Enumerable.Range(0, 40).Select(i => (double)i)]), Running(40, [])));
    }

    /// <summary>A trial that is better than all others at each step goes on.</summary>
    protected void KeepsTheBest(string name) =>
        Assert.False(Create(name).ShouldPrune(Reported([.. Enumerable.Range(0, 40).Select(i => (double)i)]), Running(40, [-1])));

    /// <summary>Vectors of reports are judged without a mistake: the best in every objective goes on.</summary>
    protected void TakesSeveralObjectives(string name)
    {
        var history = new History([Direction.Minimize, Direction.Maximize], [.. Enumerable.Range(0, 40).Select(i => new Trial(i, TrialState.Complete, Params.Empty)
        {
            Values = [i, -i],
            Reports = [.. Enumerable.Range(0, 10).Select(step => new Report(step, [i, -i]))],
        })]);
        var best = new Trial(40, TrialState.Running, Params.Empty) { Reports = [.. Enumerable.Range(0, 10).Select(step => new Report(step, [-1 - step, 1 + step]))] };
        Assert.False(Create(name).ShouldPrune(history, best));
    }

    protected static Trial Running(int number, double[] reports) => new(number, TrialState.Running, Params.Empty)
    {
        Reports = [.. reports.Select((value, step) => new Report(step, [value]))],
    };

    /// <summary>Complete trials that reported these values at step 0.</summary>
    protected static History Reported(double[] values) => new([Direction.Minimize],
        [.. values.Select((value, i) => Running(i, [value]) with { State = TrialState.Complete, Values = [value] })]);

    private static History Turned(History history) => new([Direction.Maximize], [.. history.Trials.Select(Turned)]);

    private static Trial Turned(Trial trial) => trial with
    {
        Values = [.. trial.Values.Select(v => -v)],
        Reports = [.. trial.Reports.Select(r => new Report(r.Step, [.. r.Values.Select(v => -v)]))],
    };
}
