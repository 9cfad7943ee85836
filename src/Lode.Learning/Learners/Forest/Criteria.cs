using System.Runtime.CompilerServices;

namespace Lode.Learning;

/// <summary>
/// How good a split is. Holds the rows of one node under local numbers 0, 1, … and moves them one by one from the right side
/// to the left. A struct, so that the grower's inner loop calls nothing virtual.
/// </summary>
internal interface ICriterion
{
    /// <summary>Numbers in a leaf.</summary>
    int Outputs { get; }

    /// <summary>Copies what it knows of some rows, side by side.</summary>
    void Copy(ReadOnlySpan<int> rows);

    /// <summary>Takes the rows of a node; false when they are all alike, so that no split can gain.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="weights">By what rows are meant by.</param>
    /// <param name="near">Whether rows are meant by their positions in the last copy.</param>
    bool Load(ReadOnlySpan<int> rows, ReadOnlySpan<double> weights, bool near);

    /// <summary>Puts all rows on the right.</summary>
    void Reset();

    /// <summary>Moves a row to the left, by its local number.</summary>
    void Move(int local);

    /// <summary>The weight of the rows moved to the left.</summary>
    double LeftWeight { get; }

    /// <summary>The weight of the node's rows.</summary>
    double Weight { get; }

    /// <summary>Larger is better; differs from the decrease of impurity by a constant and a factor of the node.</summary>
    double Score();

    /// <summary>Scores the split that sends rows to the left whose value, by local number, is at most the threshold.</summary>
    /// <param name="values">By local number.</param>
    /// <param name="threshold">At least the smallest value and below the largest.</param>
    /// <param name="left">Receives the number of rows on the left.</param>
    /// <param name="leftWeight">Receives their weight.</param>
    double ScoreAt(ReadOnlySpan<double> values, double threshold, out int left, out double leftWeight);

    /// <summary>The node's impurity times its weight.</summary>
    double Risk();

    /// <summary>What a leaf of the node's rows predicts.</summary>
    void WriteLeaf(Span<double> output);
}

/// <summary>Class weights on both sides of a split.</summary>
internal struct ClassSides(TrainingData data)
{
    private readonly int[] _labels = data.Target.Labels.ToArray();
    private readonly int[] _near = new int[data.Target.Rows];
    public readonly int[] Local = new int[data.Target.Rows];
    public readonly double[] Weights = new double[data.Target.Rows];
    public readonly double[] Total = new double[data.Target.Classes.Count];
    public readonly double[] Left = new double[data.Target.Classes.Count];
    public readonly double[] Right = new double[data.Target.Classes.Count];

    // Of two classes: the weight of a row of the second, 0 for one of the first.
    private readonly double[] _second = new double[data.Target.Classes.Count == 2 ? data.Target.Rows : 0];
    public double TotalWeight;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Load(ReadOnlySpan<int> rows, ReadOnlySpan<double> weights, bool near)
    {
        var labels = near ? _near : _labels;
        Array.Clear(Total);
        TotalWeight = 0;
        if (_second.Length > 0)
            return LoadTwo(labels, rows, weights);
        var mixed = false;
        for (var i = 0; i < rows.Length; i++)
        {
            var (label, weight) = (labels[rows[i]], weights[rows[i]]);
            Local[i] = label;
            Weights[i] = weight;
            Total[label] += weight;
            TotalWeight += weight;
            mixed |= label != Local[0];
        }
        return mixed;
    }

    public readonly void Copy(ReadOnlySpan<int> rows)
    {
        for (var i = 0; i < rows.Length; i++)
            _near[i] = _labels[rows[i]];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool LoadTwo(int[] known, ReadOnlySpan<int> rows, ReadOnlySpan<double> weights)
    {
        var local = Local.AsSpan(0, rows.Length);
        var localWeights = Weights.AsSpan(0, rows.Length);
        var seconds = _second.AsSpan(0, rows.Length);
        var (labels, total, second) = (0, 0.0, 0.0);
        for (var i = 0; i < rows.Length; i++)
        {
            var (label, weight) = (known[rows[i]], weights[rows[i]]);
            local[i] = label;
            localWeights[i] = weight;
            var product = label * weight;
            seconds[i] = product;
            labels += label;
            total += weight;
            second += product;
        }
        (Total[0], Total[1], TotalWeight) = (total - second, second, total);
        return labels > 0 && labels < rows.Length;
    }

    public readonly void Reset()
    {
        Array.Clear(Left);
        Total.CopyTo(Right, 0);
    }

    /// <summary>Puts the rows on the left whose value is at most the threshold; gives their number and weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly (int Rows, double Weight) Part(ReadOnlySpan<double> values, double threshold)
    {
        var left = Left;
        if (_second.Length > 0)
        {
            var (count, all, second) = SideSums.LeftOf(values, threshold, Weights, _second);
            (left[0], left[1]) = (all - second, second);
            (Right[0], Right[1]) = (Total[0] - left[0], Total[1] - left[1]);
            return (count, all);
        }
        Array.Clear(left);
        var labels = Local.AsSpan(0, values.Length);
        var weights = Weights.AsSpan(0, values.Length);
        var (rows, weight) = (0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            // Multiplied rather than asked: which side a row goes to cannot be guessed.
            var goes = values[i] <= threshold ? 1 : 0;
            rows += goes;
            var moved = goes * weights[i];
            weight += moved;
            left[labels[i]] += moved;
        }
        for (var label = 0; label < left.Length; label++)
            Right[label] = Total[label] - left[label];
        return (rows, weight);
    }

    public readonly void WriteLeaf(Span<double> output)
    {
        for (var label = 0; label < Total.Length; label++)
            output[label] = Total[label] / TotalWeight;
    }
}

/// <summary>Σ l²/W(left) + Σ r²/W(right), kept up in constant time a row.</summary>
internal struct GiniCriterion(TrainingData data) : ICriterion
{
    private ClassSides _sides = new(data);
    private double _leftWeight;
    private double _leftSquares;
    private double _rightSquares;
    private double _totalSquares;

    public readonly int Outputs => _sides.Total.Length;

    public readonly double LeftWeight => _leftWeight;

    public readonly double Weight => _sides.TotalWeight;

    public readonly void Copy(ReadOnlySpan<int> rows) => _sides.Copy(rows);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Load(ReadOnlySpan<int> rows, ReadOnlySpan<double> weights, bool near)
    {
        var mixed = _sides.Load(rows, weights, near);
        _totalSquares = 0;
        foreach (var total in _sides.Total)
            _totalSquares += total * total;
        return mixed;
    }

    public void Reset()
    {
        _sides.Reset();
        (_leftWeight, _leftSquares, _rightSquares) = (0, 0, _totalSquares);
    }

    public void Move(int local)
    {
        var (label, weight) = (_sides.Local[local], _sides.Weights[local]);
        ref var left = ref _sides.Left[label];
        ref var right = ref _sides.Right[label];
        _leftSquares += weight * (left + left + weight);
        _rightSquares -= weight * (right + right - weight);
        left += weight;
        right -= weight;
        _leftWeight += weight;
    }

    public readonly double Score() => (_leftSquares / _leftWeight) + (_rightSquares / (_sides.TotalWeight - _leftWeight));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly double ScoreAt(ReadOnlySpan<double> values, double threshold, out int left, out double leftWeight)
    {
        (left, leftWeight) = _sides.Part(values, threshold);
        return (Squares(_sides.Left) / leftWeight) + (Squares(_sides.Right) / (_sides.TotalWeight - leftWeight));
    }

    public readonly double Risk() => _sides.TotalWeight - (_totalSquares / _sides.TotalWeight);

    private static double Squares(double[] weights)
    {
        var sum = 0.0;
        foreach (var weight in weights)
            sum += weight * weight;
        return sum;
    }

    public readonly void WriteLeaf(Span<double> output) => _sides.WriteLeaf(output);
}

/// <summary>Σ l·log l - W·log W, of left and right, kept up in constant time a row.</summary>
internal struct EntropyCriterion(TrainingData data) : ICriterion
{
    private ClassSides _sides = new(data);
    private double _leftWeight;
    private double _sum;
    private double _totalSum;

    public readonly int Outputs => _sides.Total.Length;

    public readonly double LeftWeight => _leftWeight;

    public readonly double Weight => _sides.TotalWeight;

    public readonly void Copy(ReadOnlySpan<int> rows) => _sides.Copy(rows);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Load(ReadOnlySpan<int> rows, ReadOnlySpan<double> weights, bool near)
    {
        var mixed = _sides.Load(rows, weights, near);
        _totalSum = 0;
        foreach (var total in _sides.Total)
            _totalSum += XLogX(total);
        return mixed;
    }

    public void Reset()
    {
        _sides.Reset();
        (_leftWeight, _sum) = (0, _totalSum);
    }

    public void Move(int local)
    {
        var (label, weight) = (_sides.Local[local], _sides.Weights[local]);
        ref var left = ref _sides.Left[label];
        ref var right = ref _sides.Right[label];
        _sum += XLogX(left + weight) - XLogX(left) + XLogX(right - weight) - XLogX(right);
        left += weight;
        right -= weight;
        _leftWeight += weight;
    }

    public readonly double Score() => _sum - XLogX(_leftWeight) - XLogX(_sides.TotalWeight - _leftWeight);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly double ScoreAt(ReadOnlySpan<double> values, double threshold, out int left, out double leftWeight)
    {
        (left, leftWeight) = _sides.Part(values, threshold);
        var sum = -XLogX(leftWeight) - XLogX(_sides.TotalWeight - leftWeight);
        for (var label = 0; label < _sides.Left.Length; label++)
            sum += XLogX(_sides.Left[label]) + XLogX(_sides.Right[label]);
        return sum;
    }

    public readonly double Risk() => XLogX(_sides.TotalWeight) - _totalSum;

    public readonly void WriteLeaf(Span<double> output) => _sides.WriteLeaf(output);

    // Below 0 only by rounding of weights that are not whole.
    private static double XLogX(double x) => x > 0 ? x * Math.Log(x) : 0;
}

/// <summary>S(left)²/W(left) + S(right)²/W(right), S the sums of the targets about the node's mean.</summary>
internal struct SquaredErrorCriterion(TrainingData data) : ICriterion
{
    private readonly double[] _targets = data.Target.Values.ToArray();
    private readonly double[] _near = new double[data.Target.Rows];
    private readonly double[] _local = new double[data.Target.Rows];
    private readonly double[] _weights = new double[data.Target.Rows];
    private double _mean;
    private int _rows;
    private double _totalWeight;
    private double _leftWeight;
    private double _leftSum;
    private double _totalSum;

    public readonly int Outputs => 1;

    public readonly double LeftWeight => _leftWeight;

    public readonly double Weight => _totalWeight;

    public readonly void Copy(ReadOnlySpan<int> rows)
    {
        for (var i = 0; i < rows.Length; i++)
            _near[i] = _targets[rows[i]];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Load(ReadOnlySpan<int> rows, ReadOnlySpan<double> weights, bool near)
    {
        var targets = near ? _near : _targets;
        (_totalWeight, _totalSum) = (0, 0);
        _rows = rows.Length;
        var mixed = false;
        var sum = 0.0;
        for (var i = 0; i < rows.Length; i++)
        {
            _local[i] = targets[rows[i]];
            _weights[i] = weights[rows[i]];
            _totalWeight += _weights[i];
            sum += _weights[i] * _local[i];
            mixed |= _local[i] != _local[0];
        }
        _mean = mixed ? sum / _totalWeight : _local[0];
        // About the mean, sums of squares do not lose the digits that a common offset would take.
        for (var i = 0; i < rows.Length; i++)
        {
            _local[i] = _weights[i] * (_local[i] - _mean);
            _totalSum += _local[i];
        }
        return mixed;
    }

    public void Reset() => (_leftWeight, _leftSum) = (0, 0);

    public void Move(int local)
    {
        _leftWeight += _weights[local];
        _leftSum += _local[local];
    }

    public readonly double Score()
    {
        var right = _totalSum - _leftSum;
        return (_leftSum * _leftSum / _leftWeight) + (right * right / (_totalWeight - _leftWeight));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly double ScoreAt(ReadOnlySpan<double> values, double threshold, out int left, out double leftWeight)
    {
        (left, leftWeight, var sum) = SideSums.LeftOf(values, threshold, _weights, _local);
        var right = _totalSum - sum;
        return (sum * sum / leftWeight) + (right * right / (_totalWeight - leftWeight));
    }

    public readonly double Risk()
    {
        var sum = 0.0;
        // What is kept is the weight times the distance from the mean.
        for (var i = 0; i < _rows; i++)
            sum += _local[i] * _local[i] / _weights[i];
        return sum;
    }

    public readonly void WriteLeaf(Span<double> output) => output[0] = _mean;
}
