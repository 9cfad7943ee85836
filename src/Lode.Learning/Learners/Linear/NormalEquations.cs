using Lode.Core;

namespace Lode.Learning;

/// <summary>The weighted sums of squares and products of features and target about their means: all that least squares needs to know of the rows.</summary>
internal sealed class NormalEquations
{
    private const int MaxColumns = 20_000;
    private readonly TrainingData _data;
    private readonly int _threads;
    private readonly CancellationToken _cancellation;

    private NormalEquations(TrainingData data, FitContext context)
    {
        (_data, _threads, _cancellation) = (data, FitContext.ThreadCount(context.Threads), context.Cancellation);
        (Columns, Means) = (data.Features.Columns, new double[data.Features.Columns]);
        (Gram, Moments) = (new double[Columns * Columns], new double[Columns]);
    }

    /// <summary>Number of features, d.</summary>
    public int Columns { get; }

    /// <summary>Σ w.</summary>
    public double Weight { get; private set; }

    /// <summary>The features' means, shape [d]; zeros without an intercept.</summary>
    public double[] Means { get; }

    /// <summary>The target's mean; 0 without an intercept.</summary>
    public double TargetMean { get; private set; }

    /// <summary>XᵀWX about the means, shape [d, d].</summary>
    public double[] Gram { get; }

    /// <summary>XᵀWy about the means, shape [d].</summary>
    public double[] Moments { get; }

    /// <summary>yᵀWy about the mean.</summary>
    public double Variation { get; private set; }

    /// <param name="data">A regression of complete numbers.</param>
    /// <param name="context">Threads and cancellation.</param>
    /// <param name="centre">Whether there is an intercept.</param>
    /// <param name="learner">Who asks.</param>
    /// <exception cref="LodeException">InvalidArgument: sums of squares overflow.</exception>
    public static NormalEquations Of(TrainingData data, FitContext context, bool centre, string learner)
    {
        context.Cancellation.ThrowIfCancellationRequested();
        if (data.Features.Columns > MaxColumns)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"Learner '{learner}' takes at most {MaxColumns} columns; got {data.Features.Columns}.", "Encode categories of many levels by their target's mean, or hash them.");
        }
        var equations = new NormalEquations(data, context);
        equations.Sum(centre);
        var d = equations.Columns;
        var sums = new double[(d + 1) * (d + 1)];
        Core.Gram.Product(data.Features.Rows, d + 1, equations.Load, sums, equations._threads, context.Cancellation);
        for (var i = 0; i < d; i++)
        {
            sums.AsSpan(i * (d + 1), d).CopyTo(equations.Gram.AsSpan(i * d));
            equations.Moments[i] = sums[(i * (d + 1)) + d];
        }
        equations.Variation = sums[^1];
        for (var i = 0; i <= d; i++)
        {
            if (double.IsFinite(sums[i * (d + 2)]))
                continue;
            var what = i < d ? $"Feature '{data.Features.Names[i]}'" : $"The target '{data.Target.Name}'";
            throw new LodeException(ErrorCode.InvalidArgument, $"{what} is too large to be squared and summed for learner '{learner}'.", "Scale it.");
        }
        return equations;
    }

    /// <summary>The intercept that belongs to coefficients.</summary>
    public double Intercept(ReadOnlySpan<double> coefficients) => TargetMean - Vectors.Dot(Means, coefficients);

    /// <summary>Whether a column varies no more than rounding.</summary>
    public bool IsConstant(int column) => Gram[column * (Columns + 1)] <= 1e-26 * Weight * Means[column] * Means[column];

    /// <summary>XᵀW(y - Xw) about the means, summed from the rows: more exact than from the products.</summary>
    public double[] Slopes(double[] coefficients)
    {
        var (rows, d) = (_data.Features.Rows, Columns);
        var parts = Core.Gram.PartsFor(rows, Math.Max(1, d));
        var sums = new double[parts * d];
        Core.Gram.RunParts(parts, _threads, part =>
        {
            var tile = new double[(d + 1) * RowTiles.Width];
            var residuals = new double[RowTiles.Width];
            var (first, end) = Core.Gram.TilesOf(part, parts, rows);
            for (var t = first; t < end; t++)
            {
                var start = t * RowTiles.Width;
                Load(start, Math.Min(RowTiles.Width, rows - start), tile);
                RowTiles.Multiply(coefficients, 1, tile.AsSpan(0, d * RowTiles.Width), residuals);
                for (var r = 0; r < residuals.Length; r++)
                    residuals[r] = tile[(d * RowTiles.Width) + r] - residuals[r];
                RowTiles.AddProducts(residuals, tile.AsSpan(0, d * RowTiles.Width), sums.AsSpan(part * d, d));
            }
        }, _cancellation);
        var slopes = new double[d];
        for (var part = 0; part < parts; part++)
            Vectors.AddScaled(1, sums.AsSpan(part * d, d), slopes);
        return slopes;
    }

    /// <summary>A tile of features and, last, target, about their means, times the root of the weight.</summary>
    public void Load(int start, int count, Span<double> tile)
    {
        var d = Columns;
        RowTiles.Load(_data.Features.Memory.Span.Slice(start * d, count * d), d, count, tile);
        var target = tile.Slice(d * RowTiles.Width, RowTiles.Width);
        target.Clear();
        Span<double> scale = stackalloc double[RowTiles.Width];
        scale.Clear();
        var values = _data.Target.Values;
        for (var r = 0; r < count; r++)
        {
            target[r] = values[start + r] - TargetMean;
            scale[r] = Math.Sqrt(_data.Weight(start + r));
        }
        RowTiles.ShiftAndScale(tile[..(d * RowTiles.Width)], Means, scale);
        RowTiles.ShiftAndScale(target, [], scale);
    }

    private void Sum(bool centre)
    {
        for (var row = 0; row < _data.Features.Rows; row++)
        {
            var weight = _data.Weight(row);
            Weight += weight;
            if (!centre)
                continue;
            Vectors.AddScaled(weight, _data.Features.Row(row), Means);
            TargetMean += weight * _data.Target.Values[row];
        }
        TargetMean /= Weight;
        for (var j = 0; j < Means.Length; j++)
            Means[j] /= Weight;
    }
}
