using System.Text.Json;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>Predictions as JSON: numbers, quantiles by name (<c>q0.1</c>), or the most probable class with the probabilities of all.</summary>
internal static class PredictionJson
{
    public static void Write(Utf8JsonWriter writer, Predictions predictions, int row)
    {
        if (predictions.Quantiles.Count > 0)
        {
            writer.WriteStartObject();
            for (var i = 0; i < predictions.Outputs; i++)
                writer.WriteNumber(Predictions.NameOf(predictions.Quantiles[i]), predictions.Row(row)[i]);
            writer.WriteEndObject();
            return;
        }
        if (predictions.Classes.Count == 0)
        {
            writer.WriteNumberValue(predictions.Row(row)[0]);
            return;
        }
        writer.WriteStartObject();
        writer.WriteString("label", predictions.Classes[predictions.Label(row)]);
        writer.WriteStartObject("probabilities");
        for (var label = 0; label < predictions.Classes.Count; label++)
            writer.WriteNumber(predictions.Classes[label], predictions.Row(row)[label]);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
