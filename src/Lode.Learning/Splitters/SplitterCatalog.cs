using Lode.Core;

namespace Lode.Learning;

/// <summary>Every splitter by name. A new splitter is one file and one line here.</summary>
public static class SplitterCatalog
{
    private static readonly Dictionary<string, Func<ParameterReader, ISplitter>> s_splitters = new(StringComparer.Ordinal)
    {
        ["group_k_fold"] = read => Repeat(read, new GroupKFold(read.Int32("n_splits", 5), read.Boolean("shuffle", true))),
        ["holdout"] = read => Repeat(read, new Holdout(read.Double("test_size", 0.25), HoldoutKindOf(read))),
        ["k_fold"] = read => Repeat(read, new KFold(read.Int32("n_splits", 5), read.Boolean("shuffle", true))),
        ["leave_one_group_out"] = _ => new LeaveOneGroupOut(),
        ["leave_one_out"] = _ => new LeaveOneOut(),
        ["stratified_group_k_fold"] = read => Repeat(read, new StratifiedGroupKFold(read.Int32("n_splits", 5), read.Boolean("shuffle", true))),
        ["stratified_k_fold"] = read => Repeat(read, new StratifiedKFold(read.Int32("n_splits", 5), read.Boolean("shuffle", true))),
        ["time_series"] = read => new TimeSeriesSplit(read.Int32("n_splits", 5), read.Int32OrNull("max_train_size"), read.Int32OrNull("test_size"), read.Int32("gap", 0)),
        ["walk_forward"] = read => new WalkForward(read.Int32("train_size", 0), read.Int32("test_size", 0), read.Int32OrNull("step"), read.Int32("gap", 0), read.Boolean("expanding", false)),
    };

    private static readonly Dictionary<string, object?> s_none = [];

    /// <summary>The names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_splitters.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A splitter with options.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="parameters">Options under scikit-learn's names (<c>n_splits</c>, <c>shuffle</c>, <c>n_repeats</c>, <c>test_size</c>, <c>gap</c>,
    /// <c>max_train_size</c>): numbers, texts or booleans; null values and names that are not given mean the default. <c>walk_forward</c>
    /// needs <c>train_size</c> and <c>test_size</c>.</param>
    /// <exception cref="LodeException">InvalidArgument: no such splitter, no such option, or a value out of range.</exception>
    public static ISplitter Create(string name, IReadOnlyDictionary<string, object?>? parameters = null)
    {
        if (!s_splitters.TryGetValue(name, out var create))
            throw new LodeException(ErrorCode.InvalidArgument, $"There is no splitter '{name}'.", DidYouMean.Hint(name, Names));
        var reader = new ParameterReader(name, parameters ?? s_none, "splitter");
        var splitter = create(reader);
        reader.RequireAllKnown();
        return splitter;
    }

    private static ISplitter Repeat(ParameterReader read, ISplitter splitter)
    {
        var repeats = read.Int32("n_repeats", 1);
        return repeats == 1 ? splitter : new Repeated(splitter, repeats);
    }

    private static HoldoutKind HoldoutKindOf(ParameterReader read) => read.Choice("kind", "stratified", "plain", "stratified", "group", "time") switch
    {
        "plain" => HoldoutKind.Plain,
        "group" => HoldoutKind.Group,
        "time" => HoldoutKind.Time,
        _ => HoldoutKind.Stratified,
    };
}
