using System.Collections;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// An assignment of values to the active parameters of one trial. Immutable; keeps the order in which it was built;
/// equal when it holds the same names with the same values, in any order.
/// </summary>
public sealed class Params : IEnumerable<KeyValuePair<string, ParamValue>>, IEquatable<Params>
{
    private readonly KeyValuePair<string, ParamValue>[] _items;
    private int _hash;

    // The coordinates in the space that asked last. Filled on demand, derived from immutable data only,
    // so a race between two readers writes the same numbers twice: the object stays a value.
    private volatile UnitPoint? _unit;

    /// <summary>An assignment of these values.</summary>
    /// <exception cref="LodeException">InvalidArgument: a name is given twice.</exception>
    public Params(IEnumerable<KeyValuePair<string, ParamValue>> items)
    {
        _items = [.. items];
        var names = new HashSet<string>(_items.Length, StringComparer.Ordinal);
        foreach (var (name, _) in _items)
            if (!names.Add(name))
                throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{name}' is given twice.");
    }

    private Params(KeyValuePair<string, ParamValue>[] items, bool _) => _items = items;

    /// <summary>An assignment of values whose names are known to differ; takes the array over.</summary>
    internal static Params OfDistinct(KeyValuePair<string, ParamValue>[] items) => new(items, true);

    /// <summary>No parameters.</summary>
    public static Params Empty { get; } = OfDistinct([]);

    /// <summary>The number of active parameters.</summary>
    public int Count => _items.Length;

    /// <summary>The value of a parameter.</summary>
    /// <exception cref="LodeException">NotFound: no such parameter, or it is inactive in this trial.</exception>
    public ParamValue this[string name] => TryGet(name, out var value)
        ? value
        : throw new LodeException(ErrorCode.NotFound, $"There is no active parameter '{name}'; this trial has: {(Count == 0 ? "none" : string.Join(", ", _items.Select(item => item.Key)))}.");

    /// <summary>Whether the parameter is active, and its value.</summary>
    public bool TryGet(string name, out ParamValue value)
    {
        foreach (var (key, candidate) in _items)
        {
            if (key == name)
            {
                value = candidate;
                return true;
            }
        }
        value = default;
        return false;
    }

    /// <summary>As TryGet, looking first at the place <paramref name="hint"/>, which then moves on: a walk in order is linear.</summary>
    internal bool TryGet(string name, ref int hint, out ParamValue value)
    {
        if (hint < _items.Length && _items[hint].Key == name)
        {
            value = _items[hint++].Value;
            return true;
        }
        return TryGet(name, out value);
    }

    /// <summary>Whether these are the names of the active parameters, in any order.</summary>
    internal bool HasNames(string[] names)
    {
        if (names.Length != Count)
            return false;
        var hint = 0;
        foreach (var name in names)
            if (!TryGet(name, ref hint, out _))
                return false;
        return true;
    }

    /// <summary>Whether the parameter is active.</summary>
    public bool Contains(string name) => TryGet(name, out _);

    /// <summary>The number of this name; an integer is widened.</summary>
    /// <exception cref="LodeException">NotFound: not active; InvalidArgument: not a number.</exception>
    public double Float(string name) => this[name].AsDouble();

    /// <summary>The integer of this name.</summary>
    /// <exception cref="LodeException">NotFound: not active; InvalidArgument: not an integer.</exception>
    public long Int(string name) => this[name].AsInt();

    /// <summary>The string of this name.</summary>
    /// <exception cref="LodeException">NotFound: not active; InvalidArgument: not a string.</exception>
    public string Text(string name) => this[name].AsText();

    /// <summary>The bool of this name.</summary>
    /// <exception cref="LodeException">NotFound: not active; InvalidArgument: not a bool.</exception>
    public bool Bool(string name) => this[name].AsBool();

    /// <summary>This assignment with one value set; its place is kept, a new name comes last.</summary>
    public Params With(string name, ParamValue value)
    {
        var at = Array.FindIndex(_items, item => item.Key == name);
        var items = new KeyValuePair<string, ParamValue>[at < 0 ? _items.Length + 1 : _items.Length];
        _items.CopyTo(items, 0);
        items[at < 0 ? _items.Length : at] = new(name, value);
        return OfDistinct(items);
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, ParamValue>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, ParamValue>>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Params? other)
    {
        if (ReferenceEquals(this, other))
            return true;
        if (other is null || other.Count != Count)
            return false;
        var hint = 0;
        foreach (var (name, value) in _items)
            if (!other.TryGet(name, ref hint, out var theirs) || theirs != value)
                return false;
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Params);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // Kept: a study looks each configuration up several times. Racing threads would keep the same number.
        if (_hash == 0)
        {
            var sum = (ulong)Count;
            foreach (ref readonly var item in _items.AsSpan())
            {
                var mixed = (item.Value.Bits ^ TextHash.Of(item.Key)) * 0xBF58476D1CE4E5B9UL;
                sum += (mixed ^ (mixed >> 32)) * 0x94D049BB133111EBUL; // order does not matter
            }
            var hash = (int)(sum ^ (sum >> 32));
            _hash = hash == 0 ? 1 : hash;
        }
        return _hash;
    }

    /// <summary>The same text for equal assignments, names in ordinal order: <c>criterion=gini, n_trees=100</c>.</summary>
    public override string ToString() =>
        string.Join(", ", _items.OrderBy(item => item.Key, StringComparer.Ordinal).Select(item => $"{item.Key}={item.Value}"));

    /// <summary>The coordinates in <paramref name="space"/>, shape [d], as <see cref="SearchSpace.ToUnit"/>; do not write to it.</summary>
    internal double[] UnitIn(SearchSpace space)
    {
        var known = _unit;
        if (known is not null && ReferenceEquals(known.Space, space))
            return known.Coordinates;
        var unit = new double[space.Count];
        space.ToUnit(this, unit);
        _unit = new UnitPoint(space, unit);
        return unit;
    }

    private sealed record UnitPoint(SearchSpace Space, double[] Coordinates);
}
