using Lode.TestKit;

namespace Lode.Server.Tests.Mlflow;

// What clients see must not tell which database is below.

[NeedsPostgres]
public sealed class PostgresReplayTests(PostgresMlflowServer server) : ReplayTests(server), IClassFixture<PostgresMlflowServer>;

[NeedsPostgres]
public sealed class PostgresJunkTests(PostgresMlflowServer server) : JunkTests(server), IClassFixture<PostgresMlflowServer>;

[NeedsPostgres]
public sealed class PostgresTrackingEndpointTests(PostgresMlflowServer server) : TrackingEndpointTests(server), IClassFixture<PostgresMlflowServer>;

[NeedsPostgres]
public sealed class PostgresMetricEndpointTests(PostgresMlflowServer server) : MetricEndpointTests(server), IClassFixture<PostgresMlflowServer>;

[NeedsPostgres]
public sealed class PostgresRegistryEndpointTests(PostgresMlflowServer server) : RegistryEndpointTests(server), IClassFixture<PostgresMlflowServer>;

[NeedsPostgres]
public sealed class PostgresWebhookEndpointTests(PostgresMlflowServer server) : WebhookEndpointTests(server), IClassFixture<PostgresMlflowServer>;

[NeedsPostgres]
public sealed class PostgresArtifactEndpointTests(PostgresMlflowServer server) : ArtifactEndpointTests(server), IClassFixture<PostgresMlflowServer>;

[NeedsPostgres]
public sealed class PostgresLineageEndpointTests(PostgresMlflowServer server) : LineageEndpointTests(server), IClassFixture<PostgresMlflowServer>;

[NeedsPostgres]
public sealed class PostgresLoggedModelEndpointTests(PostgresMlflowServer server) : LoggedModelEndpointTests(server), IClassFixture<PostgresMlflowServer>;

[NeedsPostgres]
public sealed class PostgresClientFindingTests(PostgresMlflowServer server) : ClientFindingTests(server), IClassFixture<PostgresMlflowServer>;
