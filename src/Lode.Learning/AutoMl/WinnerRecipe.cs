namespace Lode.Learning;

/// <summary>How a winner is put together from candidates: with the candidates' pipelines and calibrations, and the options' seed, all that is needed to make it again.</summary>
/// <param name="Mean">Candidates of the weighted mean by number, in their order, with weights that sum to 1; empty for a stack.</param>
/// <param name="Stacked">Candidates below the second layer, in the order that it sees them; empty without one.</param>
/// <param name="Strength">C of the second layer's logistic regression; 1/α of its ridge regression. Null without one.</param>
/// <param name="Repeats">How often each candidate was cross-validated: so many times the folds' models are averaged.</param>
/// <param name="Refit">Whether members are fitted on all rows in place of the folds' models.</param>
public sealed record WinnerRecipe(IReadOnlyList<(int Number, double Weight)> Mean, IReadOnlyList<int> Stacked, double? Strength, int Repeats, bool Refit)
{
    /// <summary>The seed of the split of a repeat, from 0.</summary>
    public static ulong SplitSeed(ulong seed, int repeat) => new Core.Rng(seed).DeriveSeed((ulong)(10 + repeat));

    /// <summary>The seed of a candidate's fits in a repeat, from 0; the fit of fold i has the seed that it derives for i + 1.</summary>
    public static ulong FitSeed(ulong seed, int repeat, int number) => new Core.Rng(seed).DeriveSeed((ulong)(repeat == 0 ? 1000 + number : 1_000_000 + (repeat * 10_000) + number));

    /// <summary>The seed of a candidate's fit on all rows.</summary>
    public static ulong RefitSeed(ulong seed, int number) => new Core.Rng(seed).Child(7).DeriveSeed((ulong)number);
}
