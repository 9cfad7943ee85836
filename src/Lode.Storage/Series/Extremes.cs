namespace Lode.Storage;

/// <summary>Extremes of numbers, NaN standing for none.</summary>
internal static class Extremes
{
    public static double Min(double a, double b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Min(a, b);

    public static double Max(double a, double b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Max(a, b);
}
