using System.Globalization;

namespace Lode.Bench.Tracking;

/// <summary>Prints figures, MLflow's beside them.</summary>
internal static class Report
{
    public static void Head(string title) => Console.WriteLine($"\n{title,-46}{"lode",14}{"MLflow 3.11",14}{"ratio",10}{"goal",12}");

    /// <param name="what">What was measured, with its unit.</param>
    /// <param name="ours">The figure.</param>
    /// <param name="peer">MLflow's; null where it has none.</param>
    /// <param name="goal">What is to be reached.</param>
    /// <param name="more">Whether more is better.</param>
    public static void Row(string what, double ours, double? peer, string goal = "", bool more = false)
    {
        var ratio = peer is { } other ? (more ? ours / other : other / ours).ToString("0.#", CultureInfo.InvariantCulture) + " x" : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-46}{Figure(ours),14}{(peer is { } shown ? Figure(shown) : ""),14}{ratio,10}{goal,12}"));
    }

    private static string Figure(double value) => value.ToString(Math.Abs(value) >= 100 ? "N0" : "0.####", CultureInfo.InvariantCulture);
}
