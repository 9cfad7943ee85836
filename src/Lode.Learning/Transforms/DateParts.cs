using Lode.Core;

namespace Lode.Learning;

/// <summary>Turns every date column into numbers: its parts, called <c>name.part</c>.</summary>
/// <remarks>Parts: <c>year</c>, <c>month</c> (1 … 12), <c>day</c> (1 … 31), <c>weekday</c> (Monday 0 … Sunday 6), <c>yearday</c> (1 … 366), <c>hour</c> (0 … 24, with
/// fractions), <c>elapsed</c> (days since the earliest training row). Cyclic parts become <c>.sin</c> and <c>.cos</c> of their place in the cycle; year and
/// elapsed stay numbers. A missing date is missing in all.</remarks>
public sealed class DateParts : ITransform
{
    private static readonly string[] s_parts = ["year", "month", "day", "weekday", "yearday", "hour", "elapsed"];

    private readonly string[]? _chosen;
    private readonly bool _cyclic;

    /// <param name="parts">Which. Null: year, month, day, weekday and elapsed, and the hour where a training row has a time of day.</param>
    /// <param name="cyclic">Whether month, day, weekday, yearday and hour become sine and cosine. Default: no.</param>
    /// <exception cref="LodeException">InvalidArgument: no such part, or none.</exception>
    public DateParts(IReadOnlyList<string>? parts = null, bool cyclic = false)
    {
        foreach (var part in parts ?? [])
        {
            if (!s_parts.Contains(part, StringComparer.Ordinal))
                throw new LodeException(ErrorCode.InvalidArgument, $"A date has no part '{part}'.", DidYouMean.Hint(part, s_parts));
        }
        if (parts is { Count: 0 })
            throw new LodeException(ErrorCode.InvalidArgument, "No part of dates is chosen.");
        (_chosen, _cyclic) = (parts?.Distinct(StringComparer.Ordinal).ToArray(), cyclic);
    }

    internal static ITransform Create(ParameterReader reader) => new DateParts(
        reader.Text("parts", "auto") is var parts && parts == "auto" ? null : parts.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        reader.Boolean("cyclic", false));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var learned = new Dictionary<string, (string[] Parts, double Start)>(StringComparer.Ordinal);
        foreach (var column in rows.Features.Columns)
        {
            if (column is DateColumn dates)
                learned.Add(column.Name, (_chosen ?? Usual(dates), Start(dates)));
        }
        return new FittedParts(_cyclic, learned);
    }

    private static string[] Usual(DateColumn column)
    {
        var timed = false;
        foreach (var ticks in column.Ticks)
            timed |= ticks != DateColumn.Missing && ticks % TimeSpan.TicksPerDay != 0;
        return timed ? ["year", "month", "day", "weekday", "hour", "elapsed"] : ["year", "month", "day", "weekday", "elapsed"];
    }

    private static double Start(DateColumn column)
    {
        var first = double.PositiveInfinity;
        foreach (var ticks in column.Ticks)
            first = ticks == DateColumn.Missing ? first : Math.Min(first, DateColumn.Seconds(ticks));
        return double.IsFinite(first) ? first : 0;
    }

    internal sealed class FittedParts(bool cyclic, Dictionary<string, (string[] Parts, double Start)> learned) : IFittedTransform
    {
        public const string KindName = "date_parts";

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteBoolean(cyclic);
            writer.WriteByName(learned, column =>
            {
                writer.WriteStrings(column.Parts);
                writer.WriteDouble(column.Start);
            });
        }

        public static FittedParts Read(BundleReader reader) => new(reader.ReadBoolean(), reader.ReadByName(() =>
        {
            var parts = reader.ReadStrings();
            return Array.TrueForAll(parts, part => s_parts.Contains(part, StringComparer.Ordinal)) ? (parts, reader.ReadDouble())
                : throw BundleReader.Broken("a date has no such part");
        }));

        public Table Apply(Table table)
        {
            var columns = new List<Column>(table.Columns.Count);
            foreach (var column in table.Columns)
            {
                if (column is DateColumn dates)
                    Split(dates, ColumnMap.Of(learned, column.Name), columns);
                else
                    columns.Add(column);
            }
            return new Table(columns, table.Rows);
        }

        private void Split(DateColumn column, (string[] Parts, double Start) known, List<Column> columns)
        {
            foreach (var part in known.Parts)
            {
                var (first, length) = part switch { "month" => (1, 12), "day" => (1, 31), "weekday" => (0, 7), "yearday" => (1, 365.25), "hour" => (0, 24), _ => (0, 0.0) };
                if (cyclic && length > 0)
                {
                    columns.Add(Map(column, $"{column.Name}.{part}.sin", date => Math.Sin(2 * Math.PI * (PartOf(date, part, 0) - first) / length)));
                    columns.Add(Map(column, $"{column.Name}.{part}.cos", date => Math.Cos(2 * Math.PI * (PartOf(date, part, 0) - first) / length)));
                }
                else
                {
                    columns.Add(Map(column, $"{column.Name}.{part}", date => PartOf(date, part, known.Start)));
                }
            }
        }

        private static NumericColumn Map(DateColumn column, string name, Func<DateTime, double> part)
        {
            var values = new double[column.Count];
            for (var row = 0; row < values.Length; row++)
                values[row] = column.Ticks[row] == DateColumn.Missing ? double.NaN : part(new DateTime(column.Ticks[row], DateTimeKind.Utc));
            return new NumericColumn(name, values);
        }

        private static double PartOf(DateTime date, string part, double start) => part switch
        {
            "year" => date.Year,
            "month" => date.Month,
            "day" => date.Day,
            "weekday" => ((int)date.DayOfWeek + 6) % 7,
            "yearday" => date.DayOfYear,
            "hour" => date.TimeOfDay.TotalHours,
            _ => (DateColumn.Seconds(date.Ticks) - start) / 86400,
        };
    }
}
