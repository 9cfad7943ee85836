using Lode.Core;

namespace Lode.Learning;

/// <summary>Coefficients that minimise Σ w(y - Xb)² + α‖b‖²; of equally good ones, the shortest.</summary>
/// <remarks>Cholesky's factor of the products of scaled columns, corrected once or twice by slopes summed from the rows: Björck, Numerical Methods for
/// Least Squares Problems (1996), section 6.6.5, as accurate as an orthogonal factor. Where columns depend on each other, as one-hot columns do, the
/// eigenvectors without weight are left out: nothing can explode. O(rows·d² + d³).</remarks>
internal static class LeastSquares
{
    private const double LeastPivot = 1e-8;
    private static readonly double s_epsilon = Math.BitIncrement(1.0) - 1;

    public static double[] Solve(NormalEquations equations, double alpha)
    {
        var d = equations.Columns;
        var scales = new double[d];
        for (var j = 0; j < d; j++)
            scales[j] = equations.IsConstant(j) ? 0 : Math.Sqrt(equations.Gram[j * (d + 1)] + alpha);
        var scaled = Scale(equations, scales, alpha);
        var factor = scaled.ToArray();
        if (Cholesky.TryDecompose(factor, d) && LeastOf(factor, d) > LeastPivot)
        {
            var solution = new double[d];
            for (var round = 0; round < 3; round++)
            {
                var slopes = round == 0 ? equations.Moments.ToArray() : Slopes(equations, solution, alpha);
                Divide(slopes, scales);
                Cholesky.Solve(factor, slopes);
                Divide(slopes, scales);
                Vectors.AddScaled(1, slopes, solution);
            }
            return solution;
        }
        return Shortest(equations, scaled, scales, alpha);
    }

    private static double[] Shortest(NormalEquations equations, double[] scaled, double[] scales, double alpha)
    {
        var d = equations.Columns;
        var (values, vectors) = (new double[d], new double[d * d]);
        if (!SymmetricEigen.TryDecompose(scaled, d, values, vectors))
            return new double[d];
        var rank = 0;
        while (rank < d && values[rank] > 64 * s_epsilon * d * values[0])
            rank++;
        var solution = new double[d];
        for (var round = 0; round < 3; round++)
        {
            var slopes = round == 0 ? equations.Moments.ToArray() : Slopes(equations, solution, alpha);
            Divide(slopes, scales);
            var step = new double[d];
            for (var k = 0; k < rank; k++)
            {
                var vector = vectors.AsSpan(k * d, d);
                Vectors.AddScaled(Vectors.Dot(vector, slopes) / values[k], vector, step);
            }
            Divide(step, scales);
            Vectors.AddScaled(1, step, solution);
        }
        // What is left out in scaled columns is not yet the shortest in the columns as they are.
        for (var k = rank; k < d; k++)
        {
            var vector = vectors.AsSpan(k * d, d);
            Divide(vector, scales);
            for (var pass = 0; pass < 2; pass++)
                for (var other = rank; other < k; other++)
                    Vectors.AddScaled(-Vectors.Dot(vector, vectors.AsSpan(other * d, d)), vectors.AsSpan(other * d, d), vector);
            var length = Math.Sqrt(Vectors.Dot(vector, vector));
            for (var j = 0; j < d; j++)
                vector[j] = length > 0 ? vector[j] / length : 0;
            Vectors.AddScaled(-Vectors.Dot(vector, solution), vector, solution);
        }
        return solution;
    }

    private static double[] Slopes(NormalEquations equations, double[] solution, double alpha)
    {
        var slopes = equations.Slopes(solution);
        Vectors.AddScaled(-alpha, solution, slopes);
        return slopes;
    }

    private static double[] Scale(NormalEquations equations, double[] scales, double alpha)
    {
        var d = equations.Columns;
        var scaled = new double[d * d];
        for (var i = 0; i < d; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var number = equations.Gram[(i * d) + j] + (i == j ? alpha : 0);
                // A constant column stands alone: its coefficient is 0.
                scaled[(i * d) + j] = scaled[(j * d) + i] = scales[i] > 0 && scales[j] > 0 ? number / scales[i] / scales[j] : i == j ? 1 : 0;
            }
        }
        return scaled;
    }

    private static void Divide(Span<double> numbers, double[] scales)
    {
        for (var j = 0; j < numbers.Length; j++)
            numbers[j] = scales[j] > 0 ? numbers[j] / scales[j] : 0;
    }

    private static double LeastOf(double[] factor, int d)
    {
        var least = double.PositiveInfinity;
        for (var j = 0; j < d; j++)
            least = Math.Min(least, factor[j * (d + 1)] * factor[j * (d + 1)]);
        return least;
    }
}
