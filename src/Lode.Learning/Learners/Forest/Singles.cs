namespace Lode.Learning;

/// <summary>Splits of values that were rounded to single precision, said in double precision.</summary>
internal static class Singles
{
    /// <summary>The border b for which a double is at most b exactly where, rounded to single precision, it is at most the threshold.</summary>
    /// <param name="threshold">Finite in single precision, and below the largest finite single.</param>
    public static double Border(double threshold)
    {
        var below = (float)threshold;
        if (below > threshold)
            below = MathF.BitDecrement(below);
        var middle = ((double)below + MathF.BitIncrement(below)) / 2;
        // The middle itself goes to whichever of both is even.
        return (float)middle == below ? middle : Math.BitDecrement(middle);
    }
}
