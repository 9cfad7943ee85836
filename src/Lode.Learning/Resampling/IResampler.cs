using Lode.Core;

namespace Lode.Learning;

/// <summary>Changes which training rows a learner sees, or how much each counts. Rows that are predicted never pass through it.</summary>
/// <remarks><b>Pure.</b> The result depends on the arguments alone. <b>Threads.</b> One instance serves many.</remarks>
public interface IResampler
{
    /// <summary>Its name in the <see cref="ResamplerCatalog"/>.</summary>
    string Name { get; }

    /// <summary>The rows to fit on instead.</summary>
    /// <param name="data">The training rows, after all transforms.</param>
    /// <param name="rng">Its own random stream.</param>
    /// <exception cref="LodeException">InvalidArgument: the rows cannot be resampled so.</exception>
    TrainingData Resample(TrainingData data, Rng rng);
}

/// <summary>Every resampler by name. A new one is one file and one line here.</summary>
public static class ResamplerCatalog
{
    private static readonly Dictionary<string, Func<ParameterReader, IResampler>> s_resamplers = new(StringComparer.Ordinal)
    {
        ["class_weight"] = _ => new ClassWeights(),
        ["over_sample"] = RandomOverSampler.Create,
        ["smote"] = Smote.Create,
        ["under_sample"] = RandomUnderSampler.Create,
    };

    private static readonly Dictionary<string, object?> s_none = [];

    /// <summary>The names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_resamplers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A resampler with options.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="parameters">Options by name; null values and names that are not given mean the default.</param>
    /// <exception cref="LodeException">InvalidArgument: no such resampler, no such option, or a value out of range.</exception>
    public static IResampler Create(string name, IReadOnlyDictionary<string, object?>? parameters = null)
    {
        if (!s_resamplers.TryGetValue(name, out var create))
            throw new LodeException(ErrorCode.InvalidArgument, $"There is no resampler '{name}'.", DidYouMean.Hint(name, Names));
        var reader = new ParameterReader(name, parameters ?? s_none, "resampler");
        var resampler = create(reader);
        reader.RequireAllKnown();
        return resampler;
    }
}
