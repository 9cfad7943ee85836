using System.Globalization;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Reads the options of a learner, or of another kind of thing, from named values as a search or a file gives them: numbers, texts and booleans of any width.</summary>
internal sealed class ParameterReader(string owner, IReadOnlyDictionary<string, object?> values, string kind = "learner")
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

    /// <summary>A list of numbers: as such, or a text with commas, or one number.</summary>
    public double[] Doubles(string name, double[] usual) => Find(name) switch
    {
        null => usual,
        string text => [.. text.Split(',').Select(part => ToDouble(name, part.Trim()))],
        System.Collections.IEnumerable list => [.. list.Cast<object>().Select(item => ToDouble(name, item))],
        var value => [ToDouble(name, value)],
    };

    public string Choice(string name, string usual, params ReadOnlySpan<string> allowed)
    {
        var value = Find(name) ?? usual;
        return value is string text && allowed.Contains(text) ? text : throw Bad(name, $"one of {string.Join(", ", allowed.ToArray())}", value);
    }

    /// <summary>A list of texts: as a list, or one text with commas.</summary>
    public string[] Texts(string name, string[] usual) => Find(name) switch
    {
        null => usual,
        string text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        IEnumerable<string> texts => [.. texts],
        IEnumerable<object?> texts => [.. texts.Select(item => Convert.ToString(item, CultureInfo.InvariantCulture) ?? "")],
        var value => throw Bad(name, "texts with commas between them", value),
    };

    /// <summary>A learner that an option names, with the options <c>name__option</c> that are meant for it.</summary>
    public ILearner Learner(string name, string usual) => Create(name, Convert.ToString(Find(name), CultureInfo.InvariantCulture) is { Length: > 0 } given ? given : usual);

    /// <summary>A learner as <see cref="Learner"/> gives it; null when the option is not given.</summary>
    public ILearner? LearnerOrNull(string name) =>
        Find(name) is null && !values.Keys.Any(key => key.StartsWith(name + "__", StringComparison.Ordinal)) ? null : Learner(name, "decision_tree");

    /// <summary>The learner of the catalogue by this name, with the options <c>name__option</c>.</summary>
    public ILearner Named(string name) => Create(name, name);

    private ILearner Create(string prefix, string learner)
    {
        var own = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in values)
        {
            if (!key.StartsWith(prefix + "__", StringComparison.Ordinal))
                continue;
            _known.Add(key);
            own[key[(prefix.Length + 2)..]] = value;
        }
        return LearnerCatalog.Create(learner, own);
    }

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
                throw new LodeException(ErrorCode.InvalidArgument, $"{char.ToUpperInvariant(kind[0])}{kind[1..]} '{owner}' has no option '{name}'.",
                    _known.Count == 0 ? "It has none." : DidYouMean.Hint(name, _known));
        }
    }

    public LodeException Bad(string name, string allowed, object value) => new(ErrorCode.InvalidArgument,
        $"Option '{name}' of {kind} '{owner}' must be {allowed}; got '{Convert.ToString(value, CultureInfo.InvariantCulture)}'.");

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
