using System.Globalization;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Reads the options of a learner or transform from named values as a search or a file gives them: numbers, texts and booleans of any width.</summary>
internal sealed class ParameterReader(string owner, IReadOnlyDictionary<string, object?> values, string what = "learner")
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public double Double(string name, double usual) => Find(name) is { } value ? ToDouble(name, value) : usual;

    public int Int32(string name, int usual) => Find(name) is { } value ? ToInt32(name, value) : usual;

    public int? Int32OrNull(string name) => Find(name) is { } value and not "none" ? ToInt32(name, value) : null;

    public bool Boolean(string name, bool usual) => Find(name) switch
    {
        null => usual,
        bool flag => flag,
        string text when bool.TryParse(text, out var flag) => flag,
        var value => throw Bad(name, "true or false", value),
    };

    /// <summary>The value as it is; null when it is not given.</summary>
    public object? Find(string name)
    {
        _known.Add(name);
        return values.GetValueOrDefault(name);
    }

    /// <exception cref="LodeException">InvalidArgument: a name that nobody asked for was given.</exception>
    public void RequireAllKnown()
    {
        foreach (var name in values.Keys)
        {
            if (!_known.Contains(name))
                throw new LodeException(ErrorCode.InvalidArgument, $"{char.ToUpperInvariant(what[0])}{what[1..]} '{owner}' has no option '{name}'.",
                    _known.Count == 0 ? "It has none." : DidYouMean.Hint(name, _known));
        }
    }

    public LodeException Bad(string name, string allowed, object value) => new(ErrorCode.InvalidArgument,
        $"Option '{name}' of {what} '{owner}' must be {allowed}; got '{Convert.ToString(value, CultureInfo.InvariantCulture)}'.");

    private double ToDouble(string name, object value) => value switch
    {
        double number => number,
        float or int or long or decimal => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        string text when InvariantNumber.TryParse(text, out var number) => number,
        _ => throw Bad(name, "a number", value),
    };

    private int ToInt32(string name, object value)
    {
        var number = ToDouble(name, value);
        return number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue ? (int)number : throw Bad(name, "a whole number", value);
    }
}
