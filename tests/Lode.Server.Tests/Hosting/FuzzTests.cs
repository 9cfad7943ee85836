using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lode.Core;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Tests.Hosting;

/// <summary>Whatever is sent to whatever route, the server answers, and never that it is at fault itself.</summary>
public sealed partial class FuzzTests : IAsyncLifetime
{
    // LODE_FUZZ=100000 for a long night.
    private static readonly int s_cases = int.Parse(Environment.GetEnvironmentVariable("LODE_FUZZ") ?? "3000", CultureInfo.InvariantCulture);

    private static readonly string[] s_methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get", "G\u007fT", "M-SEARCH"];

    private static readonly string[] s_pieces =
    [
        "", "0", "1", "-1", "x", ".", "..", "...", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..", "%00", "%", "%zz", "%c0%af", "%ff", "%ed%a0%80", "a%20b", "~", "*", ";a=b", "%3f", "%23",
        "9223372036854775807", "9223372036854775808", "ffffffffffffffffffffffffffffffff", "00000000000000000000000000000001", "{id}", "models:%2fm%2f1", "%F0%9F%98%80", "con", "//", "\\", "'", "\"", "<script>",
    ];

    private static readonly string[] s_values =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "-0", "9223372036854775807", "99999999999999999999", "\"\"", "\"0\"", "\"x\"", "\"NaN\"", "NaN", "\"\\ud800\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "[]", "{}", "[null]", "[\"0\"]",
        "[\"a\", 1]", "[[]]", "[{}]", "[{\"key\": \"k\", \"value\": \"v\"}]", "[{\"key\": \"k\", \"value\": 1, \"timestamp\": 1}]", "{\"a\": null}", "{\"a\": \"b\"}", "{\"a\": {\"b\": [1]}}", "{\"\": \"\"}", "\"metrics.a > 1\"", "\"finished\"", "\"deleted\"",
        "\"eyJvZmZzZXQiOiAtNX0=\"", "\"file:///etc/passwd\"", "\"models:/m/1\"", "\"../../x\"", "\"{run}\"", "\"http://127.0.0.1:1/\"", "\"name = 'x'\"", "\"\u00e9\"",
    ];

    private static readonly string[] s_queries =
    [
        "", "0", "1", "-1", "x", "a b", "%", "%00", "%ed%a0%80", "9223372036854775807", "99999999999999999999999", "1e3", "NaN", "true", "null", "all", "asc", "name desc", "metrics.a.b", "params.`", "status:running", "-status:failed", "((((", "name~%25",
        "metrics.a>1e999", "tags.a in (", "{run}", "ffffffffffffffffffffffffffffffff", "../../etc/passwd", "%2e%2e%2f", "eyJvZmZzZXQiOiA5OTk5OTk5OTk5OTl9", "[]", "{}", "'", "\ud83d\ude00", "a,b", "*",
    ];

    private static readonly string[] s_headers =
    [
        "Content-Type: application/json", "Content-Type: application/json; charset=utf-16", "Content-Type: text/plain", "Content-Type: multipart/form-data; boundary=\"", "Content-Type: ;;;", "Content-Type:", "Content-Encoding: gzip",
        "Accept: text/html", "Accept: \u00e9", "Accept-Encoding: br;q=x", "Range: bytes=0-", "Range: bytes=-1", "Range: bytes=9-1,x", "Range: lines=1", "If-None-Match: *", "If-None-Match: \"", "If-Modified-Since: yesterday", "Last-Event-ID: x",
        "Last-Event-ID: -9223372036854775808", "Authorization: Basic \u0001", "Authorization: Basic ====", "Authorization: Bearer", "Cookie: lode_session=a.b; ;=", "Origin: null", "Origin: http://[", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-origin", "Expect: 100-continue", "Expect: x",
        "Upgrade: websocket", "Connection: Upgrade", "X-Forwarded-Proto: https", "X-Forwarded-For: ::", "X-HTTP-Method-Override: DELETE", "X-MLFLOW-WORKSPACE: ..", "Traceparent: 00-x", "Forwarded: for=\"", "Transfer-Encoding: gzip", "Te: x", "Host: evil.example", "Max-Forwards: -1", "Bad Header: x", "NoColon", ": x",
    ];

    private RunningServer _server = null!;
    private (string Path, string[] Methods)[] _routes = [];
    private string[] _fields = [];
    private string _run = "";

    public async Task InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        _routes = [.. _server.Endpoints.OfType<RouteEndpoint>().Select(route => ("/" + route.RoutePattern.RawText!.TrimStart('/'), (route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).ToArray()))];
        var created = await _server.Http.PostAsJsonAsync("/api/2.0/mlflow/runs/create", new { experiment_id = "0", start_time = 1 });
        _run = (await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("run").GetProperty("info").GetProperty("run_id").GetString()!;
        // Every field of the native API, and of MLflow's what its endpoints read.
        var source = string.Concat(Directory.GetFiles(Path.Combine(TestKit.Repository.Root, "src/Lode.Server"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var names = Names().Matches(source).Select(match => match.Groups[1].Value);
        var native = Properties().Matches(await _server.Http.GetStringAsync("/openapi/v1.json")).Select(match => match.Groups[1].Value);
        _fields = [.. names.Concat(native).Distinct().Order(StringComparer.Ordinal)];
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task AnyRoute_AnyRequest_IsAnswered_AndNotByAFault()
    {
        Assert.True(_fields.Length > 60 && _routes.Length > 60, $"{_fields.Length} fields, {_routes.Length} routes");
        var answers = new int[600];
        await Parallel.ForAsync(0, s_cases, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        {
            var request = Write(new Rng(77, (ulong)i));
            var status = await SendAsync(request, i, end: false);
            Assert.True(status is not null, $"case {i} was not answered:\n{request}");
            Interlocked.Increment(ref answers[status.Value]);
        });
        // The cases reach what they are meant to reach: successes, refusals by handlers, unknown paths, wrong methods.
        Assert.All([200, 400, 404, 405], status => Assert.True(answers[status] > s_cases / 200, $"only {answers[status]} of {status}"));
        Assert.Equal("OK", await _server.Http.GetStringAsync("/health"));
    }

    [Fact]
    public async Task DamagedBytes_AreAnsweredOrHungUpOn()
    {
        await Parallel.ForAsync(0, s_cases / 3, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        {
            var rng = new Rng(78, (ulong)i);
            var bytes = Encoding.UTF8.GetBytes(Write(rng));
            for (var n = rng.NextInt32(8); n >= 0; n--)
                bytes[rng.NextInt32(bytes.Length)] = (byte)rng.NextInt32(256);
            if (rng.NextInt32(4) == 0)
                bytes = bytes[..rng.NextInt32(bytes.Length)];
            await SendAsync(Encoding.Latin1.GetString(bytes), i, end: true);
        });
        Assert.Equal("OK", await _server.Http.GetStringAsync("/health"));
    }

    private async Task<int?> SendAsync(string request, int i, bool end)
    {
        var bytes = end ? Encoding.Latin1.GetBytes(request) : Encoding.UTF8.GetBytes(request);
        try
        {
            var status = await RawRequest.SendAsync(_server.Address, bytes, end);
            // 501: built without a dashboard; 505: a damaged version of HTTP.
            Assert.True(status is null or < 500 or 501 or 505, $"case {i}: {status}\n{request}");
            return status;
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"case {i} hangs:\n{request}");
        }
    }

    private string Write(Rng rng)
    {
        var route = Pick(rng, _routes);
        var method = rng.NextInt32(4) == 0 ? Pick(rng, s_methods) : Pick(rng, route.Methods);
        var path = rng.NextInt32(12) == 0 ? "/" + string.Join('/', Enumerable.Range(0, rng.NextInt32(6)).Select(_ => Pick(rng, s_pieces)))
            : Placeholders().Replace(route.Path, match => match.Value.Contains("**", StringComparison.Ordinal) ? Pick(rng, s_pieces) + "/" + Pick(rng, s_pieces) : rng.NextInt32(2) == 0 ? Pick(rng, s_pieces) : Known(match.Value));
        var query = string.Concat(Enumerable.Range(0, rng.NextInt32(5)).Select(n => (n == 0 ? "?" : "&") + Pick(rng, _fields) + "=" + Raw(Pick(rng, s_queries))));
        var body = rng.NextInt32(3) == 0 ? "" : Body(rng);
        var text = new StringBuilder().Append(method).Append(' ').Append(Raw(path + query)).Append(" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
        if (rng.NextInt32(4) != 0)
            text.Append("Content-Type: application/json\r\n");
        for (var n = rng.NextInt32(12) == 0 ? rng.NextInt32(4) : 0; n > 0; n--)
            text.Append(Raw(Pick(rng, s_headers))).Append("\r\n");
        if (rng.NextInt32(5) == 0)
            return text.Append("Transfer-Encoding: chunked\r\n\r\n").Append(body.Length == 0 ? "" : $"{Encoding.UTF8.GetByteCount(body):x}\r\n{body}\r\n").Append("0\r\n\r\n").ToString();
        return text.Append(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n").Append(body).ToString();
        string Known(string placeholder) => placeholder.Contains("id", StringComparison.Ordinal) && rng.NextInt32(2) == 0 ? _run : "0";
    }

    private string Body(Rng rng) => rng.NextInt32(12) switch
    {
        0 => Pick(rng, s_values).Replace("{run}", _run, StringComparison.Ordinal),
        1 => new string('[', 1 + rng.NextInt32(5000)),
        2 => "{\"e\":\"start\",\"t\":1,\"project\":\"p\",\"name\":" + Pick(rng, s_values) + "}\n{\"e\":\"metrics\",\"t\":" + Pick(rng, s_values) + ",\"step\":0,\"metrics\":" + Pick(rng, s_values) + "}\n",
        3 => "{\"" + Pick(rng, _fields) + "\": ",
        4 => "\ufeff{}",
        _ => "{" + string.Join(", ", Enumerable.Range(0, rng.NextInt32(8)).Select(_ => $"\"{Pick(rng, _fields)}\": {Pick(rng, s_values).Replace("{run}", _run, StringComparison.Ordinal)}")) + "}",
    };

    // Only what would end the request line is written otherwise; the rest goes out as odd as it is.
    private string Raw(string text) => text.Replace("{run}", _run, StringComparison.Ordinal).Replace("\r", "%0d", StringComparison.Ordinal).Replace("\n", "%0a", StringComparison.Ordinal);

    private static T Pick<T>(Rng rng, T[] from) => from[rng.NextInt32(from.Length)];

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholders();

    [GeneratedRegex("""(?:Text|Integer|Double|Key|Choice|List|Texts|Pairs|RequiredText|RequiredInteger|RequiredDouble|IsNamed|Number|Count|Required|Flag)\((?:\w+, )?"(\w+)""")]
    private static partial Regex Names();

    [GeneratedRegex("""^ +"([a-z][A-Za-z]+)": \{""", RegexOptions.Multiline)]
    private static partial Regex Properties();
}
