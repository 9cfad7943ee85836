using System.Text;
using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Doctor;

/// <summary>What the doctor sees in a PostgreSQL database, which others write meanwhile: it only looks.</summary>
[NeedsPostgres]
public sealed class PostgresDoctorTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly PostgresDatabase _database = PostgresDatabase.Open(PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase()));

    private DataFolder Folder => new(_folder.Path);

    public async Task InitializeAsync()
    {
        var store = new SqlRunStore(_database, TimeProvider.System);
        var run = await store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = ProjectId.Default }, default);
        await store.LogAsync(run.Id, new RunBatch { Metrics = [.. Enumerable.Range(0, 5000).Select(i => new MetricPoint("loss", Math.Sin(i), i, i))] }, default);
        await new SqlArtifactStore(_database, new FolderBlobStore(Folder.ArtifactFolder), TimeProvider.System).PutAsync("a/b.txt", new MemoryStream("content"u8.ToArray()), default);
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task SoundDatabase_IsOk()
    {
        var report = await ExamineAsync();
        Assert.True(report.Ok, string.Join('\n', report.Checks.SelectMany(check => check.Details)));
        Assert.Equal(CheckState.Skipped, Of(report, "summaries").State);
        Assert.Equal(CheckState.Ok, Of(report, "artifacts").State);
    }

    [Theory]
    [InlineData("references", "UPDATE metric_chunk_data SET metric_id = -1", "rows of metric_chunk_data belong to no metric")]
    [InlineData("versions", "UPDATE run SET version = version + 1000000", "runs have a version above the counter's")]
    [InlineData("imports", "INSERT INTO run_tag (run_id, key, value) SELECT id, '" + RunImporter.MarkTag + "', 'x' FROM run", "runs are half imported")]
    public async Task Fault_IsFound_AndLeft(string check, string sql, string mentions)
    {
        await _database.WriteAsync(session => session.Execute(sql), default);
        for (var i = 0; i < 2; i++)
        {
            var report = await ExamineAsync();
            Assert.False(report.Ok);
            Assert.Contains(mentions, Assert.Single(Of(report, check).Details), StringComparison.Ordinal);
            Assert.Equal([check], report.Checks.Where(one => one.State == CheckState.Wrong).Select(one => one.Name));
        }
    }

    [Fact]
    public async Task DamagedArtifact_IsNamed_UnlessQuick()
    {
        var file = Assert.Single(Directory.GetFiles(Folder.ArtifactFolder, "*", SearchOption.AllDirectories));
        File.Delete(file); // It is read-only.
        await File.WriteAllTextAsync(file, "rotten!", Encoding.UTF8);
        Assert.Contains("a/b.txt", Of(await ExamineAsync(), "artifacts").Details[0], StringComparison.Ordinal);
        Assert.Equal(CheckState.Skipped, Of(await ExamineAsync(quick: true), "artifacts").State);
    }

    private Task<DoctorReport> ExamineAsync(bool quick = false) => new PostgresDoctor(_database, Folder, TimeProvider.System).ExamineAsync(quick, default);

    private static CheckResult Of(DoctorReport report, string name) => report.Checks.Single(check => check.Name == name);
}
