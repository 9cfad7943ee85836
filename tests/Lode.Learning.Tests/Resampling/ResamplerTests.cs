using Lode.Core;
using Lode.Learning.Tests.Oracles;

namespace Lode.Learning.Tests.Resampling;

public sealed class ResamplerTests
{
    /// <summary>Three classes of 40, 8 and 1 rows around different centres; the second column is categorical.</summary>
    private static TrainingData Uneven(bool categories = false, bool weights = false)
    {
        int[] labels = [.. Enumerable.Range(0, 49).Select(row => row < 40 ? 0 : row < 48 ? 1 : 2)];
        var rng = new Rng(4);
        var values = new double[49 * 2];
        for (var row = 0; row < 49; row++)
            (values[2 * row], values[(2 * row) + 1]) = ((10 * labels[row]) + rng.NextGaussian(), categories ? rng.NextInt32(3) : rng.NextGaussian());
        return new TrainingData(new FeatureMatrix(values, 49, ["x", "z"], categories ? [0, 3] : null), Target.Classification("y", labels, ["a", "b", "c", "none"]),
            weights ? [.. Enumerable.Range(1, 49).Select(row => (double)row)] : null);
    }

    [Fact]
    public void ClassWeights_OracleCases_AreBalanced() => Assert.All(Oracle.Cases("misc"), item =>
    {
        var target = item.GetProperty("class_weight_balanced").GetProperty("y").Classes();
        var expected = item.GetProperty("class_weight_balanced").GetProperty("weights").Numbers();
        var data = new TrainingData(new FeatureMatrix([], target.Rows, []), target);
        var resampled = new ClassWeights().Resample(data, new Rng(1));
        for (var row = 0; row < target.Rows; row++)
            Assert.Equal(expected[target.Labels[row]], resampled.Weight(row), 1e-12);
    });

    [Theory]
    [InlineData("over_sample", 1.0, new[] { 40, 40, 40, 0 })]
    [InlineData("over_sample", 0.5, new[] { 40, 20, 20, 0 })]
    [InlineData("smote", 1.0, new[] { 40, 40, 40, 0 })]
    [InlineData("smote", 0.25, new[] { 40, 10, 10, 0 })]
    [InlineData("under_sample", 1.0, new[] { 1, 1, 1, 0 })]
    [InlineData("under_sample", 0.1, new[] { 10, 8, 1, 0 })]
    public void Resample_ARatio_GivesEachClassItsRows(string name, double ratio, int[] expected)
    {
        var resampler = ResamplerCatalog.Create(name, new Dictionary<string, object?> { ["ratio"] = ratio });
        Assert.Equal(name, resampler.Name);
        Assert.Equal(expected, resampler.Resample(Uneven(), new Rng(1)).Target.CountClasses());
    }

    [Theory]
    [InlineData("over_sample")]
    [InlineData("under_sample")]
    [InlineData("smote")]
    public void Resample_SameStream_GivesTheSameRows_AnotherOthers(string name)
    {
        double[] Values(ulong seed) => ResamplerCatalog.Create(name).Resample(Uneven(), new Rng(seed)).Features.Values.ToArray();
        Assert.Equal(Values(1), Values(1));
        Assert.NotEqual(Values(1), Values(2));
    }

    [Fact]
    public void OverAndUnderSampling_GiveRowsOfTheirClass_WithTheirWeights()
    {
        var data = Uneven(weights: true);
        var known = Enumerable.Range(0, 49).Select(row => (data.Features.Row(row)[0], data.Target.Labels[row], data.Weight(row))).ToHashSet();
        foreach (var name in new[] { "over_sample", "under_sample" })
        {
            var resampled = ResamplerCatalog.Create(name).Resample(data, new Rng(3));
            Assert.All(Enumerable.Range(0, resampled.Target.Rows), row => Assert.Contains((resampled.Features.Row(row)[0], resampled.Target.Labels[row], resampled.Weight(row)), known));
        }
    }

    [Fact]
    public void Smote_MadeRows_LieBetweenARowAndOneOfItsNearest()
    {
        var data = Uneven();
        var made = new Smote(3).Resample(data, new Rng(7));
        Assert.Equal(data.Features.Values.ToArray(), made.Features.Values[..data.Features.Values.Length].ToArray());
        int[] minority = [.. Enumerable.Range(40, 8)];
        for (var row = 49; row < made.Target.Rows; row++)
        {
            var point = made.Features.Row(row).ToArray();
            if (made.Target.Labels[row] == 2)
                Assert.Equal(data.Features.Row(48).ToArray(), point);
            else
                Assert.Contains(minority, start => Nearest(data, minority, start, 3).Any(end => IsBetween(data.Features.Row(start), data.Features.Row(end), point)));
        }
    }

    /// <summary>In six dimensions next to nothing lies on a segment by chance: so start, neighbour and place on the segment are known, and are drawn from all there are.</summary>
    [Fact]
    public void Smote_MadeRows_ComeFromAllRowsAllNeighboursAndAllOfTheSegment()
    {
        const int rare = 12, common = 600, columns = 6, k = 4;
        var rng = new Rng(8);
        double[] values = [.. Enumerable.Range(0, (rare + common) * columns).Select(_ => rng.NextGaussian())];
        var data = new TrainingData(new FeatureMatrix(values, rare + common, [.. Enumerable.Range(0, columns).Select(column => $"x{column}")]),
            Target.Classification("y", [.. Enumerable.Range(0, rare + common).Select(row => row < rare ? 1 : 0)], ["a", "b"]));
        double[] Row(int row) => data.Features.Row(row).ToArray();
        int[][] nearest = [.. Enumerable.Range(0, rare).Select(start => Enumerable.Range(0, rare).Where(row => row != start)
            .OrderBy(row => Row(start).Zip(Row(row), (a, b) => (a - b) * (a - b)).Sum()).Take(k).ToArray())];
        var made = new Smote(k).Resample(data, new Rng(9));
        Assert.Equal([common, common], made.Target.CountClasses());
        var (starts, pairs, parts) = (new int[rare], new HashSet<(int, int)>(), new List<double>());
        for (var row = rare + common; row < made.Target.Rows; row++)
        {
            var point = made.Features.Row(row).ToArray();
            var found = (from start in Enumerable.Range(0, rare) from end in nearest[start] let part = Part(Row(start), Row(end), point) where part is not null select (start, end, part.Value)).ToArray();
            Assert.NotEmpty(found);
            // A segment between two that are near each other may have begun at either end.
            foreach (var (start, end, part) in found)
            {
                starts[start]++;
                pairs.Add((start, end));
                parts.Add(part);
            }
        }
        Assert.Equal(rare * k, pairs.Count);
        Assert.All(starts, count => Assert.InRange(count, 20, 150));
        Assert.All(Enumerable.Range(0, 10), tenth => Assert.InRange(parts.Count(part => (int)(part * 10) == tenth) / (double)parts.Count, 0.06, 0.14));
    }

    private static double? Part(double[] start, double[] end, double[] point)
    {
        var (along, length) = (0.0, 0.0);
        for (var j = 0; j < start.Length; j++)
            (along, length) = (along + ((point[j] - start[j]) * (end[j] - start[j])), length + Math.Pow(end[j] - start[j], 2));
        var part = along / length;
        for (var j = 0; j < start.Length; j++)
        {
            if (Math.Abs(start[j] + (part * (end[j] - start[j])) - point[j]) > 1e-9)
                return null;
        }
        return part is >= 0 and < 1 ? part : null;
    }

    [Fact]
    public void Smote_Categories_StayLevels()
    {
        var made = new Smote().Resample(Uneven(categories: true), new Rng(7));
        Assert.All(Enumerable.Range(0, made.Target.Rows), row => Assert.Contains(made.Features.Row(row)[1], new double[] { 0, 1, 2 }));
        Assert.Equal([0, 3], made.Features.Levels.ToArray());
    }

    [Fact]
    public void Smote_MissingFeature_IsNamed()
    {
        var data = new TrainingData(new FeatureMatrix([1, double.NaN, 3], 3, ["x"]), Target.Classification("y", [0, 0, 1], ["a", "b"]));
        Assert.Equal("Feature 'x' is missing in row 2.", Assert.Throws<LodeException>(() => new Smote().Resample(data, new Rng(1))).Message);
    }

    [Fact]
    public void Resample_Regression_IsRefused()
    {
        var data = new TrainingData(new FeatureMatrix([1], 1, ["x"]), Target.Regression("y", [1]));
        Assert.All(ResamplerCatalog.Names, name => Assert.Equal($"Resampler '{name}' is for classes; the target 'y' has none.",
            Assert.Throws<LodeException>(() => ResamplerCatalog.Create(name).Resample(data, new Rng(1))).Message));
    }

    [Theory]
    [InlineData("smot", "", "There is no resampler 'smot'.")]
    [InlineData("smote", "k_neighbors=0", "Option 'k_neighbors' of resampler 'smote' must be at least 1; got '0'.")]
    [InlineData("over_sample", "ratio=1.5", "The ratio of 'over_sample' is in (0, 1]; got 1.5.")]
    [InlineData("class_weight", "ratio=1", "Resampler 'class_weight' has no option 'ratio'.")]
    public void Create_UnknownNameOrValue_SaysSo(string name, string option, string message)
    {
        var parameters = option.Length == 0 ? null : new Dictionary<string, object?> { [option.Split('=')[0]] = option.Split('=')[1] };
        Assert.Equal(message, Assert.Throws<LodeException>(() => ResamplerCatalog.Create(name, parameters)).Message);
    }

    /// <summary>Only the training rows of a fold are resampled: every test row is scored once, and what stands in it changes no fold that tests it.</summary>
    [Fact]
    public void CrossValidation_WithAResampler_LeavesTestRowsAlone()
    {
        var data = Uneven();
        var table = new Table([new NumericColumn("x", [.. Enumerable.Range(0, 48).Select(row => data.Features.Row(row)[0])])]);
        var dataset = new Dataset(table, Target.Classification("y", data.Target.Labels[..48].ToArray(), ["a", "b"]));
        var watcher = new Watcher();
        var pipeline = new Pipeline([new StandardScaler()], watcher, new Smote());
        var result = CrossValidation.Run(pipeline, dataset, new StratifiedKFold(4), [MetricCatalog.Get("log_loss")], 3, threads: 1);
        Assert.All(result.Folds, fold => Assert.Equal(12, fold.TestRows));
        Assert.DoesNotContain(double.NaN, result.OutOfFold.Values.ToArray());
        // 30 rows of a, 6 of b made 30: what the learner saw, not what was scored.
        Assert.Equal(4, watcher.Seen.Count);
        Assert.All(watcher.Seen, seen => Assert.Equal([30, 30], seen));
        // The prior of a and b on the resampled rows is a half each; a scored row is not one of them.
        Assert.Equal(Math.Log(2), result["log_loss"].Mean, 1e-12);
    }

    private static IEnumerable<int> Nearest(TrainingData data, int[] rows, int start, int k) => rows.Where(row => row != start)
        .OrderBy(row => Math.Pow(data.Features.Row(row)[0] - data.Features.Row(start)[0], 2) + Math.Pow(data.Features.Row(row)[1] - data.Features.Row(start)[1], 2)).Take(k);

    private static bool IsBetween(ReadOnlySpan<double> start, ReadOnlySpan<double> end, double[] point)
    {
        var part = (point[0] - start[0]) / (end[0] - start[0]);
        return part is >= -1e-9 and < 1 + 1e-9 && Math.Abs(start[1] + (part * (end[1] - start[1])) - point[1]) < 1e-9;
    }

    private sealed class Watcher : ILearner
    {
        public List<int[]> Seen { get; } = [];

        public string Name => "dummy";

        public LearnerTags Tags => new();

        public bool Supports(TaskKind task) => true;

        public IModel Fit(TrainingData data, FitContext context)
        {
            Seen.Add(data.Target.CountClasses());
            return new Dummy().Fit(data, context);
        }
    }
}
