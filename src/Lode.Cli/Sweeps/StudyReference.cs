using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>Finds the sweep that a person means: its number, its name, PROJECT/NAME, or <c>@last</c>.</summary>
internal static class StudyReference
{
    /// <exception cref="LodeException">NotFound; Ambiguous, with the candidates.</exception>
    public static async Task<StudyInfo> ResolveAsync(IStudies studies, string text, CancellationToken ct)
    {
        if (StudyId.TryParse(text, null, out var id))
            return await studies.GetAsync(id, ct);
        var all = await studies.ListAsync(null, ct);
        if (text == "@last")
            return all.Count > 0 ? await studies.GetAsync(all[0].Id, ct) : throw new LodeException(ErrorCode.NotFound, "there is no sweep yet", "`lode sweep start FILE` makes one");
        var found = all.Where(study => study.Name == text || $"{study.Project}/{study.Name}" == text).ToList();
        if (found.Count == 1)
            return await studies.GetAsync(found[0].Id, ct);
        if (found.Count > 1)
            throw new LodeException(ErrorCode.Ambiguous, $"'{text}' fits {found.Count} sweeps: {string.Join(", ", found.Select(study => $"{study.Id} ({study.Project}/{study.Name})"))}", "Say its number, or PROJECT/NAME.");
        throw new LodeException(ErrorCode.NotFound, $"sweep '{text}' not found", DidYouMean.Nearest(text, all.Select(study => study.Name)) is { } near ? $"did you mean '{near}'?" : "`lode sweep ls` lists the sweeps");
    }
}
