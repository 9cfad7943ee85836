using System.CommandLine;
using System.Text;
using Lode.Core;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode tail</c></summary>
internal static class TailCommand
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    public static Command Create(Terminal terminal)
    {
        var reference = new Argument<string>("RUN") { Description = "A name, an id or its first digits, @last, @last~2, @best:METRIC." };
        var project = new Option<string?>("--project", "-p") { Description = "Look only in this project.", HelpName = "NAME" };
        var lines = new Option<int>("--lines", "-n") { Description = "Lines of what is there already (default 50).", HelpName = "N", DefaultValueFactory = _ => 50 };
        var metrics = new Option<string?>("--metrics") { Description = "Follow these metrics (a,b) instead of what it prints.", HelpName = "KEYS" };
        var once = new Option<bool>("--no-follow") { Description = "Show what is there and end; otherwise until the run ends." };
        var command = Help.WithExamples(new Command("tail", "Follow what a run prints, or its metrics, until it ends.") { reference, project, lines, metrics, once },
            "lode tail @last", "lode tail @last --metrics loss,accuracy", "lode tail baseline -n 200 --no-follow");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(reference)!, parsed.GetValue(project), parsed.GetValue(lines), parsed.GetValue(metrics), !parsed.GetValue(once), ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, string reference, string? project, int lines, string? keys, bool follow, CancellationToken ct)
    {
        if (lines < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"--lines is at least 0; got {lines}.");
        var access = await context.OpenStoreAsync(ct);
        Run run;
        try
        {
            run = await RunReference.ResolveAsync(access.Store, await CommandContext.ProjectsAsync(access.Store, project, ct), reference, ct);
            var names = keys?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var console = ArtifactPath.OfUri(run.ArtifactUri) is { } root ? ArtifactPath.Join(root, "console.log") : null;
            if (names is null && !(follow && IsAlive(run)) && (console is null || await access.Artifacts.FindAsync(console, ct) is null))
                throw new LodeException(ErrorCode.NotFound, $"run '{run.Name}' has no console.log", "`lode run -- CMD` keeps one; --metrics KEYS follows metrics");
            LocalOutput? local = null;
            var (shown, seen, hash) = ("", new Dictionary<string, int>(), (string?)null);
            for (var isNew = true; ; isNew = false)
            {
                try
                {
                    // The state first: what comes before a run's end is then surely seen.
                    run = await access.Store.GetRunAsync(run.Id, ct);
                    if (names is null && Follower(run, ref local, lines) is { } piece)
                        context.Terminal.Out.Write(piece);
                    else if (names is not null)
                        await WriteMetricsAsync(context, access.Store, run, names, seen, lines, ct);
                    else if (console is not null && await access.Artifacts.FindAsync(console, ct) is { } file && file.Hash != hash)
                    {
                        var text = await ReadAsync(access.Artifacts, console, ct);
                        context.Terminal.Out.Write(hash is null ? LastLines(text, lines) : text.StartsWith(shown, StringComparison.Ordinal) ? text[shown.Length..] : LastLines(text, lines));
                        context.Terminal.Out.Flush();
                        (shown, hash) = (text, file.Hash);
                    }
                    context.Terminal.Out.Flush();
                    if (!follow || !IsAlive(run))
                        break;
                    await Task.Delay(s_interval, context.Time, ct);
                }
                catch (LodeException error) when (error.Code == ErrorCode.Unavailable && !isNew)
                {
                    // The run's own process was the server, and ends with it.
                    await access.DisposeAsync();
                    access = await context.OpenStoreAsync(ct);
                }
            }
        }
        finally
        {
            await access.DisposeAsync();
        }
        if (follow)
            context.Terminal.Note($"lode: {run.Name} {run.Status.ToString().ToLowerInvariant()}");
        return ExitCodes.Ok;
    }

    // A run in the background on this machine: what it printed is in a file of its own at once.
    private static string? Follower(Run run, ref LocalOutput? local, int lines)
    {
        if (local is null && IsAlive(run) && run.Tags.TryGetValue(RunOrigin.OutputFile, out var file) && run.Tags.TryGetValue(RunOrigin.Process, out var said)
            && RunProcess.Parse(said) is { IsHere: true } && File.Exists(file))
            local = new LocalOutput(file);
        return local?.Next(lines);
    }

    private static bool IsAlive(Run run) => run.Status is RunStatus.Running or RunStatus.Scheduled;

    private static async Task WriteMetricsAsync(CommandContext context, IRunStore store, Run run, string[] names, Dictionary<string, int> seen, int lines, CancellationToken ct)
    {
        var fresh = new List<MetricPoint>();
        foreach (var name in names)
        {
            var from = seen.TryGetValue(name, out var known) ? known : (int)Math.Max(0, (run.Metrics.TryGetValue(name, out var summary) ? summary.Count : 0) - lines);
            var points = await store.GetHistoryAsync(run.Id, name, from, 10_000, ct);
            seen[name] = from + points.Count;
            fresh.AddRange(points);
        }
        foreach (var point in fresh.OrderBy(point => point.Time).ThenBy(point => point.Step))
            context.Terminal.Out.WriteLine($"{point.Step}\t{point.Key}\t{Format.Number(point.Value)}");
        context.Terminal.Out.Flush();
    }

    private static async Task<string> ReadAsync(IArtifactStore store, string path, CancellationToken ct)
    {
        var open = await store.OpenAsync(path, ct);
        using var reader = new StreamReader(open.Stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(ct);
    }

    private static string LastLines(string text, int count)
    {
        var at = text.EndsWith('\n') ? text.Length - 1 : text.Length;
        for (; count > 0 && at > 0; count--)
            at = text.LastIndexOf('\n', at - 1);
        return count > 0 || at < 0 ? text : text[(at + 1)..];
    }

    /// <summary>A file that grows.</summary>
    private sealed class LocalOutput(string file)
    {
        private const int MostAtFirst = 4 << 20;

        private long? _at;

        /// <summary>What came since the last call; of the first, the last lines.</summary>
        public string Next(int lines)
        {
            try
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                var isFirst = _at is null;
                stream.Position = _at ?? Math.Max(0, stream.Length - MostAtFirst);
                var bytes = new byte[Math.Min(stream.Length - stream.Position, MostAtFirst)];
                stream.ReadExactly(bytes);
                // Half a character waits for its rest.
                var whole = Array.FindLastIndex(bytes, each => each == (byte)'\n') + 1;
                _at = stream.Position - bytes.Length + whole;
                var text = Encoding.UTF8.GetString(bytes, 0, whole);
                return isFirst ? LastLines(text, lines) : text;
            }
            catch (IOException)
            {
                return "";
            }
        }
    }
}
