namespace Lode.Server.Tests.Mlflow;

/// <summary>Recorded talks with MLflow's own server, held with ours.</summary>
public sealed class ReplayTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private static readonly Dictionary<string, RecordedScenario> s_scenarios = RecordedScenario.ReadAll().ToDictionary(scenario => scenario.Name);

    public static TheoryData<string> Names => [.. s_scenarios.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Scenario_IsAnsweredAsMlflowDid(string name) => s_scenarios[name].ReplayAsync(server.Http);
}
