using Lode.Core;

namespace Lode.Tracking;

/// <summary>The stores that an export reads and an import writes.</summary>
/// <param name="Runs">Projects and runs.</param>
/// <param name="Models">Logged and registered models.</param>
/// <param name="Artifacts">Files.</param>
public sealed record ExchangeStores(IRunStore Runs, IModelArchive Models, IArtifactStore Artifacts);

/// <summary>A file of a run or of a logged model, in an export.</summary>
/// <param name="Run">Whose it is; null for a logged model's.</param>
/// <param name="Model">The logged model whose it is; null for a run's.</param>
/// <param name="Path">Below the artifacts of its owner.</param>
/// <param name="Hash">The SHA-256 of its bytes, which is what they lie under: 64 lower-case hexadecimal digits.</param>
/// <param name="Size">Bytes.</param>
public sealed record ExportedFile(RunId? Run, string? Model, string Path, string Hash, long Size);
