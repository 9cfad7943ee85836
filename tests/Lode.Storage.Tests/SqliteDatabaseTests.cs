using Lode.Core;
using Lode.TestKit;

namespace Lode.Storage.Tests;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_NotADatabase_NamesTheFileAndLeavesItAlone()
    {
        var file = _folder["lode.db"];
        var bytes = Enumerable.Repeat((byte)'x', 5000).ToArray();
        File.WriteAllBytes(file, bytes);
        var error = Assert.Throws<LodeException>(() => SqliteDatabase.Open(file));
        Assert.Equal(ErrorCode.DataLoss, error.Code);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(file));
    }

    [Fact]
    public async Task Open_SchemaOfANewerLode_IsRefused()
    {
        var file = _folder["lode.db"];
        await using (var database = SqliteDatabase.Open(file))
            await database.WriteAsync(sql => sql.Execute("PRAGMA user_version = 999;"), CancellationToken.None);
        Assert.Equal(ErrorCode.Conflict, Assert.Throws<LodeException>(() => SqliteDatabase.Open(file)).Code);
    }

    [Fact]
    public async Task Write_ThatThrows_LeavesNothing_AndItsNeighboursStand()
    {
        await using var database = SqliteDatabase.Open(_folder["lode.db"]);
        await database.WriteAsync(sql => sql.Execute("CREATE TABLE t (x INTEGER PRIMARY KEY)"), CancellationToken.None);
        var writes = Enumerable.Range(0, 100).Select(i => database.WriteAsync(
            sql =>
            {
                sql.Execute("INSERT INTO t (x) VALUES (@0)", i);
                return i % 10 == 3 ? throw new LodeException(ErrorCode.Conflict, "no") : i % 10 == 7 ? sql.Execute("INSERT INTO t (x) VALUES (@0)", i) : i;
            },
            CancellationToken.None)).ToList();
        await Task.WhenAll(writes.Select(write => write.ContinueWith(_ => { }, TaskScheduler.Default)));
        Assert.Equal(20, writes.Count(write => write.IsFaulted));
        Assert.Equal(80, await database.ReadAsync(sql => sql.Scalar<int>("SELECT count(*) FROM t"), CancellationToken.None));
        Assert.Equal(0, await database.ReadAsync(sql => sql.Scalar<int>("SELECT count(*) FROM t WHERE x % 10 IN (3, 7)"), CancellationToken.None));
    }

    [Fact]
    public async Task Write_CallersCommit_LoneOneIsDoneAtOnce_RefusedOneLeavesNothing()
    {
        await using var database = SqliteDatabase.Open(_folder["lode.db"]);
        database.CallersCommit = true;
        Assert.True(database.WriteAsync(sql => sql.Execute("CREATE TABLE t (x INTEGER PRIMARY KEY)"), CancellationToken.None).IsCompletedSuccessfully);
        var error = await Assert.ThrowsAsync<LodeException>(() => database.WriteAsync<int>(
            sql =>
            {
                sql.Execute("INSERT INTO t (x) VALUES (1)");
                throw new LodeException(ErrorCode.Conflict, "no");
            },
            CancellationToken.None));
        Assert.Equal("no", error.Message);
        Assert.Equal(0, await database.ReadAsync(sql => sql.Scalar<int>("SELECT count(*) FROM t"), CancellationToken.None));
    }

    [Fact]
    public async Task Write_CallersCommit_ManyThreads_EachIsThereOnceAnswered()
    {
        await using (var database = SqliteDatabase.Open(_folder["lode.db"]))
        {
            database.CallersCommit = true;
            await database.WriteAsync(sql => sql.Execute("CREATE TABLE t (x INTEGER PRIMARY KEY)"), CancellationToken.None);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    var x = thread * 1000 + i;
                    await database.WriteAsync(sql => sql.Execute("INSERT INTO t (x) VALUES (@0)", x), CancellationToken.None);
                    Assert.Equal(1, await database.ReadAsync(sql => sql.Scalar<int>("SELECT count(*) FROM t WHERE x = @0", x), CancellationToken.None));
                }
            })));
        }
        await using var again = SqliteDatabase.Open(_folder["lode.db"]);
        Assert.Equal(800, await again.ReadAsync(sql => sql.Scalar<int>("SELECT count(*) FROM t"), CancellationToken.None));
    }

    [Fact]
    public async Task Dispose_LeavesAllInTheOneFile()
    {
        await using (var database = SqliteDatabase.Open(_folder["lode.db"]))
        {
            await database.WriteAsync(sql => sql.Execute("CREATE TABLE t (x INTEGER PRIMARY KEY)"), CancellationToken.None);
            Assert.Equal(0, await database.ReadAsync(sql => sql.Scalar<int>("SELECT count(*) FROM t"), CancellationToken.None));
        }
        Assert.Equal(["lode.db"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Write_AfterDispose_IsUnavailable()
    {
        var database = SqliteDatabase.Open(_folder["lode.db"]);
        await database.DisposeAsync();
        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<LodeException>(() => database.WriteAsync(_ => 1, CancellationToken.None))).Code);
    }
}
