using System.Text;
using Lode.Core;
using Lode.TestKit;

namespace Lode.Storage.Tests;

/// <summary>What a collection frees and what it leaves, and what a check finds.</summary>
public sealed class ArtifactCareTests : IAsyncLifetime
{
    private static readonly TimeSpan s_grace = TimeSpan.FromHours(1);
    private static readonly CancellationToken s_ct = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new(DateTimeOffset.UnixEpoch.AddDays(400_000));
    private readonly SqliteDatabase _database;
    private readonly FolderBlobStore _blobs;
    private readonly SqlArtifactStore _store;

    public ArtifactCareTests()
    {
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        _blobs = new FolderBlobStore(_folder["artifacts"]);
        _store = new SqlArtifactStore(_database, _blobs, _time);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<string> PutAsync(string path, string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return (await _store.PutAsync(path, content, s_ct)).Hash!;
    }

    private string FileOf(string hash) => Path.Combine(_folder["artifacts"], hash[..2], hash);

    private string[] Files() => [.. Directory.EnumerateFiles(_folder["artifacts"], "*", SearchOption.AllDirectories)];

    [Fact]
    public async Task Put_EqualContents_LieOnTheDiskOnce()
    {
        await PutAsync("a", "same");
        await PutAsync("b/c", "same");
        Assert.Single(Files());
    }

    [Fact]
    public async Task Collect_FreesWhatNothingNames()
    {
        var (kept, shared) = (await PutAsync("a/kept", "kept"), await PutAsync("a/one", "shared"));
        await PutAsync("b/two", "shared");
        var gone = await PutAsync("b/gone", "12345");
        await PutAsync("a/kept2", "replaced");
        await PutAsync("a/kept2", "kept");
        await _store.DeleteAsync("b", s_ct);
        _time.Advance(s_grace * 2);
        var dry = await _store.CollectAsync(dryRun: true, s_grace, s_ct);
        Assert.Equal((2, 13L), (dry.Blobs, dry.Bytes));
        Assert.Equal(4, Files().Length);
        Assert.Equal(dry, await _store.CollectAsync(dryRun: false, s_grace, s_ct));
        Assert.Equal([FileOf(kept), FileOf(shared)], Files().Order(StringComparer.Ordinal).Intersect([FileOf(kept), FileOf(shared)]).OrderBy(file => file == FileOf(shared)));
        Assert.False(File.Exists(FileOf(gone)));
        Assert.Equal(2, Files().Length);
        Assert.Equal(new CollectedArtifacts(), await _store.CollectAsync(dryRun: false, s_grace, s_ct));
    }

    [Fact]
    public async Task Collect_LeavesTheYoung()
    {
        await PutAsync("a", "1");
        await _store.DeleteAsync("a", s_ct);
        Assert.Equal(0, (await _store.CollectAsync(dryRun: false, s_grace, s_ct)).Blobs);
        _time.Advance(s_grace * 2);
        // The same bytes again: young again.
        await PutAsync("a", "1");
        await _store.DeleteAsync("a", s_ct);
        Assert.Equal(0, (await _store.CollectAsync(dryRun: false, s_grace, s_ct)).Blobs);
        _time.Advance(s_grace * 2);
        Assert.Equal(1, (await _store.CollectAsync(dryRun: false, s_grace, s_ct)).Blobs);
    }

    [Fact]
    public async Task Collect_FreesUploadsNobodyCompleted()
    {
        await PutAsync($"{SqlArtifactStore.UploadFolder}/old/1", "part 1");
        await PutAsync($"{SqlArtifactStore.UploadFolder}/old/2", "part 2");
        _time.Advance(TimeSpan.FromHours(25));
        await PutAsync($"{SqlArtifactStore.UploadFolder}/new/1", "part 1 of another");
        var dry = await _store.CollectAsync(dryRun: true, s_grace, s_ct);
        Assert.Equal((1, 2, 12L), (dry.Uploads, dry.Blobs, dry.Bytes));
        Assert.Equal(dry, await _store.CollectAsync(dryRun: false, s_grace, s_ct));
        Assert.Single(Files());
        Assert.Null(await _store.FindAsync($"{SqlArtifactStore.UploadFolder}/old", s_ct));
    }

    [Fact]
    public async Task Collect_FreesBrokenWritesAndStrays()
    {
        Directory.CreateDirectory(_blobs.DraftFolder);
        var draft = Path.Combine(_blobs.DraftFolder, "x.draft");
        await File.WriteAllTextAsync(draft, "123");
        var stray = FileOf(new string('a', 64));
        Directory.CreateDirectory(Path.GetDirectoryName(stray)!);
        await File.WriteAllTextAsync(stray, "12345");
        var dry = await _store.CollectAsync(dryRun: true, s_grace, s_ct);
        Assert.Equal((1, 1, 8L), (dry.Drafts, dry.Blobs, dry.Bytes));
        Assert.Equal(2, Files().Length);
        Assert.Equal(dry, await _store.CollectAsync(dryRun: false, s_grace, s_ct));
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Put_ThatBreaks_LeavesNoDraft()
    {
        using var content = new MemoryStream(new byte[100]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.PutAsync("a", content, new CancellationToken(canceled: true)));
        await PutAsync("b", "x");
        Assert.Single(Files());
    }

    [Fact]
    public async Task Collect_WhilePutsRun_LosesNothing()
    {
        // No grace at all: only the order of the writes protects.
        using var stop = new CancellationTokenSource();
        var collector = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                _time.Advance(TimeSpan.FromMilliseconds(1));
                await _store.CollectAsync(dryRun: false, TimeSpan.FromMilliseconds(-10), s_ct);
            }
        });
        var failed = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                var path = $"w{worker}/x";
                try
                {
                    await PutAsync(path, $"content {i % 3}");
                }
                catch (LodeException)
                {
                    // Freed between touch and link, since there is no grace: refused, not half-done.
                    Interlocked.Increment(ref failed);
                    continue;
                }
                var open = await _store.OpenAsync(path, s_ct);
                await open.Stream.DisposeAsync();
                await _store.DeleteAsync(path, s_ct);
            }
        })));
        await stop.CancelAsync();
        await collector;
        Assert.True(failed < 160);
        Assert.Empty(await DamageAsync());
    }

    [Fact]
    public async Task Verify_FindsWhatIsMissingShortOrChanged()
    {
        await PutAsync("good", "good");
        var (missing, cut, changed) = (await PutAsync("r/missing", "missing"), await PutAsync("r/cut", "cut short"), await PutAsync("r/changed", "changed"));
        await PutAsync("r/also", "changed");
        Assert.Empty(await DamageAsync());
        File.Delete(FileOf(missing));
        await File.WriteAllTextAsync(FileOf(cut), "cut");
        await File.WriteAllTextAsync(FileOf(changed), "CHANGED");
        var damage = (await DamageAsync()).ToDictionary(one => one.Hash);
        Assert.Equal(3, damage.Count);
        Assert.Contains("missing", damage[missing].Problem, StringComparison.Ordinal);
        Assert.Contains("3 bytes", damage[cut].Problem, StringComparison.Ordinal);
        Assert.Equal(["r/also", "r/changed"], damage[changed].Paths);
        Assert.Equal(ErrorCode.DataLoss, (await Assert.ThrowsAsync<LodeException>(() => _store.OpenAsync("r/missing", s_ct))).Code);
        // The same bytes again mend it.
        await PutAsync("elsewhere", "missing");
        await PutAsync("elsewhere", "changed");
        Assert.Equal([cut], (await DamageAsync()).Select(one => one.Hash));
    }

    private async Task<List<ArtifactDamage>> DamageAsync()
    {
        var damage = new List<ArtifactDamage>();
        await foreach (var one in _store.VerifyAsync(s_ct))
            damage.Add(one);
        return damage;
    }
}
