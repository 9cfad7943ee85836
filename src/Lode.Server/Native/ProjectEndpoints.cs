using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>Projects.</summary>
internal static class ProjectEndpoints
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/projects", SearchAsync).Says<ProjectPage>("Projects that pass a filter.").AsksSearch(1000);
        api.MapPost("/projects", CreateAsync).Takes(typeof(NewProject)).Says<Project>("Makes a project.");
        api.MapGet("/projects/by-name", FindAsync).Says<Project>("The project of a name, in use or in the trash.").Asks("name", "string", "The name.", required: true);
        api.MapGet("/projects/{id}", GetAsync).Says<Project>("One project, in use or in the trash.");
        api.MapPut("/projects/{id}", PutAsync).Takes(typeof(Project)).Says<Project>("Puts a project as it was elsewhere, with its id, times, lifecycle and tags; one of that id is replaced.");
        api.MapPatch("/projects/{id}", UpdateAsync).Takes(typeof(ProjectChange)).Says<Project>("Changes a project; answers with it as it is then.");
        api.MapGet("/projects/{id}/runs", RunsAsync).Says<RunPage>("A project's runs that pass a filter.").AsksSearch(100).Asks("counts", "boolean", "Whether to count all runs and those that pass, which takes long over many; default true.");
        api.MapGet("/projects/{id}/columns", ColumnsAsync).Says<RunColumns>("What params, metrics and tags the runs that pass a filter have, and how much they differ.")
            .Asks("q", "string", "A filter, as in the command line's documentation.");
    }

    private static async Task<JsonHttpResult<ProjectPage>> SearchAsync(HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var query = request.Query;
        var page = await store.SearchProjectsAsync(new ProjectQuery
        {
            Filter = FilterParser.Parse(query["q"]),
            Order = query.Order(),
            View = query.View(),
            Offset = query.Count("offset", 0, 0, int.MaxValue),
            Limit = query.Count("limit", 1000, 1, 50_000),
        }, ct);
        return TypedResults.Json(page, s_json.ProjectPage);
    }

    private static async Task<JsonHttpResult<Project>> CreateAsync(HttpRequest request, IRunStore store, CancellationToken ct) =>
        TypedResults.Json(await store.CreateProjectAsync(await request.ReadAsync(s_json.NewProject, ct), ct), s_json.Project);

    private static async Task<JsonHttpResult<Project>> FindAsync(HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var name = request.Query.Required("name");
        return TypedResults.Json(await store.FindProjectAsync(name, ct) ?? throw new LodeException(ErrorCode.NotFound, $"There is no project '{name}'."), s_json.Project);
    }

    private static async Task<JsonHttpResult<Project>> GetAsync(string id, IRunStore store, CancellationToken ct) =>
        TypedResults.Json(await CountAsync(await store.GetProjectAsync(ProjectId.Parse(id), ct), store, ct), s_json.Project);

    private static async Task<JsonHttpResult<Project>> PutAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct) =>
        TypedResults.Json(await store.PutProjectAsync(await request.ReadAsync(s_json.Project, ct) with { Id = ProjectId.Parse(id) }, ct), s_json.Project);

    private static async Task<JsonHttpResult<Project>> UpdateAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct) =>
        TypedResults.Json(await CountAsync(await store.UpdateProjectAsync(ProjectId.Parse(id), await request.ReadAsync(s_json.ProjectChange, ct), ct), store, ct), s_json.Project);

    private static async Task<Project> CountAsync(Project project, IRunStore store, CancellationToken ct)
    {
        var same = new FilterClause(new RunField(FieldKind.Attribute, "id"), FilterOperator.Equal, FilterValue.Of(project.Id.ToString()));
        var found = await store.SearchProjectsAsync(new ProjectQuery { Filter = new RunFilter([same]), View = LifecycleView.All }, ct);
        return found.Projects.Count == 1 ? found.Projects[0] : project;
    }

    private static async Task<JsonHttpResult<RunPage>> RunsAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var project = await store.GetProjectAsync(ProjectId.Parse(id), ct);
        return await RunEndpoints.SearchAsync(request, [project.Id], store, ct);
    }

    private static async Task<JsonHttpResult<RunColumns>> ColumnsAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var (project, filter) = (ProjectId.Parse(id), FilterParser.Parse(request.Query["q"]));
        var columns = await store.ListColumnsAsync(project, filter, ct);
        var runs = await store.SearchRunsAsync(new RunQuery { Projects = [project], Filter = filter, Limit = 1, Counts = true }, ct);
        return TypedResults.Json(new RunColumns(runs.Total!.Value, columns), s_json.RunColumns);
    }
}
