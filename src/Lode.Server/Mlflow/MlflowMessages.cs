using System.Text.Json;
using Lode.Tracking;

namespace Lode.Server.Mlflow;

/// <summary>Writes MLflow's messages: snake case, int64 as numbers, what is empty or unset left out.</summary>
internal static class MlflowMessages
{
    public static void WriteExperiment(this Utf8JsonWriter json, Project project)
    {
        json.WriteString("experiment_id"u8, project.Id.ToString());
        json.WriteString("name"u8, project.Name);
        json.WriteString("artifact_location"u8, project.ArtifactLocation ?? $"mlflow-artifacts:/{project.Id}");
        json.WriteString("lifecycle_stage"u8, MlflowNames.Of(project.Lifecycle));
        json.WriteNumber("last_update_time"u8, project.UpdatedAt);
        json.WriteNumber("creation_time"u8, project.CreatedAt);
        if (project.Tags.Count > 0)
            json.WritePairs("tags", project.Tags);
    }

    /// <param name="json">Where to.</param>
    /// <param name="run">The run.</param>
    /// <param name="withOutputs">False leaves the outputs out, as the answer to a run's creation does.</param>
    /// <param name="withModelInputs">False leaves the models out of the inputs, as a search does.</param>
    public static void WriteRun(this Utf8JsonWriter json, Run run, bool withOutputs = true, bool withModelInputs = true)
    {
        json.WriteStartObject("info"u8);
        json.WriteRunInfo(run);
        json.WriteEndObject();
        json.WriteStartObject("data"u8);
        if (run.Metrics.Count > 0)
        {
            json.WriteStartArray("metrics"u8);
            foreach (var (key, metric) in run.Metrics)
            {
                json.WriteStartObject();
                json.WritePoint(new MetricPoint(key, metric.Last, metric.LastTime, metric.LastStep));
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (run.Params.Count > 0)
            json.WritePairs("params", run.Params);
        json.WriteStartArray("tags"u8);
        json.WritePair(MlflowNames.RunNameTag, run.Name);
        foreach (var (key, value) in run.Tags)
        {
            if (key != MlflowNames.RunNameTag)
                json.WritePair(key, value);
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteInputs(run.Lineage, withModelInputs);
        if (withOutputs)
            json.WriteOutputs(run.Lineage);
    }

    public static void WriteRunInfo(this Utf8JsonWriter json, Run run)
    {
        var id = run.Id.ToString();
        json.WriteString("run_uuid"u8, id);
        json.WriteString("experiment_id"u8, run.ProjectId.ToString());
        json.WriteString("run_name"u8, run.Name);
        json.WriteString("user_id"u8, run.User);
        json.WriteString("status"u8, MlflowNames.Of(run.Status));
        json.WriteNumber("start_time"u8, run.StartedAt ?? 0);
        if (run.EndedAt is { } ended)
            json.WriteNumber("end_time"u8, ended);
        json.WriteString("artifact_uri"u8, run.ArtifactUri);
        json.WriteString("lifecycle_stage"u8, MlflowNames.Of(run.Lifecycle));
        json.WriteString("run_id"u8, id);
    }

    public static void WritePoint(this Utf8JsonWriter json, MetricPoint point)
    {
        json.WriteString("key"u8, point.Key);
        // MLflow's clients know infinities as the greatest doubles, and NaN as a text.
        if (double.IsNaN(point.Value))
            json.WriteString("value"u8, "NaN"u8);
        else
            json.WriteNumber("value"u8, double.Clamp(point.Value, double.MinValue, double.MaxValue));
        json.WriteNumber("timestamp"u8, point.Time);
        json.WriteNumber("step"u8, point.Step);
    }

    public static void WritePairs(this Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> pairs)
    {
        json.WriteStartArray(name);
        foreach (var (key, value) in pairs)
            json.WritePair(key, value);
        json.WriteEndArray();
    }

    private static void WriteInputs(this Utf8JsonWriter json, RunLineage lineage, bool withModels)
    {
        json.WriteStartObject("inputs"u8);
        if (lineage.Datasets.Count > 0)
        {
            json.WriteStartArray("dataset_inputs"u8);
            foreach (var input in lineage.Datasets)
                json.WriteDatasetInput(input);
            json.WriteEndArray();
        }
        if (withModels && lineage.ModelInputs.Count > 0)
        {
            json.WriteStartArray("model_inputs"u8);
            foreach (var model in lineage.ModelInputs)
            {
                json.WriteStartObject();
                json.WriteString("model_id"u8, model);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WriteDatasetInput(this Utf8JsonWriter json, DatasetInput input)
    {
        json.WriteStartObject();
        if (input.Tags.Count > 0)
            json.WritePairs("tags", input.Tags);
        json.WriteStartObject("dataset"u8);
        json.WriteString("name"u8, input.Dataset.Name);
        json.WriteString("digest"u8, input.Dataset.Digest);
        json.WriteString("source_type"u8, input.Dataset.SourceType);
        json.WriteString("source"u8, input.Dataset.Source);
        if (input.Dataset.Schema is { } schema)
            json.WriteString("schema"u8, schema);
        if (input.Dataset.Profile is { } profile)
            json.WriteString("profile"u8, profile);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteOutputs(this Utf8JsonWriter json, RunLineage lineage)
    {
        json.WriteStartObject("outputs"u8);
        if (lineage.ModelOutputs.Count > 0)
        {
            json.WriteStartArray("model_outputs"u8);
            foreach (var output in lineage.ModelOutputs)
            {
                json.WriteStartObject();
                json.WriteString("model_id"u8, output.ModelId);
                json.WriteNumber("step"u8, output.Step);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WritePair(this Utf8JsonWriter json, string key, string value)
    {
        json.WriteStartObject();
        json.WriteString("key"u8, key);
        json.WriteString("value"u8, value);
        json.WriteEndObject();
    }
}
