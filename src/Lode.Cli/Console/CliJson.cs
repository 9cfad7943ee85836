using System.Text.Json;
using System.Text.Json.Serialization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>JSON of the answers that only the command line gives; in the native API's style.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [typeof(LowerCase<RunStatus>), typeof(RunIdConverter), typeof(ProjectIdConverter)])]
[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(CompareAnswer))]
[JsonSerializable(typeof(UpAnswer))]
[JsonSerializable(typeof(FilesAnswer))]
[JsonSerializable(typeof(DemoReport))]
internal sealed partial class CliJson : JsonSerializerContext;
