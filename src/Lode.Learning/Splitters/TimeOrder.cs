namespace Lode.Learning;

/// <summary>The rows of a data set from the earliest to the latest; of equal times in the order of the table.</summary>
internal sealed class TimeOrder
{
    private readonly int[] _rows;
    private readonly double[] _times;

    public TimeOrder(Dataset dataset)
    {
        _rows = [.. Enumerable.Range(0, dataset.Rows)];
        _times = dataset.Times.IsEmpty ? [.. _rows.Select(row => (double)row)] : dataset.Times.ToArray();
        // Stable: equal times keep the order of rows.
        _rows = [.. _rows.OrderBy(row => _times[row])];
    }

    /// <summary>Trains on the places [trainStart, trainEnd) and tests on [testStart, testEnd) of the order. Rows as late as the first that is tested
    /// are not trained on: the same moment must not be on both sides.</summary>
    /// <exception cref="Lode.Core.LodeException">InvalidArgument: no earlier row is left.</exception>
    public Split Split(int trainStart, int trainEnd, int testStart, int testEnd)
    {
        var first = _times[_rows[testStart]];
        while (trainEnd > trainStart && _times[_rows[trainEnd - 1]] >= first)
            trainEnd--;
        if (trainEnd <= trainStart)
        {
            throw new Lode.Core.LodeException(Lode.Core.ErrorCode.InvalidArgument,
                $"No row is earlier than the time {first}, from which on rows are tested.", "Use fewer splits, or finer times.");
        }
        var (train, test) = (_rows[trainStart..trainEnd], _rows[testStart..testEnd]);
        Array.Sort(train);
        Array.Sort(test);
        return new Split(train, test);
    }
}
