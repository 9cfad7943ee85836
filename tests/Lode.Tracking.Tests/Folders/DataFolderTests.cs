using Lode.Core;
using Lode.TestKit;

namespace Lode.Tracking.Tests.Folders;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TryOwn_OneOwnerAtATime()
    {
        var folder = new DataFolder(_folder["data"]);
        using (var ownership = folder.TryOwn())
        {
            Assert.NotNull(ownership);
            Assert.Null(folder.TryOwn());
            Assert.Null(folder.ReadOwner());
            ownership.Announce(new FolderOwner(42, "lode up", "http://127.0.0.1:1/"));
            Assert.Equal(new FolderOwner(42, "lode up", "http://127.0.0.1:1/"), folder.ReadOwner());
        }
        Assert.Null(folder.ReadOwner());
        using var next = folder.TryOwn();
        Assert.NotNull(next);
    }

    [Fact]
    public void Create_ANewFolder_IsItsUsersAlone_AndAnOldOneStaysAsItIs()
    {
        if (OperatingSystem.IsWindows())
            return;
        var made = new DataFolder(_folder["made"]);
        made.Create();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(made.Path));
        var shared = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        File.SetUnixFileMode(made.Path, shared);
        made.Create();
        Assert.Equal(shared, File.GetUnixFileMode(made.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"processId\":\"1\",\"command\":\"lode up\"}")]
    [InlineData("{\"processId\":1,\"command\":7}")]
    [InlineData("{\"processId\":1}")]
    public void ReadOwner_OfWhatIsNoOwnersFile_IsNull(string text)
    {
        var folder = new DataFolder(_folder["data"]);
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(Path.Combine(folder.Path, "owner.json"), text);
        Assert.Null(folder.ReadOwner());
    }

    [Fact]
    public void ReadOwner_OneThatListensNowhere_HasNoAddress()
    {
        var folder = new DataFolder(_folder["data"]);
        using var ownership = folder.TryOwn();
        ownership!.Announce(new FolderOwner(42, "lode run", null));
        Assert.Equal(new FolderOwner(42, "lode run", null), folder.ReadOwner());
    }

    [Fact]
    public void TryOwn_WhatAKilledOwnerAnnounced_IsGone()
    {
        var folder = new DataFolder(_folder["data"]);
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(Path.Combine(folder.Path, "owner.json"), "{\"processId\":1,\"command\":\"lode up\",\"address\":\"http://127.0.0.1:1/\"}");
        using var ownership = folder.TryOwn();
        Assert.NotNull(ownership);
        Assert.Null(folder.ReadOwner());
    }

    [Fact]
    public void TryOwn_NotAFolder_NamesIt()
    {
        File.WriteAllText(_folder["file"], "");
        var error = Assert.Throws<LodeException>(() => new DataFolder(_folder["file"]).TryOwn());
        Assert.Contains(_folder["file"], error.Message, StringComparison.Ordinal);
        Assert.Contains("--home", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_FlagFirst() => Assert.Equal(Path.GetFullPath("x"), DataFolder.Resolve("x").Path);
}
