using System.Buffers.Binary;
using System.Security.Cryptography;
using Lode.Core;

namespace Lode.Learning.Tests.Learners;

/// <summary>What forests of complete data were before trees took missing values, they are still.</summary>
public sealed class ForestBytesTests
{
    [Theory]
    [InlineData("decision_tree", 2, "F013640706315BA7")]
    [InlineData("random_forest", 3, "78A2483D69B08ACE")]
    [InlineData("random_forest", 1, "9E0B8D61C1214CAD")]
    [InlineData("extra_trees", 2, "3F09E963905EA6F7")]
    [InlineData("extra_trees", 1, "DCDE8CE1F0255330")]
    public void Fit_CompleteData_GrowsTheTreesThatItGrewBefore(string learner, int classes, string expected)
    {
        var options = new Dictionary<string, object?> { ["max_features"] = 3 };
        if (learner != "decision_tree")
            options["n_estimators"] = 5;
        var forest = (ForestModel)LearnerCatalog.Create(learner, options).Fit(Data(700, classes), new FitContext(new Rng(3), 2));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[16];
        foreach (var tree in forest.Trees)
        {
            for (var i = 0; i < tree.NodeCount; i++)
            {
                var node = tree.Node(i);
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, node.Threshold);
                BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], node.Feature);
                BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], node.Next);
                hash.AppendData(bytes);
            }
        }
        Assert.Equal(expected, Convert.ToHexString(hash.GetHashAndReset())[..16]);
    }

    [Fact]
    public void Read_AForestOfTheFirstKind_PredictsAndIsWrittenAsItWas()
    {
        var bytes = Convert.FromBase64String("BgAAAGZvcmVzdPwAAAAFAAAAAgAAAAIAAAAHAAAAGjXpE6Dy6z8BAAAAAQAAAAAAAAAAAB5ABAAAAAMAAAAAAAAAAAAMQAIAAAAFAAAAGqRBGqRBuj//////AAAAAJqZmZmZmdk//////wAAAAAAAAAAAADwP/////8AAAAAAAAAAAAA4D//////AAAAAAAAAAAHAAAAGjXpE6Dy6z8BAAAAAQAAAGA1W8MyntM/AQAAAAMAAAC6AeGpIsTRPwMAAAAFAAAAAAAAAAAAAAD/////AAAAAJZ7GmG5p9E//////wAAAAAAAAAAAAAAAP////8AAAAAAAAAAAAA8D//////AAAAAAAAAAA=");
        var forest = new BundleReader(bytes).ReadThing<IModel>();
        var data = Data(60, 2);
        var output = new double[120];
        forest.Predict(data.Features, output);
        Assert.Equal([0.8107869142351901, 0.18921308576480989, 0.6620689655172414, 0.33793103448275863, 0.8107869142351901, 0.18921308576480989, 0.9487179487179487, 0.05128205128205128, 0.9487179487179487, 0.05128205128205128, 0, 1], output[..12]);
        var writer = new BundleWriter();
        writer.WriteThing(forest);
        Assert.Equal(bytes, writer.Written.ToArray());
        // It does not know where missing values would go.
        var error = Assert.Throws<LodeException>(() => forest.Predict(new FeatureMatrix([1, 2, double.NaN, 4, 5], 1, ["a", "b", "c", "d", "e"]), new double[2]));
        Assert.Equal("Feature 'c' is missing in row 1.", error.Message);
    }

    // Of whole numbers and plain fractions alone: the same on every machine.
    private static TrainingData Data(int rows, int classes)
    {
        const int columns = 5;
        var rng = new Rng(41);
        var values = new double[rows * columns];
        var labels = new int[rows];
        for (var row = 0; row < rows; row++)
        {
            labels[row] = rng.NextInt32(Math.Max(2, classes));
            for (var column = 0; column < columns; column++)
                values[(row * columns) + column] = column % 2 == 0 ? rng.NextInt32(9) + labels[row] : rng.NextDouble() + (0.25 * labels[row]);
        }
        var target = classes > 1
            ? Target.Classification("y", labels, [.. Enumerable.Range(0, classes).Select(label => $"c{label}")])
            : Target.Regression("y", [.. labels.Select((label, row) => label + values[row * columns] + rng.NextInt32(4))]);
        return new TrainingData(new FeatureMatrix(values, rows, [.. Enumerable.Range(0, columns).Select(column => $"x{column}")]), target);
    }
}
