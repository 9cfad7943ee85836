using Lode.Core;

namespace Lode.Learning;

/// <summary>Several quantiles of a number at once: one model for each, and in each row the predictions sorted, so that no quantile lies below a lower one.</summary>
/// <remarks>Sorting never makes the pinball loss worse: Chernozhukov, Fernández-Val and Galichon, "Quantile and probability curves without crossing" (Econometrica 78,
/// 2010).</remarks>
public sealed class QuantileModel : IIterativeModel
{
    internal const string KindName = "quantile_models";

    private const int MostLevels = 99;

    private readonly IModel[] _models;
    private readonly double[] _quantiles;
    private readonly int _columns;

    private QuantileModel(IModel[] models, double[] quantiles, int columns) => (_models, _quantiles, _columns) = (models, quantiles, columns);

    /// <summary>The levels, ascending, each between 0 and 1; one output each.</summary>
    public IReadOnlyList<double> Quantiles => _quantiles;

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <summary>The mean over the quantiles of how long each went on; 0 where that does not apply.</summary>
    public int Iterations => (int)Math.Round(_models.Average(model => model is IIterativeModel iterative ? iterative.Iterations : 0));

    /// <summary>Refuses what are no levels of quantiles.</summary>
    /// <exception cref="LodeException">InvalidArgument: none, more than 99, one outside (0, 1), or not ascending.</exception>
    public static void RequireLevels(IReadOnlyList<double> quantiles)
    {
        if (quantiles.Count is 0 or > MostLevels)
            throw new LodeException(ErrorCode.InvalidArgument, $"There must be 1 to {MostLevels} quantiles; got {quantiles.Count}.", "Example: 0.1, 0.5, 0.9");
        for (var i = 0; i < quantiles.Count; i++)
        {
            if (!(quantiles[i] is > 0 and < 1) || (i > 0 && quantiles[i] <= quantiles[i - 1]))
            {
                throw new LodeException(ErrorCode.InvalidArgument, $"Quantiles are ascending numbers between 0 and 1; got {string.Join(", ", quantiles.Select(level => level.ToString("R", System.Globalization.CultureInfo.InvariantCulture)))}.",
                    "Example: 0.1, 0.5, 0.9");
            }
        }
    }

    /// <summary>Fits a learner for each level.</summary>
    /// <param name="quantiles">The levels, see <see cref="RequireLevels"/>.</param>
    /// <param name="learners">One a level.</param>
    /// <param name="data">A regression.</param>
    /// <param name="context">Random numbers, threads, cancellation.</param>
    internal static QuantileModel Fit(IReadOnlyList<double> quantiles, IReadOnlyList<ILearner> learners, TrainingData data, FitContext context)
    {
        var models = new IModel[learners.Count];
        for (var i = 0; i < models.Length; i++)
            models[i] = learners[i].Fit(data, context with { Rng = context.Rng.Child((ulong)i) });
        return new QuantileModel(models, [.. quantiles], data.Features.Columns);
    }

    /// <summary>Predicts every row.</summary>
    /// <param name="features">The columns it was fitted on.</param>
    /// <param name="output">Shape [rows, levels], ascending in each row.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    public void Predict(FeatureMatrix features, Span<double> output, int threads = 1)
    {
        ModelShape.Require(features, _columns, output, _models.Length, missing: true);
        var one = new double[features.Rows];
        for (var i = 0; i < _models.Length; i++)
        {
            _models[i].Predict(features, one, threads);
            for (var row = 0; row < one.Length; row++)
                output[(row * _models.Length) + i] = one[row];
        }
        for (var row = 0; row < one.Length; row++)
            output.Slice(row * _models.Length, _models.Length).Sort();
    }

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteDoubles(_quantiles);
        writer.WriteInt32(_columns);
        foreach (var model in _models)
            writer.WriteThing(model);
    }

    internal static QuantileModel Read(BundleReader reader)
    {
        var (levels, columns) = (reader.ReadDoubles(), reader.ReadInt32(0, int.MaxValue));
        if (levels.Length is 0 or > MostLevels || !levels.All(level => level is > 0 and < 1) || !levels.SequenceEqual(levels.Distinct().Order()))
            throw BundleReader.Broken("its quantiles cannot be");
        var models = new IModel[levels.Length];
        for (var i = 0; i < models.Length; i++)
            models[i] = reader.ReadThing<IModel>();
        return new QuantileModel(models, levels, columns);
    }
}
