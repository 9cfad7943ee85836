namespace Lode.Learning;

/// <summary>What model families ask about the data, to say whether they suit and with which settings.</summary>
/// <param name="Task">What is predicted.</param>
/// <param name="Classes">Number of classes; 0 for regression.</param>
/// <param name="Rows">Training rows.</param>
/// <param name="Numeric">Numeric columns.</param>
/// <param name="Categorical">Categorical columns.</param>
/// <param name="Encoded">Columns after one-hot encoding.</param>
/// <param name="MostLevels">Levels of the categorical column that has most; 0 without any.</param>
/// <param name="SmallestClass">Rows of the smallest class; 0 for regression.</param>
public sealed record DataTraits(TaskKind Task, int Classes, int Rows, int Numeric, int Categorical, int Encoded, int MostLevels, int SmallestClass)
{
    /// <summary>Outputs of a model: classes, quantiles, or 1.</summary>
    public int Outputs => Math.Max(1, Classes + Quantiles.Count);

    /// <summary>The levels of the quantiles that are to be predicted; empty: classes or single numbers.</summary>
    public IReadOnlyList<double> Quantiles { get; init; } = [];

    /// <summary>The traits of a data set.</summary>
    public static DataTraits Of(Dataset data)
    {
        var (numeric, levels, most) = (0, 0, 0);
        foreach (var column in data.Features.Columns)
        {
            if (column is CategoricalColumn categorical)
                (levels, most) = (levels + categorical.Levels.Count, Math.Max(most, categorical.Levels.Count));
            else
                numeric++;
        }
        return new DataTraits(data.Target.Task, data.Target.Classes.Count, data.Rows, numeric, data.Features.Columns.Count - numeric, numeric + levels, most,
            data.Target.Task == TaskKind.Classification ? data.Target.CountClasses().Where(count => count > 0).Min() : 0);
    }
}
