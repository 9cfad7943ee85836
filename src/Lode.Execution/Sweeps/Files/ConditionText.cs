using System.Globalization;
using System.Text.RegularExpressions;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Execution;

/// <summary>Reads when a parameter is active: <c>act == 'gelu'</c>, <c>act in [gelu, relu]</c>, <c>layers >= 2</c>, <c>act != relu</c>, <c>act not in […]</c>.</summary>
internal static partial class ConditionText
{
    private const int MostValues = 10_000;

    /// <exception cref="LodeException">InvalidArgument: it is something else, or the parent cannot be one.</exception>
    public static Condition Parse(string text, Func<string, Parameter?> find, IEnumerable<string> names)
    {
        var match = Form().Match(text);
        if (!match.Success)
            throw new LodeException(ErrorCode.InvalidArgument, $"'{text}' is no condition.", "A condition compares one parameter with values: act == 'gelu', act in [a, b], layers >= 2.");
        var (name, sign) = (match.Groups["name"].Value, match.Groups["sign"].Value);
        var parent = find(name) ?? throw new LodeException(ErrorCode.InvalidArgument, $"The condition '{text}' names '{name}', which is no parameter of the space.", DidYouMean.Hint(name, names));
        var given = match.Groups["value"].Captures.Select(capture => Unquoted(capture.Value, parent)).ToList();
        if (sign is "in" or "not in" != match.Groups["list"].Success)
            throw new LodeException(ErrorCode.InvalidArgument, $"'{text}' is no condition: `in` and `not in` want a list in brackets, other signs one value.");
        // The parent's own check says what is wrong with values that it never has.
        var values = sign is "==" or "in" ? given : [.. Values(parent, text).Where(value => sign switch
        {
            "!=" or "not in" => !given.Contains(value),
            "<" => Compare(value, given[0], parent, text) < 0,
            "<=" => Compare(value, given[0], parent, text) <= 0,
            ">" => Compare(value, given[0], parent, text) > 0,
            _ => Compare(value, given[0], parent, text) >= 0,
        })];
        foreach (var value in given)
            if (sign is "==" or "in" or "!=" or "not in" && !parent.Allows(value))
                throw new LodeException(ErrorCode.InvalidArgument, $"The condition '{text}' compares '{name}' with {value}, which it never is.", parent.ToString());
        return values.Count > 0 ? new Condition(name, values) : throw new LodeException(ErrorCode.InvalidArgument, $"The condition '{text}' never holds.", parent.ToString());
    }

    private static int Compare(ParamValue value, ParamValue bound, Parameter parent, string text)
    {
        if (parent is OrdinalParameter ordered && ordered.Choices.ToList() is var choices && choices.Contains(bound))
            return choices.IndexOf(value).CompareTo(choices.IndexOf(bound));
        return value.Kind is ParamKind.Int or ParamKind.Float && bound.Kind is ParamKind.Int or ParamKind.Float
            ? value.AsDouble().CompareTo(bound.AsDouble())
            : throw new LodeException(ErrorCode.InvalidArgument, $"The condition '{text}' compares what has no order.");
    }

    private static IEnumerable<ParamValue> Values(Parameter parent, string text) => parent switch
    {
        ChoiceParameter choice => choice.Choices,
        IntParameter number when (number.High - number.Low) / number.Step < MostValues => Range(number),
        IntParameter => throw new LodeException(ErrorCode.InvalidArgument, $"The condition '{text}' would list more than {MostValues} values of '{parent.Name}'."),
        _ => throw new LodeException(ErrorCode.InvalidArgument, $"The condition '{text}' is about '{parent.Name}', a float: a condition is about choices or integers."),
    };

    private static IEnumerable<ParamValue> Range(IntParameter number)
    {
        for (var value = number.Low; value <= number.High; value += number.Step)
            yield return value;
    }

    private static ParamValue Unquoted(string text, Parameter parent)
    {
        if (text.Length >= 2 && text[0] is '\'' or '"' && text[^1] == text[0])
            return text[1..^1];
        // As the choice is written, whatever its kind.
        if (parent is ChoiceParameter choice && choice.Choices.FirstOrDefault(value => value.ToString() == text || ValueText.Plain(value) == text) is { Kind: not 0 } found)
            return found;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            return whole;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return number;
        return text is "true" or "false" ? text == "true" : ParamValue.Of(text);
    }

    private const string OneValue = @"(?<value>'[^']*'|""[^""]*""|[^\s,\[\]'""<>=!]+)";

    [GeneratedRegex(@"^\s*(?<name>[A-Za-z_][\w./-]*)\s*(?<sign>==|!=|<=|>=|<|>|not\s+in|in)\s*(?:(?<list>\[)\s*" + OneValue + @"(?:\s*,\s*" + OneValue + @")*\s*\]|" + OneValue + @")\s*$")]
    private static partial Regex Form();
}
