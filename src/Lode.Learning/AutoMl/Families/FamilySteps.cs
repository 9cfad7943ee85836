using Lode.Optimization;

namespace Lode.Learning;

/// <summary>What families put pipelines together from.</summary>
internal static class FamilySteps
{
    /// <summary>A step with options.</summary>
    public static StepSpec Step(string name, params ReadOnlySpan<(string Name, object? Value)> options)
    {
        var parameters = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (option, value) in options)
            parameters[option] = value;
        return new StepSpec { Name = name, Parameters = parameters };
    }

    /// <summary>Settings as names with values.</summary>
    public static Params Of(params ReadOnlySpan<(string Name, ParamValue Value)> settings)
    {
        var items = new KeyValuePair<string, ParamValue>[settings.Length];
        for (var i = 0; i < items.Length; i++)
            items[i] = new(settings[i].Name, settings[i].Value);
        return new Params(items);
    }

    /// <summary>Dates as numbers, missing numbers by the median with a column that says so, missing levels as a level.</summary>
    public static IEnumerable<StepSpec> Complete() =>
        [Step("date_parts"), Step("impute", ("numeric", "median"), ("categorical", "constant"), ("add_indicator", true))];

    /// <summary>Numbers brought to one scale, as a setting <c>scale</c> says.</summary>
    public static StepSpec Scale(Params settings) => settings.Text("scale") switch
    {
        "power" => Step("power"),
        "quantile" => Step("quantile", ("output_distribution", "normal")),
        _ => Step("standard"),
    };

    /// <summary>About how many elementary steps <see cref="Scale"/> takes: a power is searched for by many passes over a column, quantiles sort it.</summary>
    public static double ScaleCost(Params settings, DataTraits traits) => (double)traits.Rows * traits.Numeric * ((settings.TryGet("scale", out var scale) ? scale.AsText() : "standard") switch
    {
        "power" => 170,
        "quantile" => 40,
        _ => 0,
    });

    /// <summary>The parameter that <see cref="Scale"/> reads.</summary>
    public static Parameter ScaleParameter => new CategoricalParameter("scale", "standard", "power", "quantile");

    /// <summary>The quantiles of a pipeline; null where none are asked for.</summary>
    public static IReadOnlyList<double>? Levels(DataTraits traits) => traits.Quantiles.Count > 0 ? traits.Quantiles : null;

    /// <summary>Levels as columns of 0 and 1; where there are many, rare ones share one.</summary>
    public static StepSpec OneHot(DataTraits traits) => traits.MostLevels > 30 ? Step("one_hot", ("min_frequency", 0.002), ("max_categories", 60)) : Step("one_hot");
}
