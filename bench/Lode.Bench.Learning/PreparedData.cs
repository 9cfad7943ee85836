using Lode.Learning;

namespace Lode.Bench.Learning;

/// <summary>Files as a learner takes them. Medians and levels are of both files together, as in the peers' program: the same numbers for all.</summary>
internal static class PreparedData
{
    /// <param name="trainPath">Its column <c>target</c> is predicted; a column <c>date</c> is left out.</param>
    /// <param name="testPath">The same columns.</param>
    /// <param name="task">Null: by the target's values.</param>
    /// <param name="native">Whether missing values and categories stay as they are.</param>
    /// <param name="scale">Whether columns are scaled to mean 0 and deviation 1 on the training rows.</param>
    public static (TrainingData Train, TrainingData Test) Read(string trainPath, string testPath, TaskKind? task, bool native, bool scale)
    {
        var (train, test) = (CsvReader.Read(trainPath), CsvReader.Read(testPath));
        var (trainTarget, testTarget) = Targets(train.Find("target")!, test.Find("target")!, task);
        var names = new List<string>();
        var columns = new List<(double[] Train, double[] Test)>();
        var levels = new List<int>();
        foreach (var column in train.Columns)
        {
            if (column.Name is "target" or "date")
                continue;
            var other = test.Find(column.Name)!;
            if (column is NumericColumn numbers && other is NumericColumn otherNumbers)
            {
                var pair = (numbers.Values.ToArray(), otherNumbers.Values.ToArray());
                names.Add(column.Name);
                levels.Add(0);
                columns.Add(native ? pair : Filled(pair));
                continue;
            }
            var (texts, otherTexts) = (Texts(column), Texts(other));
            var all = texts.Concat(otherTexts).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToArray();
            var code = all.Select((text, index) => (text, index)).ToDictionary(pair => pair.text, pair => pair.index);
            double[] Codes(string?[] values) => [.. values.Select(value => value is null ? double.NaN : code[value])];
            if (native)
            {
                names.Add(column.Name);
                levels.Add(all.Length);
                columns.Add((Codes(texts), Codes(otherTexts)));
                continue;
            }
            foreach (var level in all)
            {
                double[] Ones(string?[] values) => [.. values.Select(value => value == level ? 1.0 : 0.0)];
                names.Add($"{column.Name}_{level}");
                levels.Add(0);
                columns.Add((Ones(texts), Ones(otherTexts)));
            }
        }
        if (scale)
            columns.ForEach(Scale);
        return (new TrainingData(Matrix(names, levels, [.. columns.Select(pair => pair.Train)], train.Rows), trainTarget),
            new TrainingData(Matrix(names, levels, [.. columns.Select(pair => pair.Test)], test.Rows), testTarget));
    }

    private static FeatureMatrix Matrix(List<string> names, List<int> levels, double[][] columns, int rows)
    {
        var values = new double[rows * columns.Length];
        for (var column = 0; column < columns.Length; column++)
        {
            for (var row = 0; row < rows; row++)
                values[(row * columns.Length) + column] = columns[column][row];
        }
        return new FeatureMatrix(values, rows, names, levels);
    }

    private static (double[] Train, double[] Test) Filled((double[] Train, double[] Test) pair)
    {
        double[] present = [.. pair.Train.Concat(pair.Test).Where(value => !double.IsNaN(value))];
        if (present.Length == pair.Train.Length + pair.Test.Length)
            return pair;
        Array.Sort(present);
        var median = present.Length == 0 ? 0 : (present[(present.Length - 1) / 2] + present[present.Length / 2]) / 2;
        double[] Fill(double[] values) => [.. values.Select(value => double.IsNaN(value) ? median : value)];
        return (Fill(pair.Train), Fill(pair.Test));
    }

    private static void Scale((double[] Train, double[] Test) pair)
    {
        var mean = pair.Train.Average();
        var deviation = Math.Sqrt(pair.Train.Sum(value => (value - mean) * (value - mean)) / pair.Train.Length);
        foreach (var values in new[] { pair.Train, pair.Test })
        {
            for (var row = 0; row < values.Length; row++)
                values[row] = (values[row] - mean) / (deviation == 0 ? 1 : deviation);
        }
    }

    private static string?[] Texts(Column column) => column switch
    {
        CategoricalColumn texts => [.. texts.Codes.ToArray().Select(code => code < 0 ? null : texts.Levels[code])],
        NumericColumn numbers => [.. numbers.Values.ToArray().Select(value => double.IsNaN(value) ? null : value.ToString(System.Globalization.CultureInfo.InvariantCulture))],
        _ => throw new NotSupportedException(),
    };

    private static (Target Train, Target Test) Targets(Column train, Column test, TaskKind? task)
    {
        task ??= Target.Of(train).Task;
        if (task == TaskKind.Regression)
            return (Target.Of(train, task), Target.Of(test, task));
        var (texts, otherTexts) = (Texts(train), Texts(test));
        var classes = texts.Concat(otherTexts).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToArray();
        int[] Labels(string?[] values) => [.. values.Select(value => Array.IndexOf(classes, value))];
        return (Target.Classification("target", Labels(texts), classes), Target.Classification("target", Labels(otherTexts), classes));
    }
}
