using Lode.Core;

namespace Lode.Tracking;

/// <summary>A run that is being logged to. Logging never waits for a store and never throws for a network or a full disk.</summary>
/// <remarks><b>Threads.</b> All members may be called concurrently.</remarks>
public sealed class ActiveRun
{
    private readonly TimeProvider _time;

    internal ActiveRun(JournalFile journal, string name, TimeProvider time)
    {
        Journal = journal;
        _time = time;
        Name = name;
    }

    /// <summary>The run's id.</summary>
    public RunId Id => Journal.Run;

    /// <summary>The run's name.</summary>
    public string Name { get; }

    internal JournalFile Journal { get; }

    internal long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Logs metric values.</summary>
    /// <param name="step">The program's own counter; none is refused.</param>
    /// <param name="values">Names and values; NaN and infinities are kept.</param>
    public void Log(long step, params ReadOnlySpan<(string Key, double Value)> values) => Journal.Metrics(Now, step, values);

    /// <summary>Logs params, each once.</summary>
    public void LogParams(IEnumerable<KeyValuePair<string, string>> values) => Journal.Params(Now, values);

    /// <summary>Sets tags.</summary>
    public void Tag(IEnumerable<KeyValuePair<string, string>> tags) => Journal.Tags(Now, tags.Select(tag => new KeyValuePair<string, string?>(tag.Key, tag.Value)));

    /// <summary>Sets one tag.</summary>
    public void Tag(string key, string value) => Tag([new(key, value)]);

    /// <summary>Logs a file, or a folder with all that is below it. The bytes are copied before this returns, so the original may change or go.</summary>
    /// <param name="path">The file or folder on this machine.</param>
    /// <param name="folder">The folder below the run's artifacts that it goes into; null = right below them. It keeps its own name.</param>
    /// <exception cref="LodeException">NotFound: there is no such file or folder. InvalidArgument: the folder is no path; PermissionDenied: it cannot be read.</exception>
    public void LogArtifact(string path, string? folder = null)
    {
        var target = ArtifactPath.Join(ArtifactPath.Parse(folder ?? ""), Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))));
        if (!Directory.Exists(path))
        {
            LogFile(path, target);
            return;
        }
        foreach (var file in Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }))
            LogFile(file, ArtifactPath.Join(target, Path.GetRelativePath(path, file).Replace(Path.DirectorySeparatorChar, '/')));
    }

    /// <summary>Logs what a stream holds as a file.</summary>
    /// <param name="artifact">Its path below the run's artifacts, for example <c>plots/roc.png</c>.</param>
    /// <param name="content">Read to its end before this returns; the caller disposes it.</param>
    /// <exception cref="LodeException">InvalidArgument: that is no path.</exception>
    public void LogArtifact(string artifact, Stream content) => Journal.KeepFile(Named(artifact), content);

    /// <summary>Logs a text as a file, in UTF-8.</summary>
    /// <param name="artifact">Its path below the run's artifacts, for example <c>report.md</c>.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="LodeException">InvalidArgument: that is no path.</exception>
    public void LogText(string artifact, string text)
    {
        using var content = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        LogArtifact(artifact, content);
    }

    private static string Named(string artifact) => ArtifactPath.Parse(artifact) is { Length: > 0 } path ? path : throw new LodeException(ErrorCode.InvalidArgument, "An artifact needs a name.");

    private void LogFile(string file, string artifact)
    {
        try
        {
            using var content = File.OpenRead(file);
            Journal.KeepFile(Named(artifact), content);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LodeException(ErrorCode.NotFound, $"There is no file or folder '{file}'.", null, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LodeException(ErrorCode.PermissionDenied, $"Cannot read '{file}': {error.Message.TrimEnd('.')}.", null, error);
        }
    }

    /// <summary>
    /// Drops the points of all metrics that were logged before and have a later step, those that other programs logged to this run too,
    /// whether they have reached the store or not: what a program does that starts again from a checkpoint.
    /// </summary>
    /// <param name="step">The last step that stays.</param>
    public void Rewind(long step) => Journal.Rewind(Now, step);

    /// <summary>Whether it was ended.</summary>
    public bool IsFinished => Journal.IsFinished;

    /// <summary>Ends the run; does nothing where it is ended. Nothing may be logged after.</summary>
    public void Finish(RunStatus status = RunStatus.Finished) => Journal.Finish(Now, status);
}
