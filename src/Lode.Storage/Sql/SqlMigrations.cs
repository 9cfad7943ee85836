using System.Globalization;

namespace Lode.Storage;

/// <summary>The numbered <c>.sql</c> files of a database, which lead from nothing to the schema that this build writes.</summary>
internal static class SqlMigrations
{
    /// <param name="database">The folder they lie in: <c>Sqlite</c> or <c>Postgres</c>.</param>
    public static IReadOnlyList<(int Number, string Sql)> Read(string database)
    {
        var assembly = typeof(SqlMigrations).Assembly;
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(name => name.StartsWith(database + ".", StringComparison.Ordinal))
                .Select(name =>
                {
                    using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                    return (Number: int.Parse(name.Split('.')[1], CultureInfo.InvariantCulture), Sql: reader.ReadToEnd());
                })
                .OrderBy(migration => migration.Number),
        ];
    }
}
