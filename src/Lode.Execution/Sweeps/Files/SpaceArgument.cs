using System.Globalization;
using System.Text.RegularExpressions;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Execution;

/// <summary>
/// Parameters on a command line (`-s NAME=DOMAIN`), in Lode's words, and in those of Hydra and Guild:
/// <c>lr=log:1e-5..1e-1</c>, <c>n=1..10</c>, <c>n=int:32..512:32</c>, <c>n=logint:1..1024</c>, <c>x=0..1:0.25</c>, <c>act=relu,gelu</c>, <c>size=ordered:s,m,l</c>,
/// <c>x=normal:0,1</c>; <c>choice(a,b)</c>, <c>range(1,10,step=2)</c>, <c>interval(0,1)</c>, <c>tag(log, interval(1e-5,1))</c>, <c>int(interval(1,9))</c>;
/// <c>[a,b]</c>, <c>uniform[0:1]</c>, <c>loguniform[1e-5:1]</c>.
/// </summary>
public static partial class SpaceArgument
{
    private static readonly string[] s_words = ["float", "log", "int", "logint", "ordered", "choice", "normal", "lognormal", "beta"];

    /// <summary>A space of several such texts.</summary>
    /// <exception cref="LodeException">InvalidArgument: one is something else; the message has it.</exception>
    public static SearchSpace ParseAll(IEnumerable<string> texts) => new(texts.Select(Parse));

    /// <summary>Reads one.</summary>
    /// <param name="text">As <c>NAME=DOMAIN</c>.</param>
    /// <exception cref="LodeException">InvalidArgument: it is something else; the message has it.</exception>
    public static Parameter Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1 || equals == text.Length - 1)
            throw Invalid(text, "wanted NAME=DOMAIN");
        var (name, domain) = (text[..equals].Trim(), text[(equals + 1)..].Trim());
        try
        {
            if (Call().Match(domain) is { Success: true } call)
                return Hydra(name, call.Groups[1].Value, Split(call.Groups[2].Value), domain);
            if (Guild().Match(domain) is { Success: true } guild)
                return FromGuild(name, guild.Groups[1].Value, guild.Groups[2].Value);
            var colon = domain.IndexOf(':', StringComparison.Ordinal);
            var word = colon > 0 && Word().IsMatch(domain[..colon]) ? domain[..colon] : null;
            return Own(name, word, word is null ? domain : domain[(colon + 1)..]);
        }
        catch (LodeException error) when (!error.Message.StartsWith("-s ", StringComparison.Ordinal))
        {
            throw Invalid(text, error.Message.TrimEnd('.'), error.Hint);
        }
    }

    private static Parameter Own(string name, string? word, string rest)
    {
        if (word is not null && !s_words.Contains(word))
        {
            // A text with a colon in it (an address, a time) is a value like others.
            if (DidYouMean.Nearest(word, s_words) is { } near)
                throw new LodeException(ErrorCode.InvalidArgument, $"there is no kind '{word}'", $"Did you mean '{near}:'? There are: {string.Join(", ", s_words)}.");
            (word, rest) = (null, $"{word}:{rest}");
        }
        if (word is "normal" or "lognormal" or "beta")
        {
            var law = Split(rest);
            return law.Count == 2
                ? new DistributedParameter(name, word switch { "normal" => ParameterLaw.Normal, "lognormal" => ParameterLaw.LogNormal, _ => ParameterLaw.Beta }, Number(law[0]), Number(law[1]))
                : throw new LodeException(ErrorCode.InvalidArgument, $"{word} wants two numbers, as {word}:{(word == "beta" ? "2,5" : "0,1")}; got '{rest}'");
        }
        if (Range().Match(rest) is { Success: true } range && word is not ("ordered" or "choice"))
            return Between(name, range.Groups[1].Value, range.Groups[2].Value, range.Groups[3].Success ? range.Groups[3].Value : null, word is "log" or "logint", word is "int" or "logint" ? true : word is "float" or "log" ? false : null);
        if (word is "float" or "log" or "int" or "logint")
            throw new LodeException(ErrorCode.InvalidArgument, $"{word} wants LOW..HIGH or LOW..HIGH:STEP; got '{rest}'");
        var choices = Split(rest).Select(Value).ToArray();
        return word == "ordered" ? new OrdinalParameter(name, choices) : new CategoricalParameter(name, choices);
    }

    private static Parameter Between(string name, string low, string high, string? step, bool log, bool? whole)
    {
        if (whole ?? (IsWhole(low) && IsWhole(high) && (step is null || IsWhole(step))))
            return new IntParameter(name, Whole(low), Whole(high), log, step is null ? 1 : Whole(step));
        return new FloatParameter(name, Number(low), Number(high), log, step is null ? null : Number(step));
    }

    private static Parameter Hydra(string name, string function, List<string> arguments, string domain)
    {
        switch (function)
        {
            case "choice":
                return new CategoricalParameter(name, [.. arguments.Select(Value)]);
            case "int" when arguments.Count == 1 && Call().Match(arguments[0]) is { Success: true } inner && inner.Groups[1].Value == "interval" && Split(inner.Groups[2].Value) is { Count: 2 } ends:
                return new IntParameter(name, Whole(ends[0]), Whole(ends[1]));
            case "interval" when arguments.Count == 2:
                return new FloatParameter(name, Number(arguments[0]), Number(arguments[1]));
            case "tag" when arguments.Count == 2 && arguments[0].Trim('\'', '"') == "log" && Call().Match(arguments[1]) is { Success: true } logged:
                var (kind, bounds) = (logged.Groups[1].Value, Split(logged.Groups[2].Value));
                if (kind == "interval" && bounds.Count == 2)
                    return new FloatParameter(name, Number(bounds[0]), Number(bounds[1]), log: true);
                if (kind == "int" && Call().Match(bounds[0]) is { Success: true } deep && Split(deep.Groups[2].Value) is { Count: 2 } whole)
                    return new IntParameter(name, Whole(whole[0]), Whole(whole[1]), log: true);
                break;
            // As Python's: the end is not among the values.
            case "range":
                var named = arguments.Where(argument => argument.Contains('=', StringComparison.Ordinal)).ToDictionary(argument => argument[..argument.IndexOf('=', StringComparison.Ordinal)].Trim(), argument => argument[(argument.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim());
                var plain = arguments.Where(argument => !argument.Contains('=', StringComparison.Ordinal)).ToList();
                if (plain.Count == 1)
                    plain.Insert(0, named.Remove("start", out var start) ? start : "0");
                if (plain.Count == 2 && named.Remove("stop", out var stop))
                    plain[1] = stop;
                if (plain.Count == 2)
                    plain.Add(named.Remove("step", out var step) ? step : "1");
                if (plain.Count != 3 || named.Count > 0)
                    break;
                return RangeOf(name, plain);
        }
        throw new LodeException(ErrorCode.InvalidArgument, $"'{domain}' is not understood", "Of Hydra's: choice(a,b), range(1,10,step=2), interval(0,1), int(interval(1,9)), tag(log, interval(1e-5,1)).");
    }

    private static Parameter RangeOf(string name, List<string> plain)
    {
        if (plain.TrueForAll(IsWhole))
        {
            var (low, end, step) = (Whole(plain[0]), Whole(plain[1]), Whole(plain[2]));
            if (step < 1 || end <= low)
                throw new LodeException(ErrorCode.InvalidArgument, $"range wants start < stop and step ≥ 1; got {string.Join(", ", plain)}");
            return new IntParameter(name, low, low + ((end - 1 - low) / step * step), step: step);
        }
        var (first, last, spacing) = (Number(plain[0]), Number(plain[1]), Number(plain[2]));
        var count = Math.Ceiling(Math.Round((last - first) / spacing, 9));
        if (!(spacing > 0) || !(count is >= 1 and < 1e9))
            throw new LodeException(ErrorCode.InvalidArgument, $"range wants start < stop and step > 0; got {string.Join(", ", plain)}");
        return new FloatParameter(name, first, first + ((count - 1) * spacing), step: spacing);
    }

    private static Parameter FromGuild(string name, string function, string inside)
    {
        var ends = inside.Split(':', StringSplitOptions.TrimEntries);
        return function switch
        {
            "" when ends.Length == 2 => new FloatParameter(name, Number(ends[0]), Number(ends[1])),
            "" => new CategoricalParameter(name, [.. Split(inside).Select(Value)]),
            "uniform" when ends.Length == 2 => new FloatParameter(name, Number(ends[0]), Number(ends[1])),
            "loguniform" when ends.Length == 2 => new FloatParameter(name, Number(ends[0]), Number(ends[1]), log: true),
            _ => throw new LodeException(ErrorCode.InvalidArgument, $"'{function}[{inside}]' is not understood", "Of Guild's: [a,b], [0:1], uniform[0:1], loguniform[1e-5:1]. Grids of numbers are written LOW..HIGH:STEP."),
        };
    }

    // At commas that are in no quotes and no brackets.
    private static List<string> Split(string text)
    {
        var parts = new List<string>();
        var (start, depth, quote) = (0, 0, '\0');
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote != '\0')
                quote = c == quote ? '\0' : quote;
            else if (c is '\'' or '"')
                quote = c;
            else if (c is '(' or '[' or '{')
                depth++;
            else if (c is ')' or ']' or '}')
                depth--;
            else if (c == ',' && depth == 0)
                (parts, start) = ([.. parts, text[start..i].Trim()], i + 1);
        }
        parts.Add(text[start..].Trim());
        return parts;
    }

    private static ParamValue Value(string text)
    {
        if (text.Length == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "a value is empty", "An empty text is written ''.");
        if (text.Length >= 2 && text[0] is '\'' or '"' && text[^1] == text[0])
            return text[1..^1];
        if (text is "true" or "True" or "false" or "False")
            return text[0] is 't' or 'T';
        if (IsWhole(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            return whole;
        return Real().IsMatch(text) ? Number(text) : ParamValue.Of(text);
    }

    private static bool IsWhole(string text) => Integer().IsMatch(text);

    private static long Whole(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : throw new LodeException(ErrorCode.InvalidArgument, $"'{text}' is no whole number");

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : throw new LodeException(ErrorCode.InvalidArgument, $"'{text}' is no number");

    private static LodeException Invalid(string text, string why, string? hint = null) =>
        new(ErrorCode.InvalidArgument, $"-s {text}: {why}.", hint ?? "For example -s lr=log:1e-5..1e-1 -s units=int:32..512:32 -s act=relu,gelu.");

    [GeneratedRegex("^([a-z_]+)\\((.*)\\)$")]
    private static partial Regex Call();

    [GeneratedRegex("^([a-z]*)\\[(.*)\\]$")]
    private static partial Regex Guild();

    [GeneratedRegex("^[a-z]+$")]
    private static partial Regex Word();

    [GeneratedRegex(@"^([-+]?[\d.]+?(?:[eE][-+]?\d+)?)\.\.([-+]?[\d.]+(?:[eE][-+]?\d+)?)(?::(.+))?$")]
    private static partial Regex Range();

    [GeneratedRegex(@"^[-+]?\d{1,18}$")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")]
    private static partial Regex Real();
}
