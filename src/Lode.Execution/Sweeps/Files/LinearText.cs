using System.Globalization;
using System.Text.RegularExpressions;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Execution;

/// <summary>Reads linear constraints: <c>x + 2 * y &lt;= 10</c>, <c>low &lt;= high</c>.</summary>
internal static partial class LinearText
{
    /// <exception cref="LodeException">InvalidArgument: it is something else.</exception>
    public static LinearConstraint Parse(string text)
    {
        var sides = Relations().Split(text);
        var relation = Relations().Match(text).Value;
        if (sides.Length != 2)
            throw Invalid(text);
        var terms = new Dictionary<string, double>(StringComparer.Ordinal);
        var bound = 0.0;
        Add(sides[0], 1);
        Add(sides[1], -1);
        return new LinearConstraint([.. terms.Where(term => term.Value != 0).Select(term => new LinearTerm(term.Key, term.Value))], relation == "<=" ? Relation.AtMost : Relation.AtLeast, bound, text.Trim());

        void Add(string side, double sign)
        {
            var match = Sum().Match(side);
            if (!match.Success)
                throw Invalid(text);
            for (var i = 0; i < match.Groups["term"].Captures.Count; i++)
            {
                var term = match.Groups["term"].Captures[i].Value;
                var minus = match.Groups["sign"].Captures[i].Value.Trim() == "-" ? -1 : 1;
                var product = 1.0;
                string? name = null;
                foreach (var factor in term.Split('*', StringSplitOptions.TrimEntries))
                {
                    if (double.TryParse(factor, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                        product *= number;
                    else if (name is null)
                        name = factor;
                    else
                        throw Invalid(text);
                }
                if (name is null)
                    bound -= sign * minus * product;
                else
                    terms[name] = terms.GetValueOrDefault(name) + (sign * minus * product);
            }
        }
    }

    private static LodeException Invalid(string text) => new(ErrorCode.InvalidArgument, $"'{text}' is no linear constraint.", "One is a sum of parameters, each with or without a factor, <= or >= another: x + 2 * y <= 10, low <= high.");

    private const string Factor = @"(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|[A-Za-z_][\w./]*)";

    [GeneratedRegex("<=|>=")]
    private static partial Regex Relations();

    [GeneratedRegex(@"^\s*(?<sign>[-+]?)\s*(?<term>" + Factor + @"(?:\s*\*\s*" + Factor + @")*)(?:\s*(?<sign>[-+])\s*(?<term>" + Factor + @"(?:\s*\*\s*" + Factor + @")*))*\s*$")]
    private static partial Regex Sum();
}
