using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Keeps the neighbours of the mean's cell within reach on every grid, else a variance that shrinks below a cell stays there for
/// good: CMA-ES with margin (Hamano, Saito, Nomura, Shirakawa, GECCO 2022, arXiv 2205.13482, section 4), margin 1/(n·λ). Cells may
/// differ in width, so logarithmic integers are treated alike.
/// </summary>
internal static class CmaMargin
{
    public static void Correct(CmaState state)
    {
        var margin = 1.0 / (state.Mean.Length * state.Constants.Population);
        for (var j = 0; j < state.Mean.Length; j++)
        {
            if (!state.Layout.IsGrid[j])
                continue;
            var cell = state.Layout.Space.Cell(state.Layout.Numbers[j], Math.Clamp(state.Mean[j], 0, 1));
            if (cell.Low <= 0)
                state.Mean[j] = Math.Max(state.Mean[j], cell.High - Reach(state, j, margin));
            else if (cell.High >= 1)
                state.Mean[j] = Math.Min(state.Mean[j], cell.Low + Reach(state, j, margin));
            else
                CorrectInside(state, j, cell, margin);
        }
    }

    // How far from a border the mean may lie so that it is crossed with the chance of the margin.
    private static double Reach(CmaState state, int j, double margin) => state.DeviationOf(j) * -SpecialFunctions.NormalQuantile(Math.Min(margin, 0.4999));

    private static void CorrectInside(CmaState state, int j, UnitCell cell, double margin)
    {
        var deviation = state.DeviationOf(j);
        var below = SpecialFunctions.NormalCdf((cell.Low - state.Mean[j]) / deviation);
        var above = SpecialFunctions.NormalCdf((state.Mean[j] - cell.High) / deviation);
        if (below >= margin / 2 && above >= margin / 2)
            return;
        var inside = 1 - below - above;
        (below, above) = (Math.Max(below, margin / 2), Math.Max(above, margin / 2));
        var rest = 1 - below - above - inside;
        var share = rest / (below + inside + above - (1.5 * margin));
        var newBelow = below + (share * (below - (margin / 2)));
        var newAbove = above + (share * (above - (margin / 2)));
        var (zBelow, zAbove) = (Quantile(newBelow), Quantile(newAbove));
        // The deviation and the mean for which both borders are crossed with these chances.
        state.Stretch[j] *= (cell.High - cell.Low) / (zBelow + zAbove) / deviation;
        state.Mean[j] = ((cell.Low * zAbove) + (cell.High * zBelow)) / (zBelow + zAbove);
    }

    private static double Quantile(double tail) => -SpecialFunctions.NormalQuantile(Math.Clamp(tail, 1e-10, 0.5 - 1e-10));
}
