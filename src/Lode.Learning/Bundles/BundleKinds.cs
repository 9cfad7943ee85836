using Lode.Core;

namespace Lode.Learning;

/// <summary>What a model bundle can hold, by the name of its form: predictors, fitted transforms and models. One line for each.</summary>
public static class BundleKinds
{
    private static readonly Dictionary<string, Func<BundleReader, IBundled>> s_kinds = new(StringComparer.Ordinal)
    {
        [CalibratedPredictor.KindName] = CalibratedPredictor.Read,
        [StackPredictor.KindName] = StackPredictor.Read,
        [ThresholdPredictor.KindName] = ThresholdPredictor.Read,
        [WeightedEnsemble.KindName] = WeightedEnsemble.Read,
        [FittedPipeline.KindName] = FittedPipeline.Read,
        [BoostedModel.KindName] = BoostedModel.Read,
        [Dummy.DummyModel.KindName] = Dummy.DummyModel.Read,
        [EnsembleModel.KindName] = EnsembleModel.Read,
        [ForestModel.CompleteKindName] = ForestModel.ReadComplete,
        [ForestModel.KindName] = ForestModel.Read,
        [LinearModel.KindName] = LinearModel.Read,
        [LogisticModel.KindName] = LogisticModel.Read,
        [QuantileModel.KindName] = QuantileModel.Read,
        [Binner.FittedBins.KindName] = Binner.FittedBins.Read,
        [ColumnTransform.FittedColumnTransform.KindName] = ColumnTransform.FittedColumnTransform.Read,
        [DateParts.FittedParts.KindName] = DateParts.FittedParts.Read,
        [FittedLevels.KindName] = FittedLevels.Read,
        [FittedScaler.KindName] = FittedScaler.Read,
        [FittedSelection.KindName] = FittedSelection.Read,
        [HashingEncoder.FittedHashing.KindName] = HashingEncoder.FittedHashing.Read,
        [Imputer.FittedImputer.KindName] = Imputer.FittedImputer.Read,
        [KnnImputer.FittedKnn.KindName] = KnnImputer.FittedKnn.Read,
        [KnnImputer.FittedKnn.WeightedKindName] = KnnImputer.FittedKnn.ReadWeighted,
        [Normalizer.FittedNormalizer.KindName] = Normalizer.FittedNormalizer.Read,
        [OneHotEncoder.FittedEncoder.KindName] = OneHotEncoder.FittedEncoder.Read,
        [Pca.FittedPca.KindName] = Pca.FittedPca.Read,
        [PolynomialFeatures.FittedProducts.KindName] = PolynomialFeatures.FittedProducts.Read,
        [PowerTransformer.FittedPower.KindName] = PowerTransformer.FittedPower.Read,
        [PowerTransformer.FittedPower.AboutKindName] = PowerTransformer.FittedPower.ReadAbout,
        [QuantileTransformer.FittedQuantiles.KindName] = QuantileTransformer.FittedQuantiles.Read,
        [RareLevelGrouper.FittedGrouper.KindName] = RareLevelGrouper.FittedGrouper.Read,
    };

    /// <summary>The names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_kinds.Keys.Order(StringComparer.Ordinal)];

    /// <exception cref="LodeException">InvalidArgument: no such kind, or what is read is damaged.</exception>
    internal static IBundled Read(string kind, BundleReader reader) => s_kinds.TryGetValue(kind, out var read)
        ? read(reader)
        : throw new LodeException(ErrorCode.InvalidArgument, $"The model bundle holds a '{kind}', which this version of Lode does not know.", "Use a later version.");
}
