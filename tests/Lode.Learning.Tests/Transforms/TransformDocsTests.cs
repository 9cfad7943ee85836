using System.Reflection;
using Lode.TestKit;

namespace Lode.Learning.Tests.Transforms;

/// <summary>docs/tables.md has a row for every transform and resampler, and docs/model-format.md for every kind of fitted transform.</summary>
public sealed class TransformDocsTests
{
    [Fact]
    public void Catalogues_EveryName_IsDocumented()
    {
        var tables = File.ReadAllText(Path.Combine(Repository.Root, "docs", "tables.md"));
        Assert.All(TransformCatalog.Names.Concat(ResamplerCatalog.Names), name => Assert.Contains($"| `{name}` |", tables, StringComparison.Ordinal));
        var format = File.ReadAllText(Path.Combine(Repository.Root, "docs", "model-format.md"));
        var kinds = typeof(IFittedTransform).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IFittedTransform)) && !type.IsInterface)
            .Select(type => (string)type.GetField("KindName", BindingFlags.Public | BindingFlags.Static)!.GetRawConstantValue()!).ToArray();
        Assert.Equal(kinds.Length, kinds.Distinct().Count());
        Assert.All(kinds, kind => Assert.Contains(kind, BundleKinds.Names));
        Assert.All(kinds, kind => Assert.Contains($"| `{kind}` |", format, StringComparison.Ordinal));
    }
}
