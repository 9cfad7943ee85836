using Lode.Core;
using Lode.Optimization;

namespace Lode.TestKit.Optimization;

/// <summary>What every terminator keeps to. A plug-in derives from it and returns its own; Lode's run over the whole catalogue.</summary>
public abstract class TerminatorContract
{
    /// <summary>The terminator under test.</summary>
    protected abstract ITerminator Create(string name);

    protected void IsPure(string name)
    {
        var terminator = Create(name);
        for (var i = 0; i < 50; i++)
        {
            var rng = new Rng(17, (ulong)i);
            var space = Spaces.Random(rng);
            var history = Spaces.Messy(space, rng, i * 3);
            var first = terminator.WhyStop(history);
            Assert.Equal(first, terminator.WhyStop(history));
            Assert.Equal(first, Create(name).WhyStop(history));
        }
    }

    protected void GoesOnWithoutEvidence(string name)
    {
        Assert.Null(Create(name).WhyStop(new History([Direction.Minimize], [])));
        Assert.Null(Create(name).WhyStop(new History([Direction.Maximize], [new Trial(0, TrialState.Running, Params.Empty)])));
    }
}
