using System.Globalization;
using System.Text.Json;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>Results that no server would take yet, on the disk of the agent's machine: whichever agent of the study comes next with this data folder tells them.</summary>
/// <remarks>
/// <c>STUDY-RUN-ATTEMPT.json</c> is what would be told, with the rest of the run's journal; the run's files that wait lie beside it. A study of that number on another
/// server is told from it by the trial's run. <b>Order.</b> A file is whole when it is there; it goes when a server has answered, whatever it said.
/// </remarks>
/// <param name="folder">Where; made with the first result.</param>
/// <param name="study">Whose trials.</param>
internal sealed class UntoldResults(string folder, StudyId study)
{
    private const int PieceSize = 256 << 10;

    /// <summary>Where they are in a data folder.</summary>
    public static string FolderOf(string home) => Path.Combine(home, "agents", "untold");

    /// <summary>Where they are.</summary>
    public string Folder => folder;

    /// <summary>Keeps one.</summary>
    /// <param name="turn">What is to be told.</param>
    /// <param name="run">Its run; its files that wait are kept too.</param>
    /// <exception cref="IOException">The disk does not take it.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public void Save(TrialTurn turn, ActiveRun run)
    {
        Directory.CreateDirectory(folder);
        Tracker.CopyFiles(run, folder);
        var path = PathOf(run.Id, turn.Tell.Attempt);
        File.WriteAllBytes(path + ".draft", JsonSerializer.SerializeToUtf8Bytes(turn, TrackingJson.Default.TrialTurn));
        File.Move(path + ".draft", path, overwrite: true);
    }

    /// <summary>Forgets one that was answered.</summary>
    public void Remove(RunId run, int attempt)
    {
        try
        {
            File.Delete(PathOf(run, attempt));
            foreach (var files in Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, $"{run}.*") : [])
                Directory.Delete(files, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is told once more, which changes nothing.
        }
    }

    /// <summary>Tells those that are here of this study.</summary>
    /// <param name="stores">The server's.</param>
    /// <param name="patience">Waits for it.</param>
    /// <param name="note">Told, in one line, what became of each.</param>
    /// <param name="ct">Ends the patience.</param>
    public async Task TellAsync(AgentStores stores, Patience patience, Action<string> note, CancellationToken ct)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var path in Directory.GetFiles(folder, string.Create(CultureInfo.InvariantCulture, $"{study}-*.json")).Order(StringComparer.Ordinal))
        {
            if (Path.GetFileNameWithoutExtension(path).Split('-') is not [_, var id, _] || !RunId.TryParse(id, null, out var run) || Read(path) is not { } turn)
                continue;
            try
            {
                var trial = await patience.AskAsync(token => stores.Studies.GetTrialAsync(study, turn.Number, token), ct).ConfigureAwait(false);
                if (trial.Run != run)
                    continue;
                if (turn.Journal is { } part && part.Bytes.Length > PieceSize)
                {
                    for (var at = 0; at < part.Bytes.Length;)
                    {
                        var piece = part.Bytes.AsMemory(at, Math.Min(PieceSize, part.Bytes.Length - at));
                        var taken = (await patience.AskAsync(token => stores.Runs.AppendJournalAsync(run, part.Segment, part.Offset + at, piece, token), ct).ConfigureAwait(false)).Offset - part.Offset;
                        if (taken <= at)
                            break;
                        at = (int)taken;
                    }
                    turn = turn with { Journal = null };
                }
                var told = (await patience.AskAsync(token => stores.Studies.TurnAsync(study, new TurnRequest { Ended = [turn] }, token), ct).ConfigureAwait(false)).Told[0];
                note(told.Error is { } error ? $"trial {turn.Number}: the result that was kept is not taken: {error.Message}" : $"trial {turn.Number}: the result that was kept is told");
                await JournalShipper.RecoverAsync(folder, stores.Runs, note, ct, run, stores.Artifacts).ConfigureAwait(false);
            }
            catch (LodeException error) when (error.Code is ErrorCode.NotFound)
            {
                // Of another server, or the study was deleted.
                continue;
            }
            Remove(run, turn.Tell.Attempt);
        }
    }

    private static TrialTurn? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), TrackingJson.Default.TrialTurn);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private string PathOf(RunId run, int attempt) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{study}-{run}-{attempt}.json"));
}
