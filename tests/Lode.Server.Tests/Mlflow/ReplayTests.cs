namespace Lode.Server.Tests.Mlflow;

/// <summary>Recorded talks with MLflow's own server, held with ours.</summary>
public class ReplayTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    public static TheoryData<string> Names => [.. RecordedScenario.ReadAll().Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Scenario_IsAnsweredAsMlflowDid(string name) => RecordedScenario.ReadAll().Single(scenario => scenario.Name == name).ReplayAsync(server.Http);
}
