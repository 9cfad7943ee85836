namespace Lode.Learning;

internal static class Midpoint
{
    /// <summary>The middle, but never the upper value itself, to which rounding might lead.</summary>
    public static double Between(double low, double high)
    {
        var middle = (low / 2) + (high / 2);
        return middle < high && middle >= low ? middle : low;
    }
}
