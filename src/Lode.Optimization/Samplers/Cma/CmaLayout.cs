namespace Lode.Optimization;

/// <summary>Which parameters of a space CMA-ES moves as numbers and which it draws as choices.</summary>
internal sealed class CmaLayout
{
    public CmaLayout(SearchSpace space, CmaOptions options)
    {
        var (numbers, choices) = (new List<int>(), new List<int>());
        for (var dim = 0; dim < space.Count; dim++)
        {
            var (kind, levels) = space.Dimensions[dim];
            if (kind == DimensionKind.Nominal)
                choices.Add(dim);
            else if (levels != 1)
                numbers.Add(dim);
        }
        (Space, Numbers, Choices) = (space, [.. numbers], [.. choices]);
        IsGrid = Array.ConvertAll(Numbers, dim => space.Dimensions[dim].Kind == DimensionKind.Ordinal);
        Population = options.Population > 0 ? options.Population : CmaConstants.DefaultPopulation(Numbers.Length + Choices.Length);
        IsSeparable = options.Covariance == CmaCovariance.Separable || (options.Covariance == CmaCovariance.Auto && !options.AdaptLearningRate && Numbers.Length > 50);
    }

    public SearchSpace Space { get; }

    /// <summary>Dimensions that are numbers with more than one value, shape [n].</summary>
    public int[] Numbers { get; }

    /// <summary>Whether a number lies on a grid, shape [n].</summary>
    public bool[] IsGrid { get; }

    /// <summary>Dimensions that are unordered.</summary>
    public int[] Choices { get; }

    /// <summary>The population of the first run.</summary>
    public int Population { get; }

    public bool IsSeparable { get; }
}
