using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Data.Sqlite;

namespace Lode.Bench.Tracking;

/// <summary>
/// The least a durable log-metric can cost over HTTP in .NET: a bare Kestrel, a body read by its fields' places, group commit into one
/// table of SQLite with full durability. It checks nothing, knows no runs and can read nothing back: the bound that Lode is held against.
/// </summary>
internal sealed class BareServer
{
    private readonly SqliteConnection _connection;
    private readonly object _gate = new();
    private List<Point> _waiting = [];
    private List<Point> _group = [];

    private BareServer(SqliteConnection connection) => _connection = connection;

    public static async Task RunAsync(string home)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(home, "bare.db")};Pooling=False");
        connection.Open();
        using (var set = connection.CreateCommand())
        {
            set.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; CREATE TABLE point (run TEXT, key TEXT, value REAL, time INTEGER, step INTEGER);";
            set.ExecuteNonQuery();
        }
        var server = new BareServer(connection);
        new Thread(server.Commit) { IsBackground = true }.Start();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        Console.WriteLine($$"""{"address":"{{app.Urls.First()}}"}""");
        await app.WaitForShutdownAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        var length = context.Request.ContentLength ?? 0;
        var read = await reader.ReadAtLeastAsync((int)length);
        var point = Parse(read.Buffer.IsSingleSegment ? read.Buffer.FirstSpan : read.Buffer.ToArray());
        reader.AdvanceTo(read.Buffer.End);
        lock (_gate)
        {
            _waiting.Add(point);
            if (_waiting.Count == 1)
                Monitor.Pulse(_gate);
        }
        await point.Done.Task;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = 2;
        context.Response.BodyWriter.Write("{}"u8);
    }

    private static Point Parse(ReadOnlySpan<byte> body)
    {
        _ = Utf8Parser.TryParse(After(body, "\"value\": "u8), out double value, out _);
        _ = Utf8Parser.TryParse(After(body, "\"timestamp\": "u8), out long time, out _);
        _ = Utf8Parser.TryParse(After(body, "\"step\": "u8), out long step, out _);
        return new Point(Text(body, "\"run_id\": \""u8), Text(body, "\"key\": \""u8), value, time, step);
    }

    private static ReadOnlySpan<byte> After(ReadOnlySpan<byte> body, ReadOnlySpan<byte> name) => body.IndexOf(name) is var at and >= 0 ? body[(at + name.Length)..] : "0"u8;

    private static string Text(ReadOnlySpan<byte> body, ReadOnlySpan<byte> name)
    {
        var rest = After(body, name);
        return Encoding.UTF8.GetString(rest[..Math.Max(0, rest.IndexOf((byte)'"'))]);
    }

    private void Commit()
    {
        using var begin = Command("BEGIN IMMEDIATE");
        using var commit = Command("COMMIT");
        using var insert = Command("INSERT INTO point VALUES ($run, $key, $value, $time, $step)");
        string[] names = ["$run", "$key", "$value", "$time", "$step"];
        foreach (var name in names)
            insert.Parameters.AddWithValue(name, 0);
        while (true)
        {
            lock (_gate)
            {
                while (_waiting.Count == 0)
                    Monitor.Wait(_gate);
                (_group, _waiting) = (_waiting, _group);
            }
            begin.ExecuteNonQuery();
            foreach (var point in _group)
            {
                (insert.Parameters[0].Value, insert.Parameters[1].Value, insert.Parameters[2].Value) = (point.Run, point.Key, point.Value);
                (insert.Parameters[3].Value, insert.Parameters[4].Value) = (point.Time, point.Step);
                insert.ExecuteNonQuery();
            }
            commit.ExecuteNonQuery();
            foreach (var point in _group)
                point.Done.SetResult();
            _group.Clear();
        }
    }

    private SqliteCommand Command(string text)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        return command;
    }

    private sealed record Point(string Run, string Key, double Value, long Time, long Step)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
