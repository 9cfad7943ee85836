using System.Text.Json;
using System.Text.Json.Serialization;
using Lode.Execution;
using Lode.Storage;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>JSON of the answers that only the command line gives; in the native API's style.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [typeof(LowerCase<RunStatus>), typeof(LowerCase<CheckState>), typeof(LowerCase<StudyState>), typeof(RunIdConverter), typeof(ProjectIdConverter)])]
[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(BackgroundAnswer))]
[JsonSerializable(typeof(StopAnswer))]
[JsonSerializable(typeof(CompareAnswer))]
[JsonSerializable(typeof(DiffAnswer))]
[JsonSerializable(typeof(UpAnswer))]
[JsonSerializable(typeof(FilesAnswer))]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(AutoMlReport))]
[JsonSerializable(typeof(RunAnswer))]
[JsonSerializable(typeof(ModelDescription))]
[JsonSerializable(typeof(PredictAnswer))]
[JsonSerializable(typeof(ServeModelAnswer))]
[JsonSerializable(typeof(ExportAnswer))]
[JsonSerializable(typeof(TrashAnswer))]
[JsonSerializable(typeof(RestoreAnswer))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(AgentReport))]
internal sealed partial class CliJson : JsonSerializerContext;
