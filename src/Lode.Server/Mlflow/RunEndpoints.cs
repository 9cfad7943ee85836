using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>Runs: made, read, changed, found.</summary>
internal static class RunEndpoints
{
    private const int MaxResults = 50_000;
    private const int DefaultResults = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/runs/create", CreateAsync);
        api.MapGet("/runs/get", GetAsync);
        api.MapPost("/runs/update", UpdateAsync);
        api.MapPost("/runs/delete", DeleteAsync);
        api.MapPost("/runs/restore", RestoreAsync);
        api.MapPost("/runs/search", SearchAsync);
    }

    /// <summary>The run that a request names, by today's field or by the old one.</summary>
    public static RunId Id(MlflowRequest request) => ParseId(IdText(request));

    /// <summary>As <see cref="Id"/>, but as it was written.</summary>
    public static string IdText(MlflowRequest request) => request.Text("run_id") is { Length: > 0 } id ? id
        : request.Text("run_uuid") is { Length: > 0 } old ? old
        : throw MlflowErrors.Missing("run_id");

    /// <summary>The run of that id; what is no id of ours names no run.</summary>
    public static RunId ParseId(string text) => RunId.TryParse(text, null, out var id) ? id : throw new LodeException(ErrorCode.NotFound, $"Run with id={text} not found");

    private static async Task<MlflowAnswer> CreateAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var project = ExperimentEndpoints.ParseId(request.RequiredText("experiment_id"));
        var tags = new Dictionary<string, string>();
        foreach (var (key, value) in request.Pairs("tags", loose: true))
            tags[key] = value;
        var name = request.Text("run_name");
        if (tags.Remove(MlflowNames.RunNameTag, out var tagged))
        {
            if (!string.IsNullOrEmpty(name) && name != tagged)
            {
                throw new LodeException(ErrorCode.InvalidArgument,
                    $"Both 'run_name' argument and '{MlflowNames.RunNameTag}' tag are specified, but with different values (run_name='{name}', {MlflowNames.RunNameTag}='{tagged}').");
            }
            name = tagged;
        }
        var run = await store.CreateRunAsync(new NewRun
        {
            Id = RunId.New(),
            ProjectId = project,
            Name = name,
            User = request.Text("user_id") ?? "",
            StartedAt = request.Integer("start_time"),
            Tags = tags,
        }, ct);
        return Answer(run, withOutputs: false);
    }

    private static async Task<MlflowAnswer> GetAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        return Answer(await store.GetRunAsync(Id(request), ct), withOutputs: true);
    }

    private static async Task<MlflowAnswer> UpdateAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var run = await store.UpdateRunAsync(Id(request), new RunChange
        {
            Name = request.Text("run_name") is { Length: > 0 } name ? name : null,
            Status = MlflowNames.ParseStatus(request.Choice("status")),
            EndedAt = request.Integer("end_time"),
        }, ct);
        return new MlflowAnswer(json =>
        {
            json.WriteStartObject("run_info"u8);
            json.WriteRunInfo(run);
            json.WriteEndObject();
        });
    }

    private static Task<MlflowAnswer> DeleteAsync(HttpRequest http, IRunStore store, CancellationToken ct) => MoveAsync(http, store, Lifecycle.Deleted, ct);

    private static Task<MlflowAnswer> RestoreAsync(HttpRequest http, IRunStore store, CancellationToken ct) => MoveAsync(http, store, Lifecycle.Active, ct);

    private static async Task<MlflowAnswer> MoveAsync(HttpRequest http, IRunStore store, Lifecycle to, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        await store.UpdateRunAsync(Id(request), new RunChange { Lifecycle = to }, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> SearchAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var page = MlflowPage.Of(request, DefaultResults, MaxResults);
        var found = await store.SearchRunsAsync(new RunQuery
        {
            Projects = [.. request.Texts("experiment_ids").Select(ExperimentEndpoints.ParseId)],
            Filter = MlflowFilterParser.Parse(request.Text("filter"), MlflowVocabulary.Runs),
            Order = MlflowFilterParser.ParseOrder(request.Texts("order_by"), MlflowVocabulary.Runs),
            View = MlflowNames.ParseView(request.Choice("run_view_type"), "run_view_type"),
            Offset = page.Offset,
            Limit = page.Limit,
        }, ct);
        return new MlflowAnswer(json =>
        {
            if (found.Runs.Count > 0)
            {
                json.WriteStartArray("runs"u8);
                foreach (var run in found.Runs)
                {
                    json.WriteStartObject();
                    json.WriteRun(run, withModelInputs: false);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            }
            if (found.More)
                json.WriteString("next_page_token"u8, page.NextToken());
        });
    }

    private static MlflowAnswer Answer(Run run, bool withOutputs) => new(json =>
    {
        json.WriteStartObject("run"u8);
        json.WriteRun(run, withOutputs);
        json.WriteEndObject();
    });
}
