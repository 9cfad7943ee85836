using System.Globalization;
using System.Text.RegularExpressions;

namespace Lode.Storage;

/// <summary>SQLite's words.</summary>
internal sealed partial class SqliteDialect : SqlDialect
{
    internal override string Translate(string sql) => List().Replace(sql, "IN (SELECT value FROM json_each($1))");

    internal override string ParameterName(int number) => "@" + number.ToString(CultureInfo.InvariantCulture);

    // AUTOINCREMENT remembers the greatest id there ever was.
    internal override string? SkipIds(string table) => null;

    protected override object BindList(long[] numbers) => "[" + string.Join(',', numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))) + "]";

    [GeneratedRegex(@"= ANY\((@\d+)\)", RegexOptions.CultureInvariant)]
    private static partial Regex List();
}
