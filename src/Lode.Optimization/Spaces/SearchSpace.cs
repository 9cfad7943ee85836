using System.Collections;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// The parameters of a search and when each is active. Immutable. The only place that knows kinds of parameters:
/// samplers see the unit cube, one coordinate in [0, 1] per parameter, NaN where a parameter is inactive.
/// </summary>
/// <example><code>
/// var space = new SearchSpace(
/// [
///     new CategoricalParameter("model", "forest", "linear"),
///     new IntParameter("n_trees", 10, 500, log: true) { When = new Condition("model", ["forest"]) },
///     new FloatParameter("c", 1e-3, 1e3, log: true) { When = new Condition("model", ["linear"]) },
/// ]);
/// </code></example>
public sealed class SearchSpace : IReadOnlyList<Parameter>
{
    private readonly Parameter[] _parameters;
    private readonly Dictionary<string, int> _index;
    private readonly int[] _parents;
    private readonly int[] _order;
    private readonly BoundConstraint[] _constraints;

    /// <summary>A space of these parameters; parents may come after their children.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="constraints">What every configuration must keep to; null for nothing.</param>
    /// <exception cref="LodeException">
    /// InvalidArgument: a name twice, an unknown parent, a parent that is a float, a value that the parent never has, a cycle;
    /// a constraint on an unknown parameter, or a linear one on a parameter that is no number.
    /// </exception>
    public SearchSpace(IEnumerable<Parameter> parameters, IEnumerable<SpaceConstraint>? constraints = null)
    {
        _parameters = [.. parameters];
        _index = new Dictionary<string, int>(_parameters.Length, StringComparer.Ordinal);
        foreach (var parameter in _parameters)
            if (!_index.TryAdd(parameter.Name, _index.Count))
                throw new LodeException(ErrorCode.InvalidArgument, $"The search space has two parameters named '{parameter.Name}'; names must differ.");
        _parents = [.. _parameters.Select(FindParent)];
        _order = ParentsFirst();
        Dimensions = [.. _parameters.Select(parameter => parameter.Dimension)];
        MostConfigurations = Dimensions.Aggregate(1.0, (product, dimension) => product * (dimension.Levels == 0 ? double.PositiveInfinity : dimension.Levels));
        Constraints = [.. constraints ?? []];
        _constraints = [.. Constraints.Select(constraint => new BoundConstraint(constraint, this))];
    }

    /// <summary>A space without parameters.</summary>
    public static SearchSpace Empty { get; } = new([]);

    /// <summary>The number of parameters d.</summary>
    public int Count => _parameters.Length;

    /// <summary>The parameter at a place, in the order given.</summary>
    public Parameter this[int index] => _parameters[index];

    /// <summary>What each coordinate means, shape [d].</summary>
    public IReadOnlyList<UnitDimension> Dimensions { get; }

    /// <summary>The number of configurations, were all parameters always active and without constraints; infinite where one is continuous.</summary>
    internal double MostConfigurations { get; }

    /// <summary>What every configuration must keep to, known before it is evaluated; empty for nothing.</summary>
    public IReadOnlyList<SpaceConstraint> Constraints { get; }

    /// <summary>Whether the configuration at a point keeps to all constraints; true when there are none. Samplers filter their candidates by it.</summary>
    /// <param name="unit">Coordinates, shape [d]; those of inactive parameters are not looked at.</param>
    /// <remarks>No allocation while all constraints are linear and d ≤ 64; predicates are shown the values.</remarks>
    public bool IsFeasible(ReadOnlySpan<double> unit) => FirstViolated(unit) is null;

    /// <summary>The first constraint that the configuration at a point breaks; null when it keeps to all.</summary>
    /// <inheritdoc cref="IsFeasible"/>
    public SpaceConstraint? FirstViolated(ReadOnlySpan<double> unit)
    {
        if (_constraints.Length == 0)
            return null;
        Span<double> known = Count <= 64 ? stackalloc double[Count] : new double[Count];
        Activate(unit, known);
        Params? values = null;
        foreach (var constraint in _constraints)
            if (!constraint.Holds(this, known, ref values))
                return constraint.Constraint;
        return null;
    }

    /// <summary>The first constraint that an assignment breaks; null when it keeps to all. What it leaves out breaks nothing.</summary>
    public SpaceConstraint? FirstViolated(Params values) => Constraints.FirstOrDefault(constraint => !constraint.Holds(values));

    /// <summary>The places of all parameters, every parent before its children.</summary>
    public ReadOnlySpan<int> ParentsFirstOrder => _order;

    /// <summary>The place of a name; -1 when there is none.</summary>
    public int IndexOf(string name) => _index.GetValueOrDefault(name, -1);

    /// <summary>The place of the parameter that decides whether this one is active; -1 when it always is.</summary>
    public int ParentOf(int index) => _parents[index];

    /// <summary>Whether a parameter is active, given the coordinates of those that it depends on.</summary>
    /// <param name="index">Its place.</param>
    /// <param name="unit">Coordinates, shape [d]; only the parent's is read, NaN when that is inactive.</param>
    public bool IsActive(int index, ReadOnlySpan<double> unit)
    {
        var parent = _parents[index];
        return parent < 0 || (!double.IsNaN(unit[parent]) && _parameters[index].When!.Values.Contains(_parameters[parent].FromUnit(unit[parent])));
    }

    /// <summary>The cell of coordinates that stand for the same value as <paramref name="unit"/>; a single point where continuous.</summary>
    public UnitCell Cell(int index, double unit) => _parameters[index].Cell(unit);

    /// <summary>The coordinate of the value at a place, from 0, of a dimension that is not continuous.</summary>
    /// <param name="index">The place of the parameter.</param>
    /// <param name="level">The place of the value. Range: [0, levels).</param>
    public double AtLevel(int index, long level) => _parameters[index].AtLevel(level);

    /// <summary>The values at a point, parents before their children. Parameters that are inactive there, or whose coordinate is NaN, are left out.</summary>
    /// <param name="unit">Coordinates, shape [d], each in [0, 1] or NaN.</param>
    public Params FromUnit(ReadOnlySpan<double> unit)
    {
        Span<double> known = Count <= 64 ? stackalloc double[Count] : new double[Count];
        var active = Activate(unit, known);
        var items = new KeyValuePair<string, ParamValue>[active];
        var next = 0;
        foreach (var i in _order)
            if (!double.IsNaN(known[i]))
                items[next++] = new(_parameters[i].Name, _parameters[i].FromUnit(known[i]));
        return Params.OfDistinct(items);
    }

    // The coordinates of what is active, NaN elsewhere; how many are.
    private int Activate(ReadOnlySpan<double> unit, Span<double> known)
    {
        var active = 0;
        foreach (var i in _order)
        {
            known[i] = IsActive(i, known) ? unit[i] : double.NaN;
            if (!double.IsNaN(known[i]))
                active++;
        }
        return active;
    }

    /// <summary>
    /// The coordinates of an assignment: NaN where a parameter is inactive, outside its domain, or absent without a
    /// <see cref="Parameter.Default"/>.
    /// </summary>
    /// <param name="values">The assignment; names that this space does not know are ignored.</param>
    /// <param name="unit">Receives coordinates, shape [d]: the exact place of a continuous value, a place in its cell for others.</param>
    public void ToUnit(Params values, Span<double> unit)
    {
        var hint = 0;
        foreach (var i in _order)
        {
            unit[i] = double.NaN;
            if (!IsActive(i, unit))
                continue;
            if (values.TryGet(_parameters[i].Name, ref hint, out var value))
                unit[i] = _parameters[i].ToUnit(value);
            else if (_parameters[i].Default is { } known)
                unit[i] = _parameters[i].ToUnit(known);
        }
    }

    /// <summary>Checks that an assignment gives values of the domain to known, active parameters; it may leave some out.</summary>
    /// <exception cref="LodeException">InvalidArgument: an unknown or inactive parameter, or a value outside its domain.</exception>
    public void Validate(Params values)
    {
        var unit = new double[Count];
        ToUnit(values, unit);
        foreach (var (name, value) in values)
        {
            var i = IndexOf(name);
            if (i < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"There is no parameter '{name}'; the space has: {string.Join(", ", _parameters.Select(p => p.Name))}.");
            if (!_parameters[i].Allows(value))
                throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{name}' is {_parameters[i].Domain}; got {value}.");
            // A parent that is left out may still be chosen so that the child is active.
            if (double.IsNaN(unit[i]) && values.Contains(_parameters[_parents[i]].Name))
                throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{name}' is active only when {_parameters[i].When}; got {values}.");
        }
    }

    /// <summary>This space with one parameter more, or in place of the one of its name.</summary>
    /// <exception cref="LodeException">InvalidArgument: as the constructor.</exception>
    public SearchSpace With(Parameter parameter)
    {
        var i = IndexOf(parameter.Name);
        return new(i < 0 ? [.. _parameters, parameter] : [.. _parameters[..i], parameter, .. _parameters[(i + 1)..]], Constraints);
    }

    /// <inheritdoc/>
    public IEnumerator<Parameter> GetEnumerator() => ((IEnumerable<Parameter>)_parameters).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int FindParent(Parameter parameter)
    {
        if (parameter.When is not { } when)
            return -1;
        if (!_index.TryGetValue(when.Parent, out var parent))
            throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{parameter.Name}' depends on '{when.Parent}', which the space does not have.");
        if (_parameters[parent] is FloatParameter or DistributedParameter)
            throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{parameter.Name}' depends on '{when.Parent}', a float; a parent is categorical, ordinal or int.");
        if (when.Values.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{parameter.Name}' depends on '{when.Parent}' having one of no values; name at least one.");
        foreach (var value in when.Values)
            if (!_parameters[parent].Allows(value))
                throw new LodeException(ErrorCode.InvalidArgument, $"Parameter '{parameter.Name}' depends on '{when.Parent}' being {value}, which it never is: {_parameters[parent].Domain}.");
        return parent;
    }

    private int[] ParentsFirst()
    {
        var order = new List<int>(Count);
        var placed = new bool[Count];
        while (order.Count < Count)
        {
            var before = order.Count;
            for (var i = 0; i < Count; i++)
            {
                if (!placed[i] && (_parents[i] < 0 || placed[_parents[i]]))
                {
                    placed[i] = true;
                    order.Add(i);
                }
            }
            if (order.Count == before)
                throw new LodeException(ErrorCode.InvalidArgument, $"These parameters depend on each other in a circle: {string.Join(", ", _parameters.Where((_, i) => !placed[i]).Select(p => p.Name))}.");
        }
        return [.. order];
    }

    // A constraint and the places of the parameters that it reads.
    private sealed class BoundConstraint
    {
        private readonly int[] _places;

        public BoundConstraint(SpaceConstraint constraint, SearchSpace space)
        {
            Constraint = constraint;
            _places = [.. constraint.Reads.Select(space.IndexOf)];
            for (var i = 0; i < _places.Length; i++)
            {
                if (_places[i] < 0)
                    throw new LodeException(ErrorCode.InvalidArgument, $"Constraint '{constraint.Name}' reads '{constraint.Reads[i]}', which the space does not have.");
                if (constraint is LinearConstraint && space[_places[i]] is not (FloatParameter or IntParameter or DistributedParameter))
                    throw new LodeException(ErrorCode.InvalidArgument, $"Constraint '{constraint.Name}' adds up '{constraint.Reads[i]}', which is no float or int: {space[_places[i]].Domain}.");
            }
        }

        public SpaceConstraint Constraint { get; }

        public bool Holds(SearchSpace space, ReadOnlySpan<double> known, ref Params? values)
        {
            foreach (var place in _places)
                if (double.IsNaN(known[place]))
                    return true;
            if (Constraint is not LinearConstraint linear)
                return Constraint.Holds(values ??= space.FromUnit(known));
            Span<double> numbers = _places.Length <= 64 ? stackalloc double[_places.Length] : new double[_places.Length];
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = space[_places[i]].FromUnit(known[_places[i]]).AsDouble();
            return linear.Excess(numbers) <= 0;
        }
    }
}
