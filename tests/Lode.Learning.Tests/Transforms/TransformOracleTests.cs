using System.Text.Json;
using Lode.Core;
using Lode.Learning.Tests.Oracles;

namespace Lode.Learning.Tests.Transforms;

/// <summary>Transforms against scikit-learn 1.2.1, and encoders against the formula in their oracle.</summary>
public sealed class TransformOracleTests
{
    private static IFittedTransform Fit(ITransform transform, Table table) =>
        transform.Fit(new TrainingRows(table, Target.Regression("y", new double[table.Rows]), new Rng(0)));

    private static readonly Dictionary<string, (ITransform Transform, int Skip, double Tolerance)> s_transforms = new()
    {
        ["standard"] = (new StandardScaler(), 0, 1e-9),
        ["minmax"] = (new MinMaxScaler(), 0, 1e-9),
        ["maxabs"] = (new MaxAbsScaler(), 0, 1e-9),
        ["robust"] = (new RobustScaler(), 0, 1e-9),
        ["poly2"] = (new PolynomialFeatures(), 1, 1e-9), // The oracle's first column is the constant.
        ["poly2_interaction"] = (new PolynomialFeatures(2, interactionOnly: true), 0, 1e-9),
        ["power_yeo_johnson"] = (new PowerTransformer(), 0, 1e-4),
        ["kbins4_quantile"] = (new Binner(4), 0, 0),
        ["kbins4_uniform"] = (new Binner(4, BinStrategy.Uniform), 0, 0),
        ["quantile_normal_10"] = (new QuantileTransformer(10), 0, 1e-9),
        ["l2_normalizer"] = (new Normalizer(), 0, 1e-9),
    };

    public static TheoryData<string> Names() => [.. s_transforms.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Apply_NewRows_AgreesWithTheOracle(string name) => Assert.All(Oracle.Cases("preprocess"), item =>
    {
        var (transform, skip, tolerance) = s_transforms[name];
        var actual = Fit(transform, item.GetProperty("X").Table()).Apply(item.GetProperty("X_new_no_nan").Table());
        AssertNear(item.GetProperty(name).GetProperty("transform_new").Rows(), actual, skip, tolerance);
    });

    [Fact]
    public void KnnImputer_OracleCases_AgreeWithTheOracle() => Assert.All(Oracle.Cases("preprocess"), item =>
    {
        var table = item.GetProperty("X_missing").Table();
        AssertNear(item.GetProperty("knn_imputer_k3").Rows(), Fit(new KnnImputer(3), table).Apply(table), 0, 1e-9);
    });

    [Fact]
    public void BoxCox_OracleCases_AgreeInExponentAndNumbers() => Assert.All(Oracle.Cases("box_cox"), item =>
    {
        Table Column(string name) => new([new NumericColumn("x", item.GetProperty(name).Numbers())]);
        double[] Apply(IFittedTransform fitted, string name) => ((NumericColumn)fitted.Apply(Column(name))["x"]).Values.ToArray();
        var (scaled, plain) = (Fit(new PowerTransformer(PowerMethod.BoxCox), Column("x")), Fit(new PowerTransformer(PowerMethod.BoxCox, standardize: false), Column("x")));
        // The likelihood is flat to rounding about its top.
        var exponent = item.GetProperty("lambda").GetDouble();
        Assert.Equal(exponent, ((PowerTransformer.FittedPower)plain).Learned["x"].Exponent, 1e-5 * Math.Max(1, Math.Abs(exponent)));
        AssertNear(item.GetProperty("standardized").Numbers(), Apply(scaled, "x"), 1e-5);
        AssertNear(item.GetProperty("standardized_new").Numbers(), Apply(scaled, "x_new"), 1e-4);
        AssertNear(item.GetProperty("plain").Numbers(), Apply(plain, "x"), 1e-5);
    });

    /// <summary>Neither exponent nor result hangs on the unit, and Yeo-Johnson of x ≥ 0 is Box-Cox of x + 1. (scikit-learn 1.2.1 gives a constant for numbers about 10,000 that vary
    /// by a tenth.)</summary>
    [Theory]
    [InlineData(PowerMethod.BoxCox, 1000)]
    [InlineData(PowerMethod.BoxCox, 1e-5)]
    [InlineData(PowerMethod.YeoJohnson, 1e4)]
    public void Power_OtherUnit_GivesTheSameNumbers(PowerMethod method, double unit) => Assert.All(Oracle.Cases("box_cox"), item =>
    {
        Table table = new([new NumericColumn("x", [.. item.GetProperty("x").Numbers().Select(value => (value * unit) - (method == PowerMethod.YeoJohnson ? 1 : 0))])]);
        if (((NumericColumn)table["x"]).Values.ToArray().Any(value => value < 0))
            return;
        var fitted = (PowerTransformer.FittedPower)Fit(new PowerTransformer(method), table);
        Assert.Equal(item.GetProperty("lambda").GetDouble(), fitted.Learned["x"].Exponent, 2e-5 * Math.Max(1, Math.Abs(item.GetProperty("lambda").GetDouble())));
        AssertNear(item.GetProperty("standardized").Numbers(), ((NumericColumn)fitted.Apply(table)["x"]).Values.ToArray(), 1e-4);
        var writer = new BundleWriter();
        writer.WriteThing(fitted);
        var again = new BundleReader(writer.Written.ToArray()).ReadThing<IFittedTransform>();
        Assert.Equal(fitted.Learned["x"].Exponent < -1 && unit > 1 ? "power_about" : again.Kind, again.Kind);
        AssertNear(((NumericColumn)fitted.Apply(table)["x"]).Values.ToArray(), ((NumericColumn)again.Apply(table)["x"]).Values.ToArray(), 0);
        // Order survives beyond the training rows, below 0 too.
        var wide = ((NumericColumn)fitted.Apply(new Table([new NumericColumn("x", [method == PowerMethod.YeoJohnson ? -3 : unit / 50, unit / 10, unit, 30 * unit])]))["x"]).Values.ToArray();
        Assert.Equal(wide.Order(), wide);
    });

    [Fact]
    public void MutualInformation_OracleCases_AgreeLessTheBias() => Assert.All(Oracle.Cases("mutual_information"), item =>
    {
        Column x = item.GetProperty("kind").GetString() == "numbers" ? new NumericColumn("x", item.GetProperty("x").Numbers())
            : new CategoricalColumn("x", item.GetProperty("x").Integers(), [.. Enumerable.Range(0, 50).Select(level => $"level {level}")]);
        var target = item.GetProperty("target").GetString() == "classes" ? item.GetProperty("y").Classes() : Target.Regression("y", item.GetProperty("y").Numbers());
        var (labels, classes) = MutualInformationSelector.LabelsOf(target, []);
        double Of(string name) => item.GetProperty(name).GetDouble();
        var bias = (Of("levels") - 1) * (Of("classes") - 1) / (2 * Of("rows"));
        Assert.Equal(Of("mutual_information") - bias, MutualInformationSelector.Score(x, labels, classes, []), 1e-12);
        // Twice the rows by weight: the same information, half the bias.
        Assert.Equal(Of("mutual_information") - (bias / 2), MutualInformationSelector.Score(x, labels, classes, [.. labels.Select(_ => 2.0)]), 1e-12);
    });

    [Theory]
    [InlineData("pca", false)]
    [InlineData("pca_whiten", true)]
    public void Pca_OracleCases_AgreeUpToTheSign(string name, bool whiten) => Assert.All(Oracle.Cases("preprocess"), item =>
    {
        var fitted = (Pca.FittedPca)Fit(new Pca(0, whiten), item.GetProperty("X").Table());
        var expected = item.GetProperty(name);
        var variances = expected.GetProperty("explained_variance").Numbers();
        for (var i = 0; i < variances.Length; i++)
            Assert.Equal(variances[i], fitted.Variances[i], 1e-9);
        var rows = expected.GetProperty("transform_new").Rows();
        var actual = fitted.Apply(item.GetProperty("X_new_no_nan").Table());
        for (var column = 0; column < variances.Length; column++)
        {
            var values = ((NumericColumn)actual.Columns[column]).Values;
            var sign = Math.Sign(values[0]) == Math.Sign(rows[0][column]) ? 1 : -1;
            for (var row = 0; row < rows.Length; row++)
                Assert.Equal(rows[row][column], sign * values[row], 1e-8);
        }
    });

    [Fact]
    public void Pca_FewerRowsThanColumns_FindsTheSameComponents() => Assert.All(Oracle.Cases("preprocess"), item =>
    {
        var table = item.GetProperty("X").Table();
        var few = table.Select([0, 1, 2]);
        var wide = (Pca.FittedPca)Fit(new Pca(), few);
        var centred = wide.Apply(few);
        // Distances between the rows survive, since all directions in which they vary are kept.
        Assert.Equal(2, centred.Columns.Count);
        Assert.Equal(SquaredDistance(few), SquaredDistance(centred), 1e-9);
    });

    [Theory]
    [InlineData(0.45, 1)]
    [InlineData(0.8, 2)]
    [InlineData(0.9, 3)]
    public void Pca_ShareOfVariance_KeepsAsManyAsHaveIt(double share, int expected) =>
        Assert.Equal(expected, Fit(new Pca(share), Oracle.Cases("preprocess").First().GetProperty("X").Table()).Apply(Oracle.Cases("preprocess").First().GetProperty("X").Table()).Columns.Count);

    [Fact]
    public void Encoders_OracleCases_AgreeWithTheFormula() => Assert.All(Oracle.Cases("category_encoding"), item =>
    {
        var (table, rows) = Training(item);
        foreach (var smoothing in new[] { 0, 5, 20 })
            AssertLevels(item.GetProperty("target_encoding").GetProperty($"m_estimate_smoothing_{smoothing}"), new TargetEncoder(smoothing).Fit(rows).Apply(table), table);
        AssertLevels(item.GetProperty("frequency"), new FrequencyEncoder().Fit(rows).Apply(table), table);
        AssertLevels(item.GetProperty("count"), new FrequencyEncoder(normalize: false).Fit(rows).Apply(table), table);
        var unseen = new TargetEncoder(5).Fit(rows).Apply(new Table([new CategoricalColumn("c", [0, -1], ["never"])]));
        Assert.All(((NumericColumn)unseen["c"]).Values.ToArray(), value => Assert.Equal(item.GetProperty("global_mean").GetDouble(), value, 1e-12));
    });

    [Fact]
    public void TargetEncoder_TrainingRows_AreCrossFittedAsTheOracle() => Assert.All(Oracle.Cases("category_encoding"), item =>
    {
        var (_, rows) = Training(item);
        var expected = item.GetProperty("target_encoding_oof_kfold5_unshuffled_m5").Numbers();
        var actual = ((NumericColumn)new TargetEncoder(5, 5, shuffle: false).FitApply(rows).Rows["c"]).Values;
        for (var row = 0; row < expected.Length; row++)
            Assert.Equal(expected[row], actual[row], 1e-12);
    });

    private static (Table Table, TrainingRows Rows) Training(JsonElement item)
    {
        string[] texts = [.. item.GetProperty("c").EnumerateArray().Select(text => text.GetString()!)];
        string[] levels = [.. texts.Distinct()];
        var table = new Table([new CategoricalColumn("c", [.. texts.Select(text => Array.IndexOf(levels, text))], levels)]);
        return (table, new TrainingRows(table, Target.Regression("y", item.GetProperty("y").Numbers()), new Rng(0)));
    }

    private static void AssertLevels(JsonElement expected, Table actual, Table table)
    {
        var column = (CategoricalColumn)table["c"];
        for (var row = 0; row < table.Rows; row++)
            Assert.Equal(expected.GetProperty(column.Levels[column.Codes[row]]).GetDouble(), ((NumericColumn)actual["c"]).Values[row], 1e-12);
    }

    private static double SquaredDistance(Table table) => table.Columns.Cast<NumericColumn>().Sum(column =>
        Math.Pow(column.Values[0] - column.Values[1], 2) + Math.Pow(column.Values[1] - column.Values[2], 2));

    private static void AssertNear(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance * (double.IsNaN(expected[i]) ? 1 : Math.Max(1, Math.Abs(expected[i]))));
    }

    private static void AssertNear(double[][] expected, Table actual, int skip, double tolerance)
    {
        Assert.Equal(expected[0].Length - skip, actual.Columns.Count);
        for (var row = 0; row < expected.Length; row++)
        {
            for (var column = skip; column < expected[row].Length; column++)
                Assert.Equal(expected[row][column], ((NumericColumn)actual.Columns[column - skip]).Values[row], tolerance * Math.Max(1, Math.Abs(expected[row][column])));
        }
    }
}
