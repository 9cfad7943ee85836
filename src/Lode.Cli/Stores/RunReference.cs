using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>Finds the run that a person means: <c>@last</c>, <c>@last~2</c>, <c>@best:METRIC</c>, an id, the first four or more digits of one, or a name.</summary>
internal static class RunReference
{
    private const int ShortestPrefix = 4;
    private const int MostCandidates = 5;

    /// <param name="store">Where to look.</param>
    /// <param name="projects">Which projects to look in.</param>
    /// <param name="text">What the person typed.</param>
    /// <param name="ct">Stops the search.</param>
    /// <param name="view">Runs in use, in the trash, or both; an id is found in any case.</param>
    /// <exception cref="LodeException">NotFound; Ambiguous, with the candidates.</exception>
    public static async Task<Run> ResolveAsync(IRunStore store, IReadOnlyList<Project> projects, string text, CancellationToken ct, LifecycleView view = LifecycleView.Active)
    {
        if (text.StartsWith('@'))
            return await ResolveWordAsync(store, projects, text, view, ct);
        if (RunId.TryParse(text, null, out var id))
            return await store.GetRunAsync(id, ct);
        var found = await SearchAsync(store, projects, "name", FilterOperator.Equal, text, view, ct);
        if (found.Total == 0 && text.Length >= ShortestPrefix && text.All(char.IsAsciiHexDigit))
            found = await SearchAsync(store, projects, "id", FilterOperator.Like, text.ToLowerInvariant() + "%", view, ct);
        if (found.Total == 1)
            return found.Runs[0];
        if (found.Total > 1)
        {
            var candidates = string.Join(", ", found.Runs.Take(MostCandidates).Select(run => $"{run.Id.ToString()[..8]} ({run.Name})"));
            throw new LodeException(ErrorCode.Ambiguous, $"'{text}' fits {found.Total} runs: {candidates}{(found.Total > MostCandidates ? ", …" : "")}", "Say the first digits of the id.");
        }
        var names = (await store.SearchRunsAsync(new RunQuery { Projects = Ids(projects), View = view, Limit = 1000 }, ct)).Runs.Select(run => run.Name).Distinct();
        throw new LodeException(ErrorCode.NotFound, $"run '{text}' not found", DidYouMean.Nearest(text, names) is { } near ? $"did you mean '{near}'?" : "`lode ls` lists the runs");
    }

    private static ProjectId[] Ids(IReadOnlyList<Project> projects) => [.. projects.Select(project => project.Id)];

    private static Task<RunPage> SearchAsync(IRunStore store, IReadOnlyList<Project> projects, string attribute, FilterOperator op, string text, LifecycleView view, CancellationToken ct) =>
        store.SearchRunsAsync(new RunQuery { Projects = Ids(projects), View = view, Filter = new RunFilter([new FilterClause(new RunField(FieldKind.Attribute, attribute), op, FilterValue.Of(text))]), Counts = true }, ct);

    private static async Task<Run> ResolveWordAsync(IRunStore store, IReadOnlyList<Project> projects, string text, LifecycleView view, CancellationToken ct)
    {
        var query = new RunQuery { Projects = Ids(projects), View = view, Limit = 1 };
        if (text == "@last")
        {
        }
        else if (text.StartsWith("@last~", StringComparison.Ordinal) && int.TryParse(text[6..], NumberStyles.None, CultureInfo.InvariantCulture, out var back))
            query = query with { Offset = back };
        else if (text.StartsWith("@best:", StringComparison.Ordinal) && text.Length > 6)
        {
            var metric = new RunField(FieldKind.Metric, text[6..]);
            query = query with { Order = [new RunOrder(metric, !ProjectGoal.IsMinimised(metric.Key, projects))], Filter = new RunFilter([new FilterClause(metric, FilterOperator.IsNotNull, Array.Empty<FilterValue>())]) };
        }
        else
            throw new LodeException(ErrorCode.InvalidArgument, $"'{text}' is no run.", "Runs by word: @last, @last~2, @best:METRIC");
        var page = await store.SearchRunsAsync(query, ct);
        return page.Runs.Count == 1 ? page.Runs[0] : throw new LodeException(ErrorCode.NotFound, $"there is no run {text}", "`lode ls` lists the runs");
    }
}
