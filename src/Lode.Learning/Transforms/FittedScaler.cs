namespace Lode.Learning;

/// <summary>What all scalers learn: (x − centre) / scale for each numeric column, kept within bounds.</summary>
internal sealed class FittedScaler(Dictionary<string, (double Centre, double Scale)> learned, double low, double high) : IFittedTransform
{
    public const string KindName = "scale";

    public FittedScaler(Dictionary<string, (double Centre, double Scale)> learned) : this(learned, double.NegativeInfinity, double.PositiveInfinity)
    {
    }

    public string Kind => KindName;

    public void Write(BundleWriter writer)
    {
        writer.WriteDouble(low);
        writer.WriteDouble(high);
        writer.WriteByName(learned, column =>
        {
            writer.WriteDouble(column.Centre);
            writer.WriteDouble(column.Scale);
        });
    }

    public static FittedScaler Read(BundleReader reader)
    {
        var (low, high) = (reader.ReadDouble(), reader.ReadDouble());
        return low <= high ? new(reader.ReadByName(() => (reader.ReadDouble(), reader.ReadDouble())), low, high)
            : throw BundleReader.Broken($"a scaler's bounds are {low} and {high}");
    }

    public Table Apply(Table table) => ColumnMap.ApplyNumeric(table, learned, (column, values) =>
    {
        var (centre, scale) = column;
        foreach (ref var value in values.AsSpan())
            value = Math.Clamp((value - centre) / scale, low, high);
    });
}
