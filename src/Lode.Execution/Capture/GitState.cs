namespace Lode.Execution;

/// <summary>Which code ran: commit, branch, remote, what differs from the commit.</summary>
internal static class GitState
{
    private const int MostUntracked = 10_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>Adds tags, and the files <c>git/diff.patch</c> and <c>git/untracked.txt</c> where there is something to say; nothing outside a checkout or without git.</summary>
    public static async Task CaptureAsync(Findings findings, CancellationToken ct)
    {
        if (await AskAsync(["rev-parse", "HEAD"], ct).ConfigureAwait(false) is not { } commit)
            return;
        var branch = AskAsync(["rev-parse", "--abbrev-ref", "HEAD"], ct);
        var remote = AskAsync(["config", "--get", "remote.origin.url"], ct);
        var status = AskAsync(["status", "--porcelain", "--untracked-files=all"], ct);
        // What a later `git apply` on the commit gives back, files that are not text too.
        var diff = AskAsync(["diff", "--binary", "HEAD"], ct);
        findings.Tag("mlflow.source.git.commit", commit.Trim());
        if (await branch.ConfigureAwait(false) is { } name)
            findings.Tag("mlflow.source.git.branch", name.Trim());
        if (await remote.ConfigureAwait(false) is { } address)
            findings.Tag("mlflow.source.git.repoURL", Secrets.MaskAddresses(address.Trim()));
        var patch = await diff.ConfigureAwait(false);
        if (await status.ConfigureAwait(false) is { } changes)
        {
            var lines = changes.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var untracked = lines.Where(line => line.StartsWith("??", StringComparison.Ordinal)).Select(line => line[3..]).ToArray();
            findings.Tag("lode.git.dirty", lines.Length > untracked.Length ? "true" : "false");
            if (untracked.Length > 0)
            {
                findings.Tag("lode.git.untracked", untracked.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
                findings.File("git/untracked.txt", string.Join('\n', untracked.Take(MostUntracked)) + '\n');
            }
        }
        if (patch is null)
            findings.Warn("what differs from the git commit was not kept: it is too large, or git too slow");
        if (patch is { Length: > 0 })
            findings.File("git/diff.patch", patch);
    }

    private static Task<string?> AskAsync(string[] arguments, CancellationToken ct) => Tool.AskAsync(s_patience, "git", ["--no-optional-locks", .. arguments], ct);
}
