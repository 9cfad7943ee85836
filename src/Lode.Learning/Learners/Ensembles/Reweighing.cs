namespace Lode.Learning;

/// <summary>Fits of one learner on the same rows, again and again with other weights.</summary>
internal static class Reweighing
{
    /// <summary>Prepares the features, once for all fits where the learner can: trees sort them.</summary>
    /// <param name="learner">What is fitted.</param>
    /// <param name="data">The rows; their weights are not looked at.</param>
    /// <param name="context">Its threads and cancellation are for the preparation.</param>
    /// <returns>What fits the rows with weights, shape [rows]. Several threads may call it at once. The same model as <see cref="ILearner.Fit"/> gives.</returns>
    public static Func<double[], FitContext, IModel> FitsOf(this ILearner learner, TrainingData data, FitContext context) => learner is RandomForest forest
        ? forest.PrepareFits(data, context)
        : (weights, each) => learner.Fit(new TrainingData(data.Features, data.Target, weights), each);
}
