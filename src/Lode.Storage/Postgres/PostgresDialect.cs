using System.Globalization;
using System.Text.RegularExpressions;

namespace Lode.Storage;

/// <summary>PostgreSQL's words.</summary>
internal sealed partial class PostgresDialect : SqlDialect
{
    internal override string Translate(string sql)
    {
        sql = Like().Replace(sql, "$0 ESCAPE ''");
        sql = Position().Replace(sql, "strpos(");
        return Parameter().Replace(sql, match => "$" + (int.Parse(match.ValueSpan[1..], CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture));
    }

    // Numbered by place: the driver need not look for names.
    internal override string? ParameterName(int number) => null;

    internal override string SkipIds(string table) =>
        $"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(nextval(pg_get_serial_sequence('{table}', 'id')), (SELECT max(id) FROM {table})))";

    internal override string Clock(string parameter) => $"coalesce(CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT), CAST({parameter} AS BIGINT))";

    protected override object BindList(long[] numbers) => numbers;

    [GeneratedRegex(@" LIKE @\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Like();

    [GeneratedRegex(@"\binstr\(", RegexOptions.CultureInvariant)]
    private static partial Regex Position();

    [GeneratedRegex(@"@\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();
}
