using System.Diagnostics;
using Lode.Core;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode run --background</c>: the same command again in a session of its own, with a run whose id is known beforehand.</summary>
internal static class BackgroundRun
{
    private const string IdVariable = "LODE_BACKGROUND_RUN";

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private static RunId? s_id;

    /// <summary>The id that whoever started this process has said; the program does not inherit it.</summary>
    public static RunId? TakeId()
    {
        if (RunId.TryParse(Environment.GetEnvironmentVariable(IdVariable), null, out var id))
        {
            s_id = id;
            Environment.SetEnvironmentVariable(IdVariable, null);
        }
        return s_id;
    }

    /// <summary>What the run is told of where its output goes.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Tags() =>
        TakeId() is { } id && Environment.GetEnvironmentVariable("LODE_HOME") is { Length: > 0 } home ? [new(RunOrigin.OutputFile, LogOf(home, id))] : [];

    /// <summary>Starts it, and answers with its id when it records.</summary>
    /// <param name="context">What was asked for.</param>
    /// <param name="program">What is run.</param>
    /// <param name="resumes">The run that is gone on with; null = a new one.</param>
    /// <exception cref="LodeException">NotFound: there is no such program. Internal: it did not begin.</exception>
    public static async Task<int> StartAsync(CommandContext context, string[] program, Run? resumes)
    {
        SweepAgent.CheckCommand(new SweepProgram { Command = program });
        var home = DataFolder.Resolve(context.Home);
        home.Create();
        var id = resumes?.Id ?? RunId.New();
        var log = LogOf(home.Path, id);
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        List<string> words = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "lode.dll")] : [Environment.ProcessPath ?? "lode"];
        var args = Environment.GetCommandLineArgs().Skip(1).ToList();
        // What stands behind -- is the program's.
        var own = args.IndexOf("--") is var dashes and >= 0 ? dashes : args.Count;
        words.AddRange(args.Take(own).Where(word => word is not ("--background" or "--quiet" or "-q")));
        words.Add("--quiet");
        words.AddRange(args.Skip(own));
        var command = $"exec {CommandWords.Join(words)} >> {CommandWords.Join([log])} 2>&1 < /dev/null";
        var start = new ProcessStartInfo("setsid", ["sh", "-c", command]);
        start.Environment[IdVariable] = id.ToString();
        start.Environment["LODE_HOME"] = home.Path;
        var journals = Journals(home, id);
        using var process = Process.Start(start) ?? throw new LodeException(ErrorCode.Internal, "The background run could not be started.");
        for (var began = context.Time.GetTimestamp(); !Journals(home, id).Except(journals).Any() && !process.HasExited && context.Time.GetElapsedTime(began) < s_patience;)
            await Task.Delay(s_look, context.Time);
        if (process.HasExited && process.ExitCode is 2 or 126 or 127)
            throw new LodeException(ErrorCode.Internal, $"It did not begin: {(File.Exists(log) ? (await File.ReadAllTextAsync(log)).Trim() : "it said nothing")}");
        if (context.Json)
            context.Terminal.Json(new BackgroundAnswer(id, process.Id, log), CliJson.Default.BackgroundAnswer);
        else
            context.Terminal.Out.WriteLine(id.ToString());
        context.Terminal.Note($"lode: process {process.Id} runs it and writes to {log}; `lode tail {id.ToString()[..8]}` follows it, `lode stop {id.ToString()[..8]}` ends it");
        return ExitCodes.Ok;
    }

    private static HashSet<string> Journals(DataFolder home, RunId id) => Directory.Exists(home.JournalFolder) ? [.. Directory.EnumerateFiles(home.JournalFolder, $"{id}*.jsonl")] : [];

    private static string LogOf(string home, RunId id) => Path.Combine(home, "background", $"{id}.log");
}

/// <summary>What <c>lode run --background --json</c> answers.</summary>
internal sealed record BackgroundAnswer(RunId Run, int Process, string Log);
