using Lode.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Lode.Execution;

/// <summary>A YAML file (JSON is a part of YAML) that knows where everything stands in it.</summary>
/// <param name="name">What to call it in messages.</param>
internal sealed class YamlSource(string name)
{
    private const int MostDepth = 100;
    private const int MostSigns = 1 << 20;
    private const int MostNodes = 200_000;

    /// <summary>Whether plain words mean what they mean in YAML 1.1, as Python reads it: <c>yes</c>, <c>off</c> and the like are booleans.</summary>
    public bool IsVersion11 { get; set; }

    /// <summary>Reads it.</summary>
    /// <exception cref="LodeException">InvalidArgument: no YAML, with line and column; or too much of it.</exception>
    public YamlValue Parse(string text)
    {
        if (text.Length > MostSigns)
            throw new LodeException(ErrorCode.InvalidArgument, $"{name}: a sweep file has at most {MostSigns} signs; got {text.Length}.");
        var last = Mark.Empty;
        try
        {
            Measure(text, ref last);
            var stream = new YamlStream();
            stream.Load(new MergingParser(new Parser(new StringReader(text))));
            if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is YamlScalarNode { Value: null or "" })
                throw new LodeException(ErrorCode.InvalidArgument, $"{name} is empty.", "`lode sweep schema` says what a sweep file has; docs/sweep-file.md has examples.");
            if (stream.Documents.Count > 1)
                throw Error(stream.Documents[1].RootNode.Start, "a second document begins; a sweep file is one.");
            return new YamlValue(this, stream.Documents[0].RootNode, "");
        }
        catch (YamlException error)
        {
            throw Error(error.Start, Reason(error));
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The library's way to say that brackets do not match.
            throw Error(last, "this is no YAML from here on: is a bracket or a quote not closed?");
        }
    }

    /// <summary>A message about a place in it.</summary>
    public LodeException Error(Mark at, string message, string? hint = null) =>
        new(ErrorCode.InvalidArgument, $"{name}:{at.Line}:{at.Column}: {message}", hint);

    // Before anything recurses or an alias multiplies what it stands for.
    private void Measure(string text, ref Mark last)
    {
        var parser = new Parser(new StringReader(text));
        var (depth, nodes, aliases) = (0, 0, 0);
        while (parser.MoveNext())
        {
            var at = parser.Current!;
            last = at.End;
            depth += at.NestingIncrease;
            nodes++;
            aliases += at is AnchorAlias ? 1 : 0;
            if (depth > MostDepth)
                throw Error(at.Start, $"lists and mappings lie {MostDepth} deep in each other; that is no sweep.");
            if (nodes > MostNodes || aliases > 1000)
                throw Error(at.Start, "there is more here than a sweep can have.");
        }
    }

    private static string Reason(YamlException error)
    {
        var inner = error.InnerException is YamlException cause ? cause.Message : error.Message;
        return inner.Contains("uplicate key", StringComparison.Ordinal) ? $"{inner.TrimEnd('.')}: each key stands once." : $"this is no YAML: {inner}";
    }
}
