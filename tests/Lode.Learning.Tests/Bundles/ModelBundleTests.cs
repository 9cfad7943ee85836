using System.Security.Cryptography;
using System.Text;
using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Bundles;

public sealed class ModelBundleTests
{
    private static readonly Lazy<ModelBundle> s_bundle = new(Make);

    /// <summary>A bundle with every kind of fitted transform in it.</summary>
    private static ModelBundle Make()
    {
        static StepSpec Step(string name, string? parameter = null, object? value = null, ColumnSelection? columns = null) =>
            new() { Name = name, Parameters = parameter is null ? new Dictionary<string, object?>() : new Dictionary<string, object?> { [parameter] = value }, Columns = columns };
        var few = new ColumnSelection { Names = ["few"] };
        var spec = new PipelineSpec
        {
            Transforms =
            [
                Step("date_parts"), Step("knn_impute", "max_rows", 20, new ColumnSelection { Names = ["skew", "whole"] }), Step("impute", "add_indicator", true),
                Step("drop_constant"), Step("group_rare", "min_frequency", 3), Step("one_hot", columns: few), Step("hash", "n_features", 3, new ColumnSelection { Names = ["many"] }),
                Step("power", columns: new ColumnSelection { Names = ["skew"] }), Step("quantile", columns: new ColumnSelection { Names = ["normal"] }),
                Step("bin", columns: new ColumnSelection { Names = ["again"] }), Step("polynomial", columns: new ColumnSelection { Names = ["skew", "whole"] }),
                Step("standard"), Step("pca", "n_components", 4, new ColumnSelection { Names = ["skew", "normal", "again", "whole", "date.day", "date.month"] }), Step("normalize"),
            ],
            Learner = new StepSpec { Name = "logistic" },
        };
        var fitted = spec.Create().Fit(TransformProblems.All[1], 5);
        return new ModelBundle(fitted, "logistic", new Dictionary<string, double> { ["log_loss"] = 0.5, ["nothing"] = double.NaN }, new Dictionary<string, string> { ["seed"] = "5" });
    }

    private static Predictions Predict(ModelBundle bundle) => bundle.Predictor.Predict(TransformProblems.All[1].Features);

    [Fact]
    public void FromBytes_WhatWasWritten_PredictsTheSameBits()
    {
        var bytes = s_bundle.Value.ToBytes();
        var again = ModelBundle.FromBytes(bytes);
        Assert.Equal(bytes, again.ToBytes());
        Assert.Equal(Predict(s_bundle.Value).Values.ToArray(), Predict(again).Values.ToArray());
        var header = ModelBundle.HeaderOf(bytes);
        Assert.Equal(("y", TaskKind.Classification, "logistic", 0.5, "5"), (header.Target, header.Task, header.Learner, header.Metrics["log_loss"], header.Provenance["seed"]));
        Assert.Equal(((FittedPipeline)s_bundle.Value.Predictor).Spec!.ToJson(), header.Pipeline!.ToJson());
    }

    [Fact]
    public void FromBytes_CutAnywhere_IsRefused()
    {
        var bytes = s_bundle.Value.ToBytes();
        for (var length = 0; length < bytes.Length; length += length < 300 ? 1 : 17)
            Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => ModelBundle.FromBytes(bytes.AsMemory(0, length))).Code);
    }

    [Fact]
    public void FromBytes_AnyByteChanged_IsRefused()
    {
        var bytes = s_bundle.Value.ToBytes();
        for (var at = 0; at < bytes.Length; at += at < 300 ? 1 : 7)
        {
            bytes[at] ^= (byte)(1 << (at % 8));
            Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => ModelBundle.FromBytes(bytes)).Code);
            Assert.Throws<LodeException>(() => ModelBundle.HeaderOf(bytes));
            bytes[at] ^= (byte)(1 << (at % 8));
        }
    }

    /// <summary>A file that somebody made wrong on purpose fits its checksum: then too it is read or refused, and nothing else happens.</summary>
    [Fact]
    public void FromBytes_ChangedAndSignedAgain_IsReadOrRefused()
    {
        var bytes = s_bundle.Value.ToBytes();
        var rng = new Rng(6);
        var refused = 0;
        for (var round = 0; round < 3000; round++)
        {
            var changed = round % 3 == 0 ? [.. bytes[..(16 + rng.NextInt32(bytes.Length - 48))], .. new byte[32]] : bytes.ToArray();
            for (var times = rng.NextInt32(3); times >= 0 && round % 3 > 0; times--)
                changed[8 + rng.NextInt32(changed.Length - 40)] = rng.NextInt32(4) switch { 0 => 0xFF, 1 => 0x7F, 2 => 0, _ => (byte)rng.NextInt32(256) };
            SHA256.HashData(changed.AsSpan(0, changed.Length - 32), changed.AsSpan(changed.Length - 32));
            try
            {
                ModelBundle.FromBytes(changed);
            }
            catch (LodeException error)
            {
                Assert.Equal(ErrorCode.InvalidArgument, error.Code);
                refused++;
            }
        }
        Assert.True(refused > 1000);
    }

    [Fact]
    public void FromBytes_OtherFilesAndVersions_SayWhatTheyAre()
    {
        Assert.Equal("This is not a model bundle of Lode.", Assert.Throws<LodeException>(() => ModelBundle.FromBytes(Encoding.UTF8.GetBytes(new string('x', 100)))).Message);
        var later = s_bundle.Value.ToBytes();
        later[8] = 99;
        Assert.Equal("The model bundle is of format 99; this version of Lode reads format 1.", Assert.Throws<LodeException>(() => ModelBundle.FromBytes(later)).Message);
    }

    /// <summary>
    /// The file was written by the first version that has the format; every later one must read it. A test run with LODE_WRITE_GOLDEN=folder writes it anew, which is
    /// right only before a release.
    /// </summary>
    [Fact]
    public void FromBytes_FileOfTheFirstFormat_PredictsWhatItPredictedThen()
    {
        if (Environment.GetEnvironmentVariable("LODE_WRITE_GOLDEN") is { } folder)
        {
            File.WriteAllBytes(Path.Combine(folder, "format1.lode"), s_bundle.Value.ToBytes());
            CsvWriter.Write(Predict(s_bundle.Value).ToTable(), Path.Combine(folder, "format1.csv"));
        }
        var bundle = ModelBundle.FromBytes(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Bundles", "format1.lode")));
        var expected = CsvReader.Read(Path.Combine(AppContext.BaseDirectory, "Bundles", "format1.csv"));
        var actual = Predict(bundle).ToTable();
        Assert.Equal(expected.Columns.Select(column => column.Name), actual.Columns.Select(column => column.Name));
        for (var label = 0; label < 3; label++)
        {
            var (then, now) = (((NumericColumn)expected.Columns[label + 1]).Values.ToArray(), ((NumericColumn)actual.Columns[label + 1]).Values.ToArray());
            for (var row = 0; row < then.Length; row++)
                Assert.Equal(then[row], now[row], 1e-12);
        }
    }

    [Fact]
    public void Kinds_AreFrozen() => Assert.Superset(
        new HashSet<string> { "bin", "columns", "date_parts", "drop", "hash", "impute", "knn_impute", "level_numbers", "normalize", "one_hot", "pca", "polynomial", "power", "quantile", "group_rare", "scale" },
        BundleKinds.Names.ToHashSet());
}
