using System.Text.RegularExpressions;
using Lode.TestKit;

namespace Lode.Learning.Tests.Bundles;

/// <summary>docs/model-format.md is the specification: it lists the fields of every kind that a bundle can hold, and no others.</summary>
public sealed class ModelFormatDocsTests
{
    [Fact]
    public void Page_EveryKind_HasItsFields()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "model-format.md"));
        var rows = Regex.Matches(page, "^\\| `([a-z_]+)` \\| (.*) \\|\\r?$", RegexOptions.Multiline).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);
        Assert.Equal(BundleKinds.Names, rows.Keys.Order(StringComparer.Ordinal));
        // Every field is said with its type.
        Assert.All(rows, row => Assert.Matches("`(\\[?i32|\\[*\\{?f64|\\[?text|\\[?byte|bool|schema|\\[?thing|\\{\\[?(text|f64))", row.Value));
    }
}
