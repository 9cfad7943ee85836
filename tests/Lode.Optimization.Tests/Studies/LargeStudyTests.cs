namespace Lode.Optimization.Tests.Studies;

public sealed class LargeStudyTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AskTell_HundredThousandTrials_StaySmallAndCostTheSame(bool declared)
    {
        var space = new SearchSpace(Enumerable.Range(0, 10).Select(i => new FloatParameter($"x{i}", -5, 5)));
        var study = new Study(new StudyOptions { Space = declared ? space : SearchSpace.Empty, Sampler = new RandomSampler() });
        void Run(int trials)
        {
            for (var i = 0; i < trials; i++)
            {
                var trial = study.Ask();
                var sum = 0.0;
                for (var x = 0; x < 10; x++)
                    sum += declared ? trial.Params.Float(space[x].Name) : trial.Float(space[x].Name, -5, 5);
                study.Tell(trial.Number, sum);
            }
        }
        var before = GC.GetTotalMemory(forceFullCollection: true);
        Run(1000);
        var early = Allocated(() => Run(1000));
        Run(97_000);
        var late = Allocated(() => Run(1000));
        // 53 and 85 MB were measured; 500 are allowed. No time is asserted: a copy of the list would show in the bytes.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, 0, 200_000_000);
        Assert.True(late < early + 8_000_000, $"{late / 1000} bytes a trial at 100,000, {early / 1000} at 1,000");
        // 1.1 kB a trial were measured where the parameters are declared: what is asked for in running costs more.
        Assert.InRange(early, 0, declared ? 1_500_000 : 15_000_000);
        Assert.Equal(100_000, study.Trials.Count);
        Assert.NotNull(study.Best);
    }

    private static long Allocated(Action run)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        run();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
