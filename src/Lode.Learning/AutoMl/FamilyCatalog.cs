using Lode.Core;

namespace Lode.Learning;

/// <summary>Every model family that AutoML searches, by name. A new family is one file and one line here.</summary>
public static class FamilyCatalog
{
    private static readonly Dictionary<string, IModelFamily> s_families = new IModelFamily[]
    {
        new DummyFamily(),
        new LinearFamily(),
        new QuadraticFamily(),
        new TreeFamily(),
        new ForestFamily("random_forest", stepsPerSplit: 6),
        new ForestFamily("extra_trees", stepsPerSplit: 2),
        new BoostingFamily(),
    }.ToDictionary(family => family.Name, StringComparer.Ordinal);

    /// <summary>The names, the simplest first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_families.Values.OrderBy(family => family.Complexity).ThenBy(family => family.Name, StringComparer.Ordinal).Select(family => family.Name)];

    /// <summary>The family of a name.</summary>
    /// <exception cref="LodeException">InvalidArgument: there is none; the hint names the nearest.</exception>
    public static IModelFamily Get(string name) => s_families.TryGetValue(name, out var family)
        ? family
        : throw new LodeException(ErrorCode.InvalidArgument, $"There is no model family '{name}'.", DidYouMean.Hint(name, Names));
}
