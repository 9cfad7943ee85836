using Lode.Core;

namespace Lode.Learning;

/// <summary>Every transform by name, with its defaults. A new transform is one file and one line here.</summary>
public static class TransformCatalog
{
    private static readonly Dictionary<string, Func<ITransform>> s_transforms = new(StringComparer.Ordinal)
    {
        ["impute"] = () => new Imputer(),
        ["impute_mean"] = () => new Imputer(new ImputerOptions { Numeric = NumericFill.Mean }),
        ["impute_most_frequent"] = () => new Imputer(new ImputerOptions { Numeric = NumericFill.MostFrequent }),
        ["impute_constant"] = () => new Imputer(new ImputerOptions { Categorical = CategoricalFill.Constant }),
        ["one_hot"] = () => new OneHotEncoder(),
        ["standard"] = () => new StandardScaler(),
    };

    /// <summary>The names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_transforms.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The transform of a name.</summary>
    /// <exception cref="LodeException">InvalidArgument: there is none; the hint names the nearest.</exception>
    public static ITransform Create(string name) => s_transforms.TryGetValue(name, out var create)
        ? create()
        : throw new LodeException(ErrorCode.InvalidArgument, $"There is no transform '{name}'.", DidYouMean.Hint(name, Names));
}
