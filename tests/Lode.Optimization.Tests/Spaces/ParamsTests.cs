using Lode.Core;

namespace Lode.Optimization.Tests.Spaces;

public sealed class ParamsTests
{
    private static readonly Params s_values = new([new("lr", 0.1), new("n", 100), new("criterion", "gini"), new("bootstrap", true)]);

    [Fact]
    public void Getters_RightKind_GiveTheValue()
    {
        Assert.Equal(0.1, s_values.Float("lr"));
        Assert.Equal(100, s_values.Int("n"));
        Assert.Equal(100.0, s_values.Float("n"));
        Assert.Equal("gini", s_values.Text("criterion"));
        Assert.True(s_values.Bool("bootstrap"));
    }

    [Fact]
    public void Getters_WrongKindOrName_SayWhatThereIs()
    {
        Assert.Contains("'gini' (Text)", Assert.Throws<LodeException>(() => s_values.Float("criterion")).Message, StringComparison.Ordinal);
        Assert.Contains("Wanted an integer", Assert.Throws<LodeException>(() => s_values.Int("lr")).Message, StringComparison.Ordinal);
        Assert.Contains("lr, n, criterion, bootstrap", Assert.Throws<LodeException>(() => s_values.Float("learning_rate")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Equality_SameValuesInAnyOrder_AreEqual()
    {
        var other = new Params(s_values.Reverse());
        Assert.Equal(s_values, other);
        Assert.Equal(s_values.GetHashCode(), other.GetHashCode());
        Assert.Equal("bootstrap=true, criterion=gini, lr=0.1, n=100", other.ToString());
        Assert.NotEqual(s_values, s_values.With("n", 100.0));
        Assert.NotEqual(s_values, s_values.With("extra", 1));
    }

    [Fact]
    public void Constructor_SameNameTwice_IsRefused() => Assert.Throws<LodeException>(() => new Params([new("a", 1), new KeyValuePair<string, ParamValue>("a", 2)]));

    // These numbers are in databases and journals.
    [Theory]
    [InlineData(typeof(ParamKind), "Float=1 Int=2 Text=3 Bool=4")]
    [InlineData(typeof(TrialState), "Running=1 Complete=2 Pruned=3 Failed=4 Waiting=5")]
    [InlineData(typeof(Direction), "Minimize=1 Maximize=2")]
    [InlineData(typeof(TpeWeighting), "Uniform=1 Improvement=2")]
    public void PersistedEnums_KeepTheirNumbers(Type type, string expected) =>
        Assert.Equal(expected, string.Join(' ', Enum.GetValuesAsUnderlyingType(type).Cast<int>().Select(number => $"{Enum.GetName(type, number)}={number}")));

    // Spaces whose parameters differ only in the middle of their names, and choices that do.
    [Fact]
    public void GetHashCode_ManyLikeConfigurations_HardlyEverCollides()
    {
        var hashes = new HashSet<int>();
        for (var bits = 0; bits < 1 << 14; bits++)
            hashes.Add(new Params(Enumerable.Range(0, 14).Select(i => new KeyValuePair<string, ParamValue>($"use_{(char)('a' + i)}_feature", (bits >> i) & 1))).GetHashCode());
        for (var pick = 0; pick < 1 << 12; pick++)
            hashes.Add(new Params(Enumerable.Range(0, 4).Select(i => new KeyValuePair<string, ParamValue>($"layer{i}_kind", $"kind_{(pick >> (3 * i)) & 7}_of_eight"))).GetHashCode());
        // 20480 of 2^32: 0.05 pairs are expected.
        Assert.InRange(hashes.Count, 20_478, 20_480);
    }
}
