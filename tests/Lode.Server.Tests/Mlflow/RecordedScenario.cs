using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit.Sdk;

namespace Lode.Server.Tests.Mlflow;

/// <summary>
/// What MLflow's own client said to MLflow's own server, and heard, in order. What that server made up (<c>{exp_1}</c>, <c>{run_2}</c>,
/// <c>{name_1}</c>) is bound where it is first seen and must be the same from then on.
/// </summary>
public sealed partial class RecordedScenario
{
    private readonly JsonArray _exchanges;
    private readonly Dictionary<string, string> _bound = [];

    private RecordedScenario(JsonNode line)
    {
        Name = (string)line["check"]!;
        _exchanges = line["exchanges"]!.AsArray();
    }

    public string Name { get; }

    public static IReadOnlyList<RecordedScenario> ReadAll()
    {
        using var reader = new StreamReader(typeof(RecordedScenario).Assembly.GetManifestResourceStream("exchanges.jsonl")!);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => new RecordedScenario(JsonNode.Parse(line)!))];
    }

    /// <summary>Says the client's part to a server; throws where it answers otherwise than recorded.</summary>
    public async Task ReplayAsync(HttpClient http)
    {
        for (var i = 0; i < _exchanges.Count; i++)
        {
            var exchange = _exchanges[i]!;
            var step = $"step {i}, {exchange["method"]} {exchange["path"]}";
            using var request = Request(exchange, http.BaseAddress!);
            using var response = await http.SendAsync(request);
            Compare(exchange, (int)response.StatusCode, await response.Content.ReadAsStringAsync(), step);
        }
    }

    private HttpRequestMessage Request(JsonNode exchange, Uri server)
    {
        var address = new StringBuilder(Fill((string)exchange["path"]!));
        foreach (var pair in exchange["query"]?.AsArray() ?? [])
            address.Append(address.ToString().Contains('?', StringComparison.Ordinal) ? '&' : '?').Append(Uri.EscapeDataString((string)pair![0]!)).Append('=').Append(Uri.EscapeDataString(Fill((string)pair[1]!)));
        // A client that means harm sends its dots as they are; .NET's would resolve them.
        var uri = address.ToString().Contains("/../", StringComparison.Ordinal)
            ? new Uri(server.GetLeftPart(UriPartial.Authority) + address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })
            : new Uri(address.ToString(), UriKind.Relative);
        var request = new HttpRequestMessage(new HttpMethod((string)exchange["method"]!), uri);
        if (exchange["request"] is { } body)
        {
            var text = body.GetValueKind() == JsonValueKind.String ? (string)body! : body.ToJsonString();
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Fill(text)));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", (string?)exchange["content_type"] ?? "application/json");
        }
        return request;
    }

    private void Compare(JsonNode exchange, int status, string body, string step)
    {
        var (wantedStatus, wanted) = ((int)exchange["status"]!, exchange["response"]);
        // Where MLflow blames itself for the caller's mistake, blaming the caller is right too.
        if (wantedStatus >= 500)
            wantedStatus = status is >= 400 and < 500 ? status : throw new XunitException($"{step}: want {wantedStatus} or 4xx, got {status} {body}");
        if (status != wantedStatus)
            throw new XunitException($"{step}: want {wantedStatus}, got {status} {body}");
        if (wanted is JsonObject && (int)exchange["status"]! < 500)
            Compare(wanted, JsonNode.Parse(body), "", step);
        else if (wanted?.GetValueKind() == JsonValueKind.String && wantedStatus == 200 && (string)exchange["path"]! != "/version" && (string)wanted! != body)
            throw new XunitException($"{step}: want {wanted}, got {body}");
    }

    private void Compare(JsonNode? wanted, JsonNode? got, string path, string step)
    {
        switch (wanted)
        {
            case JsonObject fields:
                var found = got as JsonObject ?? throw Differs();
                foreach (var (name, value) in fields)
                {
                    if (found[name] is { } there)
                        Compare(value, there, $"{path}.{name}", step);
                    else if (!IsEmpty(value))
                        throw new XunitException($"{step}: {path}.{name} is missing");
                }
                foreach (var (name, value) in found)
                {
                    if (!fields.ContainsKey(name) && !IsEmpty(value))
                        throw new XunitException($"{step}: {path}.{name} is not expected: {value}");
                }
                break;
            case JsonArray items:
                var (left, right) = (Ordered(items, path), Ordered(got as JsonArray ?? throw Differs(), path));
                if (left.Count != right.Count)
                    throw new XunitException($"{step}: {path} wants {left.Count} items, got {right.Count}");
                for (var i = 0; i < left.Count; i++)
                    Compare(left[i], right[i], $"{path}[{i}]", step);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                if (!SameText((string)value!, got))
                    throw Differs();
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                if (got?.GetValueKind() != JsonValueKind.Number || (double)got != (double)value)
                    throw Differs();
                break;
            default:
                if (!JsonNode.DeepEquals(wanted, got))
                    throw Differs();
                break;
        }

        XunitException Differs() => new($"{step}: {path} wants {wanted}, got {got?.ToJsonString() ?? "nothing"}");
    }

    private bool SameText(string wanted, JsonNode? got)
    {
        if (wanted == "{server_time}")
            return got?.GetValueKind() == JsonValueKind.Number;
        if (got?.GetValueKind() != JsonValueKind.String)
            return false;
        var text = (string)got!;
        if (wanted == "{text}")
            return text.Length > 0;
        var pattern = new StringBuilder("^");
        var last = 0;
        foreach (Match hole in Holes().Matches(wanted))
        {
            pattern.Append(Regex.Escape(wanted[last..hole.Index]));
            pattern.Append(_bound.TryGetValue(hole.Value, out var bound) ? Regex.Escape(bound) : $"(?<{hole.Value[1..^1]}>[^/ '\"&]+)");
            last = hole.Index + hole.Length;
        }
        var match = Regex.Match(text, pattern.Append(Regex.Escape(wanted[last..])).Append('$').ToString());
        foreach (Group group in match.Groups)
        {
            if (group.Success && !char.IsDigit(group.Name[0]))
                _bound.TryAdd($"{{{group.Name}}}", group.Value);
        }
        return match.Success;
    }

    private string Fill(string text) => Holes().Replace(text, hole => _bound.GetValueOrDefault(hole.Value, hole.Value));

    /// <summary>Params, tags and a run's latest metrics come in any order; histories and runs do not.</summary>
    private static List<JsonNode?> Ordered(JsonArray items, string path) =>
        path.EndsWith(".params", StringComparison.Ordinal) || path.EndsWith(".tags", StringComparison.Ordinal) || path.EndsWith(".data.metrics", StringComparison.Ordinal)
            ? [.. items.OrderBy(item => (string)item!["key"]!, StringComparer.Ordinal)]
            : [.. items];

    private static bool IsEmpty(JsonNode? value) => value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 } || (value.GetValueKind() == JsonValueKind.String && (string)value! == "");

    [GeneratedRegex(@"\{(?:exp|run|model|name)_\d+\}", RegexOptions.CultureInvariant)]
    private static partial Regex Holes();
}
