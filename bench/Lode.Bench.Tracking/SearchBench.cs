using System.Diagnostics;
using System.Globalization;
using Lode.Core;
using Lode.Storage;
using Lode.Tracking;

namespace Lode.Bench.Tracking;

/// <summary>
/// The first 100 of many runs, by filter and order: medians of one store call each, beside what MLflow 3.11 takes for 10,000 runs on
/// a machine of this size (0.6 s with filter and order, 10 s ordered by a metric alone, 0.28 s with neither). The runs are put into
/// the database by bulk SQL, not logged; each has 3 metrics, 4 params and 3 tags.
/// </summary>
internal static class SearchBench
{
    private const int Limit = 100;

    private static readonly (string Name, string Filter, string Order, string Mlflow)[] s_shapes =
    [
        ("no filter, default order", "", "", "280"),
        ("metric filter, same metric", "metrics.loss<0.5", "metrics.loss asc", "600"),
        ("metric alone", "", "metrics.loss desc", "10000"),
        ("param =, metric order", "params.optimizer:adam", "metrics.accuracy desc", "600"),
        ("rare param, metric order", "params.seed:4711", "metrics.loss asc", "600"),
        ("tag filter, default order", "tags.team:team7", "", ""),
        ("rare tag, metric order", "tags.commit:c12345", "metrics.loss asc", ""),
        ("two filters, metric order", "params.optimizer:adam metrics.loss<0.3", "metrics.accuracy desc", "600"),
        ("param as number", "params.lr<0.001", "params.lr desc", ""),
        ("tag order", "", "tags.commit asc", ""),
        ("order by end", "", "ended desc", ""),
        ("order by name", "status:finished", "name asc", ""),
        ("order by duration", "", "duration desc", ""),
        ("order by status", "", "status asc", ""),
        ("order by user", "", "user asc", ""),
        ("order by a metric's min", "", "metrics.loss.min asc", ""),
        ("text param, metric order", "params.seed:\"4711\"", "metrics.loss asc", ""),
        ("nothing passes, two filters", "metrics.loss>2 params.optimizer:adam", "metrics.accuracy desc", ""),
    ];

    public static async Task RunAsync(int runs, int repeats, string? postgres)
    {
        var folder = Directory.CreateTempSubdirectory("lode-bench-").FullName;
        try
        {
            await using SqlDatabase database = postgres is null ? SqliteDatabase.Open(Path.Combine(folder, "lode.db")) : PostgresDatabase.Open(PostgresAddress.Parse(postgres));
            var clock = Stopwatch.StartNew();
            await SeedAsync(database, runs);
            if (postgres is not null)
                await database.WriteAsync(sql => sql.Execute("ANALYZE") + sql.Execute("SELECT setval(pg_get_serial_sequence('run', 'id'), @0)", (long)runs), CancellationToken.None);
            var size = postgres is null ? $", {new FileInfo(Path.Combine(folder, "lode.db")).Length / (double)runs:N0} bytes a run" : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{runs:N0} runs on {(postgres is null ? "SQLite" : "PostgreSQL")} (seeded in {clock.Elapsed.TotalSeconds:0} s{size}); first {Limit}; medians of {repeats}; MLflow: 10,000 runs"));
            var store = new SqlRunStore(database, TimeProvider.System);
            foreach (var (name, filter, order, mlflow) in s_shapes)
            {
                var query = new RunQuery { Projects = [ProjectId.Default], Filter = FilterParser.Parse(filter), Order = order.Length == 0 ? [] : [RunOrder.Parse(order)], Limit = Limit };
                var (median, best, cpu, found) = await MedianAsync(store, query, repeats);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-30}{median,10:0.00} ms{best,10:0.00} best{cpu,10:0.00} CPU  ({found} found){(mlflow.Length > 0 ? $"   MLflow {mlflow} ms" : "")}"));
            }
            var counted = await MedianAsync(store, new RunQuery { Projects = [ProjectId.Default], Filter = FilterParser.Parse("metrics.loss<0.5"), Limit = Limit, Counts = true }, repeats);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"metric filter, with counts",-30}{counted.Median,10:0.00} ms{counted.Best,10:0.00} best"));
            var both = await MedianAsync(store, new RunQuery { Projects = [ProjectId.Default], View = LifecycleView.All, Limit = Limit }, repeats);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"default order, trash too",-30}{both.Median,10:0.00} ms{both.Best,10:0.00} best"));
            await WriteCostAsync(store, repeats);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double Median, double Best, double Cpu, int Found)> MedianAsync(SqlRunStore store, RunQuery query, int repeats)
    {
        var times = new List<double>();
        var (found, before) = (0, Environment.CpuUsage.TotalTime);
        for (var i = 0; i <= repeats; i++)
        {
            if (i == 1)
                before = Environment.CpuUsage.TotalTime;
            var clock = Stopwatch.StartNew();
            found = (await store.SearchRunsAsync(query, CancellationToken.None)).Runs.Count;
            if (i > 0 || repeats == 0) // the first warms up
                times.Add(clock.Elapsed.TotalMilliseconds);
        }
        return (times.Order().ElementAt(times.Count / 2), times.Min(), (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / Math.Max(1, repeats), found);
    }

    /// <summary>What a write costs with all the indexes there are: 1,000 at once, so that the disk's part is shared.</summary>
    private static async Task WriteCostAsync(SqlRunStore store, int repeats)
    {
        var (creates, logs) = (new List<double>(), new List<double>());
        for (var repeat = 0; repeat <= repeats; repeat++)
        {
            var ids = Enumerable.Range(0, 1000).Select(_ => RunId.New()).ToList();
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(ids.Select(id => store.CreateRunAsync(new NewRun { Id = id, ProjectId = ProjectId.Default, StartedAt = 1, Tags = new Dictionary<string, string> { ["team"] = "a" } }, CancellationToken.None)));
            creates.Add(clock.Elapsed.TotalMicroseconds / ids.Count);
            clock.Restart();
            await Task.WhenAll(ids.Select(id => store.LogAsync(id, new RunBatch { Params = [new("lr", "0.1"), new("optimizer", "adam")], Metrics = [new("loss", repeat, 1, 1)] }, CancellationToken.None)));
            logs.Add(clock.Elapsed.TotalMicroseconds / ids.Count);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"create run, 1 tag",-30}{creates.Skip(1).Order().ElementAt(repeats / 2),10:0.0} µs each of 1,000 at once"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"log 2 params, 1 metric",-30}{logs.Skip(1).Order().ElementAt(repeats / 2),10:0.0} µs each of 1,000 at once"));
    }

    private static async Task SeedAsync(SqlDatabase database, int runs)
    {
        // Numbers that look random and are the same every time.
        static string Unit(long factor) => $"((i * {factor} % 1000003) / 1000003.0)";
        var statements = new List<string>
        {
            $"""
            INSERT INTO run (id, uuid, project_id, name, "user", status, lifecycle, started_at, ended_at, version)
            SELECT i, '0000000000000000' || CAST(1000000000000000 + i * 7919 % 1000003 * 1000003 + i AS TEXT), 0, 'run-' || CAST(i * 31337 % 1000003 AS TEXT), 'ada', CASE WHEN i % 10 = 0 THEN 4 ELSE 3 END, 1,
                1700000000000 + i * 1000, 1700000000000 + i * 1000 + i * 7919 % 1000003, i FROM n
            """,
        };
        foreach (var (key, value) in new[] { ("loss", $"{Unit(7919)} * 2"), ("accuracy", Unit(104729)), ("seconds", $"{Unit(1299709)} * 1000") })
            statements.Add($"INSERT INTO metric (run_id, key, last, last_step, last_time, min, max, mean, numbers, count) SELECT i, '{key}', {value}, 9, 1, {value}, {value}, {value}, 10, 10 FROM n");
        foreach (var (key, value, number) in new[]
        {
            ("lr", $"CAST({Unit(15485863)} / 100 AS TEXT)", $"{Unit(15485863)} / 100"), ("optimizer", "CASE i % 4 WHEN 0 THEN 'adam' WHEN 1 THEN 'sgd' WHEN 2 THEN 'lamb' ELSE 'lion' END", "NULL"),
            ("seed", "CAST(i AS TEXT)", "i"), ("layers", "CAST(i % 12 AS TEXT)", "i % 12"),
        })
            statements.Add($"INSERT INTO run_param (run_id, key, value, number) SELECT i, '{key}', {value}, {number} FROM n");
        foreach (var (key, value) in new[] { ("team", "'team' || CAST(i % 20 AS TEXT)"), ("commit", "'c' || CAST(i * 7919 % 1000003 AS TEXT)"), ("mlflow.source.name", "'train.py'") })
            statements.Add($"INSERT INTO run_tag (run_id, key, value) SELECT i, '{key}', {value} FROM n");
        // Indexes are made anew afterwards, which is much faster than keeping them while rows come in no order of theirs.
        var indexes = Indexes(database);
        foreach (var index in indexes)
            await database.WriteAsync(sql => sql.Execute($"DROP INDEX {index.Split(' ')[2]}"), CancellationToken.None);
        foreach (var statement in statements)
            await database.WriteAsync(sql => sql.Execute($"WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST(@0 AS BIGINT)) {statement}", runs), CancellationToken.None);
        foreach (var index in indexes)
            await database.WriteAsync(sql => sql.Execute(index), CancellationToken.None);
        await database.WriteAsync(sql => sql.Execute("UPDATE counter SET value = @0 WHERE name = 'version'", runs), CancellationToken.None);
    }

    private static List<string> Indexes(SqlDatabase database)
    {
        using var reader = new StreamReader(typeof(SqlDatabase).Assembly.GetManifestResourceStream(database is SqliteDatabase ? "Sqlite.005.sql" : "Postgres.005.sql")!);
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.StartsWith("CREATE INDEX", StringComparison.Ordinal)).Select(line => line.TrimEnd(';'))];
    }
}
