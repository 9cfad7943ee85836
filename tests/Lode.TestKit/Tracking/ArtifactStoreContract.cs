using System.Security.Cryptography;
using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

/// <summary>What every <see cref="IArtifactStore"/> promises. Derive, give a fresh store, and all of it is checked.</summary>
public abstract class ArtifactStoreContract : IAsyncLifetime
{
    /// <summary>The clock the store was given.</summary>
    protected ManualTime Time { get; } = new();

    protected IArtifactStore Store { get; private set; } = null!;

    protected static CancellationToken Ct => CancellationToken.None;

    public async Task InitializeAsync() => Store = await CreateStoreAsync();

    public abstract Task DisposeAsync();

    protected abstract Task<IArtifactStore> CreateStoreAsync();

    protected async Task<Artifact> PutAsync(string path, string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return await Store.PutAsync(path, content, Ct);
    }

    protected async Task<string> ReadAsync(string path)
    {
        await using var stream = (await Store.OpenAsync(path, Ct)).Stream;
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Ct);
    }

    private async Task<string> NamesAsync(string folder) => string.Join(' ', (await Store.ListAsync(folder, Ct)).Select(item => item.IsFolder ? item.Name + "/" : item.Name));

    private static async Task RefusesAsync(ErrorCode code, Func<Task> act) => Assert.Equal(code, (await Assert.ThrowsAsync<LodeException>(act)).Code);

    [Fact]
    public async Task Put_IsReadBack()
    {
        var put = await PutAsync("0/r/artifacts/notes/a.txt", "hello ✓");
        Assert.Equal(("0/r/artifacts/notes/a.txt", "a.txt", 9L, false), (put.Path, put.Name, put.Size, put.IsFolder));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("hello ✓"u8)), put.Hash);
        Assert.Equal("hello ✓", await ReadAsync("0/r/artifacts/notes/a.txt"));
        Assert.Equal(put, await Store.FindAsync("0/r/artifacts/notes/a.txt", Ct));
        var open = await Store.OpenAsync("0/r/artifacts/notes/a.txt", Ct);
        await open.Stream.DisposeAsync();
        Assert.Equal((put.Hash, put.Size, put.Path), (open.Artifact.Hash, open.Artifact.Size, open.Artifact.Path));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a b+&=,;.txt")]
    [InlineData("100%.txt")]
    [InlineData("a%2Fb%41.txt")]
    [InlineData("Größe/温度 ☀.bin")]
    [InlineData("..a/...")]
    [InlineData("it's \"quoted\"?<>|*.txt")]
    [InlineData("#1")]
    public async Task Put_OddNames_AreKept(string path)
    {
        await PutAsync(path, path);
        Assert.Equal(path, await ReadAsync(path));
        Assert.Equal(path, (await Store.ListAsync(ArtifactPath.FolderOf(path), Ct)).Single().Path);
        Assert.True(await Store.DeleteAsync(path, Ct));
        Assert.Null(await Store.FindAsync(path, Ct));
    }

    [Theory]
    [InlineData("/a")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("a/..")]
    [InlineData("..")]
    [InlineData("a\\b")]
    [InlineData("C:/a")]
    [InlineData("a\0")]
    public async Task Paths_ThatLeaveTheirPlace_AreRefused(string path)
    {
        await RefusesAsync(ErrorCode.InvalidArgument, () => PutAsync(path, "x"));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.FindAsync(path, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.OpenAsync(path, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.ListAsync(path, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.DeleteAsync(path, Ct));
    }

    [Fact]
    public async Task Put_TooLongAPath_IsRefused()
    {
        await PutAsync(new string('ü', ArtifactPath.MaxLength / 2), "x");
        await RefusesAsync(ErrorCode.InvalidArgument, () => PutAsync(new string('ü', (ArtifactPath.MaxLength / 2) + 1), "x"));
    }

    [Fact]
    public async Task Put_Again_Replaces()
    {
        await PutAsync("a/x", "one");
        Time.Advance(TimeSpan.FromSeconds(1));
        var second = await PutAsync("./a//x", "three");
        Assert.Equal(("a/x", 5L, Time.Milliseconds), (second.Path, second.Size, second.WrittenAt));
        Assert.Equal("three", await ReadAsync("a/x"));
        Assert.Equal("x", await NamesAsync("a/"));
    }

    [Fact]
    public async Task Put_Empty_IsAFile()
    {
        var put = await PutAsync("a/empty", "");
        Assert.Equal((0L, false), (put.Size, put.IsFolder));
        Assert.Equal("", await ReadAsync("a/empty"));
    }

    [Fact]
    public async Task Put_EqualContents_HaveOneHashAndLiveOnTheirOwn()
    {
        var (first, second) = (await PutAsync("a/x", "same"), await PutAsync("b/y", "same"));
        Assert.Equal(first.Hash, second.Hash);
        await Store.DeleteAsync("a", Ct);
        Assert.Equal("same", await ReadAsync("b/y"));
    }

    [Fact]
    public async Task Put_WhereAFolderIs_IsRefused()
    {
        await PutAsync("a/b/c", "x");
        await RefusesAsync(ErrorCode.Conflict, () => PutAsync("a/b", "y"));
        await RefusesAsync(ErrorCode.Conflict, () => PutAsync("a/b/c/d/e", "y"));
        await RefusesAsync(ErrorCode.InvalidArgument, () => PutAsync("", "y"));
        Assert.Equal("x", await ReadAsync("a/b/c"));
    }

    [Fact]
    public async Task Put_OfAStreamThatBreaks_ChangesNothing()
    {
        await PutAsync("a/x", "old");
        await Assert.ThrowsAnyAsync<Exception>(() => Store.PutAsync("a/x", new BrokenStream(300_000), Ct));
        await Assert.ThrowsAnyAsync<Exception>(() => Store.PutAsync("a/y", new BrokenStream(300_000), Ct));
        Assert.Equal("old", await ReadAsync("a/x"));
        Assert.Equal("x", await NamesAsync("a"));
    }

    [Fact]
    public async Task List_ShowsOneLevelByName()
    {
        foreach (var path in new[] { "r/b.txt", "r/a/deep/er", "r/a/x", "r/Z", "r/a-b", "r/a0", "other/q" })
            await PutAsync(path, path);
        Assert.Equal("Z a/ a-b a0 b.txt", await NamesAsync("r"));
        Assert.Equal("deep/ x", await NamesAsync("r/a"));
        Assert.Equal("other/ r/", await NamesAsync(""));
        Assert.Equal("", await NamesAsync("r/b.txt"));
        Assert.Equal("", await NamesAsync("nothing/here"));
        Assert.True((await Store.FindAsync("r/a", Ct))!.IsFolder);
    }

    [Fact]
    public async Task Delete_TakesATreeAndNothingBesides()
    {
        foreach (var path in new[] { "r/a/x", "r/a/b/c/y", "r/ab/z", "r/a-/z", "r/a0/z", "r/a" + (char)('/' + 1) + "/z" })
            await PutAsync(path, path);
        Assert.True(await Store.DeleteAsync("r/a", Ct));
        Assert.False(await Store.DeleteAsync("r/a", Ct));
        Assert.Equal("a-/ a0/ ab/", await NamesAsync("r"));
        Assert.Equal("", await NamesAsync("r/a/b/c"));
        Assert.Equal("z", await NamesAsync("r/a0"));
        await RefusesAsync(ErrorCode.NotFound, () => Store.OpenAsync("r/a/x", Ct));
    }

    [Fact]
    public async Task Delete_TheLastFile_LeavesItsFolder()
    {
        await PutAsync("r/a/x", "1");
        Assert.True(await Store.DeleteAsync("r/a/x", Ct));
        Assert.Equal("a/", await NamesAsync("r"));
        await PutAsync("r/a/x", "2");
        Assert.Equal("2", await ReadAsync("r/a/x"));
    }

    [Fact]
    public async Task Open_WhatIsNoFile_IsNotFound()
    {
        await PutAsync("a/b", "x");
        await RefusesAsync(ErrorCode.NotFound, () => Store.OpenAsync("a", Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Store.OpenAsync("a/c", Ct));
        Assert.Null(await Store.FindAsync("a/c", Ct));
    }

    [Fact]
    public async Task Put_Concurrently_EveryFileIsWhole()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => PutAsync($"r/{i % 10}", new string((char)('a' + (i % 10)), 1000 * (i % 10)))));
        for (var i = 0; i < 10; i++)
            Assert.Equal(new string((char)('a' + i), 1000 * i), await ReadAsync($"r/{i}"));
    }

    [Fact]
    public async Task Put_LargerThanAnyBuffer_IsReadBack()
    {
        var bytes = new byte[3_000_017];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)((i * 31) ^ (i >> 8));
        using var content = new MemoryStream(bytes);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), (await Store.PutAsync("big", content, Ct)).Hash);
        await using var stream = (await Store.OpenAsync("big", Ct)).Stream;
        using var read = new MemoryStream();
        await stream.CopyToAsync(read, Ct);
        Assert.Equal(bytes, read.ToArray());
    }

    /// <summary>Gives some bytes, then fails.</summary>
    private sealed class BrokenStream(int length) : MemoryStream(new byte[length])
    {
        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is var read and > 0 ? read : throw new InvalidOperationException("broken");
    }
}
