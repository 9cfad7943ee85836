namespace Lode.Optimization;

/// <summary>When a sampler is taken, and why.</summary>
/// <param name="Sampler">Its name in the catalogue.</param>
/// <param name="Applies">Whether the rule speaks.</param>
/// <param name="Reason">A sentence for the user.</param>
/// <param name="WarmStartTrials">Trials from whose best CMA-ES starts.</param>
internal sealed record AutoRule(string Sampler, Func<AutoFacts, bool> Applies, string Reason, int WarmStartTrials = 0);

/// <summary>The rules of <see cref="AutoSampler"/>: the first that applies decides.</summary>
internal static class AutoRules
{
    /// <summary>Trials up to which a Gaussian process is worth its cubic cost.</summary>
    public const int GpTrials = 300;

    /// <summary>A budget from which evolution from the start beat a model (TPE) with evolution after it, on eight functions with five seeds.</summary>
    public const int LargeBudget = 1000;

    /// <summary>Trials up to which a forest is worth its cost.</summary>
    public const int ForestTrials = 1000;

    /// <summary>Trials that one Gaussian-process proposal at a time can keep apart.</summary>
    private const int GpParallel = 20;

    /// <summary>Numbers beyond which a Gaussian process and a covariance learn too slowly for common budgets.</summary>
    private const int ManyParameters = 50;

    /// <summary>In conditional spaces, one trial of so many is TPE's: a portfolio of two samplers over one history (Hoffman, Brochu, de Freitas, UAI 2011).</summary>
    private const int BranchHedge = 2;

    public static IReadOnlyList<AutoRule> All { get; } =
    [
        new("random", f => f.Objectives != 1, "The study has several objectives, which the samplers with a model do not take yet."),
        new("random", f => f.Parameters == 0, "No parameter has more than one value: there is nothing to learn."),
        new("cma", f => IsNumeric(f) && f.Parallel > GpParallel, "All parameters are numbers and many trials run at once: CMA-ES draws whole generations, which loses nothing by width."),
        new("cma", f => IsNumeric(f) && f.Budget >= LargeBudget, "All parameters are numbers and many trials are planned: CMA-ES from the start ends better than a model that is left later, which has settled near one optimum."),
        new("cma", f => IsNumeric(f) && f.Trials >= GpTrials, "All parameters are numbers and there are many trials: CMA-ES learns their dependences at hardly any cost, starting from the best trials so far.", GpTrials),
        new("tpe", f => f.IsConditional && f.Trials < GpTrials && f.Trials % BranchHedge == BranchHedge - 1, "Some parameters depend on others: every second trial goes to TPE, whose bandit gives each branch its chance, so that the Gaussian process does not settle in the first good one."),
        new("gp", f => f.Trials < GpTrials && f.Parallel <= GpParallel && f.Parameters <= ManyParameters, "Few trials so far: a Gaussian process makes the most of each one."),
        new("forest", f => (f.Choices > 0 || f.IsConditional) && f is { IsNoisy: false, Trials: < ForestTrials } && f.Parallel <= GpParallel && f.Parameters > ManyParameters, "Many parameters, among them choices or conditions: a forest finds the few that matter."),
        new("tpe", _ => true, "Many trials, many parameters or many at once: TPE costs little, takes any space, and keeps parallel trials apart."),
    ];

    private static bool IsNumeric(AutoFacts facts) => facts is { Choices: 0, IsConditional: false };
}
