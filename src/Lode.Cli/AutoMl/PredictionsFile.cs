using System.Globalization;
using System.Text;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>
/// Predictions as CSV, a row for each row predicted, in its order. Classes: one column of probabilities a class, named by it, in the model's order;
/// or, as labels, one column named by the target. Numbers: one column named by the target. Quantiles: one column each, named by its level (<c>q0.1</c>).
/// </summary>
internal static class PredictionsFile
{
    public static void WriteHeader(TextWriter writer, IPredictor predictor, bool labels)
    {
        var names = predictor.Quantiles.Count > 0 ? [.. predictor.Quantiles.Select(Predictions.NameOf)] : predictor.Classes.Count == 0 || labels ? [predictor.TargetName] : predictor.Classes;
        writer.Write(string.Join(',', names.Select(Quote)) + "\n");
    }

    public static void WriteRows(TextWriter writer, Predictions predictions, bool labels)
    {
        for (var row = 0; row < predictions.Rows; row++)
        {
            if (labels && predictions.Classes.Count > 0)
                writer.Write(Quote(predictions.Classes[predictions.Label(row)]));
            else
            {
                var values = predictions.Row(row);
                for (var i = 0; i < values.Length; i++)
                {
                    if (i > 0)
                        writer.Write(',');
                    writer.Write(values[i].ToString("R", CultureInfo.InvariantCulture));
                }
            }
            writer.Write('\n');
        }
    }

    /// <summary>The whole file.</summary>
    public static byte[] Of(IPredictor predictor, Predictions predictions, bool labels = false)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        WriteHeader(text, predictor, labels);
        WriteRows(text, predictions, labels);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // What a reader would take for a separator, a quote or the empty line that it skips.
    private static string Quote(string text) => text.Length > 0 && text.AsSpan().IndexOfAny(",\"\r\n") < 0 && text == text.Trim() ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
