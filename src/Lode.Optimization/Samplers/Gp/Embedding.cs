namespace Lode.Optimization;

/// <summary>
/// How a kernel sees the points of a space. Numbers are coordinates in [0, 1], those of a grid the place of their value (Garrido-Merchán
/// and Hernández-Lobato, "Dealing with categorical and integer-valued variables in Bayesian optimization with Gaussian processes", 2020: the same value is the same point); choices are equal or not, 0 or 1 apart (Hutter, Hoos, Leyton-Brown 2011).
/// A number that is not always there lies on an arc (Swersky et al., "Raiders of the lost architecture: kernels for Bayesian optimization in
/// conditional parameter spaces", 2014): (cos w, sin w), and (0, 0) where it is absent. So two trials without it do not differ in it,
/// a trial without it is equally far from all that have it, and all trials are seen by one model.
/// </summary>
internal sealed class Embedding
{
    internal enum Kind : byte
    {
        Plain,
        Cosine,
        Sine,
        Choice,
    }

    private const double Edge = 1e-4;
    private readonly SearchSpace _space;

    /// <param name="space">The domain.</param>
    /// <param name="sometimesAbsent">Shape [d]: numbers that some trials lack, beside those with a condition.</param>
    /// <param name="warping">Whether numbers are warped.</param>
    public Embedding(SearchSpace space, ReadOnlySpan<bool> sometimesAbsent, bool warping)
    {
        _space = space;
        var (dims, kinds, owners, warped) = (new List<int>(), new List<Kind>(), new List<int>(), new List<int>());
        for (var i = 0; i < space.Count; i++)
        {
            var dimension = space.Dimensions[i];
            if (dimension.Levels == 1)
                continue;
            var model = dims.Count;
            dims.Add(i);
            var choice = dimension.Kind == DimensionKind.Nominal;
            var arc = !choice && (space.ParentOf(i) >= 0 || sometimesAbsent[i]);
            kinds.AddRange(choice ? [Kind.Choice] : arc ? [Kind.Cosine, Kind.Sine] : [Kind.Plain]);
            owners.AddRange(arc ? [model, model] : [model]);
            warped.Add(warping && !choice && dimension.Levels is 0 or > 3 && !choice ? warped.Count(w => w >= 0) : -1);
        }
        (Dims, Kinds, Owners, Warped) = ([.. dims], [.. kinds], [.. owners], [.. warped]);
        WarpedCount = Warped.Count(w => w >= 0);
    }

    /// <summary>The places in the space of the dimensions that vary, shape [D].</summary>
    public int[] Dims { get; }

    /// <summary>What each feature is, shape [F].</summary>
    public Kind[] Kinds { get; }

    /// <summary>The dimension (0 to D - 1) of each feature, shape [F]; the two of an arc are neighbours.</summary>
    public int[] Owners { get; }

    /// <summary>Which warp a dimension has, shape [D]; -1 for none.</summary>
    public int[] Warped { get; }

    /// <summary>The number of warps W.</summary>
    public int WarpedCount { get; }

    /// <summary>The place of log a of a warp among the parameters: D length scales, signal, noise, then (log a, log b) for each warp.</summary>
    public int WarpAt(int warp) => Dims.Length + 2 + (2 * warp);

    /// <summary>The number of parameters of a model of these points.</summary>
    public int ParameterCount => Dims.Length + 2 + (2 * WarpedCount);

    /// <summary>The raw coordinates: a place in [0, 1], the number of a choice, NaN where absent.</summary>
    /// <param name="unit">Shape [d], in [0, 1]; NaN where absent.</param>
    /// <param name="raw">Receives shape [D].</param>
    public void Encode(ReadOnlySpan<double> unit, Span<double> raw)
    {
        for (var i = 0; i < Dims.Length; i++)
        {
            var value = unit[Dims[i]];
            var dimension = _space.Dimensions[Dims[i]];
            raw[i] = double.IsNaN(value) || dimension.Kind == DimensionKind.Continuous ? value
                : dimension.Kind == DimensionKind.Nominal ? Math.Min(Math.Floor(value * dimension.Levels), dimension.Levels - 1)
                : _space.Cell(Dims[i], value).Center;
        }
    }

    /// <summary>The features of a point, each divided by its length scale (a choice is its number, -1 where absent).</summary>
    /// <param name="raw">Shape [D].</param>
    /// <param name="parameters">Logarithms, see <see cref="WarpAt"/>.</param>
    /// <param name="features">Receives shape [F], one every <paramref name="stride"/> numbers.</param>
    /// <param name="stride">The distance between features.</param>
    public void Features(ReadOnlySpan<double> raw, ReadOnlySpan<double> parameters, Span<double> features, int stride)
    {
        for (var f = 0; f < Kinds.Length; f++)
        {
            var d = Owners[f];
            features[f * stride] = Kinds[f] == Kind.Choice
                ? double.IsNaN(raw[d]) ? -1 : raw[d]
                : Feature(f, Warp(d, raw[d], parameters)) * Math.Exp(-parameters[d]);
        }
    }

    /// <summary>How much a feature changes with the warped coordinate, not divided by the length scale; 0 where absent.</summary>
    public double Slope(int feature, double warped) => double.IsNaN(warped) ? 0 : Kinds[feature] switch
    {
        Kind.Plain => 1,
        Kind.Cosine => -Math.Sin(warped),
        Kind.Sine => Math.Cos(warped),
        _ => 0,
    };

    /// <summary>The warped coordinate 1 - (1 - x^a)^b, Kumaraswamy's distribution function (Snoek et al. 2014, "Input warping for Bayesian
    /// optimization of non-stationary functions", with the cheaper function of later practice); NaN where absent.</summary>
    public double Warp(int dim, double raw, ReadOnlySpan<double> parameters)
    {
        if (Warped[dim] < 0 || double.IsNaN(raw))
            return raw;
        var at = WarpAt(Warped[dim]);
        return 1 - Math.Pow(1 - Math.Pow(Inner(raw), Math.Exp(parameters[at])), Math.Exp(parameters[at + 1]));
    }

    /// <summary>The warped coordinate's slope in x, log a and log b; zeros where absent.</summary>
    public (double X, double LogA, double LogB) WarpSlopes(int dim, double raw, ReadOnlySpan<double> parameters)
    {
        if (double.IsNaN(raw))
            return default;
        if (Warped[dim] < 0)
            return (1, 0, 0);
        var at = WarpAt(Warped[dim]);
        var (a, b, x) = (Math.Exp(parameters[at]), Math.Exp(parameters[at + 1]), Inner(raw));
        var power = Math.Pow(x, a);
        var rest = Math.Pow(1 - power, b - 1);
        return ((1 - (2 * Edge)) * a * b * power / x * rest, a * b * rest * power * Math.Log(x), -b * rest * (1 - power) * Math.Log(1 - power));
    }

    private double Feature(int feature, double warped) => Kinds[feature] switch
    {
        Kind.Plain => double.IsNaN(warped) ? 0.5 : warped,
        Kind.Cosine => double.IsNaN(warped) ? 0 : Math.Cos(warped),
        _ => double.IsNaN(warped) ? 0 : Math.Sin(warped),
    };

    // Slopes at the very ends may be infinite.
    private static double Inner(double raw) => Edge + ((1 - (2 * Edge)) * raw);
}
