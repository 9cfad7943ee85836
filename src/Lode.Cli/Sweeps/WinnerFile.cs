using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>A trial's configuration as a YAML file that programs read: nested as the sweep's file had it, with where it comes from in comments.</summary>
internal static class WinnerFile
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(StudyInfo study, TrialInfo trial)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Trial {trial.Number} of the sweep {study.Project}/{study.Name}: {SweepText.Values(study, trial)}\n");
        if (trial.Run is { } run)
            text.Append(CultureInfo.InvariantCulture, $"# Run {run}\n");
        var program = study.Spec.Program is { } json ? SweepProgram.FromJson(json) : new SweepProgram { Command = ["-"] };
        Append(text, program.Configuration(trial.Params), "");
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonObject map, string indent)
    {
        foreach (var (name, value) in map)
        {
            text.Append(indent).Append(Key(name)).Append(':');
            if (value is JsonObject { Count: > 0 } inner)
            {
                text.Append('\n');
                Append(text, inner, indent + "  ");
            }
            else
            {
                text.Append(' ').Append(Value(value)).Append('\n');
            }
        }
    }

    // JSON is YAML, but for Python's reader, which takes 1e-05 for a text.
    private static string Value(JsonNode? value)
    {
        var json = value?.ToJsonString(s_json) ?? "null";
        var exponent = json.AsSpan().IndexOfAny('e', 'E');
        return value?.GetValueKind() == JsonValueKind.Number && exponent > 0 && !json.Contains('.', StringComparison.Ordinal) ? $"{json[..exponent]}.0{json[exponent..]}" : json;
    }

    private static string Key(string name) => name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.') && char.IsAsciiLetter(name[0]) ? name : JsonSerializer.Serialize(name, s_json);
}
