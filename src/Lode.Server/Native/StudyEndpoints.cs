using System.Globalization;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>Studies, and the leases of their trials.</summary>
internal static class StudyEndpoints
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/studies", ListAsync).Says<StudyList>("Studies, newest first, without their best.").Asks("project", "integer", "Only of this project.").Asks("name", "string", "Only of this name.");
        api.MapPost("/studies", CreateAsync).Takes(typeof(NewStudy)).Says<StudyInfo>("Makes a study; with allowExisting, one of that name that is there is meant.");
        api.MapGet("/studies/{id}", GetAsync).Says<StudyInfo>("One study, with counts and its best trial.");
        api.MapPatch("/studies/{id}", UpdateAsync).Takes(typeof(StudyPatch)).Says<StudyInfo>("Pauses, stops or resumes a study, gives it another budget, lets failed trials wait again.");
        api.MapDelete("/studies/{id}", DeleteAsync).SaysNothing("Deletes a study with its trials; their runs stay.");
        api.MapGet("/studies/{id}/trials", TrialsAsync).Says<TrialPage>("A study's trials, without their reports.").Asks("state", "string", "Only those that are waiting, running, complete, pruned or failed.")
            .Asks("order", "string", "number (the default) or best.").Asks("offset", "integer", "How many to pass over; default 0.").Asks("limit", "integer", "How many to return at most, 1 to 50,000; default 1,000.");
        api.MapPost("/studies/{id}/trials", EnqueueAsync).Takes(typeof(EnqueueRequest)).Says<TrialInfo>("Puts a configuration in the queue; what it leaves out is proposed.");
        api.MapGet("/studies/{id}/trials/{number}", TrialAsync).Says<TrialInfo>("One trial, with its reports.");
        api.MapPost("/studies/{id}/ask", AskAsync).Takes(typeof(AskRequest)).Says<AskAnswer>("Gives out trials: those that wait first, then new ones. Where there are none now, reason and retryAfter say why and when to come again.");
        api.MapPost("/studies/{id}/trials/{number}/tell", TellAsync).Takes(typeof(TellRequest)).Says<TrialInfo>("Takes how a trial ended; the same again changes nothing, a lost lease is refused with 409.");
        api.MapPost("/studies/{id}/turn", TurnAsync).Takes(typeof(TurnRequest)).Says<TurnAnswer>("Takes how trials ended, with what is left of their runs' journals, and then gives out others: a tell and an ask in one.");
        api.MapPost("/studies/{id}/trials/{number}/report", ReportAsync).Takes(typeof(ReportRequest)).Says<ReportAnswer>("Takes where a trial stands, and says whether to stop it.");
        api.MapPost("/studies/{id}/trials/{number}/checkpoint", CheckpointAsync).Takes(typeof(CheckpointRequest)).SaysNothing("Notes a checkpoint among the run's artifacts; whoever gets the trial next goes on from there.");
        api.MapPost("/studies/{id}/trials/{number}/release", ReleaseAsync).Takes(typeof(LeaseRequest)).SaysNothing("Takes a trial back untold: it waits again.");
        api.MapPost("/studies/{id}/heartbeat", HeartbeatAsync).Takes(typeof(HeartbeatRequest)).Says<HeartbeatAnswer>("Takes signs of life of an agent's trials, and says which to stop, and why.");
    }

    private static async Task<JsonHttpResult<StudyList>> ListAsync(HttpRequest request, IStudies studies, CancellationToken ct)
    {
        var list = await studies.ListAsync(request.Query.Number("project") is { } project ? new ProjectId(project) : null, ct);
        var name = request.Query["name"].ToString();
        return TypedResults.Json(new StudyList(name.Length == 0 ? list : [.. list.Where(study => study.Name == name)]), s_json.StudyList);
    }

    private static async Task<JsonHttpResult<StudyInfo>> CreateAsync(HttpRequest request, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.CreateAsync(await request.ReadAsync(s_json.NewStudy, ct), ct), s_json.StudyInfo);

    private static async Task<JsonHttpResult<StudyInfo>> GetAsync(string id, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.GetAsync(StudyId.Parse(id), ct), s_json.StudyInfo);

    private static async Task<JsonHttpResult<StudyInfo>> UpdateAsync(string id, HttpRequest request, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.UpdateAsync(StudyId.Parse(id), await request.ReadAsync(s_json.StudyPatch, ct), ct), s_json.StudyInfo);

    private static async Task<NoContent> DeleteAsync(string id, IStudies studies, CancellationToken ct)
    {
        await studies.DeleteAsync(StudyId.Parse(id), ct);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<TrialPage>> TrialsAsync(string id, HttpRequest request, IStudies studies, CancellationToken ct)
    {
        var query = request.Query;
        var page = await studies.GetTrialsAsync(StudyId.Parse(id), new TrialQuery
        {
            State = Named<TrialState>(query, "state"),
            Order = Named<TrialOrder>(query, "order") ?? TrialOrder.Number,
            Offset = query.Count("offset", 0, 0, int.MaxValue),
            Limit = query.Count("limit", 1000, 1, 50_000),
        }, ct);
        return TypedResults.Json(page, s_json.TrialPage);
    }

    private static async Task<JsonHttpResult<TrialInfo>> EnqueueAsync(string id, HttpRequest request, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.EnqueueAsync(StudyId.Parse(id), await request.ReadAsync(s_json.EnqueueRequest, ct), ct), s_json.TrialInfo);

    private static async Task<JsonHttpResult<TrialInfo>> TrialAsync(string id, string number, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.GetTrialAsync(StudyId.Parse(id), Number(number), ct), s_json.TrialInfo);

    private static async Task<JsonHttpResult<AskAnswer>> AskAsync(string id, HttpRequest request, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.AskAsync(StudyId.Parse(id), await request.ReadAsync(s_json.AskRequest, ct), ct), s_json.AskAnswer);

    private static async Task<JsonHttpResult<TrialInfo>> TellAsync(string id, string number, HttpRequest request, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.TellAsync(StudyId.Parse(id), Number(number), await request.ReadAsync(s_json.TellRequest, ct), ct), s_json.TrialInfo);

    private static async Task<JsonHttpResult<TurnAnswer>> TurnAsync(string id, HttpRequest request, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.TurnAsync(StudyId.Parse(id), await request.ReadAsync(s_json.TurnRequest, ct), ct), s_json.TurnAnswer);

    private static async Task<JsonHttpResult<ReportAnswer>> ReportAsync(string id, string number, HttpRequest request, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.ReportAsync(StudyId.Parse(id), Number(number), await request.ReadAsync(s_json.ReportRequest, ct), ct), s_json.ReportAnswer);

    private static async Task<NoContent> CheckpointAsync(string id, string number, HttpRequest request, IStudies studies, CancellationToken ct)
    {
        await studies.CheckpointAsync(StudyId.Parse(id), Number(number), await request.ReadAsync(s_json.CheckpointRequest, ct), ct);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> ReleaseAsync(string id, string number, HttpRequest request, IStudies studies, CancellationToken ct)
    {
        await studies.ReleaseAsync(StudyId.Parse(id), Number(number), await request.ReadAsync(s_json.LeaseRequest, ct), ct);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<HeartbeatAnswer>> HeartbeatAsync(string id, HttpRequest request, IStudies studies, CancellationToken ct) =>
        TypedResults.Json(await studies.HeartbeatAsync(StudyId.Parse(id), await request.ReadAsync(s_json.HeartbeatRequest, ct), ct), s_json.HeartbeatAnswer);

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new LodeException(ErrorCode.InvalidArgument, $"A trial's number is a whole number that is at least 0; got '{text}'.");

    private static T? Named<T>(IQueryCollection query, string name)
        where T : struct, Enum
    {
        var text = query[name].ToString();
        return text.Length == 0 ? null
            : Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0]) ? value
            : throw new LodeException(ErrorCode.InvalidArgument, $"{name} is one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}; got '{text}'.");
    }
}
