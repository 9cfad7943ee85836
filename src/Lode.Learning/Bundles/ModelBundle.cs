using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lode.Core;

namespace Lode.Learning;

/// <summary>What a bundle says about itself: readable by people and other programs, without the model.</summary>
public sealed record BundleHeader
{
    /// <summary>The name of the column that is predicted.</summary>
    public required string Target { get; init; }

    /// <summary>What is predicted.</summary>
    public required TaskKind Task { get; init; }

    /// <summary>The classes, in the order of the outputs; empty for regression.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>The levels of the quantiles that are predicted, in the order of the outputs; null where there are none.</summary>
    public IReadOnlyList<double>? Quantiles { get; init; }

    /// <summary>The columns that a table to predict from must have.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>The learner's name in the <see cref="LearnerCatalog"/>; empty where it is not known.</summary>
    public string Learner { get; init => field = value ?? ""; } = "";

    /// <summary>The pipeline that was fitted; null where it was put together in code.</summary>
    public PipelineSpec? Pipeline { get; init; }

    /// <summary>Scores by name, as cross-validation or a holdout gave them.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init => field = value ?? new Dictionary<string, double>(); } = new Dictionary<string, double>();

    /// <summary>Where it comes from: run, data fingerprint, commit, seed, version of Lode, time; names and texts as the maker chose.</summary>
    public IReadOnlyDictionary<string, string> Provenance { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
}

/// <summary>A predictor as one file: what it says about itself, and all that predicting needs.</summary>
/// <remarks>The format is written down in docs/model-format.md. A file is checked by its SHA-256 before anything in it is believed,
/// and holds data only: loading runs no code from it.</remarks>
public sealed class ModelBundle
{
    /// <summary>The version of the format that this version of Lode writes.</summary>
    public const int FormatVersion = 1;

    private const int PrefixLength = 16;
    private const int HashLength = 32;

    /// <param name="predictor">What predicts.</param>
    /// <param name="learner">The learner's name in the <see cref="LearnerCatalog"/>, or what else tells people how it was made.</param>
    /// <param name="metrics">Scores by name. Null: none.</param>
    /// <param name="provenance">Where it comes from. Null: nothing is said.</param>
    public ModelBundle(IPredictor predictor, string learner, IReadOnlyDictionary<string, double>? metrics = null, IReadOnlyDictionary<string, string>? provenance = null)
        : this(predictor, new BundleHeader
        {
            Target = predictor.TargetName,
            Task = predictor.Classes.Count > 0 ? TaskKind.Classification : TaskKind.Regression,
            Classes = predictor.Classes,
            Quantiles = predictor.Quantiles.Count > 0 ? predictor.Quantiles : null,
            Columns = predictor.Schema.Columns,
            Learner = learner,
            Pipeline = (predictor as FittedPipeline)?.Spec,
            Metrics = metrics ?? new Dictionary<string, double>(),
            Provenance = provenance ?? new Dictionary<string, string>(),
        })
    {
    }

    private ModelBundle(IPredictor predictor, BundleHeader header) => (Predictor, Header) = (predictor, header);

    private static ReadOnlySpan<byte> Magic => "LODEMODL"u8;

    /// <summary>What it says about itself.</summary>
    public BundleHeader Header { get; }

    /// <summary>What predicts.</summary>
    public IPredictor Predictor { get; }

    /// <summary>The file's bytes. The same bundle gives the same bytes.</summary>
    public byte[] ToBytes()
    {
        var writer = new BundleWriter();
        writer.WriteRaw(Magic);
        writer.WriteInt32(FormatVersion);
        var header = JsonSerializer.SerializeToUtf8Bytes(Sorted(Header), BundleJson.Default.BundleHeader);
        writer.WriteBytes(header);
        writer.WriteThing(Predictor);
        writer.WriteRaw(SHA256.HashData(writer.Written));
        return writer.Written.ToArray();
    }

    /// <summary>The bundle that a file's bytes are.</summary>
    /// <exception cref="LodeException">InvalidArgument: it is no bundle, of a later version, or damaged.</exception>
    public static ModelBundle FromBytes(ReadOnlyMemory<byte> bytes)
    {
        var reader = Open(bytes);
        var header = ReadHeader(reader);
        var predictor = reader.ReadThing<IPredictor>();
        return reader.Left == 0 ? new ModelBundle(predictor, header) : throw BundleReader.Broken($"{reader.Left} bytes are left over");
    }

    /// <summary>What a file's bytes say about themselves; the model is not read.</summary>
    /// <exception cref="LodeException">InvalidArgument: it is no bundle, of a later version, or damaged.</exception>
    public static BundleHeader HeaderOf(ReadOnlyMemory<byte> bytes) => ReadHeader(Open(bytes));

    private static BundleReader Open(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < PrefixLength + HashLength || !bytes.Span.StartsWith(Magic))
            throw new LodeException(ErrorCode.InvalidArgument, "This is not a model bundle of Lode.", "A bundle is a file that `lode` wrote, such as model.lode.");
        var reader = new BundleReader(bytes[Magic.Length..^HashLength]);
        var version = reader.ReadInt32();
        if (version != FormatVersion)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"The model bundle is of format {version}; this version of Lode reads format {FormatVersion}.",
                "Use the version of Lode that wrote it, or a later one.");
        }
        if (!SHA256.HashData(bytes.Span[..^HashLength]).AsSpan().SequenceEqual(bytes.Span[^HashLength..]))
            throw BundleReader.Broken("its checksum does not fit");
        return reader;
    }

    private static BundleHeader ReadHeader(BundleReader reader)
    {
        try
        {
            var header = JsonSerializer.Deserialize(reader.ReadBytes(), BundleJson.Default.BundleHeader) ?? throw BundleReader.Broken("its header is empty");
            // JSON may say null where the type does not.
            var whole = header is { Target: not null, Classes: not null, Columns: not null } && Enum.IsDefined(header.Task) && header.Classes.All(name => name is not null)
                && header.Columns.All(column => column is { Name.Length: > 0 } && Enum.IsDefined(column.Kind));
            return whole ? header : throw BundleReader.Broken("its header says nothing about the target or a column");
        }
        catch (JsonException error)
        {
            throw BundleReader.Broken($"its header is not what it should be ({error.Message})");
        }
    }

    private static BundleHeader Sorted(BundleHeader header) => header with
    {
        Metrics = new SortedDictionary<string, double>(header.Metrics.ToDictionary(), StringComparer.Ordinal),
        Provenance = new SortedDictionary<string, string>(header.Provenance.ToDictionary(), StringComparer.Ordinal),
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BundleHeader))]
internal sealed partial class BundleJson : JsonSerializerContext;
