using Lode.Core;

namespace Lode.Learning;

/// <summary>Every transform by name. A new transform is one file and one line here.</summary>
public static class TransformCatalog
{
    private static readonly Dictionary<string, Func<ParameterReader, ITransform>> s_transforms = new(StringComparer.Ordinal)
    {
        ["bin"] = Binner.Create,
        ["date_parts"] = DateParts.Create,
        ["drop"] = _ => new DropColumns(),
        ["drop_constant"] = _ => new DropConstant(),
        ["drop_correlated"] = DropCorrelated.Create,
        ["drop_duplicates"] = _ => new DropDuplicates(),
        ["frequency"] = FrequencyEncoder.Create,
        ["group_rare"] = RareLevelGrouper.Create,
        ["hash"] = HashingEncoder.Create,
        ["impute"] = Imputer.Create,
        ["knn_impute"] = KnnImputer.Create,
        ["max_abs"] = _ => new MaxAbsScaler(),
        ["min_max"] = MinMaxScaler.Create,
        ["normalize"] = Normalizer.Create,
        ["one_hot"] = OneHotEncoder.Create,
        ["ordinal"] = _ => new OrdinalEncoder(),
        ["pca"] = Pca.Create,
        ["polynomial"] = PolynomialFeatures.Create,
        ["power"] = PowerTransformer.Create,
        ["quantile"] = QuantileTransformer.Create,
        ["robust"] = RobustScaler.Create,
        ["select_mutual_information"] = MutualInformationSelector.Create,
        ["select_variance"] = VarianceSelector.Create,
        ["standard"] = StandardScaler.Create,
        ["target_encode"] = TargetEncoder.Create,
    };

    private static readonly Dictionary<string, object?> s_none = [];

    /// <summary>The names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_transforms.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A transform with options.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="parameters">Options by name: numbers, texts or booleans; null values and names that are not given mean the default.</param>
    /// <param name="columns">Which columns it is for. Null: all that it has to do with.</param>
    /// <exception cref="LodeException">InvalidArgument: no such transform, no such option, or a value out of range.</exception>
    public static ITransform Create(string name, IReadOnlyDictionary<string, object?>? parameters = null, ColumnSelection? columns = null)
    {
        if (!s_transforms.TryGetValue(name, out var create))
            throw new LodeException(ErrorCode.InvalidArgument, $"There is no transform '{name}'.", DidYouMean.Hint(name, Names));
        var reader = new ParameterReader(name, parameters ?? s_none, "transform");
        var transform = create(reader);
        reader.RequireAllKnown();
        return columns is null ? transform : new ColumnTransform(transform, columns);
    }
}
