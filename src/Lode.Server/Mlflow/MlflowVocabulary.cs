using System.Collections.Frozen;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Server.Mlflow;

/// <summary>What MLflow's filters and orders may name, and which of our fields that is.</summary>
internal sealed class MlflowVocabulary
{
    /// <summary>For runs/search.</summary>
    public static MlflowVocabulary Runs { get; } = new(
        types: [("attribute", FieldKind.Attribute), ("metric", FieldKind.Metric), ("parameter", FieldKind.Param), ("tag", FieldKind.Tag), ("dataset", FieldKind.Dataset)],
        filterable: ["run_id", "run_name", "status", "artifact_uri", "user_id", "start_time", "end_time"],
        sortable: [],
        keys: new()
        {
            ["run_id"] = "id", ["run_name"] = "name", ["run name"] = "name", ["Run name"] = "name", ["Run Name"] = "name", ["status"] = "status", ["artifact_uri"] = "artifact_uri",
            ["user_id"] = "user", ["start_time"] = "started", ["created"] = "started", ["Created"] = "started", ["end_time"] = "ended",
        });

    /// <summary>For experiments/search.</summary>
    public static MlflowVocabulary Experiments { get; } = new(
        types: [("attribute", FieldKind.Attribute), ("tag", FieldKind.Tag)],
        filterable: ["name", "creation_time", "last_update_time"],
        sortable: ["experiment_id"],
        keys: new() { ["name"] = "name", ["creation_time"] = "created", ["last_update_time"] = "updated", ["experiment_id"] = "id" });

    /// <summary>For registered-models/search.</summary>
    public static MlflowVocabulary Models { get; } = new(
        types: [("attribute", FieldKind.Attribute), ("tag", FieldKind.Tag)],
        filterable: ["name"],
        sortable: ["timestamp", "last_updated_timestamp"],
        keys: new() { ["name"] = "name", ["timestamp"] = "updated", ["last_updated_timestamp"] = "updated" },
        tagsMayBeNull: false);

    /// <summary>For model-versions/search.</summary>
    public static MlflowVocabulary Versions { get; } = new(
        types: [("attribute", FieldKind.Attribute), ("tag", FieldKind.Tag)],
        filterable: ["name", "run_id", "source_path", "version_number"],
        sortable: ["creation_timestamp", "last_updated_timestamp"],
        keys: new()
        {
            ["name"] = "name", ["run_id"] = "run", ["source_path"] = "source", ["version_number"] = "version",
            ["creation_timestamp"] = "created", ["last_updated_timestamp"] = "updated",
        },
        tagsMayBeNull: false);
    /// <summary>For logged-models/search.</summary>
    public static MlflowVocabulary LoggedModels { get; } = new(
        types: [("attribute", FieldKind.Attribute), ("metric", FieldKind.Metric), ("parameter", FieldKind.Param), ("tag", FieldKind.Tag)],
        filterable: ["name", "model_id", "model_type", "status", "source_run_id", "creation_timestamp", "last_updated_timestamp"],
        sortable: [],
        keys: new()
        {
            ["name"] = "name", ["model_id"] = "id", ["model_type"] = "model_type", ["status"] = "model_status", ["source_run_id"] = "source_run",
            ["creation_timestamp"] = "created", ["creation_timestamp_ms"] = "created", ["creation_time"] = "created",
            ["last_updated_timestamp"] = "updated", ["last_updated_timestamp_ms"] = "updated",
        });

    private static readonly FrozenDictionary<string, string> s_typeNames = new Dictionary<string, string>
    {
        ["metric"] = "metric", ["metrics"] = "metric",
        ["param"] = "parameter", ["params"] = "parameter", ["parameter"] = "parameter", ["parameters"] = "parameter",
        ["tag"] = "tag", ["tags"] = "tag",
        ["dataset"] = "dataset", ["datasets"] = "dataset",
        ["attribute"] = "attribute", ["attributes"] = "attribute", ["attr"] = "attribute", ["run"] = "attribute",
    }.ToFrozenDictionary();

    private static readonly string[] s_datasetKeys = ["name", "digest", "context"];

    private readonly FrozenDictionary<string, FieldKind> _types;
    private readonly FrozenDictionary<string, string> _keys;
    private readonly string[] _filterable;
    private readonly string[] _sortable;

    private MlflowVocabulary((string Name, FieldKind Kind)[] types, string[] filterable, string[] sortable, Dictionary<string, string> keys, bool tagsMayBeNull = true)
    {
        TagsMayBeNull = tagsMayBeNull;
        _types = types.ToFrozenDictionary(type => type.Name, type => type.Kind);
        _keys = keys.ToFrozenDictionary();
        _filterable = filterable;
        _sortable = sortable;
    }

    /// <summary>Whether a filter may ask for the lack of a tag.</summary>
    public bool TagsMayBeNull { get; }

    /// <summary>The field meant by a type and a key.</summary>
    /// <param name="type">As written before the dot; null where there was none.</param>
    /// <param name="key">As written, without its quotes.</param>
    /// <param name="forOrder">True for an order, false for a filter.</param>
    /// <exception cref="LodeException">InvalidArgument: there is no such type or attribute.</exception>
    public RunField Field(string? type, string key, bool forOrder)
    {
        if (!s_typeNames.TryGetValue(type ?? "attribute", out var name) || !_types.TryGetValue(name, out var kind))
            throw new LodeException(ErrorCode.InvalidArgument, $"Invalid entity type '{type}'. Valid values are {List(_types.Keys.Order(StringComparer.Ordinal))}");
        if (kind == FieldKind.Dataset && (forOrder || !s_datasetKeys.Contains(key)))
            throw new LodeException(ErrorCode.InvalidArgument, forOrder ? "Runs cannot be ordered by datasets." : $"Invalid dataset key '{key}' specified. Valid keys are {List(s_datasetKeys)}");
        if (kind != FieldKind.Attribute)
            return new RunField(kind, key);
        if (_keys.TryGetValue(key, out var own) && (forOrder || !_sortable.Contains(key)))
            return new RunField(FieldKind.Attribute, own);
        throw new LodeException(ErrorCode.InvalidArgument, $"Invalid attribute key '{key}' specified. Valid keys are {List(forOrder ? [.. _filterable, .. _sortable] : _filterable)}");
    }

    /// <summary>Where a field's value is stored: the tag that mirrors a run's name is that name.</summary>
    public RunField Stored(RunField field) =>
        this == Runs && field is { Kind: FieldKind.Tag, Key: MlflowNames.RunNameTag } ? new RunField(FieldKind.Attribute, "name") : field;

    private static string List(IEnumerable<string> names) => $"[{string.Join(", ", names.Select(name => $"'{name}'"))}]";
}
