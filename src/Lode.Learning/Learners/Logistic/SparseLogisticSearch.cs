using Lode.Core;

namespace Lode.Learning;

/// <summary>Newton's method for the smooth objective plus absolute values of the weights: the numbers of one score row after the other.</summary>
internal static class SparseLogisticSearch
{
    private const int MaxSweeps = 1000;

    public static LogisticEnd Minimize(LogisticProblem problem, LogisticRegressionOptions options, CancellationToken cancellation)
    {
        var (size, block, strength) = (problem.Size, problem.Block, options.Absolute);
        var (point, trial, gradient) = (new double[size], new double[size], new double[size]);
        var (matrix, step, slopes) = (new double[block * block], new double[block], new double[block]);
        var value = problem.Evaluate(point, gradient);
        LogisticSearch.RequireFinite(gradient);
        for (var iteration = 0; iteration < options.MaxIter; iteration++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Violation(point, gradient, block, strength) <= options.Tol * options.C)
                return End(iteration, converged: true);
            var before = value;
            for (var row = 0; row < size / block; row++)
            {
                problem.HessianBlock(row, matrix);
                var own = point.AsSpan(row * block, block);
                gradient.AsSpan(row * block, block).CopyTo(slopes);
                Solve(matrix, slopes, own, strength, step);
                var promised = Vectors.Dot(step, gradient.AsSpan(row * block, block)) + (strength * (AbsoluteSum(own, step, 1) - AbsoluteSum(own, step, 0)));
                if (!(promised < 0))
                    continue;
                var length = 1.0;
                double next;
                while (true)
                {
                    point.CopyTo(trial, 0);
                    Vectors.AddScaled(length, step, trial.AsSpan(row * block));
                    next = problem.Evaluate(trial, gradient) + (strength * Absolute(trial, block));
                    if (next <= value + (1e-4 * length * promised) + (1e-13 * Math.Abs(value)) || length < 1e-10)
                        break;
                    length /= 2;
                }
                if (length < 1e-10)
                {
                    problem.Evaluate(point, gradient);
                    continue;
                }
                (point, trial, value) = (trial, point, next);
            }
            if (before - value <= 1e-16 * Math.Abs(value))
                return End(iteration + 1, Violation(point, gradient, block, strength) <= Math.Max(options.Tol, 1e-6) * options.C);
        }
        return End(options.MaxIter, Violation(point, gradient, block, strength) <= options.Tol * options.C);

        LogisticEnd End(int iterations, bool converged)
        {
            problem.CentreIntercepts(point);
            return new LogisticEnd(point, value, iterations, converged);
        }
    }

    // Coordinate descent on slopesᵀs + ½sᵀHs + strength·‖own + s‖₁, the intercept free.
    private static void Solve(double[] matrix, double[] slopes, ReadOnlySpan<double> own, double strength, double[] step)
    {
        var block = step.Length;
        Array.Clear(step);
        var first = 0.0;
        for (var sweep = 0; sweep < MaxSweeps; sweep++)
        {
            var change = 0.0;
            for (var j = 0; j < block; j++)
            {
                var curvature = matrix[j * (block + 1)];
                if (!(curvature > 0))
                    continue;
                var at = own[j] + step[j];
                var next = at - (slopes[j] / curvature);
                if (j < block - 1)
                    next = Math.Abs(next) <= strength / curvature ? 0 : next - Math.CopySign(strength / curvature, next);
                if (next == at)
                    continue;
                step[j] += next - at;
                if (j < block - 1 && next == 0)
                    step[j] = -own[j];
                Vectors.AddScaled(next - at, matrix.AsSpan(j * block, block), slopes);
                change = Math.Max(change, Math.Abs(next - at) * Math.Sqrt(curvature));
            }
            first = sweep == 0 ? change : first;
            if (change <= 1e-4 * first)
                return;
        }
    }

    // How far a point is from being the best: the largest component of the smallest subgradient.
    private static double Violation(double[] point, double[] gradient, int block, double strength)
    {
        var largest = 0.0;
        for (var i = 0; i < point.Length; i++)
        {
            var slope = Math.Abs(gradient[i]);
            if (i % block != block - 1)
                slope = point[i] == 0 ? Math.Max(0, slope - strength) : Math.Abs(gradient[i] + Math.CopySign(strength, point[i]));
            largest = Math.Max(largest, slope);
        }
        return largest;
    }

    private static double Absolute(double[] point, int block)
    {
        var sum = 0.0;
        for (var i = 0; i < point.Length; i++)
            sum += i % block == block - 1 ? 0 : Math.Abs(point[i]);
        return sum;
    }

    private static double AbsoluteSum(ReadOnlySpan<double> own, double[] step, double length)
    {
        var sum = 0.0;
        for (var j = 0; j < own.Length - 1; j++)
            sum += Math.Abs(own[j] + (length * step[j]));
        return sum;
    }
}
