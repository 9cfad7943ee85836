using System.Globalization;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>Experiments: our projects under MLflow's name.</summary>
internal static class ExperimentEndpoints
{
    private const int MaxResults = 50_000;
    private const int MaxLocation = 2048;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/experiments/create", CreateAsync);
        api.MapGet("/experiments/get", GetAsync);
        api.MapGet("/experiments/get-by-name", GetByNameAsync);
        api.MapGet("/experiments/search", SearchAsync);
        api.MapPost("/experiments/search", SearchAsync);
        api.MapPost("/experiments/update", UpdateAsync);
        api.MapPost("/experiments/delete", DeleteAsync);
        api.MapPost("/experiments/restore", RestoreAsync);
        api.MapPost("/experiments/set-experiment-tag", SetTagAsync);
        api.MapPost("/experiments/delete-experiment-tag", DeleteTagAsync);
    }

    /// <summary>The experiment that a field names.</summary>
    public static ProjectId ParseId(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? new ProjectId(number)
        : throw new LodeException(ErrorCode.InvalidArgument, $"Invalid experiment ID '{text}'. Experiment ID must be a valid integer.");

    private static async Task<MlflowAnswer> CreateAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var tags = new Dictionary<string, string>();
        foreach (var (key, value) in request.Pairs("tags"))
            tags[key] = value;
        var made = new NewProject { Name = request.RequiredText("name"), ArtifactLocation = CheckLocation(request.Text("artifact_location")), Tags = tags };
        var project = await store.CreateProjectAsync(made, ct);
        return new MlflowAnswer(json => json.WriteString("experiment_id"u8, project.Id.ToString()));
    }

    private static async Task<MlflowAnswer> GetAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        return Answer(await store.GetProjectAsync(Id(request), ct));
    }

    private static async Task<MlflowAnswer> GetByNameAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var name = request.RequiredText("experiment_name");
        return Answer(await store.FindProjectAsync(name, ct) ?? throw new LodeException(ErrorCode.NotFound, $"Could not find experiment with name '{name}'"));
    }

    private static async Task<MlflowAnswer> SearchAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var page = MlflowPage.Of(request, @default: 0, MaxResults);
        var order = MlflowFilterParser.ParseOrder(request.Texts("order_by"), MlflowVocabulary.Experiments);
        // MLflow settles ties of a given order by the newest id.
        if (order.Count > 0 && !order.Exists(one => one.Field.Key == "id"))
            order.Add(new RunOrder(new RunField(FieldKind.Attribute, "id"), Descending: true));
        var found = await store.SearchProjectsAsync(new ProjectQuery
        {
            Filter = MlflowFilterParser.Parse(request.Text("filter"), MlflowVocabulary.Experiments),
            Order = order,
            View = MlflowNames.ParseView(request.Choice("view_type"), "view_type"),
            Offset = page.Offset,
            Limit = page.Limit,
            Counts = false,
        }, ct);
        return new MlflowAnswer(json =>
        {
            if (found.Projects.Count > 0)
            {
                json.WriteStartArray("experiments"u8);
                foreach (var project in found.Projects)
                {
                    json.WriteStartObject();
                    json.WriteExperiment(project);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            }
            if (page.Offset + (long)found.Projects.Count < found.Total && found.Projects.Count > 0)
                json.WriteString("next_page_token"u8, page.NextToken());
        });
    }

    private static async Task<MlflowAnswer> UpdateAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        await store.UpdateProjectAsync(Id(request), new ProjectChange { Name = request.RequiredText("new_name") }, ct);
        return MlflowAnswer.Empty;
    }

    private static Task<MlflowAnswer> DeleteAsync(HttpRequest http, IRunStore store, CancellationToken ct) => MoveAsync(http, store, Lifecycle.Active, Lifecycle.Deleted, ct);

    private static Task<MlflowAnswer> RestoreAsync(HttpRequest http, IRunStore store, CancellationToken ct) => MoveAsync(http, store, Lifecycle.Deleted, Lifecycle.Active, ct);

    private static async Task<MlflowAnswer> MoveAsync(HttpRequest http, IRunStore store, Lifecycle from, Lifecycle to, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var project = await store.GetProjectAsync(Id(request), ct);
        if (project.Lifecycle != from)
            throw new LodeException(ErrorCode.NotFound, $"No {MlflowNames.Of(from)} Experiment with id={project.Id} exists");
        await store.UpdateProjectAsync(project.Id, new ProjectChange { Lifecycle = to }, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> SetTagAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var tags = new Dictionary<string, string?> { [request.RequiredKey()] = request.Text("value") ?? "" };
        await store.UpdateProjectAsync(Id(request), new ProjectChange { Tags = tags }, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> DeleteTagAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (key, project) = (request.RequiredText("key"), await store.GetProjectAsync(Id(request), ct));
        // One in the trash is refused by the write below, whatever its tags.
        if (project.Lifecycle == Lifecycle.Active && !project.Tags.ContainsKey(key))
            throw new LodeException(ErrorCode.NotFound, $"No tag with name: {key} in experiment with id {project.Id}");
        await store.UpdateProjectAsync(project.Id, new ProjectChange { Tags = new Dictionary<string, string?> { [key] = null } }, ct);
        return MlflowAnswer.Empty;
    }

    private static ProjectId Id(MlflowRequest request) => ParseId(request.RequiredText("experiment_id"));

    private static MlflowAnswer Answer(Project project) => new(json =>
    {
        json.WriteStartObject("experiment"u8);
        json.WriteExperiment(project);
        json.WriteEndObject();
    });

    /// <summary>Refuses places that runs could not be kept apart in, or that lead out of themselves.</summary>
    private static string? CheckLocation(string? location)
    {
        if (string.IsNullOrEmpty(location))
            return null;
        if (location.Length > MaxLocation)
            throw new LodeException(ErrorCode.InvalidArgument, $"'artifact_location' exceeds the maximum length of {MaxLocation} characters: got {location.Length}.");
        if (location.StartsWith("runs:", StringComparison.OrdinalIgnoreCase))
            throw new LodeException(ErrorCode.InvalidArgument, $"Artifact locations for experiments must not be runs:/ URIs; got '{location}'.");
        if (location.AsSpan().ContainsAny('#', '?'))
            throw new LodeException(ErrorCode.InvalidArgument, $"Artifact URIs must not hold a query or a fragment; got '{location}'.");
        // Escapes may hide dots, and escapes may hide escapes.
        var plain = location;
        for (var next = Uri.UnescapeDataString(plain); next != plain; next = Uri.UnescapeDataString(plain))
            plain = next;
        if (plain.Split('/', '\\').Contains(".."))
            throw new LodeException(ErrorCode.InvalidArgument, $"Artifact URIs must not hold '..'; got '{location}'.");
        // A client may run in another folder than the one that wrote: a path that stays relative would lead each somewhere else.
        return location.Contains(':', StringComparison.Ordinal) ? location : Path.GetFullPath(location);
    }
}
