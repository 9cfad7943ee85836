using Lode.Core;

namespace Lode.Learning;

/// <summary>Splits that train on the past: consecutive test blocks at the end of the rows, each with the rows before it to train on.</summary>
/// <remarks>scikit-learn's TimeSeriesSplit, by the data set's times where it has them, else by the order of rows. Expanding, or sliding with a limit
/// of training rows. Rows as late as the first of the test block are never trained on.</remarks>
public sealed class TimeSeriesSplit : ISplitter
{
    private readonly int _splits;
    private readonly int? _maxTrain;
    private readonly int? _testSize;
    private readonly int _gap;

    /// <param name="splits">At least 2. Default: 5.</param>
    /// <param name="maxTrain">At most so many training rows, the latest, ≥ 1; null: all before the gap.</param>
    /// <param name="testSize">Rows of each test block, ≥ 1; null: rows / (splits + 1).</param>
    /// <param name="gap">Rows left out between training and test rows, ≥ 0. Default: 0.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public TimeSeriesSplit(int splits = 5, int? maxTrain = null, int? testSize = null, int gap = 0)
    {
        Folds.RequireCount(splits);
        if (maxTrain < 1 || testSize < 1 || gap < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"max_train_size and test_size must be at least 1 and gap at least 0; got {maxTrain}, {testSize} and {gap}.");
        (_splits, _maxTrain, _testSize, _gap) = (splits, maxTrain, testSize, gap);
    }

    /// <inheritdoc/>
    public bool CoversAllRows => false;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        var rows = dataset.Rows;
        var size = _testSize ?? (rows / (_splits + 1));
        var first = rows - ((long)_splits * size);
        if (size < 1 || first - _gap < 1)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"{_splits} test blocks of {Math.Max(1, size)} rows after a gap of {_gap} leave nothing to train on first; the data set has {rows} rows.",
                "Use fewer splits, a smaller test_size or a smaller gap.");
        }
        var order = new TimeOrder(dataset);
        var splits = new Split[_splits];
        for (var i = 0; i < _splits; i++)
        {
            var start = (int)first + (i * size);
            var end = start - _gap;
            splits[i] = order.Split(Math.Max(0, end - (_maxTrain ?? end)), end, start, start + size);
        }
        return splits;
    }
}

/// <summary>Walks forward through time: trains on rows, tests on those that follow, goes on by a step, until the rows end.</summary>
/// <remarks>By the data set's times where it has them, else by the order of rows. How many splits there are depends on the rows.
/// Rows as late as the first of the test block are never trained on.</remarks>
public sealed class WalkForward : ISplitter
{
    private readonly int _train;
    private readonly int _test;
    private readonly int _step;
    private readonly int _gap;
    private readonly bool _expanding;

    /// <param name="train">Training rows, of the first split where it expands. Range: ≥ 1.</param>
    /// <param name="test">Test rows of each split. Range: ≥ 1.</param>
    /// <param name="step">How many rows further the next split tests, ≥ 1; null: as many as are tested.</param>
    /// <param name="gap">Rows left out between training and test rows, ≥ 0. Default: 0.</param>
    /// <param name="expanding">Whether all earlier rows are trained on, not only the latest. Default: no.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public WalkForward(int train, int test, int? step = null, int gap = 0, bool expanding = false)
    {
        (_train, _test, _step, _gap, _expanding) = (train, test, step ?? test, gap, expanding);
        if (train < 1 || test < 1 || _step < 1 || gap < 0)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"Walking forward needs train_size, test_size and step of at least 1 and gap of at least 0; got {train}, {test}, {_step} and {gap}.");
        }
    }

    /// <inheritdoc/>
    public bool CoversAllRows => false;

    /// <inheritdoc/>
    public IReadOnlyList<Split> Split(Dataset dataset, ulong seed)
    {
        var needed = (long)_train + _gap + _test;
        if (dataset.Rows < needed)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"{_train} rows to train on, a gap of {_gap} and {_test} to test on need {needed} rows; the data set has {dataset.Rows}.");
        }
        var order = new TimeOrder(dataset);
        var splits = new List<Split>();
        for (long end = _train; end + _gap + _test <= dataset.Rows; end += _step)
            splits.Add(order.Split(_expanding ? 0 : (int)end - _train, (int)end, (int)end + _gap, (int)end + _gap + _test));
        return splits;
    }
}
