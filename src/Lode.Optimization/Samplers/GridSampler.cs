using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="GridSampler"/>.</summary>
public sealed record GridOptions
{
    /// <summary>
    /// Values of each number: a continuous one gets so many from bound to bound (its middle when 1), equally spaced on its scale, and one that
    /// has more values than this gets so many of them. Choices, ordered or not, always give all: declare an
    /// <see cref="OrdinalParameter"/> to say which numbers. Range: ≥ 1. Default: 10.
    /// </summary>
    public int Values { get; init; } = 10;
}

/// <summary>
/// Proposes every point of a grid once, in an order that the study's seed decides. In a conditional space a branch contributes the
/// grid of its own parameters only; points that break a constraint, and those that were tried already, are left out.
/// </summary>
/// <remarks>O(d) per proposal, and a look through the trials for one that is equal.</remarks>
public sealed class GridSampler : IFiniteSampler
{
    private const long MaxPoints = 1L << 62;
    private readonly FeasiblePoints _feasible = new();
    private readonly GridOptions _options;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public GridSampler(GridOptions? options = null)
    {
        _options = options ?? new();
        if (_options.Values < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"GridOptions.Values must be ≥ 1; got {_options.Values}.");
    }

    /// <summary>The number of points of the grid, those that break constraints included.</summary>
    /// <exception cref="LodeException">InvalidArgument: more than 2^62.</exception>
    public long Count(SearchSpace space) => new Grid(space, _options.Values).Count;

    /// <inheritdoc/>
    /// <exception cref="LodeException">InvalidArgument: the grid has more than 2^62 points.</exception>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        var grid = new Grid(space, _options.Values);
        return Next(grid, space, history) ?? grid.Point(Scrambling.Permute(history.Trials.Count % grid.Count, grid.Count, history.Seed));
    }

    /// <inheritdoc/>
    public bool IsExhausted(SearchSpace space, History history)
    {
        var grid = new Grid(space, _options.Values);
        return (history.Trials.Count >= grid.Count || space.Constraints.Count > 0) && Next(grid, space, history) is null;
    }

    // From the trial's number on, then from the start: so without enqueued trials the first look hits.
    private double[]? Next(Grid grid, SearchSpace space, History history)
    {
        double[] Point(long n) => grid.Point(Scrambling.Permute(n, grid.Count, history.Seed));
        var start = history.Trials.Count;
        for (long n = start; ; n++)
        {
            var place = _feasible.PlaceOf(space, history.Seed, n, grid.Count, Point);
            if (place == -1)
                break;
            var point = Point(place == -2 ? n : place);
            if (place == -2 || !WasTried(space, history, point))
                return point;
        }
        for (var n = 0; n < start; n++)
        {
            var place = _feasible.PlaceOf(space, history.Seed, n, grid.Count, Point);
            if (place < 0)
                break;
            if (Point(place) is var point && !WasTried(space, history, point))
                return point;
        }
        return null;
    }

    private static bool WasTried(SearchSpace space, History history, double[] point)
    {
        var values = space.FromUnit(point);
        foreach (var trial in history.Trials)
            if (trial.State != TrialState.Waiting && trial.Params.Equals(values))
                return true;
        return false;
    }

    // The grid as a mixed-radix number: roots multiply; under a root, each of its values adds the product of what it switches on.
    private sealed class Grid
    {
        private readonly SearchSpace _space;
        private readonly double[][] _coordinates;
        private readonly List<int>[] _children;
        private readonly List<int> _roots = [];

        // Shape [d][values]: how many points hang on a value.
        private readonly long[][] _weights;

        public Grid(SearchSpace space, int values)
        {
            _space = space;
            _coordinates = [.. Enumerable.Range(0, space.Count).Select(i => Coordinates(space, i, values))];
            _children = [.. Enumerable.Range(0, space.Count).Select(_ => new List<int>())];
            for (var i = 0; i < space.Count; i++)
                (space.ParentOf(i) < 0 ? _roots : _children[space.ParentOf(i)]).Add(i);
            _weights = new long[space.Count][];
            var order = space.ParentsFirstOrder;
            for (var at = order.Length - 1; at >= 0; at--)
                _weights[order[at]] = Weights(order[at]);
            Count = Product(_roots);
        }

        public long Count { get; }

        public double[] Point(long index)
        {
            var unit = new double[_space.Count];
            Array.Fill(unit, double.NaN);
            Decode(_roots, ref index, unit);
            return unit;
        }

        private void Decode(List<int> parameters, ref long index, double[] unit)
        {
            foreach (var i in parameters)
            {
                var rest = index % _weights[i].Sum();
                index /= _weights[i].Sum();
                var value = 0;
                while (rest >= _weights[i][value])
                    rest -= _weights[i][value++];
                unit[i] = _coordinates[i][value];
                Decode(Active(i, unit[i]), ref rest, unit);
            }
        }

        private long[] Weights(int i) => [.. _coordinates[i].Select(coordinate => Product(Active(i, coordinate)))];

        private List<int> Active(int parent, double coordinate)
        {
            if (_children[parent].Count == 0)
                return [];
            var value = _space[parent].FromUnit(coordinate);
            return [.. _children[parent].Where(child => _space[child].When!.Values.Contains(value))];
        }

        private long Product(List<int> parameters)
        {
            var product = 1L;
            foreach (var i in parameters)
            {
                UInt128 sum = 0;
                foreach (var weight in _weights[i])
                    sum += (UInt128)weight;
                if (sum * (UInt128)product > MaxPoints)
                    throw new LodeException(ErrorCode.InvalidArgument, "The grid has more than 2^62 points.", "Lower GridOptions.Values, or take another sampler.");
                product *= (long)sum;
            }
            return product;
        }

        private static double[] Coordinates(SearchSpace space, int i, int values)
        {
            var (kind, levels) = space.Dimensions[i];
            if (kind == DimensionKind.Continuous)
                return values == 1 ? [0.5] : [.. Enumerable.Range(0, values).Select(n => (double)n / (values - 1))];
            if (space[i] is ChoiceParameter || levels <= values)
                return [.. Enumerable.Range(0, (int)levels).Select(n => space.AtLevel(i, n))];
            return values == 1 ? [space.AtLevel(i, levels / 2)] : [.. Enumerable.Range(0, values).Select(n => space.AtLevel(i, (long)Math.Round((double)n * (levels - 1) / (values - 1))))];
        }
    }
}
