using System.Text;
using Lode.Core;
using Lode.Storage;

namespace Lode.Tracking.Tests.Journal;

/// <summary>Files that programs log: from the call to the store, while it is there and while it is not.</summary>
public sealed class LogArtifactTests : JournalTests
{
    private string Journals => Folder["journal"];

    private SqlArtifactStore Artifacts => new(Store.Database, new FolderBlobStore(Folder["blobs"]), TimeProvider.System);

    [Fact]
    public async Task LogArtifact_FilesFoldersTextsAndStreams_Arrive()
    {
        Directory.CreateDirectory(Folder["out/deep"]);
        File.WriteAllText(Folder["out/a.txt"], "A");
        File.WriteAllText(Folder["out/deep/b.txt"], "B");
        ActiveRun run;
        await using (var tracker = new Tracker(Store, Journals, TimeProvider.System, Warnings.Add, Artifacts))
        {
            run = tracker.Start("p");
            run.LogArtifact(Folder["out/a.txt"]);
            run.LogArtifact(Folder["out/a.txt"], "copies");
            // Copied when it was logged: what becomes of the original does not matter.
            File.WriteAllText(Folder["out/a.txt"], "changed");
            run.LogArtifact(Folder["out"], "all");
            run.LogText("report.md", "größer");
            run.LogArtifact("plots/x.bin", new MemoryStream([1, 2, 3]));
            await tracker.FlushAsync(default);
            Assert.Equal("A", await ReadAsync(run.Id, "a.txt"));
            run.LogText("report.md", "second");
            run.Finish();
        }
        Assert.Empty(Warnings);
        Assert.Equal(("A", "changed", "B", "second", 3), (await ReadAsync(run.Id, "copies/a.txt"), await ReadAsync(run.Id, "all/out/a.txt"), await ReadAsync(run.Id, "all/out/deep/b.txt"),
            await ReadAsync(run.Id, "report.md"), (await ReadAsync(run.Id, "plots/x.bin")).Length));
        Assert.Empty(Directory.GetFileSystemEntries(Journals));
    }

    [Fact]
    public async Task LogArtifact_StoreIsAway_TheFileWaitsAndIsDeliveredLater()
    {
        var away = new AwayStore(Artifacts);
        await using var tracker = new Tracker(Store, Journals, TimeProvider.System, Warnings.Add, away);
        var run = tracker.Start("p");
        run.LogText("a.txt", "late");
        run.Finish();
        await away.Asked.Task;
        Assert.NotEmpty(Directory.GetFiles(Journals, "*.path", SearchOption.AllDirectories));
        Assert.True(File.Exists(JournalFile.PathOf(Journals, run.Id)));
        away.IsAway = false;
        await tracker.FlushAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
        Assert.Equal("late", await ReadAsync(run.Id, "a.txt"));
    }

    [Fact]
    public async Task LogArtifact_ProgramDiedOrHadNoStoreForFiles_TheNextCommandDelivers()
    {
        ActiveRun run;
        await using (var tracker = new Tracker(Store, Journals, TimeProvider.System, Warnings.Add))
        {
            run = tracker.Start("p");
            run.LogText("deep/a.txt", "kept");
            run.Finish();
        }
        await JournalShipper.RecoverAsync(Journals, Store, Warnings.Add, default);
        Assert.NotEmpty(Directory.GetFiles(Journals, "*.path", SearchOption.AllDirectories));
        await JournalShipper.RecoverAsync(Journals, Store, Warnings.Add, default, artifacts: Artifacts);
        Assert.Equal("kept", await ReadAsync(run.Id, "deep/a.txt"));
        Assert.Empty(Directory.GetFileSystemEntries(Journals));
        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task LogArtifact_RefusedForGood_SaysSo_KeepsTheBytes_AndTheOthersArrive()
    {
        ActiveRun run;
        await using (var tracker = new Tracker(Store, Journals, TimeProvider.System, Warnings.Add, Artifacts))
        {
            run = tracker.Start("p");
            run.LogText("a/b.txt", "1");
            run.LogText("a", "a folder is there");
            run.LogText("c.txt", "2");
            run.Finish();
        }
        Assert.Contains("'a' was not taken", Assert.Single(Warnings), StringComparison.Ordinal);
        Assert.Equal("2", await ReadAsync(run.Id, "c.txt"));
        Assert.Equal("a folder is there", File.ReadAllText(Assert.Single(Directory.GetFiles(Journals, "*.data", SearchOption.AllDirectories))));
    }

    [Fact]
    public async Task LogArtifact_NoSuchFileOrPath_Throws()
    {
        await using var tracker = new Tracker(Store, Journals, TimeProvider.System, Warnings.Add, Artifacts);
        var run = tracker.Start("p");
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<LodeException>(() => run.LogArtifact(Folder["nothing"])).Code);
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => run.LogText("../x", "x")).Code);
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => run.LogText("", "x")).Code);
        run.Finish();
    }

    private async Task<string> ReadAsync(RunId run, string path)
    {
        var root = ArtifactPath.OfUri((await Store.GetRunAsync(run, default)).ArtifactUri)!;
        await using var content = (await Artifacts.OpenAsync(ArtifactPath.Join(root, path), default)).Stream;
        using var reader = new StreamReader(content, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    private sealed class AwayStore(IArtifactStore inner) : IArtifactStore
    {
        public bool IsAway { get; set; } = true;

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Artifact> PutAsync(string path, Stream content, CancellationToken ct)
        {
            Asked.TrySetResult();
            return IsAway ? throw new LodeException(ErrorCode.Unavailable, "away") : inner.PutAsync(path, content, ct);
        }

        public Task<Artifact?> FindAsync(string path, CancellationToken ct) => inner.FindAsync(path, ct);

        public Task<OpenArtifact> OpenAsync(string path, CancellationToken ct) => inner.OpenAsync(path, ct);

        public Task<IReadOnlyList<Artifact>> ListAsync(string folder, CancellationToken ct) => inner.ListAsync(folder, ct);

        public Task<bool> DeleteAsync(string path, CancellationToken ct) => inner.DeleteAsync(path, ct);
    }
}
