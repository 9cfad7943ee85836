using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>Where a command writes: the answer to <see cref="Out"/>, everything else to <see cref="Error"/>.</summary>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="OutIsTerminal">A person reads the answer: tables with headers, not TSV.</param>
/// <param name="ErrorIsTerminal">A person watches: progress may be redrawn in place.</param>
/// <param name="Width">Columns of the terminal.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, bool OutIsTerminal, bool ErrorIsTerminal, int Width)
{
    private static readonly JsonWriterOptions s_indented = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Standard input.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>A person can be asked.</summary>
    public bool InIsTerminal { get; init; }

    /// <summary>Asks for a yes; nobody there means no.</summary>
    public bool Asks(string question)
    {
        if (!InIsTerminal)
            return false;
        Error.Write($"{question} [y/N] ");
        return In.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    public static Terminal Real()
    {
        System.Console.OutputEncoding = System.Text.Encoding.UTF8;
        return new Terminal(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected, !System.Console.IsErrorRedirected, WidthOf())
        {
            In = System.Console.In,
            InIsTerminal = !System.Console.IsInputRedirected && !System.Console.IsErrorRedirected,
        };
    }

    /// <summary>A line that is not the answer.</summary>
    public void Note(string line) => Error.WriteLine(line);

    /// <summary>The answer as indented JSON.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, s_indented))
            JsonSerializer.Serialize(writer, value, type);
        Out.WriteLine(System.Text.Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
    }

    /// <summary>One error, in one line and a hint; as JSON where the command was to answer in JSON.</summary>
    public void Refuse(LodeException error, bool json)
    {
        if (json)
        {
            Error.WriteLine(JsonSerializer.Serialize(new ErrorBody(ErrorDetail.Of(error)), TrackingJson.Default.ErrorBody));
            return;
        }
        Error.WriteLine($"error: {error.Message}");
        if (error.Hint is not null)
            Error.WriteLine($"  help: {error.Hint}");
    }

    private static int WidthOf()
    {
        try
        {
            return System.Console.IsOutputRedirected ? int.MaxValue : Math.Max(40, System.Console.WindowWidth);
        }
        catch (IOException)
        {
            return 80;
        }
    }
}
