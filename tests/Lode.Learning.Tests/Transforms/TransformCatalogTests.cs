using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Transforms;

/// <summary>The contract over every transform of the catalogue, with its defaults and with other options.</summary>
public sealed class TransformCatalogTests : TransformContract
{
    // Rows are drawn, and of repeated rows others.
    private const string KnnOfFew = """knn_impute "parameters": {"n_neighbors": 2, "max_rows": 20}""";

    private static readonly string[] s_variants =
    [
        """bin "parameters": {"strategy": "uniform", "n_bins": 4}""",
        """bin "parameters": {"strategy": "kmeans", "encode": "categorical"}""",
        """date_parts "parameters": {"parts": "month, hour, yearday", "cyclic": true}""",
        """drop "columns": {"kind": "Numeric", "except": ["skew"]}""",
        """frequency "parameters": {"normalize": false}""",
        """group_rare "parameters": {"min_frequency": 5, "max_categories": 3}""",
        """hash "parameters": {"n_features": 3}, "columns": {"min_levels": 10}""",
        """impute "parameters": {"numeric": "mean", "categorical": "constant", "add_indicator": true}""",
        """impute "parameters": {"numeric": "most_frequent"}""",
        """impute "parameters": {"numeric": "constant", "fill_number": -1}""",
        """knn_impute "parameters": {"n_neighbors": 2, "weights": "distance"}""",
        KnnOfFew,
        """min_max "parameters": {"low": -1, "high": 2, "clip": true}""",
        """normalize "parameters": {"norm": "l1"}""",
        """normalize "parameters": {"norm": "max"}""",
        """one_hot "parameters": {"drop": "first", "min_frequency": 0.1, "max_categories": 3}""",
        """one_hot "parameters": {"drop": "if_binary"}, "columns": {"names": ["few"]}""",
        """pca "parameters": {"n_components": 2, "whiten": true}""",
        """pca "parameters": {"n_components": 0.8}, "columns": {"names": ["skew", "constant", "normal"]}""",
        """polynomial "parameters": {"degree": 3, "interaction_only": true}""",
        """power "parameters": {"method": "box_cox"}, "columns": {"names": ["skew"]}""",
        """power "parameters": {"standardize": false}""",
        """quantile "parameters": {"n_quantiles": 10, "output_distribution": "normal"}""",
        """robust "parameters": {"low": 0.1, "high": 0.9}""",
        """select_mutual_information "parameters": {"k": 2}""",
        """select_variance "parameters": {"threshold": 1.5}""",
        """standard "parameters": {"with_mean": false}, "columns": {"max_levels": 3}""",
        """target_encode "parameters": {"smoothing": 0, "cv": 3, "shuffle": false}""",
    ];

    /// <summary>Those whose counts and moments are by weight, so that a weight of 2 is the row twice.</summary>
    private static readonly string[] s_weighted =
        ["bin", "drop", "drop_constant", "drop_correlated", "drop_duplicates", "frequency", "group_rare", "impute", "knn_impute", "max_abs", "min_max", "one_hot", "ordinal", "pca", "power", "quantile", "robust", "select_mutual_information", "select_variance", "standard", "target_encode"];

    public static TheoryData<string> Steps() => [.. TransformCatalog.Names, .. s_variants];

    public static TheoryData<string> Weighted() => [.. TransformCatalog.Names.Concat(s_variants).Where(step => s_weighted.Contains(step.Split(' ')[0]) && step != KnnOfFew)];

    [Theory, MemberData(nameof(Steps))]
    public void Fit_SameArguments_WritesTheSameBytes(string step) => CheckSameArguments(step);

    [Theory, MemberData(nameof(Steps))]
    public void Fit_RowsNotTrainedOn_ChangeNothing(string step) => CheckTrainedRowsOnly(step);

    [Theory, MemberData(nameof(Steps))]
    public void Apply_RowsAlone_GiveWhatTheyGiveAmongOthers(string step) => CheckRowsAlone(step);

    [Theory, MemberData(nameof(Steps))]
    public void Read_WhatWasWritten_IsTheSame(string step) => CheckRoundTrip(step);

    [Theory, MemberData(nameof(Steps))]
    public void Apply_MissingUnseenAndNoRows_GivesTheSameColumns(string step) => CheckOddRows(step);

    [Theory, MemberData(nameof(Steps))]
    public void Apply_HugeNumbers_AreNotInfinite(string step) => CheckNeverInfinite(step);

    [Theory, MemberData(nameof(Steps))]
    public void Fit_WeightsOfZero_AreRowsLeftOut(string step) => CheckZeroWeights(step);

    [Theory, MemberData(nameof(Weighted))]
    public void Fit_WeightsOfTwo_AreRowsTwice(string step) => CheckDoubleWeights(step);

    [Theory]
    [InlineData("onehot", "", "There is no transform 'onehot'.", "Did you mean 'one_hot'?")]
    [InlineData("bin", "n_bin=3", "Transform 'bin' has no option 'n_bin'.", "Did you mean 'n_bins'?")]
    [InlineData("bin", "n_bins=1", "Option 'n_bins' of transform 'bin' must be at least 2; got '1'.", null)]
    [InlineData("bin", "strategy=equal", "Option 'strategy' of transform 'bin' must be one of uniform, quantile, kmeans; got 'equal'.", null)]
    [InlineData("drop_correlated", "threshold=2", "Option 'threshold' of transform 'drop_correlated' must be in 5E-324 … 1; got '2'.", null)]
    [InlineData("date_parts", "parts=years", "A date has no part 'years'.", "Did you mean 'year'?")]
    public void Create_UnknownNameOrValue_SaysWhatThereIs(string name, string option, string message, string? hint)
    {
        var parameters = option.Length == 0 ? null : new Dictionary<string, object?> { [option.Split('=')[0]] = option.Split('=')[1] };
        var error = Assert.Throws<LodeException>(() => TransformCatalog.Create(name, parameters));
        Assert.Equal((ErrorCode.InvalidArgument, message, hint), (error.Code, error.Message, error.Hint));
    }

    [Fact]
    public void Create_ColumnThatIsNotThere_IsNamedAtTheFit() => Assert.Equal("There is no column 'fewer' for the transform.", Assert.Throws<LodeException>(() =>
        new Pipeline([TransformCatalog.Create("ordinal", columns: new ColumnSelection { Names = ["fewer"] })], new Dummy()).Fit(TransformProblems.All[0], 1)).Message);
}
