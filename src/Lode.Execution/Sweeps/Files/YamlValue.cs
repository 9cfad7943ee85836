using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Lode.Core;
using Lode.Optimization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Lode.Execution;

/// <summary>A value in a YAML file, its place, and the readings that sweeps need.</summary>
/// <param name="source">The file.</param>
/// <param name="node">What stands there.</param>
/// <param name="path">Where it is, as <c>space.lr</c>; empty for the whole.</param>
internal sealed partial class YamlValue(YamlSource source, YamlNode node, string path)
{
    /// <summary>Where it is, as <c>space.lr</c>.</summary>
    public string Path => path;

    public bool IsMap => node is YamlMappingNode;

    public bool IsList => node is YamlSequenceNode;

    public bool IsScalar => node is YamlScalarNode;

    /// <summary>Whether nothing is written there, or <c>null</c>.</summary>
    public bool IsNull => node is YamlScalarNode { Style: ScalarStyle.Plain } scalar && scalar.Value is null or "" or "~" or "null" or "Null" or "NULL";

    /// <summary>A message about this value.</summary>
    public LodeException Error(string message, string? hint = null) => source.Error(node.Start, path.Length == 0 ? message : $"{path}: {message}", hint);

    /// <summary>Does what may be refused, and says where it was.</summary>
    public T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (LodeException error) when (!Placed().IsMatch(error.Message))
        {
            throw Error(error.Message, error.Hint);
        }
    }

    /// <summary>The entries of a mapping, in the order written.</summary>
    public IReadOnlyList<KeyValuePair<string, YamlValue>> Entries(string what)
    {
        if (node is not YamlMappingNode map)
            throw Error($"wanted {what}, as `key: value` lines; got {Shown()}.");
        return [.. map.Children.Select(pair => pair.Key is YamlScalarNode { Value: { } key }
            ? new KeyValuePair<string, YamlValue>(key, new YamlValue(source, pair.Value, path.Length == 0 ? key : $"{path}.{key}"))
            : throw source.Error(pair.Key.Start, "a key is a word or a text."))];
    }

    /// <summary>The entries of a mapping that has only these keys.</summary>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="keys">The keys that it may have.</param>
    public IReadOnlyDictionary<string, YamlValue> Map(string what, IReadOnlyCollection<string> keys)
    {
        var entries = Entries(what);
        foreach (var (key, _) in entries)
            if (!keys.Contains(key))
                throw source.Error(KeyOf(key).Start, $"'{key}' is no key of {what}.", DidYouMean.Nearest(key, keys) is { } near ? $"Did you mean '{near}'?" : $"There are: {string.Join(", ", keys)}.");
        return new Dictionary<string, YamlValue>(entries, StringComparer.Ordinal);
    }

    public IReadOnlyList<YamlValue> List(string what) => node is YamlSequenceNode list
        ? [.. list.Children.Select((item, i) => new YamlValue(source, item, $"{path}[{i}]"))]
        : throw Error($"wanted {what}, as `[a, b]` or `- a` lines; got {Shown()}.");

    /// <summary>One text, or a list of them.</summary>
    public IReadOnlyList<string> Texts(string what) => IsList ? [.. List(what).Select(item => item.Text(what))] : [Text(what)];

    public string Text(string what) => node is YamlScalarNode scalar && !IsNull ? scalar.Value! : throw Error($"wanted {what}; got {Shown()}.");

    public double Number(string what) => Scalar() is { } value && value.Kind is ParamKind.Float or ParamKind.Int && double.IsFinite(value.AsDouble()) ? value.AsDouble() : throw Error($"wanted {what}, a number; got {Shown()}.");

    public long Whole(string what, long least = long.MinValue, long most = long.MaxValue) => Scalar() is { Kind: ParamKind.Int } value && value.AsInt() >= least && value.AsInt() <= most
        ? value.AsInt()
        : throw Error($"wanted {what}, a whole number{(least > long.MinValue ? string.Create(CultureInfo.InvariantCulture, $" from {least}") : "")}; got {Shown()}.");

    public bool Bool(string what) => Scalar() is { Kind: ParamKind.Bool } value ? value.AsBool() : throw Error($"wanted {what}, true or false; got {Shown()}.");

    /// <summary>A word of a list.</summary>
    public string OneOf(string what, IReadOnlyList<string> words)
    {
        var word = Text(what);
        return words.Contains(word) ? word : throw Error($"there is no {what} '{word}'.", DidYouMean.Nearest(word, words) is { } near ? $"Did you mean '{near}'?" : $"There are: {string.Join(", ", words)}.");
    }

    /// <summary>A number, a text or a boolean; null where it is something else.</summary>
    public ParamValue? Scalar()
    {
        if (node is not YamlScalarNode scalar || IsNull)
            return null;
        var text = scalar.Value!;
        if (scalar.Style != ScalarStyle.Plain || scalar.Tag.IsEmpty is false && scalar.Tag.Value == "tag:yaml.org,2002:str")
            return text;
        if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific)
            throw Error($"the tag {scalar.Tag} is not understood.");
        switch (text)
        {
            case "true" or "True" or "TRUE":
                return true;
            case "false" or "False" or "FALSE":
                return false;
            case ".inf" or ".Inf" or "+.inf":
                return double.PositiveInfinity;
            case "-.inf" or "-.Inf":
                return double.NegativeInfinity;
            case ".nan" or ".NaN":
                return double.NaN;
        }
        if (source.IsVersion11)
        {
            switch (text.ToLowerInvariant())
            {
                case "yes" or "on":
                    return true;
                case "no" or "off":
                    return false;
            }
            if (OldNumber().IsMatch(text))
                throw Error($"'{text}' is read as another number by some YAML readers (octal, or minutes and seconds).", $"Write the number in decimals, or '{text}' in quotes for a text.");
            text = Separated().IsMatch(text) ? text.Replace("_", "", StringComparison.Ordinal) : text;
        }
        if (Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            return whole;
        if (Hexadecimal().IsMatch(text) && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out whole))
            return whole;
        if (Real().IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return number;
        return text;
    }

    /// <summary>It as JSON.</summary>
    public JsonNode? Json() => node switch
    {
        YamlMappingNode => new JsonObject(Entries("a mapping").Select(pair => new KeyValuePair<string, JsonNode?>(pair.Key, pair.Value.Json()))),
        YamlSequenceNode => new JsonArray([.. List("a list").Select(item => item.Json())]),
        _ => Scalar() switch
        {
            null => null,
            { Kind: ParamKind.Int } value => JsonValue.Create(value.AsInt()),
            { Kind: ParamKind.Bool } value => JsonValue.Create(value.AsBool()),
            { Kind: ParamKind.Float } value when double.IsFinite(value.AsDouble()) => JsonNode.Parse(ValueText.Plain(value)),
            { } value => JsonValue.Create(value.ToString()),
        },
    };

    /// <summary>What stands there, for messages.</summary>
    public string Shown() => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode list => $"a list of {list.Children.Count}",
        _ when IsNull => "nothing",
        YamlScalarNode scalar => $"'{(scalar.Value!.Length > 60 ? scalar.Value[..60] + "…" : scalar.Value)}'",
        _ => "something else",
    };

    private YamlNode KeyOf(string key) => ((YamlMappingNode)node).Children.Keys.First(name => name is YamlScalarNode scalar && scalar.Value == key);

    [GeneratedRegex(@"^[^\n]*:\d+:\d+: ")]
    private static partial Regex Placed();

    [GeneratedRegex(@"^[-+]?\d+$")]
    private static partial Regex Integer();

    [GeneratedRegex("^0x[0-9a-fA-F]{1,15}$")]
    private static partial Regex Hexadecimal();

    [GeneratedRegex(@"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")]
    private static partial Regex Real();

    [GeneratedRegex(@"^[-+]?(0\d+|[1-9]\d*(:[0-5]?\d)+)$")]
    private static partial Regex OldNumber();

    [GeneratedRegex(@"^[-+]?\d[\d_]*(\.[\d_]*)?$")]
    private static partial Regex Separated();
}
