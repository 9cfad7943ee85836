using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>A study as text, one JSON object a line: to keep it, to carry it elsewhere, to read it with other tools.</summary>
/// <param name="Directions">One per objective.</param>
/// <param name="Space">The declared space, without predicates: code cannot be written down.</param>
/// <param name="Seed">The study's seed.</param>
/// <param name="RepeatableWidth">The study's width; 0 for the free mode.</param>
/// <param name="Trials">All trials, by number.</param>
/// <remarks>
/// Version 1. Line 1, the study: <c>{"lode_study":1,"directions":["minimize"],"seed":7,"repeatable_width":0,"space":0}</c>.
/// A space, before the first trial that has it, with a number that lines refer to:
/// <c>{"space":0,"parameters":[{"name":"lr","type":"float","low":0.001,"high":1.0,"log":true},{"name":"n","type":"int","low":1,"high":9,"step":2,"when":{"parent":"c","values":["a"]}},{"name":"c","type":"categorical","choices":["a",1,true]}],"constraints":[{"name":"sum","terms":[["lr",1],["n",2]],"relation":"at_most","bound":3}]}</c>
/// (types float, int, categorical, ordinal; optional: log, step, default, when, constraints).
/// A trial: <c>{"trial":0,"space":0,"state":"complete","params":{"lr":0.1,"n":3},"values":[0.5],"constraints":[-1],"reports":[[0,[0.9]],[1,[0.5]]],"failure":"why"}</c>
/// (states waiting, running, complete, pruned, failed; left out when empty: values, constraints, reports, failure).
/// Numbers that are not finite are the strings NaN, Infinity, -Infinity; in params <c>{"float":"NaN"}</c>. A float in params has a point or an exponent.
/// Unknown fields, lines of unknown kinds and empty lines are ignored. A reader refuses versions above its own.
/// </remarks>
public sealed record StudyFile(IReadOnlyList<Direction> Directions, SearchSpace Space, ulong Seed, int RepeatableWidth, IReadOnlyList<Trial> Trials)
{
    private const int Version = 1;

    /// <summary>A study as it stands.</summary>
    public static StudyFile Of(Study study) => new(study.Options.Directions, study.Declared, study.Options.Seed, study.Options.RepeatableWidth, study.Trials);

    /// <summary>The study again, to go on: with these options, but for directions, seed and width, and for the space where they declare none.</summary>
    /// <param name="options">The sampler, pruner and so on; a space with predicates must come from here.</param>
    public Study Resume(StudyOptions options) => new(options with
    {
        Directions = Directions,
        Seed = Seed,
        RepeatableWidth = RepeatableWidth,
        Space = options.Space.Count > 0 ? options.Space : Space,
    }, Trials);

    /// <summary>Writes all lines, each ended by a line feed.</summary>
    public void Write(TextWriter text)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        var spaces = new Dictionary<SearchSpace, int>(ReferenceEqualityComparer.Instance);
        // Equal spaces get one number whether or not they are one object: the text does not depend on the study's past lives.
        var bodies = new Dictionary<string, int>();

        Line(() =>
        {
            json.WriteNumber("lode_study", Version);
            json.WriteStartArray("directions");
            foreach (var direction in Directions)
                json.WriteStringValue(Name(direction));
            json.WriteEndArray();
            json.WriteNumber("seed", Seed);
            json.WriteNumber("repeatable_width", RepeatableWidth);
            json.WriteNumber("space", 0);
        });
        NumberOf(Space);
        foreach (var trial in Trials)
        {
            var space = NumberOf(trial.Space);
            Line(() => Write(json, trial, space));
        }

        int NumberOf(SearchSpace space)
        {
            if (spaces.TryGetValue(space, out var number))
                return number;
            var body = SpaceJson.Write(space);
            if (!bodies.TryGetValue(body, out number))
            {
                bodies[body] = number = bodies.Count;
                text.Write(FormattableString.Invariant($"{{\"space\":{number},"));
                text.Write(body.AsSpan(1));
                text.Write('\n');
            }
            return spaces[space] = number;
        }

        void Line(Action fields)
        {
            json.WriteStartObject();
            fields();
            json.WriteEndObject();
            json.Flush();
            text.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
            text.Write('\n');
            buffer.ResetWrittenCount();
            json.Reset();
        }
    }

    /// <summary>Reads what <see cref="Write(TextWriter)"/> wrote.</summary>
    /// <exception cref="LodeException">DataLoss: a line is damaged or missing; the message has its number. InvalidArgument: a newer version, or no study at all.</exception>
    public static StudyFile Read(TextReader text)
    {
        StudyFile? study = null;
        var spaces = new Dictionary<int, SearchSpace>();
        var trials = new List<Trial>();
        var number = 0;
        while (text.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            try
            {
                using var parsed = JsonDocument.Parse(line);
                var json = parsed.RootElement;
                if (study is null)
                    study = ReadHead(json);
                else if (json.TryGetProperty("trial", out _))
                    trials.Add(ReadTrial(json, study, spaces, trials.Count));
                else if (json.TryGetProperty("parameters", out _))
                    spaces[json.GetProperty("space").GetInt32()] = SpaceJson.ReadSpace(json);
            }
            catch (Exception cause) when (cause is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException or LodeException)
            {
                throw study is null
                    ? cause as LodeException ?? new LodeException(ErrorCode.InvalidArgument, $"Line {number} does not begin a study: it needs {{\"lode_study\":{Version},…}}.", cause: cause)
                    : new LodeException(ErrorCode.DataLoss, $"Line {number} of the study file is damaged: {cause.Message}", $"{trials.Count} trials before it are whole.", cause);
            }
        }
        if (study is null)
            throw new LodeException(ErrorCode.InvalidArgument, "The study file is empty.");
        return study with
        {
            Space = spaces.TryGetValue(0, out var space) ? space : throw new LodeException(ErrorCode.DataLoss, $"The study file ends at line {number} without its space."),
            Trials = trials,
        };
    }

    private static StudyFile ReadHead(JsonElement json)
    {
        var version = json.GetProperty("lode_study").GetInt32();
        if (version is < 1 or > Version)
            throw new LodeException(ErrorCode.InvalidArgument, $"The study file has version {version}; this build reads up to {Version}.");
        return new(
            [.. json.GetProperty("directions").EnumerateArray().Select(direction => Parse<Direction>(direction.GetString()))],
            SearchSpace.Empty,
            json.GetProperty("seed").GetUInt64(),
            json.TryGetProperty("repeatable_width", out var width) ? width.GetInt32() : 0,
            []);
    }

    private static void Write(Utf8JsonWriter json, Trial trial, int space)
    {
        json.WriteNumber("trial", trial.Number);
        json.WriteNumber("space", space);
        json.WriteString("state", Name(trial.State));
        json.WriteStartObject("params");
        foreach (var (name, value) in trial.Params)
        {
            json.WritePropertyName(name);
            SpaceJson.Write(json, value);
        }
        json.WriteEndObject();
        if (!trial.Values.IsEmpty)
            WriteNumbers("values", trial.Values);
        if (!trial.Constraints.IsEmpty)
            WriteNumbers("constraints", trial.Constraints);
        if (!trial.Reports.IsEmpty)
        {
            json.WriteStartArray("reports");
            foreach (var report in trial.Reports)
            {
                json.WriteStartArray();
                json.WriteNumberValue(report.Step);
                WriteNumbers(null, report.Values);
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        if (trial.Failure is { } failure)
            json.WriteString("failure", failure);

        void WriteNumbers(string? name, ImmutableArray<double> numbers)
        {
            if (name is null)
                json.WriteStartArray();
            else
                json.WriteStartArray(name);
            foreach (var value in numbers)
            {
                if (double.IsFinite(value))
                    json.WriteNumberValue(value);
                else
                    json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
            }
            json.WriteEndArray();
        }
    }

    private static Trial ReadTrial(JsonElement json, StudyFile study, Dictionary<int, SearchSpace> spaces, int expected)
    {
        var number = json.GetProperty("trial").GetInt32();
        if (number != expected)
            throw new LodeException(ErrorCode.DataLoss, $"trial {number} stands where trial {expected} should.");
        if (!spaces.TryGetValue(json.GetProperty("space").GetInt32(), out var space))
            throw new LodeException(ErrorCode.DataLoss, $"trial {number} has a space that no line before it gives.");
        var trial = new Trial(number, Parse<TrialState>(json.GetProperty("state").GetString()), new Params(json.GetProperty("params").EnumerateObject()
            .Select(item => new KeyValuePair<string, ParamValue>(item.Name, SpaceJson.ReadValue(item.Value, space.IndexOf(item.Name) is var at && at >= 0 ? space[at] : null)))))
        {
            Space = space,
            Values = Numbers("values"),
            Constraints = Numbers("constraints"),
            Reports = json.TryGetProperty("reports", out var reports) ? [.. reports.EnumerateArray().Select(report => new Report(report[0].GetInt64(), [.. report[1].EnumerateArray().Select(Number)]))] : [],
            Failure = json.TryGetProperty("failure", out var failure) ? failure.GetString() : null,
        };
        if (trial.State == TrialState.Complete && trial.Values.Length != study.Directions.Count)
            throw new LodeException(ErrorCode.DataLoss, $"trial {number} has {trial.Values.Length} values for {study.Directions.Count} objectives.");
        foreach (var report in trial.Reports)
            if (report.Values.Length != study.Directions.Count)
                throw new LodeException(ErrorCode.DataLoss, $"trial {number} reported {report.Values.Length} values for {study.Directions.Count} objectives.");
        return trial;

        ImmutableArray<double> Numbers(string name) => json.TryGetProperty(name, out var numbers) ? [.. numbers.EnumerateArray().Select(Number)] : [];
    }

    private static double Number(JsonElement json) =>
        json.ValueKind == JsonValueKind.String ? double.Parse(json.GetString()!, CultureInfo.InvariantCulture) : json.GetDouble();

    private static string Name<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static T Parse<T>(string? name) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if (Name(value) == name)
                return value;
        throw new LodeException(ErrorCode.DataLoss, $"'{name}' is none of {string.Join(", ", Enum.GetValues<T>().Select(Name))}.");
    }
}
