using System.CommandLine;
using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary><c>lode diff</c></summary>
internal static class DiffCommand
{
    private const int MostLines = 200;
    private static readonly string[] s_parts = ["params", "metrics", "env", "code", "data", "packages", "tags"];

    public static Command Create(Terminal terminal)
    {
        var first = new Argument<string>("A") { Description = "A run: a name, an id or its first digits, @last~1, @best:METRIC." };
        var second = new Argument<string>("B") { Description = "Another one." };
        var project = new Option<string?>("--project", "-p") { Description = "Look only in this project.", HelpName = "NAME" };
        var only = new Option<string?>("--only") { Description = "Only these parts: params, metrics, env, code, data, packages, tags.", HelpName = "PARTS" };
        var patch = new Option<bool>("--patch") { Description = "Also each run's own difference to its commit." };
        var command = Help.WithExamples(new Command("diff", "What differs between two runs: params, metrics, machine, code, data, packages.") { first, second, project, only, patch },
            "lode diff @last~1 @last", "lode diff baseline @best:accuracy --only params,packages", "lode diff 3f2a91c0 @last --json");
        command.SetAction((parsed, ct) => ExecuteAsync(CommandContext.Of(parsed, terminal), parsed.GetValue(first)!, parsed.GetValue(second)!, parsed.GetValue(project), parsed.GetValue(only), parsed.GetValue(patch), ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext context, string first, string second, string? project, string? only, bool patch, CancellationToken ct)
    {
        var parts = only?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? s_parts;
        if (parts.FirstOrDefault(part => !s_parts.Contains(part)) is { } unknown)
            throw new LodeException(ErrorCode.InvalidArgument, $"--only has no part '{unknown}'.", DidYouMean.Hint(unknown, s_parts));
        await using var access = await context.OpenStoreAsync(ct);
        var projects = await CommandContext.ProjectsAsync(access.Store, project, ct);
        var a = await RunReference.ResolveAsync(access.Store, projects, first, ct);
        var b = await RunReference.ResolveAsync(access.Store, projects, second, ct);
        var lines = new List<DiffLine>();
        foreach (var part in parts)
            lines.AddRange(part is "packages" ? await PackagesAsync(access.Artifacts, await KeeperAsync(access.Store, a, ct), await KeeperAsync(access.Store, b, ct), ct) : Differences(part, Values(a, part), Values(b, part)));
        if (context.Json)
        {
            context.Terminal.Json(new DiffAnswer(a.Id, b.Id, lines), CliJson.Default.DiffAnswer);
            return ExitCodes.Ok;
        }
        var output = context.Terminal.Out;
        foreach (var part in lines.GroupBy(line => line.Part))
        {
            if (!context.Terminal.OutIsTerminal)
            {
                foreach (var line in part)
                    output.WriteLine(string.Join('\t', [line.Part, line.Name, line.A ?? "", line.B ?? "", .. line.Delta is { } change ? [Signed(change)] : Array.Empty<string>()]).ReplaceLineEndings(" "));
                continue;
            }
            output.WriteLine(part.Key);
            var table = part.Key == "metrics" ? new TextTable("METRIC", a.Name, b.Name, "Δ").Numeric(1, 2, 3) : new TextTable(part.Key.ToUpperInvariant().TrimEnd('S'), a.Name, b.Name);
            foreach (var line in part.Take(MostLines))
            {
                if (part.Key == "metrics")
                    table.Add(line.Name, line.A ?? "", line.B ?? "", line.Delta is { } delta ? Signed(delta) : "");
                else
                    table.Add(line.Name, line.A ?? "", line.B ?? "");
            }
            table.Write(context.Terminal);
            if (part.Count() > MostLines)
                context.Terminal.Note($"lode: {part.Count() - MostLines} more {part.Key} differ; --json has all");
        }
        if (lines.Count == 0)
            context.Terminal.Note("lode: nothing differs");
        foreach (var run in patch ? new[] { a, b } : [])
        {
            output.WriteLine($"--- {run.Name}: difference to its commit");
            output.Write(await TextAsync(access.Artifacts, await KeeperAsync(access.Store, run, ct), "git/diff.patch", ct) ?? "");
        }
        return ExitCodes.Ok;
    }

    private static string Signed(double change) => (change > 0 ? "+" : "") + Format.Number(change);

    // Tags belong to the part that their beginning names.
    private static Dictionary<string, string> Values(Run run, string part) => part switch
    {
        "params" => new(run.Params),
        "metrics" => run.Metrics.Where(pair => !pair.Key.StartsWith("system/", StringComparison.Ordinal)).ToDictionary(pair => pair.Key, pair => Format.Number(pair.Value.Last)),
        _ => run.Tags.Where(pair => PartOf(pair.Key) == part).ToDictionary(),
    };

    private static string PartOf(string tag) =>
        tag.StartsWith("lode.env.", StringComparison.Ordinal) ? "env"
        : tag.StartsWith("mlflow.source.", StringComparison.Ordinal) || tag.StartsWith("lode.git.", StringComparison.Ordinal) ? "code"
        : tag.StartsWith("lode.data.", StringComparison.Ordinal) || tag.StartsWith("lode.dvc.", StringComparison.Ordinal) ? "data"
        : "tags";

    private static IEnumerable<DiffLine> Differences(string part, Dictionary<string, string> a, Dictionary<string, string> b) =>
        from name in a.Keys.Union(b.Keys).Order(StringComparer.Ordinal)
        let left = a.GetValueOrDefault(name)
        let right = b.GetValueOrDefault(name)
        where left != right
        select new DiffLine(part, name, left, right, part == "metrics" && double.TryParse(left, out var x) && double.TryParse(right, out var y) && double.IsFinite(y - x) ? y - x : null);

    // Of an agent's trials one keeps what is the same for all.
    private static async Task<Run> KeeperAsync(IRunStore store, Run run, CancellationToken ct)
    {
        try
        {
            return run.Tags.TryGetValue(RunOrigin.Surroundings, out var id) && RunId.TryParse(id, null, out var keeper) ? await store.GetRunAsync(keeper, ct) : run;
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            return run;
        }
    }

    private static async Task<IEnumerable<DiffLine>> PackagesAsync(IArtifactStore store, Run a, Run b, CancellationToken ct)
    {
        var (left, right) = (await ListsAsync(store, a, ct), await ListsAsync(store, b, ct));
        return Differences("packages", left, right);
    }

    // Lists of packages are lines of NAME==VERSION or NAME VERSION.
    private static async Task<Dictionary<string, string>> ListsAsync(IArtifactStore store, Run run, CancellationToken ct)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (ArtifactPath.OfUri(run.ArtifactUri) is not { } root)
            return found;
        foreach (var file in await store.ListAsync(ArtifactPath.Join(root, "packages"), ct))
        {
            if (file.IsFolder || await TextAsync(store, run, $"packages/{file.Name}", ct) is not { } text)
                continue;
            foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var parts = line.Split(["==", "=", " ", "\t"], 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                found[$"{Path.GetFileNameWithoutExtension(file.Name)}/{parts[0]}"] = parts.Length > 1 ? parts[1] : "";
            }
        }
        return found;
    }

    private static async Task<string?> TextAsync(IArtifactStore store, Run run, string path, CancellationToken ct)
    {
        if (ArtifactPath.OfUri(run.ArtifactUri) is not { } root || await store.FindAsync(ArtifactPath.Join(root, path), ct) is not { IsFolder: false })
            return null;
        var open = await store.OpenAsync(ArtifactPath.Join(root, path), ct);
        using var reader = new StreamReader(open.Stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(ct);
    }
}

/// <summary>What <c>lode diff --json</c> answers.</summary>
internal sealed record DiffAnswer(RunId A, RunId B, IReadOnlyList<DiffLine> Differences);

/// <summary>One thing that differs; null where a run does not have it.</summary>
internal sealed record DiffLine(string Part, string Name, string? A, string? B, double? Delta);
