using System.Globalization;
using Lode.Bench.Tuning;

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
