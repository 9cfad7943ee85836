using Lode.Core;

namespace Lode.Learning;

/// <summary>Ridge with the penalty that predicts each row best from all others, scikit-learn's RidgeCV.</summary>
/// <remarks>One eigendecomposition gives the leave-one-out errors of every penalty: eᵢ/(1 - hᵢ) (Golub, Heath and Wahba, "Generalized
/// cross-validation as a method for choosing a good ridge parameter", Technometrics 1979, eq. 1.4), here weighted by the rows' weights.
/// O(rows·d² + d³ + rows·d·penalties).</remarks>
public sealed class RidgeCv : ILearner
{
    private static readonly double[] s_usual = [0.1, 1, 10];
    private readonly double[] _alphas;

    /// <param name="alphas">Penalties to choose from, each &gt; 0, at least one. Null: 0.1, 1, 10. Of equally good ones the first.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public RidgeCv(IReadOnlyList<double>? alphas = null)
    {
        _alphas = [.. alphas ?? s_usual];
        if (_alphas.Length == 0 || _alphas.Any(alpha => !(alpha > 0 && double.IsFinite(alpha))))
            throw new LodeException(ErrorCode.InvalidArgument, $"ridge_cv needs alphas, each above 0; got {string.Join(", ", _alphas)}.");
    }

    internal static RidgeCv Create(ParameterReader read) => new(read.Doubles("alphas", s_usual));

    /// <inheritdoc/>
    public string Name => "ridge_cv";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => task == TaskKind.Regression;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Deterministic = true };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <inheritdoc cref="LinearRegression.Fit"/>
    /// <returns>Its figures say the <c>alpha</c> that was chosen and its mean squared error <c>loo_mse</c>.</returns>
    public LinearModel Fit(TrainingData data, FitContext context = default)
    {
        data.RequireFor(this);
        var equations = NormalEquations.Of(data, context, centre: true, Name);
        var (best, least) = (_alphas[0], double.PositiveInfinity);
        var errors = Errors(data, equations, context);
        for (var i = 0; i < _alphas.Length; i++)
        {
            if (errors[i] < least)
                (best, least) = (_alphas[i], errors[i]);
        }
        var coefficients = LeastSquares.Solve(equations, best);
        return new LinearModel(coefficients, equations.Intercept(coefficients), new Dictionary<string, double> { ["alpha"] = best, ["loo_mse"] = least });
    }

    private double[] Errors(TrainingData data, NormalEquations equations, FitContext context)
    {
        var (rows, d) = (data.Features.Rows, equations.Columns);
        var (values, vectors) = (new double[d], new double[d * d]);
        SymmetricEigen.TryDecompose(equations.Gram.ToArray(), d, values, vectors);
        // In the axes of the eigenvectors: coefficients of each penalty, and what each axis adds to a row's own influence.
        var (slopes, inverses) = (new double[_alphas.Length * d], new double[_alphas.Length * d]);
        for (var i = 0; i < _alphas.Length; i++)
        {
            for (var k = 0; k < d; k++)
            {
                inverses[(i * d) + k] = 1 / (Math.Max(0, values[k]) + _alphas[i]);
                slopes[(i * d) + k] = inverses[(i * d) + k] * Vectors.Dot(vectors.AsSpan(k * d, d), equations.Moments);
            }
        }
        var parts = Gram.PartsFor(rows, Math.Max(1, d * RowTiles.Width));
        var sums = new double[parts * _alphas.Length];
        Gram.RunParts(parts, FitContext.ThreadCount(context.Threads), part =>
        {
            var (tile, turned) = (new double[(d + 1) * RowTiles.Width], new double[d * RowTiles.Width]);
            var (predicted, influence) = (new double[_alphas.Length * RowTiles.Width], new double[_alphas.Length * RowTiles.Width]);
            var (first, end) = Gram.TilesOf(part, parts, rows);
            for (var t = first; t < end; t++)
            {
                var start = t * RowTiles.Width;
                var count = Math.Min(RowTiles.Width, rows - start);
                equations.Load(start, count, tile);
                RowTiles.Multiply(vectors, d, tile.AsSpan(0, d * RowTiles.Width), turned);
                RowTiles.Multiply(slopes, _alphas.Length, turned, predicted);
                for (var j = 0; j < turned.Length; j++)
                    turned[j] *= turned[j];
                RowTiles.Multiply(inverses, _alphas.Length, turned, influence);
                for (var i = 0; i < _alphas.Length; i++)
                {
                    for (var r = 0; r < count; r++)
                    {
                        var own = influence[(i * RowTiles.Width) + r] + (data.Weight(start + r) / equations.Weight);
                        // The errors are those of rows times the root of their weight already. A row that alone decides its fit says nothing.
                        var error = (tile[(d * RowTiles.Width) + r] - predicted[(i * RowTiles.Width) + r]) / Math.Max(1e-12, 1 - own);
                        sums[(part * _alphas.Length) + i] += error * error;
                    }
                }
            }
        }, context.Cancellation);
        var errors = new double[_alphas.Length];
        for (var part = 0; part < parts; part++)
            for (var i = 0; i < errors.Length; i++)
                errors[i] += sums[(part * errors.Length) + i] / equations.Weight;
        return errors;
    }
}
