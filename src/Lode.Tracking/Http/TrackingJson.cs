using System.Text.Json;
using System.Text.Json.Serialization;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Tracking;

/// <summary>The native API's JSON: camel case, enums in lower case, ids as they are written, NaN and infinities as names, nulls left out.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [typeof(LowerCase<Lifecycle>), typeof(LowerCase<LifecycleView>), typeof(LowerCase<RunStatus>), typeof(LowerCase<ModelStage>), typeof(LowerCase<LoggedModelStatus>), typeof(LowerCase<DeliveryState>), typeof(LowerCase<StudyState>), typeof(LowerCase<TrialState>), typeof(LowerCase<Direction>), typeof(LowerCase<DuplicatePolicy>), typeof(LowerCase<TrialOrder>), typeof(RunIdConverter), typeof(ProjectIdConverter), typeof(StudyIdConverter), typeof(SearchSpaceConverter), typeof(ParamsConverter)])]
[JsonSerializable(typeof(Project))]
[JsonSerializable(typeof(NewProject))]
[JsonSerializable(typeof(ProjectChange))]
[JsonSerializable(typeof(ProjectPage))]
[JsonSerializable(typeof(Run))]
[JsonSerializable(typeof(NewRun))]
[JsonSerializable(typeof(RunPatch))]
[JsonSerializable(typeof(RunRewind))]
[JsonSerializable(typeof(RunFork))]
[JsonSerializable(typeof(RunBatch))]
[JsonSerializable(typeof(RunPage))]
[JsonSerializable(typeof(RunLineage))]
[JsonSerializable(typeof(DatasetList))]
[JsonSerializable(typeof(ArtifactList))]
[JsonSerializable(typeof(Artifact))]
[JsonSerializable(typeof(RunChanges))]
[JsonSerializable(typeof(RunDelta))]
[JsonSerializable(typeof(RunColumns))]
[JsonSerializable(typeof(MetricHistory))]
[JsonSerializable(typeof(SeriesPage))]
[JsonSerializable(typeof(JournalReceipt))]
[JsonSerializable(typeof(RegisteredModel))]
[JsonSerializable(typeof(RegisteredModelPage))]
[JsonSerializable(typeof(ModelVersion))]
[JsonSerializable(typeof(LoggedModel))]
[JsonSerializable(typeof(LoggedModelList))]
[JsonSerializable(typeof(ArchivedModel))]
[JsonSerializable(typeof(ArchivedModelList))]
[JsonSerializable(typeof(ArchivedVersion))]
[JsonSerializable(typeof(ExportedFile))]
[JsonSerializable(typeof(WebhookDelivery))]
[JsonSerializable(typeof(WebhookDeliveries))]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(VersionCursor))]
[JsonSerializable(typeof(StorageUse))]
[JsonSerializable(typeof(CollectQuery))]
[JsonSerializable(typeof(ExchangeCounts))]
[JsonSerializable(typeof(ImportReport))]
[JsonSerializable(typeof(CollectReport))]
[JsonSerializable(typeof(StudySpec))]
[JsonSerializable(typeof(NewStudy))]
[JsonSerializable(typeof(StudyInfo))]
[JsonSerializable(typeof(StudyList))]
[JsonSerializable(typeof(StudyPatch))]
[JsonSerializable(typeof(TrialInfo))]
[JsonSerializable(typeof(TrialPage))]
[JsonSerializable(typeof(AskRequest))]
[JsonSerializable(typeof(AskAnswer))]
[JsonSerializable(typeof(TellRequest))]
[JsonSerializable(typeof(TurnRequest))]
[JsonSerializable(typeof(TurnAnswer))]
[JsonSerializable(typeof(ReportRequest))]
[JsonSerializable(typeof(ReportAnswer))]
[JsonSerializable(typeof(HeartbeatRequest))]
[JsonSerializable(typeof(HeartbeatAnswer))]
[JsonSerializable(typeof(CheckpointRequest))]
[JsonSerializable(typeof(EnqueueRequest))]
[JsonSerializable(typeof(LeaseRequest))]
public sealed partial class TrackingJson : JsonSerializerContext;

/// <summary>The body of PATCH /runs/{id}: a change, and tags to set or (null) remove.</summary>
/// <param name="Name">A new name.</param>
/// <param name="Status">A new status.</param>
/// <param name="EndedAt">Milliseconds since 1970 UTC.</param>
/// <param name="Lifecycle">Into the trash or back.</param>
/// <param name="Tags">Tags to set; null values remove.</param>
public sealed record RunPatch(string? Name = null, RunStatus? Status = null, long? EndedAt = null, Lifecycle? Lifecycle = null, IReadOnlyDictionary<string, string?>? Tags = null);

/// <summary>Columns of the runs that pass a filter.</summary>
/// <param name="Runs">How many runs pass.</param>
/// <param name="Columns">What they have.</param>
public sealed record RunColumns(int Runs, IReadOnlyList<RunColumn> Columns);

/// <summary>A piece of a metric's history.</summary>
/// <param name="Points">Ordered by time, step, value.</param>
public sealed record MetricHistory(IReadOnlyList<MetricPoint> Points);

/// <summary>Histories for charts.</summary>
/// <param name="Series">One a pair of run and key.</param>
public sealed record SeriesPage(IReadOnlyList<MetricSeries> Series);

/// <summary>Datasets that runs read.</summary>
/// <param name="Datasets">By project, name, digest and context.</param>
public sealed record DatasetList(IReadOnlyList<DatasetSummary> Datasets);

/// <summary>What lies right below a folder of artifacts.</summary>
/// <param name="Artifacts">By name.</param>
public sealed record ArtifactList(IReadOnlyList<Artifact> Artifacts);

/// <summary>What a server says of itself.</summary>
/// <param name="Name">Always <c>lode</c>.</param>
/// <param name="Version">The program's version.</param>
/// <param name="DataFolder">Where its data lie.</param>
/// <param name="StartedAt">Milliseconds since 1970 UTC.</param>
public sealed record ServerInfo(string Name, string Version, string DataFolder, long StartedAt);

/// <summary>Where a live stream begins.</summary>
/// <param name="Version">The newest version at that time.</param>
public sealed record VersionCursor(long Version);

/// <summary>The body of every refusal.</summary>
/// <param name="Error">What was refused and why.</param>
public sealed record ErrorBody(ErrorDetail Error);

/// <summary>A refusal.</summary>
/// <param name="Code">The wire name of an <see cref="ErrorCode"/>.</param>
/// <param name="Message">One line for the user.</param>
/// <param name="Hint">What to do.</param>
/// <param name="Retryable">Whether the same call may pass later.</param>
public sealed record ErrorDetail(string Code, string Message, string? Hint, bool Retryable)
{
    /// <summary>The refusal that an exception says.</summary>
    public static ErrorDetail Of(LodeException error) => new(error.Code.WireName(), error.Message, error.Hint, error.Code is ErrorCode.Unavailable or ErrorCode.LimitExceeded);
}

/// <summary>Enums by name in lower case.</summary>
/// <typeparam name="T">The enum.</typeparam>
public sealed class LowerCase<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;

/// <summary>Run ids as they are written.</summary>
public sealed class RunIdConverter : JsonConverter<RunId>
{
    /// <inheritdoc/>
    public override RunId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        RunId.TryParse(reader.GetString(), null, out var id) ? id : throw new JsonException("A run id is 32 hexadecimal digits.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, RunId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>Project ids as numbers.</summary>
public sealed class ProjectIdConverter : JsonConverter<ProjectId>
{
    /// <inheritdoc/>
    public override ProjectId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ProjectId value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
}

/// <summary>Study ids as numbers.</summary>
public sealed class StudyIdConverter : JsonConverter<StudyId>
{
    /// <inheritdoc/>
    public override StudyId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, StudyId value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
}

/// <summary>Spaces as in study files: see <see cref="SpaceJson"/>.</summary>
public sealed class SearchSpaceConverter : JsonConverter<SearchSpace>
{
    /// <inheritdoc/>
    public override SearchSpace Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        try
        {
            return SpaceJson.ReadSpace(json.RootElement);
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new JsonException($"A space is {{\"parameters\": [{{\"name\", \"type\", …}}]}}: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, SearchSpace value, JsonSerializerOptions options) => writer.WriteRawValue(SpaceJson.Write(value), skipInputValidation: true);
}

/// <summary>Values of parameters as an object; a float has a point or an exponent.</summary>
public sealed class ParamsConverter : JsonConverter<Params>
{
    /// <inheritdoc/>
    public override Params Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        return json.RootElement.ValueKind == JsonValueKind.Object
            ? new Params(json.RootElement.EnumerateObject().Select(item => new KeyValuePair<string, ParamValue>(item.Name, SpaceJson.ReadValue(item.Value))))
            : throw new JsonException("Params are an object.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Params value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, item) in value)
        {
            writer.WritePropertyName(name);
            SpaceJson.Write(writer, item);
        }
        writer.WriteEndObject();
    }
}
