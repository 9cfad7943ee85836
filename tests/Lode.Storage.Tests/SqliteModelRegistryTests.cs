using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests;

public sealed class SqliteModelRegistryTests : ModelRegistryContract
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _registrations = [];
    private SqliteDatabase? _database;

    protected override IReadOnlyList<string> Registrations => _registrations;

    public override async Task DisposeAsync()
    {
        await _database!.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<IModelRegistry> CreateRegistryAsync()
    {
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        var link = new LoggedModelLink(
            (_, id) => id == LoggedModel ? new LoggedModelPlace(LoggedPlace, LoggedRun) : null,
            (_, id, name, version) => _registrations.Add($"{name}/{version}"));
        return Task.FromResult<IModelRegistry>(new SqlModelRegistry(_database, Time) { LoggedModels = link });
    }

    protected override async Task<(string Id, string Artifacts)> NewRunAsync(string folder)
    {
        var runs = new SqlRunStore(_database!, Time);
        var project = await runs.CreateProjectAsync(new NewProject { Name = folder, ArtifactLocation = folder }, Ct);
        var run = await runs.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = project.Id, User = "ada" }, Ct);
        return (run.Id.ToString(), run.ArtifactUri);
    }

    [Fact]
    public async Task Reopen_FindsEverything()
    {
        await NewModelAsync();
        await NewVersionAsync();
        await Registry.SetAliasAsync("m", "champion", 1, Ct);
        await _database!.DisposeAsync();
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        Assert.Equal(1, (await new SqlModelRegistry(_database, Time).FindByAliasAsync("m", "champion", Ct))!.Version);
    }

    [Theory]
    [InlineData(null, """[{"name":"m","version":3}]""")]
    [InlineData("""[{"name":"a","version":1}]""", """[{"name":"a","version":1},{"name":"m","version":3}]""")]
    [InlineData("no list", """[{"name":"m","version":3}]""")]
    public void LoggedModelLink_Append_KeepsWhatIsThere(string? list, string wanted) => Assert.Equal(wanted, LoggedModelLink.Append(list, "m", 3));
}
