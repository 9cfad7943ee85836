using Lode.Core;

namespace Lode.Learning;

/// <summary>How a logistic regression is fitted; names and meanings as in scikit-learn.</summary>
public sealed record LogisticRegressionOptions
{
    /// <summary>Inverse strength of the L2 penalty, &gt; 0. Default: 1.</summary>
    public double C { get; init; } = 1;

    /// <summary>Newton steps at most, ≥ 1. Default: 100.</summary>
    public int MaxIter { get; init; } = 100;

    /// <summary>Stops when no component of the gradient is larger, ≥ 0. Default: 1e-8.</summary>
    public double Tol { get; init; } = 1e-8;

    internal void Validate()
    {
        if (!(C > 0 && double.IsFinite(C) && MaxIter >= 1 && Tol >= 0))
            throw new LodeException(ErrorCode.InvalidArgument, $"logistic needs C > 0, max_iter ≥ 1 and tol ≥ 0; got C = {C}, max_iter = {MaxIter}, tol = {Tol}.");
    }
}

/// <summary>Logistic regression with an L2 penalty on all weights but the intercepts: binary, or multinomial for k &gt; 2.</summary>
/// <remarks>
/// Minimises C·Σ wᵢ·lossᵢ + ½‖W‖², scikit-learn's objective, by Newton's method with backtracking. Up to 300 parameters a step is
/// solved by Cholesky's factor, beyond by conjugate gradients (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 3.2 and 7.1).
/// The penalty keeps separable data finite. A class without a row gets probability 0.
/// </remarks>
public sealed class LogisticRegression : ILearner
{
    private const int MaxDirect = 300;
    private readonly LogisticRegressionOptions _options;

    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public LogisticRegression(LogisticRegressionOptions? options = null)
    {
        _options = options ?? new LogisticRegressionOptions();
        _options.Validate();
    }

    internal static LogisticRegression Create(ParameterReader read)
    {
        var usual = new LogisticRegressionOptions();
        return new LogisticRegression(new LogisticRegressionOptions
        {
            C = read.Double("C", usual.C),
            MaxIter = read.Int32("max_iter", usual.MaxIter),
            Tol = read.Double("tol", usual.Tol),
        });
    }

    /// <inheritdoc/>
    public string Name => "logistic";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => task == TaskKind.Classification;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Deterministic = true };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <summary>Learns; there is nothing random in it.</summary>
    /// <param name="data">A classification of complete numbers.</param>
    /// <param name="context">Cancellation is looked at once an iteration.</param>
    /// <exception cref="LodeException">InvalidArgument: the data are not such as it takes, or sums of the features overflow.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public LogisticModel Fit(TrainingData data, FitContext context = default)
    {
        data.RequireFor(this);
        var cancellation = context.Cancellation;
        var present = PresentClasses(data);
        var problem = new LogisticProblem(data, present, _options.C);
        var point = new double[problem.Size];
        var (gradient, step, trial) = (new double[problem.Size], new double[problem.Size], new double[problem.Size]);
        var matrix = problem.Size <= MaxDirect ? new double[problem.Size * problem.Size] : null;
        var iteration = 0;
        var converged = present.Length < 2;
        var value = converged ? 0 : problem.Evaluate(point, gradient);
        if (!double.IsFinite(LargestOf(gradient)))
            throw new LodeException(ErrorCode.InvalidArgument, "The features are too large to be summed for logistic regression.", "Scale them.");
        while (!converged && iteration < _options.MaxIter)
        {
            cancellation.ThrowIfCancellationRequested();
            if (LargestOf(gradient) <= _options.Tol)
            {
                converged = true;
                break;
            }
            iteration++;
            if (matrix is null || !TrySolveDirectly(problem, matrix, gradient, step))
                SolveByConjugateGradients(problem, gradient, step, cancellation);
            problem.CentreIntercepts(step);
            var slope = Vectors.Dot(gradient, step);
            var length = 1.0;
            double next;
            // The allowance is the rounding of the sum over rows: near the optimum the true decrease is below it.
            while (!((next = problem.Evaluate(Along(point, step, length, trial), gradient)) <= value + (1e-4 * length * slope) + (1e-13 * Math.Abs(value))))
            {
                length /= 2;
                if (length < 1e-10)
                    return Model(converged: false);
            }
            (point, trial) = (trial, point);
            // The squared length of the step in the curvature's own norm: what is left to gain is of the order of its square.
            converged = -slope <= 1e-14 * (1 + Math.Abs(next));
            value = next;
        }
        return Model(converged);

        LogisticModel Model(bool converged) =>
            new(data.Features.Columns, data.Target.Classes.Count, present, point, value, iteration, converged);
    }

    private static int[] PresentClasses(TrainingData data)
    {
        var present = new bool[data.Target.Classes.Count];
        for (var row = 0; row < data.Target.Rows; row++)
            present[data.Target.Labels[row]] |= data.Weight(row) > 0;
        return [.. Enumerable.Range(0, present.Length).Where(label => present[label])];
    }

    private static double[] Along(double[] point, double[] step, double length, double[] result)
    {
        point.CopyTo(result, 0);
        Vectors.AddScaled(length, step, result);
        return result;
    }

    private static double LargestOf(ReadOnlySpan<double> values)
    {
        var largest = 0.0;
        foreach (var value in values)
            largest = Math.Max(largest, Math.Abs(value));
        return largest;
    }

    private static bool TrySolveDirectly(LogisticProblem problem, double[] matrix, double[] gradient, double[] step)
    {
        problem.Hessian(matrix);
        if (!Cholesky.TryDecompose(matrix, problem.Size))
            return false;
        for (var i = 0; i < step.Length; i++)
            step[i] = -gradient[i];
        Cholesky.Solve(matrix, step);
        return true;
    }

    /// <summary>Solves H·step = -gradient, preconditioned by the diagonal, as far as the distance from the optimum warrants.</summary>
    private static void SolveByConjugateGradients(LogisticProblem problem, double[] gradient, double[] step, CancellationToken cancellation)
    {
        var size = problem.Size;
        var (diagonal, residual, scaled, direction, image) = (new double[size], new double[size], new double[size], new double[size], new double[size]);
        problem.Diagonal(diagonal);
        Array.Clear(step);
        for (var i = 0; i < size; i++)
        {
            residual[i] = -gradient[i];
            direction[i] = scaled[i] = residual[i] / diagonal[i];
        }
        var norm = Math.Sqrt(Vectors.Dot(gradient, gradient));
        var tolerance = norm * Math.Min(0.1, Math.Sqrt(norm / gradient.Length));
        var product = Vectors.Dot(residual, scaled);
        for (var k = 0; k < 10 * size && Math.Sqrt(Vectors.Dot(residual, residual)) > tolerance; k++)
        {
            cancellation.ThrowIfCancellationRequested();
            problem.HessianTimes(direction, image);
            var length = product / Vectors.Dot(direction, image);
            Vectors.AddScaled(length, direction, step);
            Vectors.AddScaled(-length, image, residual);
            for (var i = 0; i < size; i++)
                scaled[i] = residual[i] / diagonal[i];
            var next = Vectors.Dot(residual, scaled);
            var ratio = next / product;
            for (var i = 0; i < size; i++)
                direction[i] = scaled[i] + (ratio * direction[i]);
            product = next;
        }
    }
}

/// <summary>A fitted logistic regression.</summary>
public sealed class LogisticModel : IModel
{
    private readonly int _columns;
    private readonly int _classes;
    private readonly int[] _present;
    private readonly double[] _point;

    internal LogisticModel(int columns, int classes, int[] present, double[] point, double objective, int iterations, bool converged) =>
        (_columns, _classes, _present, _point, Objective, Iterations, Converged) = (columns, classes, present, point, objective, iterations, converged);

    /// <summary>What was minimised, at the end.</summary>
    public double Objective { get; }

    /// <summary>Newton steps made.</summary>
    public int Iterations { get; }

    /// <summary>Whether the tolerance was reached.</summary>
    public bool Converged { get; }

    /// <summary>The weights of score row <paramref name="row"/>, shape [columns]: row 0 is the log-odds of the second class where two
    /// classes had rows, else there is one row for each class that had rows.</summary>
    public ReadOnlySpan<double> Coefficients(int row) => _point.AsSpan(row * (_columns + 1), _columns);

    /// <summary>The intercept of a score row.</summary>
    public double Intercept(int row) => _point[(row * (_columns + 1)) + _columns];

    internal const string KindName = "logistic";

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteInt32(_columns);
        writer.WriteInt32(_classes);
        writer.WriteInt32s(_present);
        writer.WriteDoubles(_point);
        writer.WriteDouble(Objective);
        writer.WriteInt32(Iterations);
        writer.WriteBoolean(Converged);
    }

    internal static LogisticModel Read(BundleReader reader)
    {
        var (columns, classes, present) = (reader.ReadInt32(0, int.MaxValue - 1), reader.ReadInt32(2, int.MaxValue), reader.ReadInt32s());
        foreach (var label in present)
        {
            if (label < 0 || label >= classes)
                throw BundleReader.Broken($"class {label} is not one of {classes}");
        }
        var rows = present.Length <= 2 ? 1 : present.Length;
        var point = reader.ReadDoubles();
        return point.Length >= (long)rows * (columns + 1) || present.Length < 2
            ? new LogisticModel(columns, classes, present, point, reader.ReadDouble(), reader.ReadInt32(), reader.ReadBoolean())
            : throw BundleReader.Broken($"{point.Length} coefficients are too few");
    }

    /// <inheritdoc/>
    public void Predict(FeatureMatrix features, Span<double> output, int threads = 1)
    {
        ModelShape.Require(features, _columns, output, _classes);
        output.Clear();
        Span<double> scores = stackalloc double[_present.Length <= 64 ? _present.Length : 0];
        if (scores.IsEmpty)
            scores = new double[_present.Length];
        for (var row = 0; row < features.Rows; row++)
        {
            var probabilities = output.Slice(row * _classes, _classes);
            scores[0] = 0;
            var single = _present.Length == 2;
            for (var label = single ? 1 : 0; label < scores.Length && scores.Length > 1; label++)
            {
                var index = single ? 0 : label;
                scores[label] = Intercept(index) + Vectors.Dot(Coefficients(index), features.Row(row));
            }
            LogisticProblem.Softmax(scores);
            for (var i = 0; i < _present.Length; i++)
                probabilities[_present[i]] = scores[i];
        }
    }
}
