using System.Text.Json;

namespace Lode.Learning.Tests.Oracles;

/// <summary>Cases computed by scikit-learn 1.2.1.</summary>
internal static class Oracle
{
    public static IEnumerable<JsonElement> Cases(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Oracles", $"{name}.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(element => element.Clone())];
    }

    public static double Number(this JsonElement element) =>
        element.ValueKind == JsonValueKind.String ? double.NaN : element.GetDouble();

    public static double[] Numbers(this JsonElement element) => [.. element.EnumerateArray().Select(Number)];

    public static int[] Integers(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetInt32())];

    public static double[][] Rows(this JsonElement element) => [.. element.EnumerateArray().Select(Numbers)];

    public static FeatureMatrix Matrix(this JsonElement element)
    {
        var rows = element.Rows();
        return new FeatureMatrix([.. rows.SelectMany(row => row)], rows.Length, Names(rows[0].Length));
    }

    public static Table Table(this JsonElement element)
    {
        var rows = element.Rows();
        return new Table([.. Names(rows[0].Length).Select((name, column) => new NumericColumn(name, [.. rows.Select(row => row[column])]))]);
    }

    public static Target Classes(this JsonElement element)
    {
        var labels = element.Integers();
        return Target.Classification("y", labels, [.. Enumerable.Range(0, labels.Max() + 1).Select(label => $"{label}")]);
    }

    private static string[] Names(int columns) => [.. Enumerable.Range(0, columns).Select(column => $"x{column}")];
}
