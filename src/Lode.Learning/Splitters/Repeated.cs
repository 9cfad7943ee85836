using Lode.Core;

namespace Lode.Learning;

/// <summary>Another splitter several times over, each time with a seed of its own.</summary>
public sealed class Repeated : ISplitter
{
    private readonly ISplitter _splitter;
    private readonly int _repeats;

    /// <param name="splitter">What is repeated; without anything random in it, all repeats are equal.</param>
    /// <param name="repeats">How often. Range: ≥ 1.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public Repeated(ISplitter splitter, int repeats)
    {
        if (repeats < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"A splitter is repeated at least once; got {repeats}.");
        (_splitter, _repeats) = (splitter, repeats);
    }

    /// <inheritdoc/>
    public bool CoversAllRows => _splitter.CoversAllRows;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        var streams = new Rng(seed);
        var splits = new List<Split>();
        for (var repeat = 0; repeat < _repeats; repeat++)
            splits.AddRange(_splitter.Split(dataset, streams.DeriveSeed((ulong)repeat)));
        return splits;
    }
}

/// <summary>An outer split, with splits of its training rows.</summary>
/// <param name="Outer">Rows to choose a model on, and rows to score the choice on.</param>
/// <param name="Inner">Splits of the outer training rows, as row numbers of the whole data set.</param>
public sealed record NestedSplit(Split Outer, IReadOnlyList<Split> Inner);

/// <summary>Splits within splits: the inner ones choose a model, the outer ones score the way of choosing.</summary>
public static class Nested
{
    /// <summary>The inner splits of every outer one.</summary>
    /// <param name="dataset">All rows; groups and times are kept by both.</param>
    /// <param name="outer">Parts all rows.</param>
    /// <param name="inner">Parts each outer split's training rows, with a seed of its own.</param>
    /// <param name="seed">Decides all.</param>
    /// <exception cref="LodeException">InvalidArgument: one of the splitters refuses its rows.</exception>
    public static IReadOnlyList<NestedSplit> Split(Dataset dataset, ISplitter outer, ISplitter inner, ulong seed)
    {
        var streams = new Rng(seed);
        var splits = outer.Split(dataset, streams.DeriveSeed(0));
        var nested = new NestedSplit[splits.Count];
        for (var i = 0; i < nested.Length; i++)
        {
            var rows = splits[i].Train;
            nested[i] = new NestedSplit(splits[i], [.. inner.Split(dataset.Select(rows), streams.DeriveSeed((ulong)i + 1))
                .Select(split => new Split(Places(split.Train, rows), Places(split.Test, rows)))]);
        }
        return nested;
    }

    private static int[] Places(int[] within, int[] rows) => [.. within.Select(i => rows[i])];
}
